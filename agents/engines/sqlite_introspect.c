#include "agents/engines/sqlite_introspect.h"

#include <stdlib.h>
#include <string.h>

#include "agents/engines/sqlite_tokens.h"
#include "common/memory.h"

/* Internal objects have names that SQLite reserves; automatic indexes have no SQL. */
static const char objects_sql[] =
    "SELECT type, name, sql FROM main.sqlite_schema WHERE sql IS NOT NULL"
    " AND substr(name, 1, 7) <> 'sqlite_'"
    " AND tbl_name NOT IN ('fleet_history', 'fleet_fence', 'fleet_intent')";

/* Where a walk over a CREATE TABLE stands. */
struct definition {
    int depth; /* of parentheses; definitions stand at 1 */
    bool begun;
    struct sqlite_token before;
};

static void append_prefix(struct buffer *out, const char *type, const char *name)
{
    buffer_append_text(out, type);
    buffer_append_char(out, ' ');
    sqlite_name_append(name, out);
}

/* After DEFAULT, SQLite reads "text" as a string, whose case counts. */
static void append_token(struct buffer *out, const struct sqlite_token *token,
                         const struct sqlite_token *before)
{
    struct sqlite_token spelt = *token;

    if (token->kind == SQLITE_TOKEN_NAME && before->text != NULL &&
        sqlite_token_is(before, "default"))
        spelt.kind = SQLITE_TOKEN_STRING;
    buffer_append_char(out, ' ');
    sqlite_token_append(&spelt, out);
}

static bool is_sign(const struct sqlite_token *token, char sign)
{
    return token->kind == SQLITE_TOKEN_SIGN && token->text[0] == sign;
}

/* Takes one token inside the outer parentheses into the definition at hand. */
static void add_to_definition(struct buffer *out, const char *name, struct definition *definition,
                              const struct sqlite_token *token)
{
    if (definition->depth == 1 && is_sign(token, ',')) {
        buffer_append_char(out, '\n');
        definition->begun = false;
        return;
    }
    if (!definition->begun)
        append_prefix(out, "table", name);
    definition->begun = true;
    append_token(out, token, &definition->before);
}

static void canonical_table(const char *name, const char *sql, struct buffer *out)
{
    struct sqlite_tokens tokens = sqlite_tokens_of(sql, strlen(sql));
    struct sqlite_token token;
    struct definition definition = {0};
    AUTO_BUFFER struct buffer options = {0};

    while (sqlite_tokens_next(&tokens, &token)) {
        bool outer = definition.depth == 0;

        if (is_sign(&token, ')'))
            definition.depth--;
        if (definition.depth > 0)
            add_to_definition(out, name, &definition, &token);
        else if (outer && definition.begun)
            append_token(&options, &token, &definition.before);
        if (is_sign(&token, '('))
            definition.depth++;
        definition.before = token;
    }
    buffer_append_char(out, '\n');
    append_prefix(out, "table", name);
    buffer_append_text(out, buffer_text(&options));
    buffer_append_char(out, '\n');
}

static bool is_virtual(const char *sql)
{
    struct sqlite_tokens tokens = sqlite_tokens_of(sql, strlen(sql));
    struct sqlite_token token;

    return sqlite_tokens_next(&tokens, &token) && sqlite_tokens_next(&tokens, &token) &&
           sqlite_token_is(&token, "virtual");
}

void sqlite_canonical_object(const char *type, const char *name, const char *sql,
                             struct buffer *out)
{
    struct sqlite_tokens tokens = sqlite_tokens_of(sql, strlen(sql));
    struct sqlite_token before = {0};
    struct sqlite_token token;

    if (strcmp(type, "table") == 0 && !is_virtual(sql)) {
        canonical_table(name, sql, out);
        return;
    }
    append_prefix(out, type, name);
    while (sqlite_tokens_next(&tokens, &token)) {
        append_token(out, &token, &before);
        before = token;
    }
    buffer_append_char(out, '\n');
}

static bool add_object(void *context, size_t columns, const char *const *values)
{
    (void)columns;
    sqlite_canonical_object(values[0], values[1], values[2], context);
    return true;
}

bool sqlite_introspect(struct session *session, struct buffer *out, struct error *err)
{
    return session->engine->query(session, objects_sql, NULL, 0, add_object, out, err) ||
           error_wrap(err, "cannot read the schema");
}

static bool append_sql(void *context, size_t columns, const char *const *values)
{
    (void)columns;
    buffer_printf(context, "%s\n", values[0]);
    return true;
}

/* The last part of a name, without quotes. */
static void append_bare_name(const char *name, struct buffer *out)
{
    struct sqlite_tokens tokens = sqlite_tokens_of(name, strlen(name));
    struct sqlite_token token = {0}, last = {0};

    while (sqlite_tokens_next(&tokens, &token))
        last = token;
    if (last.kind == SQLITE_TOKEN_NAME && last.length >= 2)
        buffer_append(out, last.text + 1, last.length - 2);
    else
        buffer_append(out, last.text, last.length);
}

bool sqlite_describe(struct session *session, enum object_kind kind, const char *name,
                     const char *of, struct buffer *out, struct error *err)
{
    AUTO_BUFFER struct buffer bare = {0};

    (void)kind;
    (void)of;
    append_bare_name(name, &bare);
    const char *const parameters[] = {buffer_text(&bare), buffer_text(&bare)};
    return session->engine->query(session,
                                  "SELECT sql FROM main.sqlite_schema WHERE sql IS NOT NULL"
                                  " AND (name = $1 COLLATE NOCASE OR tbl_name = $2 COLLATE NOCASE)"
                                  " ORDER BY type, name",
                                  parameters, COUNT_OF(parameters), append_sql, out, err);
}
