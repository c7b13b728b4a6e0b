#include "agents/statement_facts.h"

#include <assert.h>
#include <string.h>

#include "agents/statement_reader.h"
#include "common/scope.h"

static const char *const names[] = {
    [CLASS_SESSION] = "session",     [CLASS_RERUNNABLE] = "rerunnable", [CLASS_DATA] = "data",
    [CLASS_PROBEABLE] = "probeable", [CLASS_OPAQUE] = "opaque",
};

static const struct {
    const char *word;
    enum statement_class statement_class;
} first_words[] = {
    {"USE", CLASS_SESSION},        {"PRAGMA", CLASS_SESSION},     {"PREPARE", CLASS_SESSION},
    {"DEALLOCATE", CLASS_SESSION}, {"RESET", CLASS_SESSION},      {"ATTACH", CLASS_SESSION},
    {"DETACH", CLASS_SESSION},     {"SHOW", CLASS_SESSION},       {"LOCK", CLASS_SESSION},
    {"UNLOCK", CLASS_SESSION},     {"GRANT", CLASS_RERUNNABLE},   {"REVOKE", CLASS_RERUNNABLE},
    {"ANALYZE", CLASS_RERUNNABLE}, {"VACUUM", CLASS_RERUNNABLE},  {"OPTIMIZE", CLASS_RERUNNABLE},
    {"FLUSH", CLASS_RERUNNABLE},   {"COMMENT", CLASS_RERUNNABLE}, {"REINDEX", CLASS_RERUNNABLE},
    {"INSERT", CLASS_DATA},        {"UPDATE", CLASS_DATA},        {"DELETE", CLASS_DATA},
    {"REPLACE", CLASS_DATA},       {"SELECT", CLASS_DATA},        {"WITH", CLASS_DATA},
    {"VALUES", CLASS_DATA},        {"CREATE", CLASS_PROBEABLE},   {"ALTER", CLASS_PROBEABLE},
    {"DROP", CLASS_PROBEABLE},     {"RENAME", CLASS_PROBEABLE},
};

/* What refuses to run inside a transaction, although DDL is transactional. */
static const struct {
    const char *first;
    const char *second; /* NULL: any */
    enum statement_class statement_class;
} alone[] = {
    {"VACUUM", NULL, CLASS_RERUNNABLE},
    {"REINDEX", NULL, CLASS_RERUNNABLE},
    {"CLUSTER", NULL, CLASS_RERUNNABLE},
    {"CHECKPOINT", NULL, CLASS_RERUNNABLE},
    {"ALTER", "SYSTEM", CLASS_RERUNNABLE},
    {"CREATE", "DATABASE", CLASS_OPAQUE},
    {"DROP", "DATABASE", CLASS_OPAQUE},
    {"ALTER", "DATABASE", CLASS_OPAQUE},
    {"CREATE", "TABLESPACE", CLASS_OPAQUE},
    {"DROP", "TABLESPACE", CLASS_OPAQUE},
    {"ALTER", "SUBSCRIPTION", CLASS_OPAQUE},
    {"CREATE", "SUBSCRIPTION", CLASS_OPAQUE},
    {"DROP", "SUBSCRIPTION", CLASS_OPAQUE},
    {"CALL", NULL, CLASS_OPAQUE},
    {"DO", NULL, CLASS_OPAQUE},
};

static const struct {
    const char *word;
    enum object_kind kind;
} kinds[] = {
    {"TABLE", OBJECT_TABLE},     {"INDEX", OBJECT_INDEX},         {"VIEW", OBJECT_VIEW},
    {"TRIGGER", OBJECT_TRIGGER}, {"PROCEDURE", OBJECT_PROCEDURE}, {"FUNCTION", OBJECT_FUNCTION},
    {"EVENT", OBJECT_EVENT},     {"SEQUENCE", OBJECT_SEQUENCE},
};

/* To the word that says what is created, altered or dropped; false if it is none that we know. */
static bool find_kind(struct statement_reader *reader, struct statement_facts *facts)
{
    for (; reader->token.kind == TOKEN_WORD || reader->token.kind == TOKEN_QUOTED ||
           token_is_symbol(&reader->token, '=') || token_is_symbol(&reader->token, '@');
         reader_advance(reader)) {
        for (size_t i = 0; i < COUNT_OF(kinds); i++)
            if (reader_accept(reader, kinds[i].word)) {
                facts->kind = kinds[i].kind;
                return true;
            }
        if (token_is(&reader->token, "TEMPORARY") || token_is(&reader->token, "TEMP"))
            facts->from_data = true;
    }
    return false;
}

/* ALTER TABLE … RENAME [TO | AS] name, and no part of it. */
static const char *read_new_name(struct statement_reader reader)
{
    static const char *const parts[] = {"COLUMN", "INDEX", "KEY", "CONSTRAINT"};

    for (; !reader_at_end(&reader); reader_advance(&reader)) {
        bool of_part = false;

        if (!reader_accept(&reader, "RENAME"))
            continue;
        for (size_t i = 0; i < COUNT_OF(parts); i++)
            of_part = of_part || token_is(&reader.token, parts[i]);
        if (of_part)
            continue;
        (void)(reader_accept(&reader, "TO") || reader_accept(&reader, "AS"));
        return reader_name(&reader);
    }
    return NULL;
}

static void become_opaque(struct statement_facts *facts)
{
    *facts = (struct statement_facts){.class = CLASS_OPAQUE};
}

/* An index that is a part of its table is that table's business. */
static void read_index_of_table(struct statement_reader *reader, struct statement_facts *facts)
{
    while (!reader_at_end(reader) && !token_is(&reader->token, "ON"))
        reader_advance(reader);
    (void)reader_accept(reader, "ON");
    facts->kind = OBJECT_TABLE;
    facts->object = reader_name(reader);
}

/* Of a user, a database or the like: told to be the way that it says, or only if it is missing. */
static enum statement_class class_of_other(struct statement_reader reader, bool alters)
{
    static const char *const settled[] = {"DATABASE", "SCHEMA", "USER", "ROLE"};
    bool known = false;

    for (size_t i = 0; i < COUNT_OF(settled); i++)
        known = known || token_is(&reader.token, settled[i]);
    return known && (alters || reader_has_word(reader, "EXISTS")) ? CLASS_RERUNNABLE : CLASS_OPAQUE;
}

static void read_object(struct statement_reader *reader, bool alters, bool drops,
                        struct statement_facts *facts)
{
    struct statement_reader other = *reader;

    if (!find_kind(reader, facts)) {
        *facts = (struct statement_facts){.class = class_of_other(other, alters)};
        return;
    }
    if (facts->from_data) {
        *facts = (struct statement_facts){.class = CLASS_SESSION, .from_data = true};
        return;
    }
    bool tolerant = token_is(&reader->token, "IF");
    reader_accept_if_exists(reader);
    if (drops && reader_has_comma(*reader)) {
        *facts = (struct statement_facts){.class = tolerant ? CLASS_RERUNNABLE : CLASS_OPAQUE};
        return;
    }
    if (facts->kind == OBJECT_INDEX)
        read_index_of_table(reader, facts);
    else
        facts->object = reader_name(reader);
    if (facts->kind == OBJECT_TABLE && !drops)
        facts->renamed = read_new_name(*reader);
    if (facts->object == NULL)
        become_opaque(facts);
}

/* RENAME TABLE a TO b, of one table. */
static void read_rename(struct statement_reader *reader, struct statement_facts *facts)
{
    bool table = reader_accept(reader, "TABLE");

    if (table && !reader_has_comma(*reader)) {
        reader_accept_if_exists(reader);
        facts->kind = OBJECT_TABLE;
        facts->object = reader_name(reader);
        facts->renamed = reader_accept(reader, "TO") ? reader_name(reader) : NULL;
    }
    if (facts->renamed == NULL)
        become_opaque(facts);
}

/* CREATE [UNIQUE] INDEX CONCURRENTLY name ON table, DROP INDEX CONCURRENTLY name. */
static void read_concurrent(struct statement_reader *reader, struct statement_facts *facts)
{
    struct statement_facts known = {
        .class = CLASS_PROBEABLE, .kind = OBJECT_INDEX, .in_stages = true};

    *facts = (struct statement_facts){.class = CLASS_OPAQUE, .in_stages = true};
    while (!reader_at_end(reader) && !token_is(&reader->token, "INDEX"))
        reader_advance(reader);
    if (!reader_accept(reader, "INDEX") || !reader_accept(reader, "CONCURRENTLY"))
        return;
    reader_accept_if_exists(reader);
    if (token_is(&reader->token, "ON"))
        return;
    known.object = reader_name(reader);
    if (reader_accept(reader, "ON")) {
        (void)reader_accept(reader, "ONLY");
        known.table = reader_name(reader);
    }
    if (known.object != NULL)
        *facts = known;
}

static void make_transactional(struct statement_reader reader, struct statement_facts *facts)
{
    struct statement_reader second = reader;

    reader_advance(&second);
    if (reader_has_word(reader, "CONCURRENTLY") && !token_is(&reader.token, "REFRESH") &&
        !token_is(&reader.token, "REINDEX")) {
        read_concurrent(&reader, facts);
        return;
    }
    if (facts->class != CLASS_SESSION)
        *facts = (struct statement_facts){.class = CLASS_DATA, .from_data = facts->from_data};
    for (size_t i = 0; i < COUNT_OF(alone); i++)
        if (token_is(&reader.token, alone[i].first) &&
            (alone[i].second == NULL || token_is(&second.token, alone[i].second))) {
            facts->class = alone[i].statement_class;
            facts->in_stages = reader_has_word(reader, "CONCURRENTLY");
            return;
        }
}

/* What SET changes beyond the session it may change again. */
static enum statement_class class_of_set(struct statement_reader reader)
{
    static const char *const lasting[] = {"GLOBAL",  "PERSIST",  "PERSIST_ONLY", "PASSWORD",
                                          "DEFAULT", "@@GLOBAL", "@@PERSIST",    "@@PERSIST_ONLY"};

    while (token_is_symbol(&reader.token, '@'))
        reader_advance(&reader);
    for (size_t i = 0; i < COUNT_OF(lasting); i++)
        if (token_is(&reader.token, lasting[i]))
            return CLASS_RERUNNABLE;
    return CLASS_SESSION;
}

static enum statement_class class_by_word(const struct token *word)
{
    for (size_t i = 0; i < COUNT_OF(first_words); i++)
        if (token_is(word, first_words[i].word))
            return first_words[i].statement_class;
    return CLASS_OPAQUE;
}

/* SET, but for MariaDB's SET STATEMENT name = value, … FOR statement, which is left to read. */
static bool read_set(struct statement_reader *first, struct statement_facts *facts)
{
    struct statement_reader rest = *first;

    if (!reader_accept(&rest, "SET"))
        return false;
    if (!reader_accept(&rest, "STATEMENT")) {
        *facts = (struct statement_facts){.class = class_of_set(rest),
                                          .from_data = reader_has_word(rest, "SELECT")};
        return true;
    }
    while (!reader_at_end(&rest) && !token_is(&rest.token, "FOR"))
        reader_advance(&rest);
    (void)reader_accept(&rest, "FOR");
    *first = rest;
    return false;
}

/* A table that MariaDB has dropped is not there again when making the new one fails. */
static bool replaces_table(struct statement_reader rest)
{
    bool replaces = reader_accept(&rest, "OR") && reader_accept(&rest, "REPLACE");

    (void)reader_accept(&rest, "TEMPORARY");
    return replaces && token_is(&rest.token, "TABLE");
}

/* CREATE, ALTER, DROP or RENAME. */
static void read_definition(const struct statement_reader *first, struct statement_facts *facts)
{
    struct statement_reader rest = *first;

    reader_advance(&rest);
    if (token_is(&first->token, "RENAME"))
        read_rename(&rest, facts);
    else if (token_is(&first->token, "CREATE") && replaces_table(rest))
        become_opaque(facts);
    else
        read_object(&rest, token_is(&first->token, "ALTER"), token_is(&first->token, "DROP"),
                    facts);
}

/* The table whose rows a statement changes; of several the first. */
static const char *read_changed_table(struct statement_reader reader)
{
    static const struct {
        const char *first, *before;
    } forms[] = {{"INSERT", "INTO"}, {"REPLACE", "INTO"}, {"DELETE", "FROM"}, {"UPDATE", NULL}};
    static const char *const options[] = {"LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", "QUICK",
                                          "IGNORE"};

    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        if (!reader_accept(&reader, forms[i].first))
            continue;
        for (size_t o = 0; o < COUNT_OF(options); o++)
            (void)reader_accept(&reader, options[o]);
        if (forms[i].before != NULL)
            (void)reader_accept(&reader, forms[i].before);
        return reader_name(&reader);
    }
    return NULL;
}

struct statement_facts statement_facts_of(struct arena *arena, enum engine_kind engine,
                                          bool transactional_ddl, const char *sql, size_t length)
{
    struct statement_reader first = reader_at(arena, engine, sql, length);
    struct statement_facts facts = {0};

    if (read_set(&first, &facts))
        return facts;
    facts.class = class_by_word(&first.token);
    if (facts.class == CLASS_PROBEABLE)
        read_definition(&first, &facts);
    if ((facts.class == CLASS_SESSION && reader_has_word(first, "SELECT")) ||
        (token_is(&first.token, "SELECT") && reader_has_word(first, "INTO")))
        facts.from_data = true;
    if (transactional_ddl)
        make_transactional(first, &facts);
    else if (facts.class == CLASS_DATA)
        facts.table = read_changed_table(first);
    return facts;
}

const char *statement_class_name(enum statement_class statement_class)
{
    assert((unsigned)statement_class < COUNT_OF(names));
    return names[statement_class];
}
