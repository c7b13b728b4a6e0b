#include "plans/lint/pattern.h"

#include <ctype.h>
#include <string.h>

#include "common/buffer.h"
#include "common/list.h"
#include "plans/script/lexer.h"

enum { ITEM_MAX = 96 };

static const char *in_capitals(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_copy(arena, text, length);

    for (char *c = copy; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    return copy;
}

static void add_word(struct arena *arena, struct lint_words *words, const struct token *token,
                     int depth, bool glued)
{
    bool quoted = token->kind == TOKEN_QUOTED && token->text[0] != '\''; /* else a string */
    struct lint_word word = {.is_name = quoted, .glued = glued, .depth = depth};

    if (quoted && token->length >= 2)
        word.text = arena_copy(arena, token->text + 1, token->length - 2);
    else
        word.text = in_capitals(arena, token->text, token->length);
    words->items = list_room(arena, words->items, words->count, sizeof *words->items);
    words->items[words->count++] = word;
}

struct lint_words lint_words_of(struct arena *arena, enum engine_kind engine, const char *sql,
                                size_t length)
{
    struct lint_words words = {0};
    struct lexer lexer;
    bool glued = false;
    int depth = 0;

    lexer_start(&lexer, dialect_of(engine), sql, length);
    for (struct token token = lexer_next(&lexer);
         token.kind != TOKEN_END && token.kind != TOKEN_OPEN; token = lexer_next(&lexer)) {
        if (token.kind == TOKEN_COMMENT || token.kind == TOKEN_MARK ||
            token.kind == TOKEN_TERMINATOR)
            continue;
        depth -= token_is_symbol(&token, ')') && depth > 0 ? 1 : 0;
        if (token_is_symbol(&token, '.')) {
            glued = true;
            continue;
        }
        add_word(arena, &words, &token, depth, glued);
        glued = false;
        depth += token_is_symbol(&token, '(') ? 1 : 0;
    }
    return words;
}

/* A pattern under way. */
struct matching {
    struct arena *arena;
    const struct lint_words *words;
    const char **table;
};

/* The next item of a pattern, without the blanks after it. */
static const char *take_item(const char *pattern, char item[ITEM_MAX])
{
    size_t length = strcspn(pattern, " ");

    memcpy(item, pattern, length < ITEM_MAX ? length : ITEM_MAX - 1);
    item[length < ITEM_MAX ? length : ITEM_MAX - 1] = '\0';
    return pattern + length + strspn(pattern + length, " ");
}

static bool is_one_of(const struct lint_word *word, const char *choices)
{
    size_t length = strlen(word->text);

    for (const char *choice = choices; !word->is_name;) {
        size_t size = strcspn(choice, "|");

        if (size == length && memcmp(choice, word->text, size) == 0)
            return true;
        if (choice[size] == '\0')
            return false;
        choice += size + 1;
    }
    return false;
}

/* The words in the brackets that begin here, as one. */
static size_t after(const struct lint_words *words, size_t at)
{
    int depth = words->items[at].depth;

    at++;
    while (at < words->count && words->items[at].depth > depth)
        at++;
    return at;
}

static bool has_left(const struct lint_words *words, size_t at, const char *choices, bool deep)
{
    int depth = at < words->count ? words->items[at].depth : 0;

    for (; at < words->count; at++)
        if ((deep || words->items[at].depth <= depth) && is_one_of(&words->items[at], choices))
            return true;
    return false;
}

static bool is_name_at(const struct lint_words *words, size_t at)
{
    if (at >= words->count)
        return false;
    const struct lint_word *word = &words->items[at];
    return word->is_name || isalpha((unsigned char)word->text[0]) || word->text[0] == '_' ||
           (unsigned char)word->text[0] >= 0x80;
}

/* A name with all that dots glue to it. */
static size_t after_name(const struct matching *matching, size_t at, bool is_table)
{
    const struct lint_words *words = matching->words;
    AUTO_BUFFER struct buffer name = {0};

    for (size_t first = at; at < words->count && (at == first || words->items[at].glued); at++) {
        const struct lint_word *word = &words->items[at];

        if (at > first)
            buffer_append_char(&name, '.');
        for (const char *c = word->text; *c != '\0'; c++)
            buffer_append_char(&name, (char)(word->is_name ? *c : tolower((unsigned char)*c)));
    }
    if (is_table)
        *matching->table = arena_strdup(matching->arena, buffer_text(&name));
    return at;
}

static bool match(const struct matching *matching, const char *pattern, size_t at);

static bool match_anywhere(const struct matching *matching, const char *rest, size_t at)
{
    const struct lint_words *words = matching->words;

    for (; at < words->count; at = after(words, at))
        if (match(matching, rest, at))
            return true;
    return match(matching, rest, at);
}

/* PostgreSQL cuts names there; https://www.postgresql.org/docs/current/sql-syntax-lexical.html */
enum { NAME_MAX_BYTES = 63 };

static bool has_long_name(const struct lint_words *words, size_t at)
{
    for (; at < words->count; at++)
        if (is_name_at(words, at) && strlen(words->items[at].text) > NAME_MAX_BYTES)
            return true;
    return false;
}

static bool match(const struct matching *matching, const char *pattern, size_t at)
{
    const struct lint_words *words = matching->words;
    char item[ITEM_MAX];

    if (*pattern == '\0')
        return true;
    const char *rest = take_item(pattern, item);
    size_t last = strlen(item) - 1;
    if (strcmp(item, "...") == 0)
        return match_anywhere(matching, rest, at);
    if (item[0] == '@')
        return has_long_name(words, at) && match(matching, rest, at);
    if (item[0] == '!')
        return !has_left(words, at, item + (item[1] == '!' ? 2 : 1), item[1] == '!') &&
               match(matching, rest, at);
    if (item[0] == '~')
        return at < words->count && !is_one_of(&words->items[at], item + 1) &&
               match(matching, rest, at);
    if (item[last] == '?') {
        item[last] = '\0';
        return (at < words->count && is_one_of(&words->items[at], item) &&
                match(matching, rest, after(words, at))) ||
               match(matching, rest, at);
    }
    if (item[0] == '$')
        return is_name_at(words, at) &&
               match(matching, rest, after_name(matching, at, item[1] == 't'));
    bool goes_in = item[0] == '(';
    return at < words->count && is_one_of(&words->items[at], item) &&
           match(matching, rest, goes_in ? at + 1 : after(words, at));
}

bool lint_pattern_matches(const char *pattern, const struct lint_words *words, struct arena *arena,
                          const char **table)
{
    const struct matching matching = {arena, words, table};

    *table = NULL;
    return match(&matching, pattern, 0);
}
