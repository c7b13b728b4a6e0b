/* As SHOW CREATE TABLE of MariaDB and MySQL prints conditions. */
#include <string.h>

#include "plans/introspection/retelling.h"
#include "plans/introspection/settle.h"

static const struct {
    const char *word;
    const char *portable;
} functions[] = {
    {"char_length", "length"},
    {"character_length", "length"},
    {"ucase", "upper"},
    {"lcase", "lower"},
};

static bool put_word(struct retelling *retelling, enum token_kind kind, const char *text)
{
    retelling_put(retelling, kind, text);
    retelling->in.next++;
    return true;
}

/* concat(a, b) */
static bool put_concatenation(struct retelling *retelling)
{
    retelling->in.next += 2;
    retelling_put(retelling, TOKEN_SIGN, "(");
    retelling_put(retelling, TOKEN_SIGN, "(");
    while (!words_is(&retelling->in, ")")) {
        if (words_is(&retelling->in, ",")) {
            retelling_put(retelling, TOKEN_SIGN, ")");
            retelling_put(retelling, TOKEN_SIGN, "||");
            put_word(retelling, TOKEN_SIGN, "(");
        } else if (retelling->in.next->kind == TOKEN_END) {
            return retelling_refuse(retelling, "a function ends before its bracket");
        } else if (!retelling->step(retelling)) {
            return false;
        }
    }
    retelling_put(retelling, TOKEN_SIGN, ")");
    return put_word(retelling, TOKEN_SIGN, ")");
}

/* The language's LIKE tells a from A, as this collation does. */
static bool take_collation(struct retelling *retelling)
{
    retelling->in.next++;
    retelling->in_binary = strcmp(retelling->in.next->text, "utf8mb4_bin") == 0;
    if (!retelling->in_binary)
        return retelling_refuse(retelling, "portable DDL has no collations");
    retelling->in.next++;
    return words_is(&retelling->in, "like") || words_is(&retelling->in, "not") ||
           words_is(&retelling->in, ")") ||
           retelling_refuse(retelling, "portable DDL has no collations");
}

static bool put_like(struct retelling *retelling)
{
    if (!retelling->in_binary)
        return retelling_refuse(retelling, "LIKE goes by the collation of the column here, which "
                                           "portable DDL has no words for");
    retelling->in_binary = false;
    return put_word(retelling, TOKEN_WORD, "like");
}

static bool put_function(struct retelling *retelling)
{
    const struct token *token = retelling->in.next;

    if (retelling_token_is(token, "concat"))
        return put_concatenation(retelling);
    if (retelling_token_is(token, "length"))
        return retelling_refuse(retelling, "length() counts bytes here, which portable DDL has no "
                                           "words for");
    for (size_t i = 0; i < COUNT_OF(functions); i++)
        if (retelling_token_is(token, functions[i].word))
            return put_word(retelling, TOKEN_WORD, functions[i].portable);
    return retelling_plain(retelling);
}

bool retell_step_mysql(struct retelling *retelling)
{
    const struct token *token = retelling->in.next;

    if (token->kind == TOKEN_WORD && token->text[0] == '_' && token[1].kind == TOKEN_STRING) {
        retelling->in.next++; /* the character set of the string after it */
        return true;
    }
    if (retelling_token_is(token, "collate"))
        return take_collation(retelling);
    if (retelling_token_is(token, "like"))
        return put_like(retelling);
    if (retelling_token_is(token, "div"))
        return put_word(retelling, TOKEN_WORD, settle_whole_division);
    if (retelling_token_is(token, "!"))
        return put_word(retelling, TOKEN_WORD, "not");
    if (retelling_token_is(token, "!="))
        return put_word(retelling, TOKEN_SIGN, "<>");
    if (token->kind == TOKEN_WORD && retelling_token_is(token + 1, "("))
        return put_function(retelling);
    return retelling_plain(retelling);
}
