/* The lines of agents/engines/mysql_introspect.c: those of SHOW CREATE TABLE. */
#include <string.h>

#include "common/list.h"
#include "plans/introspection/finding.h"

static const struct {
    const char *word;
    enum type_kind type;
} types[] = {
    {"smallint", TYPE_SMALLINT}, {"int", TYPE_INTEGER},        {"bigint", TYPE_BIGINT},
    {"decimal", TYPE_DECIMAL},   {"float", TYPE_REAL},         {"double", TYPE_DOUBLE},
    {"tinyint", TYPE_BOOLEAN},   {"char", TYPE_CHAR},          {"varchar", TYPE_VARCHAR},
    {"longtext", TYPE_TEXT},     {"longblob", TYPE_BLOB},      {"date", TYPE_DATE},
    {"time", TYPE_TIME},         {"datetime", TYPE_TIMESTAMP}, {"json", TYPE_JSON},
};

/* What utf8mb4 has unless somebody says otherwise: of MariaDB to 11.4 and since, and of MySQL. */
static const char *const collations[] = {"utf8mb4_general_ci", "utf8mb4_uca1400_ai_ci",
                                         "utf8mb4_0900_ai_ci"};

/* What a column says beside its type. */
struct attributes {
    const char *character_set;
    const char *collation;
    bool is_json; /* CHECK (json_valid(…)) */
};

static const char *part_of(const struct finding *finding, const char *what, const char *name)
{
    return arena_printf(finding->arena, "%s \"%s\"", what, name);
}

static bool refuse_type(struct parser *parser, const struct token *type)
{
    const char *hint = strcmp(type->text, "text") == 0   ? ": its TEXT is longtext here"
                       : strcmp(type->text, "blob") == 0 ? ": its BLOB is longblob here"
                                                         : "";

    return error_set(parser->err, ERROR_UNSUPPORTED, "portable DDL has no type %s%s", type->text,
                     hint);
}

/* The numbers in brackets mean something else for each type; of whole numbers nothing. */
static bool fit_size(struct parser *parser, const struct token *type, struct column *column)
{
    bool has_digits = column->type == TYPE_TIME || column->type == TYPE_TIMESTAMP;
    bool has_size =
        column->type == TYPE_CHAR || column->type == TYPE_VARCHAR || column->type == TYPE_DECIMAL;

    if (has_size)
        return column->size > 0 || refuse_type(parser, type);
    if (has_digits && column->size != 6)
        return error_set(parser->err, ERROR_UNSUPPORTED,
                         "portable DDL has no %s without its six digits of a second", type->text);
    if (column->type == TYPE_BOOLEAN && column->size != 1)
        return refuse_type(parser, type);
    if ((column->type == TYPE_REAL || column->type == TYPE_DOUBLE) && column->size > 0)
        return error_set(parser->err, ERROR_UNSUPPORTED, "portable DDL has no digits of a %s",
                         type->text);
    column->size = 0;
    return true;
}

static bool read_type(struct parser *parser, struct column *column)
{
    const struct token *type = parser->next;
    size_t i = 0;

    while (i < COUNT_OF(types) && !words_is(parser, types[i].word))
        i++;
    if (i == COUNT_OF(types))
        return refuse_type(parser, type);
    parser->next++;
    column->type = types[i].type;
    if (words_accept(parser, "(")) {
        if (!words_read_number(parser, 0, 1 << 30, &column->size) ||
            (words_accept(parser, ",") && !words_read_number(parser, 0, 100, &column->scale)) ||
            !words_require(parser, ")", "\")\""))
            return false;
    }
    return fit_size(parser, type, column);
}

static bool accept_both(struct parser *parser, const char *one, const char *other)
{
    if (!words_is(parser, one) || strcmp(parser->next[1].text, other) != 0)
        return false;
    parser->next += 2;
    return true;
}

/* MariaDB's JSON: longtext with CHECK (json_valid(`c`)). */
static bool accept_json_check(struct parser *parser, const char *column)
{
    static const char *const words[] = {"check", "(", "json_valid", "(", NULL, ")", ")"};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (parser->next[i].kind == TOKEN_END ||
            strcmp(parser->next[i].text, words[i] != NULL ? words[i] : column) != 0)
            return false;
    parser->next += COUNT_OF(words);
    return true;
}

/* Where a default ends: at the next clause. */
static bool read_default(const struct finding *finding, struct parser *parser,
                         struct column *column)
{
    static const char *const clauses[] = {"check", "comment", "on", "auto_increment", "invisible"};
    struct tokens value = {0};
    int depth = 0;
    bool ended = false;

    while (!ended) {
        const struct token *token = parser->next;

        ended = token->kind == TOKEN_END;
        for (size_t i = 0; depth == 0 && i < COUNT_OF(clauses); i++)
            ended = ended || (token->kind == TOKEN_WORD && strcmp(token->text, clauses[i]) == 0);
        depth += words_is(parser, "(") - words_is(parser, ")");
        bool is_introducer = token->kind == TOKEN_WORD && token->text[0] == '_';
        if (is_introducer) {
            parser->next++;
            continue;
        }
        value.items = list_room(parser->arena, value.items, value.count, sizeof *value.items);
        value.items[value.count++] = *token;
        parser->next += ended ? 0 : 1;
    }
    value.items[value.count - 1].kind = TOKEN_END;
    struct parser within = {.arena = parser->arena, .next = value.items, .err = parser->err};
    return finding_read_default(finding, &within, column);
}

static bool read_clause(const struct finding *finding, struct parser *parser, struct column *column,
                        struct attributes *attributes)
{
    if (accept_both(parser, "character", "set")) {
        attributes->character_set = parser->next->text;
    } else if (words_accept(parser, "collate")) {
        attributes->collation = parser->next->text;
    } else if (accept_both(parser, "not", "null")) {
        column->not_null = true;
        return true;
    } else if (words_accept(parser, "auto_increment")) {
        column->identity = true;
        return true;
    } else if (words_accept(parser, "default")) {
        return read_default(finding, parser, column);
    } else if (accept_json_check(parser, column->name)) {
        attributes->is_json = true;
        return true;
    } else {
        return finding_refuse(parser);
    }
    parser->next += parser->next->kind != TOKEN_END ? 1 : 0;
    return true;
}

static bool is_text(const char *one, const char *other)
{
    return one != NULL && strcmp(one, other) == 0;
}

/* UUID is kept in 36 characters of ASCII, and JSON in a longtext that is compared by its bytes. */
static bool fit_attributes(const struct parser *parser, const struct attributes *attributes,
                           struct column *column)
{
    bool is_ascii =
        is_text(attributes->character_set, "ascii") &&
        (attributes->collation == NULL || strcmp(attributes->collation, "ascii_general_ci") == 0);

    if (column->type == TYPE_CHAR && column->size == 36 && is_ascii) {
        column->type = TYPE_UUID;
        column->size = 0;
    } else if (column->type == TYPE_TEXT && attributes->is_json &&
               is_text(attributes->collation, "utf8mb4_bin")) {
        column->type = TYPE_JSON;
    } else if (attributes->is_json) {
        return error_set(parser->err, ERROR_UNSUPPORTED,
                         "portable DDL has no such JSON: its own is utf8mb4_bin");
    } else if (attributes->character_set != NULL || attributes->collation != NULL) {
        return error_set(parser->err, ERROR_UNSUPPORTED,
                         "portable DDL has no character sets and collations (%s)",
                         attributes->collation != NULL ? attributes->collation
                                                       : attributes->character_set);
    }
    return true;
}

static bool read_column(struct finding *finding, struct found_table *table, struct parser *parser)
{
    struct attributes attributes = {0};
    struct column column = {0};

    if (!words_read_name(parser, &column.name, "the name of a column"))
        return false;
    finding->part = part_of(finding, "column", column.name);
    if (!read_type(parser, &column))
        return false;
    while (parser->next->kind != TOKEN_END)
        if (!read_clause(finding, parser, &column, &attributes))
            return false;
    if (!fit_attributes(parser, &attributes, &column))
        return false;
    *finding_add_column(finding, table) = column;
    return true;
}

static bool has_descending(const struct index *index)
{
    for (size_t i = 0; i < index->columns.count; i++)
        if (index->descending[i])
            return true;
    return false;
}

/* A unique key is a constraint here, except that one with DESC can be an index only. */
static bool read_index(struct finding *finding, struct found_table *table, struct parser *parser)
{
    bool is_primary = words_accept(parser, "primary");
    struct index index = {.table = table->table.name, .unique = words_accept(parser, "unique")};

    finding->part = "the primary key";
    if (!words_is(parser, "key"))
        finding->part = "an index";
    if (!words_accept(parser, "key"))
        return finding_refuse(parser);
    if (!is_primary && !words_read_name(parser, &index.name, "the name of an index"))
        return false;
    if (!is_primary)
        finding->part = part_of(finding, "index", index.name);
    if (!finding_read_index_columns(parser, &index) || !finding_require_end(parser))
        return false;
    if (is_primary || (index.unique && !has_descending(&index)))
        *finding_add_constraint(finding, table) = (struct constraint){
            .kind = is_primary ? CONSTRAINT_PRIMARY_KEY : CONSTRAINT_UNIQUE,
            .name = index.name,
            .columns = index.columns,
        };
    else
        *finding_add_index(finding, table) = index;
    return true;
}

static bool same_columns(const struct name_list *one, const struct name_list *other)
{
    bool same = one->count == other->count;

    for (size_t i = 0; same && i < one->count; i++)
        same = strcmp(one->items[i], other->items[i]) == 0;
    return same;
}

/* A foreign key has an index of its own: by its name from the language, by that of its first column
   where the server made it. */
static bool is_index_of(const struct index *index, const struct constraint *key)
{
    return (strcmp(index->name, key->name) == 0 ||
            strcmp(index->name, key->columns.items[0]) == 0) &&
           !index->unique && same_columns(&index->columns, &key->columns);
}

static void drop_index_of(struct found_table *table, const struct constraint *key)
{
    size_t kept = 0;

    for (size_t i = 0; i < table->index_count; i++)
        if (!is_index_of(&table->indexes[i], key))
            table->indexes[kept++] = table->indexes[i];
    table->index_count = kept;
}

static bool read_constraint(struct finding *finding, struct found_table *table,
                            struct parser *parser)
{
    const char *name = NULL;

    finding->part = "a CHECK without a name";
    if (!words_accept(parser, "constraint"))
        return finding_refuse(parser);
    if (!words_read_name(parser, &name, "the name of a constraint"))
        return false;
    finding->part = part_of(finding, "constraint", name);
    if (!finding_read_constraint(finding, parser, table, name))
        return false;
    const struct constraint *constraint =
        &table->table.constraints[table->table.constraint_count - 1];
    if (constraint->kind == CONSTRAINT_FOREIGN_KEY)
        drop_index_of(table, constraint);
    return true;
}

static bool is_plain_collation(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(collations); i++)
        if (strcmp(collations[i], name) == 0)
            return true;
    return false;
}

/* ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=… */
static bool read_options(struct finding *finding, struct parser *parser)
{
    finding->part = "its options";
    if (accept_both(parser, "engine", "=") && !words_accept(parser, "innodb"))
        return finding_refuse(parser);
    if (words_accept(parser, "default") && accept_both(parser, "charset", "=") &&
        !words_accept(parser, "utf8mb4"))
        return error_set(parser->err, ERROR_UNSUPPORTED,
                         "portable DDL has no character set %s: its own is utf8mb4",
                         parser->next->text);
    if (accept_both(parser, "collate", "=")) {
        if (!is_plain_collation(parser->next->text))
            return error_set(parser->err, ERROR_UNSUPPORTED, "portable DDL has no collation %s",
                             parser->next->text);
        parser->next++;
    }
    return finding_require_end(parser);
}

static bool read_table(struct finding *finding, struct parser *parser)
{
    const char *name = NULL;

    if (!words_read_name(parser, &name, "the name of a table"))
        return false;
    struct found_table *table = finding_table(finding, name);
    if (table == NULL)
        table = finding_add_table(finding, name);
    finding->table = name;
    const char *part = parser->next->text;
    parser->next += parser->next->kind != TOKEN_END ? 1 : 0;
    if (!words_require(parser, ":", "\":\""))
        return false;
    if (strcmp(part, "column") == 0)
        return read_column(finding, table, parser);
    if (strcmp(part, "index") == 0)
        return read_index(finding, table, parser);
    if (strcmp(part, "constraint") == 0)
        return read_constraint(finding, table, parser);
    if (strcmp(part, "options") == 0)
        return read_options(finding, parser);
    finding->part = "its period";
    return finding_refuse(parser);
}

bool line_read_mysql(struct finding *finding, struct parser *parser)
{
    if (words_accept(parser, "database"))
        return true; /* each table says its collation */
    if (words_accept(parser, "table"))
        return read_table(finding, parser);
    return error_set(parser->err, ERROR_UNSUPPORTED, "portable DDL has no words for it");
}
