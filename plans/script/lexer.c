#include "plans/script/lexer.h"

#include <string.h>
#include <strings.h>

/* MariaDB's dumps have an executable comment of this version for its own client: no server runs
   it. */
static const char never_executed[] = "999999";

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of UTF-8 and of any other encoding's letters count as letters. */
static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
           c == '$' || (unsigned char)c >= 0x80;
}

void lexer_start(struct lexer *lexer, const struct dialect *dialect, const char *bytes,
                 size_t length)
{
    *lexer = (struct lexer){
        .dialect = dialect,
        .next = bytes,
        .end = bytes + length,
        .line = 1,
        .backslash_escapes = dialect->backslash_escapes,
        .delimiter = ";",
        .delimiter_length = 1,
    };
}

static bool at(const struct lexer *lexer, const char *text, size_t length)
{
    return (size_t)(lexer->end - lexer->next) >= length && memcmp(lexer->next, text, length) == 0;
}

static bool at_delimiter(const struct lexer *lexer)
{
    return at(lexer, lexer->delimiter, lexer->delimiter_length);
}

static void skip_to(struct lexer *lexer, const char *where)
{
    while (lexer->next < where) {
        if (*lexer->next++ == '\n') {
            lexer->line++;
            lexer->line_begun = false;
        }
    }
}

static struct token token_until(struct lexer *lexer, enum token_kind kind, const char *end)
{
    struct token token = {
        .kind = kind,
        .text = lexer->next,
        .length = (size_t)(end - lexer->next),
        .line = lexer->line,
        .starts_line = !lexer->line_begun,
    };

    skip_to(lexer, end);
    lexer->line_begun = true;
    return token;
}

static struct token token_open(struct lexer *lexer, const char *what)
{
    struct token token = token_until(lexer, TOKEN_OPEN, lexer->end);

    token.opened = what;
    return token;
}

static const char *end_of_line(const struct lexer *lexer)
{
    const char *end = memchr(lexer->next, '\n', (size_t)(lexer->end - lexer->next));

    if (end == NULL)
        end = lexer->end;
    return end > lexer->next && end[-1] == '\r' ? end - 1 : end;
}

struct token lexer_rest_of_line(struct lexer *lexer)
{
    const char *end = end_of_line(lexer);

    while (lexer->next < end && is_blank(*lexer->next))
        lexer->next++;
    struct token token = token_until(lexer, TOKEN_SYMBOL, end);
    while (token.length > 0 && is_blank(token.text[token.length - 1]))
        token.length--;
    return token;
}

void lexer_skip_past_line(struct lexer *lexer, const char *line)
{
    bool found = false;

    while (!found && lexer->next < lexer->end) {
        struct token rest = lexer_rest_of_line(lexer);
        const char *end = memchr(lexer->next, '\n', (size_t)(lexer->end - lexer->next));

        found = rest.length == strlen(line) && memcmp(rest.text, line, rest.length) == 0;
        skip_to(lexer, end != NULL ? end + 1 : lexer->end);
    }
}

/* The end of a quoted text that begins at next, whose opening takes lead bytes; NULL if it has
   none. A doubled closing character stands for itself, save in brackets. */
static const char *end_of_quoted(const struct lexer *lexer, size_t lead, char close, bool escapes)
{
    for (const char *p = lexer->next + lead; p < lexer->end; p++) {
        if (escapes && *p == '\\') {
            p++;
        } else if (*p == close) {
            if (close == ']' || p + 1 == lexer->end || p[1] != close)
                return p + 1;
            p++;
        }
    }
    return NULL;
}

static struct token quoted(struct lexer *lexer, size_t lead, char close, bool escapes)
{
    const char *end = end_of_quoted(lexer, lead, close, escapes);

    return end != NULL ? token_until(lexer, TOKEN_QUOTED, end)
                       : token_open(lexer, close == '\'' ? "string" : "quoted name or string");
}

static struct token block_comment(struct lexer *lexer)
{
    int depth = 1;

    for (const char *p = lexer->next + 2; p + 1 < lexer->end; p++) {
        if (p[0] == '*' && p[1] == '/') {
            if (--depth == 0)
                return token_until(lexer, TOKEN_COMMENT, p + 2);
            p++;
        } else if (lexer->dialect->nested_comments && p[0] == '/' && p[1] == '*') {
            depth++;
            p++;
        }
    }
    return token_open(lexer, "comment");
}

/* The length of an opening such as "/" "*!40101" or "/" "*M!"; 0 if no executable comment begins.
 */
static size_t executable_lead(const struct lexer *lexer)
{
    size_t lead = at(lexer, "/*!", 3) ? 3 : at(lexer, "/*M!", 4) ? 4 : 0;
    const char *version = lexer->next + lead;
    const char *p = version;

    if (lead == 0 || !lexer->dialect->executable_comments || lexer->executable_comment != NULL)
        return 0;
    while (p < lexer->end && is_digit(*p))
        p++;
    size_t digits = (size_t)(p - version);
    if (digits == strlen(never_executed) && memcmp(version, never_executed, digits) == 0)
        return 0;
    return lead + digits;
}

static struct token slash_star(struct lexer *lexer)
{
    size_t lead = executable_lead(lexer);

    if (lead == 0)
        return block_comment(lexer);
    lexer->executable_comment = lexer->next;
    lexer->executable_line = lexer->line;
    return token_until(lexer, TOKEN_MARK, lexer->next + lead);
}

static bool at_line_comment(const struct lexer *lexer)
{
    if (*lexer->next == '#')
        return lexer->dialect->hash_comments;
    if (!at(lexer, "--", 2))
        return false;
    const char *after = lexer->next + 2;
    return !lexer->dialect->dashes_need_space || after == lexer->end ||
           (unsigned char)*after <= ' ';
}

/* $tag$ … $tag$; a "$" that opens none is a symbol. */
static struct token dollar(struct lexer *lexer)
{
    const char *p = lexer->next + 1;

    if (p < lexer->end && !is_digit(*p)) {
        while (p < lexer->end && *p != '$' && is_word(*p))
            p++;
    }
    if (p == lexer->end || *p != '$')
        return token_until(lexer, TOKEN_SYMBOL, lexer->next + 1);
    size_t tag = (size_t)(p + 1 - lexer->next);
    const char *close = memmem(p + 1, (size_t)(lexer->end - p - 1), lexer->next, tag);
    return close != NULL ? token_until(lexer, TOKEN_QUOTED, close + tag)
                         : token_open(lexer, "dollar-quoted string");
}

static struct token word(struct lexer *lexer)
{
    struct lexer probe = *lexer;

    if (lexer->dialect->escape_strings && (*lexer->next == 'E' || *lexer->next == 'e') &&
        lexer->end - lexer->next > 1 && lexer->next[1] == '\'') {
        lexer->escape_string_continues = true;
        return quoted(lexer, 2, '\'', true);
    }
    /* Nothing ends a statement inside an executable comment. */
    bool delimited = lexer->executable_comment == NULL;
    while (probe.next < probe.end && is_word(*probe.next) && !(delimited && at_delimiter(&probe)))
        probe.next++;
    return token_until(lexer, TOKEN_WORD, probe.next);
}

static struct token quote_or_symbol(struct lexer *lexer, bool continued_escapes)
{
    char c = *lexer->next;

    if (c == '[' && lexer->dialect->brackets)
        return quoted(lexer, 1, ']', false);
    if (memchr(lexer->dialect->quotes, c, strlen(lexer->dialect->quotes)) == NULL)
        return token_until(lexer, TOKEN_SYMBOL, lexer->next + 1);
    lexer->escape_string_continues = continued_escapes && c == '\'';
    return quoted(lexer, 1, c,
                  lexer->escape_string_continues || (lexer->backslash_escapes && c != '`'));
}

static struct token token_at(struct lexer *lexer, bool continued_escapes)
{
    bool executable = lexer->executable_comment != NULL;

    if (!executable && at_delimiter(lexer))
        return token_until(lexer, TOKEN_TERMINATOR, lexer->next + lexer->delimiter_length);
    if (at_line_comment(lexer))
        return token_until(lexer, TOKEN_COMMENT, end_of_line(lexer));
    if (at(lexer, "/*", 2))
        return slash_star(lexer);
    if (executable && at(lexer, "*/", 2)) {
        lexer->executable_comment = NULL;
        return token_until(lexer, TOKEN_MARK, lexer->next + 2);
    }
    if (*lexer->next == '$' && lexer->dialect->dollar_quotes)
        return dollar(lexer);
    if (is_word(*lexer->next))
        return word(lexer);
    return quote_or_symbol(lexer, continued_escapes);
}

struct token lexer_next(struct lexer *lexer)
{
    bool continued_escapes = lexer->escape_string_continues;
    const char *p = lexer->next;

    while (p < lexer->end && is_blank(*p))
        p++;
    skip_to(lexer, p);
    lexer->escape_string_continues = false;
    if (p < lexer->end)
        return token_at(lexer, continued_escapes);
    if (lexer->executable_comment == NULL)
        return token_until(lexer, TOKEN_END, p);
    struct token open = {
        .kind = TOKEN_OPEN,
        .text = lexer->executable_comment,
        .length = (size_t)(lexer->end - lexer->executable_comment),
        .line = lexer->executable_line,
        .opened = "comment",
    };
    lexer->executable_comment = NULL;
    return open;
}

bool token_is(const struct token *token, const char *word_upper)
{
    return token->kind == TOKEN_WORD && token->length == strlen(word_upper) &&
           strncasecmp(token->text, word_upper, token->length) == 0;
}

bool token_is_symbol(const struct token *token, char symbol)
{
    return token->kind == TOKEN_SYMBOL && token->length == 1 && *token->text == symbol;
}
