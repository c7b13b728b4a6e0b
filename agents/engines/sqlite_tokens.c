#include "agents/engines/sqlite_tokens.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct sqlite_tokens sqlite_tokens_of(const char *sql, size_t length)
{
    return (struct sqlite_tokens){.next = sql, .end = sql + length};
}

static bool at(const struct sqlite_tokens *tokens, const char *pair)
{
    return tokens->end - tokens->next >= 2 && memcmp(tokens->next, pair, 2) == 0;
}

static void skip_to(struct sqlite_tokens *tokens, const char *mark)
{
    size_t left = (size_t)(tokens->end - tokens->next);
    const char *found = memmem(tokens->next, left, mark, strlen(mark));

    tokens->next = found != NULL ? found + strlen(mark) : tokens->end;
}

static void skip_blanks(struct sqlite_tokens *tokens)
{
    while (tokens->next < tokens->end) {
        if (isspace((unsigned char)*tokens->next)) {
            tokens->next++;
        } else if (at(tokens, "--")) {
            skip_to(tokens, "\n");
        } else if (at(tokens, "/*")) {
            tokens->next += 2;
            skip_to(tokens, "*/");
        } else {
            return;
        }
    }
}

/* Bytes above 0x7f belong to names, as SQLite has it. */
static bool is_word_byte(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || byte == '$' || (unsigned char)byte > 0x7f;
}

static char closing_quote(char opening)
{
    return opening == '[' ? ']' : opening;
}

/* A doubled closing quote stands for itself, except in brackets. */
static void skip_quoted(struct sqlite_tokens *tokens)
{
    char opening = *tokens->next++;
    char closing = closing_quote(opening);

    while (tokens->next < tokens->end) {
        char byte = *tokens->next++;

        if (byte != closing)
            continue;
        if (opening == '[' || tokens->next == tokens->end || *tokens->next != closing)
            return;
        tokens->next++;
    }
}

static bool begins_number(const struct sqlite_tokens *tokens)
{
    const char *next = tokens->next;

    return isdigit((unsigned char)*next) ||
           (*next == '.' && tokens->end - next >= 2 && isdigit((unsigned char)next[1]));
}

/* 1.5e+10: a sign belongs to it after the letter of an exponent only, which a hexadecimal number
   has not. */
static void skip_number(struct sqlite_tokens *tokens)
{
    bool is_hexadecimal = at(tokens, "0x") || at(tokens, "0X");

    while (tokens->next < tokens->end) {
        char byte = *tokens->next;
        char before = tokens->next[-1];
        bool is_sign = (byte == '+' || byte == '-') && (before == 'e' || before == 'E');

        if (!is_word_byte(byte) && byte != '.' && (is_hexadecimal || !is_sign))
            return;
        tokens->next++;
    }
}

static void skip_sign(struct sqlite_tokens *tokens)
{
    static const char *const pairs[] = {"<>", "<=", ">=", "!=", "==", "||", "<<", ">>", "->"};
    size_t length = 1;

    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        if (at(tokens, pairs[i]))
            length = 2;
    tokens->next += length;
}

bool sqlite_tokens_next(struct sqlite_tokens *tokens, struct sqlite_token *token)
{
    skip_blanks(tokens);
    if (tokens->next == tokens->end)
        return false;
    token->text = tokens->next;
    if (strchr("\"`['", *tokens->next) != NULL && *tokens->next != '\0') {
        token->kind = *tokens->next == '\'' ? SQLITE_TOKEN_STRING : SQLITE_TOKEN_NAME;
        skip_quoted(tokens);
    } else if (begins_number(tokens)) {
        token->kind = SQLITE_TOKEN_WORD;
        tokens->next++;
        skip_number(tokens);
    } else if (is_word_byte(*tokens->next)) {
        token->kind = SQLITE_TOKEN_WORD;
        while (tokens->next < tokens->end && is_word_byte(*tokens->next))
            tokens->next++;
    } else {
        token->kind = SQLITE_TOKEN_SIGN;
        skip_sign(tokens);
    }
    token->length = (size_t)(tokens->next - token->text);
    return true;
}

bool sqlite_token_is(const struct sqlite_token *token, const char *word)
{
    return token->length == strlen(word) && strncasecmp(token->text, word, token->length) == 0;
}

static void append_lower(struct buffer *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        buffer_append_char(out, (char)tolower((unsigned char)text[i]));
}

static void append_on_one_line(struct buffer *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n')
            buffer_append_text(out, "\\n");
        else if (text[i] == '\\')
            buffer_append_text(out, "\\\\");
        else
            buffer_append_char(out, text[i]);
    }
}

/* Those that are names in quotes only; https://www.sqlite.org/lang_keywords.html lists others too,
   which SQLite takes for names where nothing else can stand. */
static const char *const reserved[] = {
    "add",     "all",        "alter",       "and",     "as",       "autoincrement",
    "between", "case",       "check",       "collate", "commit",   "constraint",
    "create",  "default",    "deferrable",  "delete",  "distinct", "drop",
    "else",    "escape",     "except",      "exists",  "foreign",  "from",
    "group",   "having",     "in",          "index",   "insert",   "intersect",
    "into",    "is",         "isnull",      "join",    "limit",    "not",
    "nothing", "notnull",    "null",        "on",      "or",       "order",
    "primary", "references", "returning",   "select",  "set",      "table",
    "then",    "to",         "transaction", "union",   "unique",   "update",
    "using",   "values",     "when",        "where",
};

static bool is_reserved(const char *text, size_t length)
{
    for (size_t i = 0; i < COUNT_OF(reserved); i++)
        if (strlen(reserved[i]) == length && strncasecmp(reserved[i], text, length) == 0)
            return true;
    return false;
}

static bool is_plain_name(const char *text, size_t length)
{
    if (length == 0 || isdigit((unsigned char)text[0]) || is_reserved(text, length))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_word_byte(text[i]))
            return false;
    return true;
}

/* What stands for itself within brackets and the other quotes is doubled within ours. */
static void append_quoted(struct buffer *out, const char *text, size_t length, char closing)
{
    buffer_append_char(out, '"');
    for (size_t i = 0; i < length; i++) {
        bool is_doubled = closing != ']' && text[i] == closing;

        if (text[i] == '"')
            buffer_append_char(out, '"');
        append_on_one_line(out, text + i, 1);
        i += is_doubled ? 1 : 0;
    }
    buffer_append_char(out, '"');
}

static void append_name(struct buffer *out, const struct sqlite_token *token)
{
    const char *inner = token->text + 1;
    size_t length = token->length >= 2 ? token->length - 2 : 0;

    if (is_plain_name(inner, length))
        append_lower(out, inner, length);
    else
        append_quoted(out, inner, length, closing_quote(token->text[0]));
}

void sqlite_name_append(const char *name, struct buffer *out)
{
    if (is_plain_name(name, strlen(name)))
        append_lower(out, name, strlen(name));
    else
        append_quoted(out, name, strlen(name), ']');
}

void sqlite_token_append(const struct sqlite_token *token, struct buffer *out)
{
    switch (token->kind) {
    case SQLITE_TOKEN_NAME:
        append_name(out, token);
        break;
    case SQLITE_TOKEN_STRING:
        append_on_one_line(out, token->text, token->length);
        break;
    case SQLITE_TOKEN_WORD:
    case SQLITE_TOKEN_SIGN:
        append_lower(out, token->text, token->length);
        break;
    }
}

static bool is_one_of(const struct sqlite_token *token, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (sqlite_token_is(token, words[i]))
            return true;
    return false;
}

/* A temporary object is made with TEMP or TEMPORARY, or by the name of its schema, quoted or not.
 */
static bool may_be_temporary(const struct sqlite_token *token)
{
    size_t quote = token->kind == SQLITE_TOKEN_WORD ? 0 : 1;

    return token->length >= quote + strlen("temp") &&
           strncasecmp(token->text + quote, "temp", strlen("temp")) == 0;
}

bool sqlite_leaves_no_trace(const char *sql, size_t length)
{
    static const char *const harmless[] = {"alter",  "analyze", "create",  "delete",
                                           "drop",   "insert",  "reindex", "replace",
                                           "select", "update",  "values",  "with"};
    struct sqlite_tokens tokens = sqlite_tokens_of(sql, length);
    struct sqlite_token token;

    if (!sqlite_tokens_next(&tokens, &token) || !is_one_of(&token, harmless, COUNT_OF(harmless)))
        return false;
    if (!sqlite_token_is(&token, "create"))
        return true;
    while (sqlite_tokens_next(&tokens, &token))
        if (may_be_temporary(&token))
            return false;
    return true;
}
