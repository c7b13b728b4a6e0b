/* As it was written in the CREATE TABLE that SQLite keeps. */
#include <string.h>

#include "common/buffer.h"
#include "plans/introspection/retelling.h"
#include "plans/introspection/settle.h"

static const struct {
    const char *sign;
    const char *portable;
} operators[] = {{"==", "="}, {"!=", "<>"}};

static bool put_word(struct retelling *retelling, enum token_kind kind, const char *text)
{
    retelling_put(retelling, kind, text);
    retelling->in.next++;
    return true;
}

/* One character in brackets stands for itself. Other sets have no counterpart. */
static bool append_set(const char **glob, struct buffer *out)
{
    const char *at = *glob;

    if (at[1] == '\0' || at[1] == '^' || at[2] != ']')
        return false;
    buffer_append_char(out, at[1]);
    *glob = at + 2;
    return true;
}

/* https://www.sqlite.org/lang_expr.html#glob: by case, and without an escape. */
static bool put_glob(struct retelling *retelling)
{
    AUTO_BUFFER struct buffer pattern = {0};
    const struct token *token = ++retelling->in.next;

    if (token->kind != TOKEN_STRING)
        return retelling_refuse(retelling, "GLOB takes no string here");
    for (const char *c = token->text; *c != '\0'; c++) {
        if (*c == '*' || *c == '?')
            buffer_append_char(&pattern, *c == '*' ? '%' : '_');
        else if (strchr("%_\\", *c) != NULL)
            buffer_printf(&pattern, "\\%c", *c);
        else if (*c != '[')
            buffer_append_char(&pattern, *c);
        else if (!append_set(&c, &pattern))
            return retelling_refuse(retelling, "portable DDL has no sets of characters in LIKE");
    }
    retelling_put(retelling, TOKEN_WORD, "like");
    return put_word(retelling, TOKEN_STRING,
                    arena_copy(retelling->in.arena, buffer_text(&pattern), pattern.length));
}

/* cast ( a as real ) */
static bool put_cast(struct retelling *retelling)
{
    retelling->in.next += 2;
    retelling_put(retelling, TOKEN_WORD, settle_mark(TYPE_REAL));
    retelling_put(retelling, TOKEN_SIGN, "(");
    if (!retelling_until(retelling, "as"))
        return false;
    retelling->in.next++;
    if (!words_accept(&retelling->in, "real") || !words_is(&retelling->in, ")"))
        return retelling_refuse(retelling, "portable DDL has no casts");
    return put_word(retelling, TOKEN_SIGN, ")");
}

static bool put_null_test(struct retelling *retelling, bool negated)
{
    retelling_put(retelling, TOKEN_WORD, "is");
    if (negated)
        retelling_put(retelling, TOKEN_WORD, "not");
    return put_word(retelling, TOKEN_WORD, "null");
}

bool retell_step_sqlite(struct retelling *retelling)
{
    const struct token *token = retelling->in.next;

    if (retelling_token_is(token, "glob"))
        return put_glob(retelling);
    if (retelling_token_is(token, "like"))
        return retelling_refuse(retelling, "LIKE takes a for A here, which portable DDL has no "
                                           "words for");
    if (retelling_token_is(token, "cast") && retelling_token_is(token + 1, "("))
        return put_cast(retelling);
    if (retelling_token_is(token, "isnull") || retelling_token_is(token, "notnull"))
        return put_null_test(retelling, token->text[0] == 'n');
    for (size_t i = 0; i < COUNT_OF(operators); i++)
        if (retelling_token_is(token, operators[i].sign))
            return put_word(retelling, TOKEN_SIGN, operators[i].portable);
    return retelling_plain(retelling);
}
