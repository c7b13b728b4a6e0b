#include "plans/introspection/retell.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/list.h"
#include "plans/introspection/retelling.h"

/* Deeper brackets, and longer texts, are nobody's conditions. */
enum { DEPTH_MAX = 300, TOKENS_MAX = 20000 };

static const retell_function steps[ENGINE_KIND_COUNT] = {
    [ENGINE_POSTGRESQL] = retell_step_postgresql,
    [ENGINE_MYSQL] = retell_step_mysql,
    [ENGINE_SQLITE] = retell_step_sqlite,
};

static const char *const functions[] = {"length", "lower", "upper", "abs", "coalesce", NULL};

/* What else a bracket follows, beside the name of a table after REFERENCES. */
static const char *const words[] = {"and", "or",  "not",  "in",     "between", "check",
                                    "key", "set", "null", "unique", NULL};

static const char *const operators[] = {"=", "<>", "<",  "<=", ">", ">=", "+", "-",
                                        "*", "/",  "||", "(",  ")", ",",  NULL};

void retelling_put(struct retelling *retelling, enum token_kind kind, const char *text)
{
    struct tokens *out = &retelling->out;

    out->items = list_room(retelling->in.arena, out->items, out->count, sizeof *out->items);
    out->items[out->count++] =
        (struct token){.kind = kind, .text = text, .line = 1, .column = retelling->in.next->column};
}

bool retelling_refuse(struct retelling *retelling, const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return error_set(retelling->in.err, ERROR_UNSUPPORTED, "%s", text);
}

bool retelling_token_is(const struct token *token, const char *text)
{
    return (token->kind == TOKEN_WORD || token->kind == TOKEN_SIGN) &&
           strcmp(token->text, text) == 0;
}

static bool is_any(const struct token *token, const char *const *texts)
{
    while (*texts != NULL && !retelling_token_is(token, *texts))
        texts++;
    return *texts != NULL;
}

static bool put_group(struct retelling *retelling)
{
    if (++retelling->in.depth > DEPTH_MAX)
        return retelling_refuse(retelling, "it is nested too deep");
    retelling_put(retelling, TOKEN_SIGN, "(");
    retelling->in.next++;
    if (!retelling_until(retelling, ")"))
        return false;
    retelling_put(retelling, TOKEN_SIGN, ")");
    retelling->in.next++;
    retelling->in.depth--;
    return true;
}

static bool is_function(const struct retelling *retelling, const struct token *token)
{
    const struct tokens *out = &retelling->out;
    bool is_table = out->count > 0 && retelling_token_is(&out->items[out->count - 1], "references");

    return token->kind == TOKEN_WORD && retelling_token_is(token + 1, "(") && !is_table &&
           !is_any(token, words);
}

bool retelling_plain(struct retelling *retelling)
{
    const struct token *token = retelling->in.next;

    if (retelling_token_is(token, "("))
        return put_group(retelling);
    if (token->kind == TOKEN_SIGN && !is_any(token, operators))
        return retelling_refuse(retelling, "portable DDL has no %s", token->text);
    if (is_function(retelling, token) && !is_any(token, functions))
        return retelling_refuse(retelling, "portable DDL has no function %s", token->text);
    retelling_put(retelling, token->kind, token->text);
    retelling->in.next++;
    return true;
}

bool retelling_until(struct retelling *retelling, const char *closing)
{
    while (!words_is(&retelling->in, closing)) {
        if (retelling->in.next->kind == TOKEN_END)
            return retelling_refuse(retelling, "it ends before \"%s\"", closing);
        if (retelling->out.count > TOKENS_MAX)
            return retelling_refuse(retelling, "it is too long");
        if (!retelling->step(retelling))
            return false;
    }
    return true;
}

bool retell(struct arena *arena, enum engine_kind engine, const struct token *first,
            struct tokens *told, struct error *err)
{
    struct retelling retelling = {.in = {.arena = arena, .next = first, .err = err},
                                  .step = steps[engine]};

    while (retelling.in.next->kind != TOKEN_END) {
        if (words_is(&retelling.in, ")"))
            return retelling_refuse(&retelling, "a bracket closes that did not open");
        if (!retelling.step(&retelling))
            return false;
    }
    retelling_put(&retelling, TOKEN_END, "the end");
    *told = retelling.out;
    return true;
}
