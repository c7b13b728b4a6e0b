#include "agents/object_state.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "plans/script/lexer.h"

/* One line of a text, without the comma that separates it from the next. */
struct line {
    const char *text;
    size_t length;
};

static bool next_line(const char **at, struct line *line)
{
    if (**at == '\0')
        return false;
    size_t length = strcspn(*at, "\n");
    *line = (struct line){*at, length};
    *at += length + ((*at)[length] == '\n' ? 1 : 0);
    if (length > 0 && line->text[length - 1] == ',')
        line->length--;
    return true;
}

static bool has_line(const char *text, const struct line *wanted)
{
    struct line line;

    while (next_line(&text, &line))
        if (line.length == wanted->length && memcmp(line.text, wanted->text, line.length) == 0)
            return true;
    return false;
}

static bool is_invalid(const struct line *line)
{
    static const char mark[] = " INVALID";
    size_t length = strlen(mark);

    return line->length > length && memcmp(line->text + line->length - length, mark, length) == 0;
}

static bool has_invalid(const char *text)
{
    struct line line;

    while (next_line(&text, &line))
        if (is_invalid(&line))
            return true;
    return false;
}

/* The statement whose words are looked up. */
struct words {
    const struct dialect *dialect;
    const char *sql;
    size_t length;
};

static bool is_code(const struct token *token)
{
    return token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED;
}

/* Without its quotes, if it has any. */
static struct line bare(const struct token *token)
{
    struct line name = {token->text, token->length};

    if (token->kind == TOKEN_QUOTED && name.length >= 2) {
        name.text++;
        name.length -= 2;
    }
    return name;
}

static bool names(const struct words *words, const struct line *name)
{
    struct lexer lexer;

    lexer_start(&lexer, words->dialect, words->sql, words->length);
    for (struct token token = lexer_next(&lexer);
         token.kind != TOKEN_END && token.kind != TOKEN_OPEN; token = lexer_next(&lexer)) {
        struct line word = bare(&token);

        if (is_code(&token) && word.length == name->length &&
            strncasecmp(word.text, name->text, name->length) == 0)
            return true;
    }
    return false;
}

static bool is_quoted_name(const struct token *token)
{
    return token->kind == TOKEN_QUOTED && (token->text[0] == '`' || token->text[0] == '"');
}

/* Whether some name of the line stands in the statement; of a line without quoted names, some
   word. */
static bool is_named(const struct words *words, const struct line *line)
{
    bool quoted = memchr(line->text, '`', line->length) != NULL;
    struct lexer lexer;

    lexer_start(&lexer, words->dialect, line->text, line->length);
    for (struct token token = lexer_next(&lexer);
         token.kind != TOKEN_END && token.kind != TOKEN_OPEN; token = lexer_next(&lexer)) {
        struct line name = bare(&token);

        if (is_code(&token) && (!quoted || is_quoted_name(&token)) && names(words, &name))
            return true;
    }
    return false;
}

/* The options of a table are one line, of which the statement may name what one text lacks. */
static bool explains_options(const struct words *words, const struct line *line, const char *other)
{
    struct line counterpart;

    if (line->length == 0 || line->text[0] != ')')
        return false;
    while (next_line(&other, &counterpart))
        if (counterpart.length > 0 && counterpart.text[0] == ')')
            return is_named(words, &counterpart);
    return false;
}

/* Whether the statement names something in each line that stands in one text only. */
static bool explains(const struct words *words, const char *text, const char *other)
{
    struct line line;

    while (next_line(&text, &line))
        if (!has_line(other, &line) && !is_named(words, &line) &&
            !explains_options(words, &line, other))
            return false;
    return true;
}

static struct token next_word(struct lexer *lexer)
{
    struct token token;

    do
        token = lexer_next(lexer);
    while (token.kind == TOKEN_COMMENT || token.kind == TOKEN_MARK);
    return token;
}

static bool begins_with(const struct words *words, const char *word)
{
    struct lexer lexer;

    lexer_start(&lexer, words->dialect, words->sql, words->length);
    struct token token = next_word(&lexer);
    return token_is(&token, word);
}

/* Not so of an index, which may be dropped out of a table that stays. */
static bool drops_it(const struct words *words)
{
    struct lexer lexer;

    lexer_start(&lexer, words->dialect, words->sql, words->length);
    struct token first = next_word(&lexer);
    struct token second = next_word(&lexer);
    return token_is(&first, "DROP") && !token_is(&second, "INDEX");
}

enum object_verdict object_judge(enum engine_kind engine, const char *before, const char *now,
                                 const char *sql, size_t length)
{
    static const struct line convert = {"convert", sizeof "convert" - 1};
    const struct words words = {dialect_of(engine), sql, length};

    if (strcmp(before, now) == 0)
        return OBJECT_BEFORE;
    if (has_invalid(now) && !has_invalid(before))
        return OBJECT_HALF;
    if (*before == '\0')
        return begins_with(&words, "CREATE") ? OBJECT_AFTER : OBJECT_OTHER;
    if (*now == '\0')
        return begins_with(&words, "DROP") ? OBJECT_AFTER : OBJECT_OTHER;
    if (drops_it(&words))
        return OBJECT_OTHER;
    /* CONVERT TO CHARACTER SET changes columns without naming them. */
    if (names(&words, &convert) || (explains(&words, before, now) && explains(&words, now, before)))
        return OBJECT_AFTER;
    return OBJECT_OTHER;
}
