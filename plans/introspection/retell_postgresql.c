/* As https://www.postgresql.org/docs/current/functions-info.html (pg_get_expr) prints conditions:
   a cast follows a string or what stands in brackets. */
#include <string.h>

#include "plans/introspection/postgresql_type.h"
#include "plans/introspection/retelling.h"
#include "plans/introspection/settle.h"

/* Where the last operand begins: what stands in brackets with the function before them, or one
   token. */
static size_t operand_start(const struct tokens *out)
{
    size_t at = out->count - 1;
    int depth = 0;

    if (!retelling_token_is(&out->items[at], ")"))
        return at;
    do {
        depth += retelling_token_is(&out->items[at], ")");
        depth -= retelling_token_is(&out->items[at], "(");
        at--;
    } while (depth > 0);
    bool is_function = out->items[at + 1].kind == TOKEN_SIGN && at + 1 > 0 &&
                       out->items[at].kind == TOKEN_WORD &&
                       strncmp(out->items[at].text, "::", 2) == 0;
    return is_function ? at : at + 1;
}

/* 'a'::text and (a)::text become a function of what is cast. */
static bool put_cast(struct retelling *retelling)
{
    struct tokens *out = &retelling->out;
    struct column type = {0};

    retelling->in.next++;
    if (!postgresql_type_read(&retelling->in, &type))
        return false;
    if (out->count == 0 || type.size > 0)
        return retelling_refuse(retelling, "portable DDL has no casts");
    size_t start = operand_start(out);
    retelling_put(retelling, TOKEN_SIGN, ")"); /* room for three */
    retelling_put(retelling, TOKEN_SIGN, ")");
    retelling_put(retelling, TOKEN_SIGN, ")");
    memmove(&out->items[start + 2], &out->items[start],
            (out->count - 3 - start) * sizeof *out->items);
    out->items[start].kind = TOKEN_WORD;
    out->items[start].text = settle_mark(type.type);
    out->items[start + 1].kind = TOKEN_SIGN;
    out->items[start + 1].text = "(";
    return true;
}

/* "::text[]" after an array. */
static bool skip_array_type(struct retelling *retelling)
{
    while (retelling->in.next->kind == TOKEN_WORD)
        retelling->in.next++;
    return words_accept(&retelling->in, "[") && words_accept(&retelling->in, "]");
}

/* = ANY (ARRAY[...]) was IN, <> ALL (ARRAY[...]) NOT IN; a cast of the array may stand around. */
static bool put_set(struct retelling *retelling, bool negated)
{
    struct parser *in = &retelling->in;

    in->next += 3;
    bool is_cast = words_accept(in, "(");
    if (!words_accept(in, "array") || !words_accept(in, "["))
        return retelling_refuse(retelling, "portable DDL has ANY and ALL of no array");
    if (negated)
        retelling_put(retelling, TOKEN_WORD, "not");
    retelling_put(retelling, TOKEN_WORD, "in");
    retelling_put(retelling, TOKEN_SIGN, "(");
    if (!retelling_until(retelling, "]"))
        return false;
    in->next++;
    retelling_put(retelling, TOKEN_SIGN, ")");
    bool ends =
        !is_cast || (words_accept(in, ")") && words_accept(in, "::") && skip_array_type(retelling));
    return (ends && words_accept(in, ")")) ||
           retelling_refuse(retelling, "portable DDL has ANY and ALL of no such array");
}

/* The schema public is where portable names are. */
static bool skip_schema(struct retelling *retelling)
{
    const struct token *token = retelling->in.next;

    if (strcmp(token->text, "public") != 0)
        return retelling_refuse(retelling, "it mentions something of schema or table %s",
                                token->text);
    retelling->in.next += 2;
    return true;
}

static bool is_name(const struct token *token)
{
    return token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED;
}

static bool put_word(struct retelling *retelling, const char *text)
{
    retelling_put(retelling, TOKEN_WORD, text);
    retelling->in.next++;
    return true;
}

/* a ~~ 'x%'::text; the language has a string there, without a cast. */
static bool put_like(struct retelling *retelling)
{
    struct column type = {0};

    retelling_put(retelling, TOKEN_WORD, "like");
    const struct token *pattern = ++retelling->in.next;
    if (pattern->kind != TOKEN_STRING || !retelling_token_is(pattern + 1, "::"))
        return retelling_refuse(retelling, "portable DDL has LIKE with a string alone");
    retelling_put(retelling, TOKEN_STRING, pattern->text);
    retelling->in.next += 2;
    return postgresql_type_read(&retelling->in, &type);
}

bool retell_step_postgresql(struct retelling *retelling)
{
    const struct token *token = retelling->in.next;
    bool has_next = token[0].kind != TOKEN_END && token[1].kind != TOKEN_END;

    if (retelling_token_is(token, "::"))
        return put_cast(retelling);
    if (has_next && is_name(token) && retelling_token_is(token + 1, "."))
        return skip_schema(retelling);
    if (has_next && retelling_token_is(token, "=") && retelling_token_is(token + 1, "any") &&
        retelling_token_is(token + 2, "("))
        return put_set(retelling, false);
    if (has_next && retelling_token_is(token, "<>") && retelling_token_is(token + 1, "all") &&
        retelling_token_is(token + 2, "("))
        return put_set(retelling, true);
    if (retelling_token_is(token, "!~~"))
        retelling_put(retelling, TOKEN_WORD, "not");
    if (retelling_token_is(token, "~~") || retelling_token_is(token, "!~~"))
        return put_like(retelling);
    if (has_next && retelling_token_is(token + 1, "(") &&
        (retelling_token_is(token, "char_length") || retelling_token_is(token, "character_length")))
        return put_word(retelling, "length");
    return retelling_plain(retelling);
}
