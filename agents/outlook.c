#include "agents/outlook.h"

#include <string.h>

#include "agents/statement_reader.h"
#include "common/scope.h"

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The first that fits counts. */
struct rule {
    enum engine_kind engine;
    const char *first;
    const char *object;       /* TABLE, INDEX or VIEW; NULL: any */
    const char *const *words; /* one of them stands in the rest; NULL: no matter */
    const char *unless;       /* this one does not; NULL: no matter */
    enum outlook_room room;
    enum outlook_wait wait;
};

static const char *const pg_rewrites[] = {
    "TYPE",      "LOGGED",   "UNLOGGED",        "TABLESPACE",      "STORED", "SERIAL",
    "BIGSERIAL", "IDENTITY", "GEN_RANDOM_UUID", "CLOCK_TIMESTAMP", NULL};
static const char *const mysql_rewrites[] = {"MODIFY",     "CHANGE",  "ENGINE", "CONVERT",
                                             "ROW_FORMAT", "PRIMARY", "FORCE",  "KEY_BLOCK_SIZE",
                                             "COPY",       NULL};

static const struct rule rules[] = {
    {ENGINE_POSTGRESQL, "CREATE", "INDEX", WORDS("CONCURRENTLY"), NULL, ROOM_INDEX, WAIT_SNAPSHOTS},
    {ENGINE_POSTGRESQL, "CREATE", "INDEX", NULL, NULL, ROOM_INDEX, WAIT_WRITERS},
    {ENGINE_POSTGRESQL, "DROP", "INDEX", NULL, NULL, ROOM_NONE, WAIT_EVERYBODY},
    {ENGINE_POSTGRESQL, "DROP", "TABLE", NULL, NULL, ROOM_NONE, WAIT_EVERYBODY},
    {ENGINE_POSTGRESQL, "TRUNCATE", NULL, NULL, NULL, ROOM_NONE, WAIT_EVERYBODY},
    {ENGINE_POSTGRESQL, "ALTER", "TABLE", WORDS("VALIDATE", "STATISTICS"), NULL, ROOM_NONE,
     WAIT_NONE},
    {ENGINE_POSTGRESQL, "ALTER", "TABLE", pg_rewrites, NULL, ROOM_COPY, WAIT_EVERYBODY},
    {ENGINE_POSTGRESQL, "ALTER", "TABLE", WORDS("FOREIGN"), "COLUMN", ROOM_NONE, WAIT_WRITERS},
    {ENGINE_POSTGRESQL, "ALTER", "TABLE", WORDS("PRIMARY", "UNIQUE", "EXCLUDE"), NULL, ROOM_INDEX,
     WAIT_EVERYBODY},
    {ENGINE_POSTGRESQL, "ALTER", "TABLE", NULL, NULL, ROOM_NONE, WAIT_EVERYBODY},
    {ENGINE_POSTGRESQL, "REINDEX", NULL, WORDS("CONCURRENTLY"), NULL, ROOM_INDEX, WAIT_SNAPSHOTS},
    {ENGINE_POSTGRESQL, "REINDEX", NULL, NULL, NULL, ROOM_INDEX, WAIT_WRITERS},
    {ENGINE_POSTGRESQL, "VACUUM", NULL, WORDS("FULL"), NULL, ROOM_COPY, WAIT_EVERYBODY},
    {ENGINE_POSTGRESQL, "CLUSTER", NULL, NULL, NULL, ROOM_COPY, WAIT_EVERYBODY},
    {ENGINE_POSTGRESQL, "REFRESH", "VIEW", NULL, "CONCURRENTLY", ROOM_COPY, WAIT_EVERYBODY},
    {ENGINE_POSTGRESQL, "UPDATE", NULL, NULL, "WHERE", ROOM_COPY, WAIT_NONE},
    {ENGINE_MYSQL, "CREATE", "INDEX", NULL, NULL, ROOM_INDEX, WAIT_NONE},
    {ENGINE_MYSQL, "ALTER", "TABLE", mysql_rewrites, "INSTANT", ROOM_COPY, WAIT_NONE},
    {ENGINE_MYSQL, "ALTER", "TABLE", WORDS("INDEX", "KEY", "UNIQUE", "FULLTEXT", "SPATIAL"), "DROP",
     ROOM_INDEX, WAIT_NONE},
    {ENGINE_MYSQL, "OPTIMIZE", NULL, NULL, NULL, ROOM_COPY, WAIT_NONE},
    {ENGINE_MYSQL, "UPDATE", NULL, NULL, "WHERE", ROOM_COPY, WAIT_NONE},
    {ENGINE_SQLITE, "CREATE", "INDEX", NULL, NULL, ROOM_INDEX, WAIT_NONE},
    {ENGINE_SQLITE, "ALTER", "TABLE", WORDS("DROP"), NULL, ROOM_COPY, WAIT_NONE},
    {ENGINE_SQLITE, "VACUUM", NULL, NULL, NULL, ROOM_COPY, WAIT_NONE},
    {ENGINE_SQLITE, "UPDATE", NULL, NULL, "WHERE", ROOM_COPY, WAIT_NONE},
};

static void pass_parentheses(struct statement_reader *reader)
{
    while (!reader_at_end(reader) && !token_is_symbol(&reader->token, ')'))
        reader_advance(reader);
    reader_advance(reader);
}

static const char *pass_one(struct statement_reader *reader, const char *const *words)
{
    for (; *words != NULL; words++)
        if (reader_accept(reader, *words))
            return *words;
    return NULL;
}

/* To the name; says what kind of object it is of, if anything does. */
static const char *pass_options(struct statement_reader *reader)
{
    const char *object = NULL;

    while (!reader_at_end(reader)) {
        const char *found =
            object == NULL ? pass_one(reader, WORDS("TABLE", "INDEX", "VIEW")) : NULL;

        if (found != NULL)
            object = found;
        else if (token_is_symbol(&reader->token, '('))
            pass_parentheses(reader);
        else if (token_is(&reader->token, "IF"))
            reader_accept_if_exists(reader);
        else if (pass_one(reader, WORDS("UNIQUE", "MATERIALIZED", "CONCURRENTLY", "FULL", "ONLY",
                                        "VERBOSE", "ANALYZE", "FREEZE", "FULLTEXT", "SPATIAL",
                                        "ONLINE", "IGNORE", "LOCAL", "LOW_PRIORITY")) == NULL)
            break;
    }
    return object;
}

/* An index that is made names its table later. What has more than a schema before its name, no
   server here knows. */
static const char *read_table(struct statement_reader reader, bool makes_index)
{
    while (makes_index && !reader_at_end(&reader) && !token_is(&reader.token, "ON"))
        reader_advance(&reader);
    (void)reader_accept(&reader, "ON");
    (void)reader_accept(&reader, "ONLY");
    const char *name = reader_name(&reader);
    bool deep = name != NULL && strchr(name, '.') != strrchr(name, '.');
    return deep ? NULL : name;
}

static bool has_one(const struct statement_reader *reader, const char *const *words)
{
    for (; *words != NULL; words++)
        if (reader_has_word(*reader, *words))
            return true;
    return false;
}

static bool fits(const struct rule *rule, enum engine_kind engine,
                 const struct statement_reader *first, const struct statement_reader *rest,
                 const char *object)
{
    return rule->engine == engine && token_is(&first->token, rule->first) &&
           (rule->object == NULL || (object != NULL && object[0] == rule->object[0])) &&
           (rule->words == NULL || has_one(rest, rule->words)) &&
           (rule->unless == NULL || !reader_has_word(*rest, rule->unless));
}

struct outlook outlook_of(struct arena *arena, enum engine_kind engine, const char *sql,
                          size_t length)
{
    struct statement_reader first = reader_at(arena, engine, sql, length);
    struct statement_reader rest = first;

    reader_advance(&rest);
    struct statement_reader name = rest;
    const char *object = pass_options(&name);
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        if (!fits(&rules[i], engine, &first, &rest, object))
            continue;
        bool makes_index = token_is(&first.token, "CREATE");
        const char *table = read_table(name, makes_index);
        bool whole = table == NULL && engine == ENGINE_SQLITE;
        return (struct outlook){
            .table = whole ? "main" : table, .room = rules[i].room, .wait = rules[i].wait};
    }
    return (struct outlook){0};
}

const char *table_made_by(struct arena *arena, enum engine_kind engine, const char *sql,
                          size_t length)
{
    struct statement_reader reader = reader_at(arena, engine, sql, length);

    if (!reader_accept(&reader, "CREATE"))
        return NULL;
    while (reader.token.kind == TOKEN_WORD && !token_is(&reader.token, "TABLE"))
        reader_advance(&reader);
    if (!reader_accept(&reader, "TABLE"))
        return NULL;
    reader_accept_if_exists(&reader);
    return reader_name(&reader);
}

int64_t outlook_bytes(const struct outlook *outlook)
{
    if (outlook->room == ROOM_NONE)
        return 0;
    return outlook->table_bytes + (outlook->room == ROOM_COPY ? outlook->index_bytes : 0);
}
