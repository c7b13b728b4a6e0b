/* The lines of agents/engines/sqlite_introspect.c: what was written in CREATE TABLE. */
#include <stdio.h>
#include <string.h>

#include "common/list.h"
#include "plans/introspection/finding.h"
#include "plans/schema/rules.h"

/* By what a value is kept as, not by the word;
 * https://www.sqlite.org/datatype3.html#determination_of_column_affinity */
static const struct {
    const char *words[2];
    enum type_kind type;
} types[] = {
    {{"smallint"}, TYPE_SMALLINT},
    {{"integer"}, TYPE_INTEGER},
    {{"int"}, TYPE_INTEGER},
    {{"bigint"}, TYPE_BIGINT},
    {{"numeric"}, TYPE_DECIMAL},
    {{"decimal"}, TYPE_DECIMAL},
    {{"real"}, TYPE_REAL},
    {{"float"}, TYPE_REAL},
    {{"double", "precision"}, TYPE_DOUBLE},
    {{"double"}, TYPE_DOUBLE},
    {{"boolean"}, TYPE_BOOLEAN},
    {{"char"}, TYPE_CHAR},
    {{"varchar"}, TYPE_VARCHAR},
    {{"text"}, TYPE_TEXT},
    {{"blob"}, TYPE_BLOB},
};

/* A column while its line is read. */
struct column_line {
    struct column column;
    bool is_promised;   /* a CHECK keeps what its type says */
    bool is_key;        /* PRIMARY KEY stands in it */
    bool says_integer;  /* the word that makes a key number rows */
    size_t constraints; /* of the table, before it */
};

static const char *part_of(const struct finding *finding, const char *what, const char *name)
{
    return arena_printf(finding->arena, "%s \"%s\"", what, name);
}

static bool read_type(struct parser *parser, struct column_line *line)
{
    struct column *column = &line->column;
    const struct token *start = parser->next;
    size_t i = 0;

    while (i < COUNT_OF(types) &&
           !(words_is(parser, types[i].words[0]) &&
             (types[i].words[1] == NULL || strcmp(start[1].text, types[i].words[1]) == 0)))
        i++;
    if (i == COUNT_OF(types) || start->kind != TOKEN_WORD)
        return error_set(parser->err, ERROR_UNSUPPORTED, "portable DDL has no type %s",
                         start->kind == TOKEN_END ? "that is not said" : start->text);
    parser->next += types[i].words[1] != NULL ? 2 : 1;
    column->type = types[i].type;
    line->says_integer = strcmp(start->text, "integer") == 0;
    if (!words_accept(parser, "("))
        return true;
    return words_read_number(parser, 1, 1 << 30, &column->size) &&
           (!words_accept(parser, ",") ||
            words_read_number(parser, 0, column->size, &column->scale)) &&
           words_require(parser, ")", "\")\"");
}

/* Whether these words stand next, NULL for the column's name. */
static bool accept_words(struct parser *parser, const char *const *words, size_t count,
                         const char *column)
{
    for (size_t i = 0; i < count; i++) {
        const struct token *token = &parser->next[i];

        if (token->kind == TOKEN_END ||
            strcmp(token->text, words[i] != NULL ? words[i] : column) != 0)
            return false;
    }
    parser->next += count;
    return true;
}

/* The CHECKs that portable columns have here. */
static bool accept_promise(struct parser *parser, struct column_line *line)
{
    static const char *const boolean[] = {"check", "(", NULL, "in", "(", "0", ",", "1", ")", ")"};
    static const char *const json[] = {"check",      "(", NULL, "is", "null", "or",
                                       "json_valid", "(", NULL, ")",  ")"};
    struct column *column = &line->column;
    char size[16];
    const char *const length[] = {"check", "(", "length", "(", NULL, ")", "<=", size, ")"};

    (void)snprintf(size, sizeof size, "%d", column->size);
    if (column->type == TYPE_BOOLEAN)
        return accept_words(parser, boolean, COUNT_OF(boolean), column->name);
    if (column->type == TYPE_CHAR || column->type == TYPE_VARCHAR)
        return accept_words(parser, length, COUNT_OF(length), column->name);
    if (column->type != TYPE_TEXT || !accept_words(parser, json, COUNT_OF(json), column->name))
        return false;
    column->type = TYPE_JSON;
    return true;
}

/* The tokens of a clause: to the next word that begins one, with all that is in brackets. */
static struct tokens clause_of(struct parser *parser)
{
    static const char *const words[] = {"constraint", "primary",   "not",     "null",
                                        "unique",     "check",     "default", "collate",
                                        "references", "generated", "as"};
    struct tokens tokens = {0};
    bool ended = false;
    int depth = 0;

    while (!ended) {
        const struct token *token = parser->next;
        bool follows_set =
            tokens.count > 0 && strcmp(tokens.items[tokens.count - 1].text, "set") == 0;

        ended = token->kind == TOKEN_END;
        for (size_t i = 0; depth == 0 && tokens.count > 0 && !follows_set && i < COUNT_OF(words);
             i++)
            ended = ended || words_is(parser, words[i]);
        depth += words_is(parser, "(") - words_is(parser, ")");
        tokens.items = list_room(parser->arena, tokens.items, tokens.count, sizeof *token);
        tokens.items[tokens.count++] = *token;
        parser->next += ended ? 0 : 1;
    }
    tokens.items[tokens.count - 1].kind = TOKEN_END;
    return tokens;
}

/* A constraint in the column's line, as one of the table. */
static bool read_own(struct finding *finding, struct found_table *table, struct parser *parser,
                     const struct column_line *line, const char *name)
{
    bool is_reference = words_is(parser, "references");
    struct tokens clause = clause_of(parser);
    struct parser within = {.arena = parser->arena, .next = clause.items, .err = parser->err};
    const struct token head[] = {
        {.kind = TOKEN_WORD, .text = "foreign"}, {.kind = TOKEN_WORD, .text = "key"},
        {.kind = TOKEN_SIGN, .text = "("},       {.kind = TOKEN_QUOTED, .text = line->column.name},
        {.kind = TOKEN_SIGN, .text = ")"},
    };

    if (is_reference) {
        struct token *whole =
            arena_calloc(parser->arena, COUNT_OF(head) + clause.count, sizeof *whole);
        memcpy(whole, head, sizeof head);
        memcpy(whole + COUNT_OF(head), clause.items, clause.count * sizeof *whole);
        within.next = whole;
    }
    return finding_read_constraint(finding, &within, table, name);
}

static bool read_unique(struct finding *finding, struct found_table *table,
                        const struct parser *parser, const struct column_line *line,
                        const char *name)
{
    struct constraint *constraint = finding_add_constraint(finding, table);
    struct parser adding = *parser;

    *constraint = (struct constraint){.kind = CONSTRAINT_UNIQUE, .name = name};
    words_add_name(&adding, &constraint->columns, line->column.name);
    return true;
}

static bool read_key(struct parser *parser, struct column_line *line)
{
    line->is_key = true;
    if (!words_require(parser, "key", "KEY"))
        return false;
    (void)words_accept(parser, "asc");
    if (words_accept(parser, "autoincrement")) {
        line->column.identity = true;
        line->column.type = TYPE_BIGINT; /* whatever its word, SQLite numbers so far */
    }
    return true;
}

/* SQLite takes "text" for a string here. */
static bool read_default(const struct finding *finding, struct parser *parser,
                         struct column *column)
{
    struct tokens clause = clause_of(parser);
    struct parser within = {.arena = parser->arena, .next = clause.items, .err = parser->err};

    if (clause.items[0].kind == TOKEN_QUOTED)
        clause.items[0].kind = TOKEN_STRING;
    if (!finding_read_default(finding, &within, column))
        return false;
    if (column->default_kind == DEFAULT_CURRENT_TIMESTAMP && column->type == TYPE_TEXT)
        column->type = TYPE_TIMESTAMP;
    return true;
}

static bool read_clause(struct finding *finding, struct found_table *table, struct parser *parser,
                        struct column_line *line)
{
    const char *name = NULL;

    if (words_accept(parser, "constraint") &&
        !words_read_name(parser, &name, "the name of the constraint"))
        return false;
    if (words_accept(parser, "not")) {
        line->column.not_null = true;
        return words_require(parser, "null", "NULL");
    }
    if (words_accept(parser, "null"))
        return true;
    if (words_accept(parser, "primary"))
        return read_key(parser, line);
    if (words_accept(parser, "unique"))
        return read_unique(finding, table, parser, line, name);
    if (words_accept(parser, "default"))
        return read_default(finding, parser, &line->column);
    if (name == NULL && !line->is_promised && accept_promise(parser, line)) {
        line->is_promised = true;
        return true;
    }
    if (words_is(parser, "references") || words_is(parser, "check"))
        return read_own(finding, table, parser, line, name);
    return finding_refuse(parser);
}

/* What the type promises on every engine, SQLite keeps by a CHECK only. */
static bool is_kept(const struct parser *parser, const struct column_line *line)
{
    const struct column *column = &line->column;

    if (column->type == TYPE_BOOLEAN && !line->is_promised)
        return error_set(parser->err, ERROR_UNSUPPORTED,
                         "anything could be in it: the BOOLEAN of portable DDL has a CHECK that it "
                         "is 0 or 1");
    if ((column->type == TYPE_CHAR || column->type == TYPE_VARCHAR) && !line->is_promised)
        return error_set(parser->err, ERROR_UNSUPPORTED,
                         "longer ones could be in it: the CHAR and VARCHAR of portable DDL have a "
                         "CHECK of the length");
    if (column->type == TYPE_DECIMAL && column->size == 0)
        return error_set(parser->err, ERROR_UNSUPPORTED,
                         "portable DDL has no DECIMAL without digits");
    return true;
}

static bool refuse_null_key(const struct parser *parser, const char *column)
{
    return error_set(parser->err, ERROR_UNSUPPORTED,
                     "SQLite lets NULL into column \"%s\" of the key: portable DDL makes it NOT "
                     "NULL",
                     column);
}

static void add_key(struct finding *finding, struct found_table *table, struct parser *parser,
                    const char *column)
{
    struct constraint *key = finding_add_constraint(finding, table);

    *key = (struct constraint){.kind = CONSTRAINT_PRIMARY_KEY};
    words_add_name(parser, &key->columns, column);
}

/* A column's constraints go with it if it is outside. */
static bool read_clauses(struct finding *finding, struct found_table *table, struct parser *parser,
                         struct column_line *line)
{
    if (!read_type(parser, line))
        return false;
    *finding_add_column(finding, table) = line->column; /* for the conditions in its line */
    while (parser->next->kind != TOKEN_END)
        if (!read_clause(finding, table, parser, line))
            return false;
    table->table.columns[table->table.column_count - 1] = line->column;
    if (!is_kept(parser, line))
        return false;
    if (line->is_key && !line->says_integer && !line->column.not_null)
        return refuse_null_key(parser, line->column.name);
    if (line->is_key)
        add_key(finding, table, parser, line->column.name);
    return true;
}

static bool read_column(struct finding *finding, struct found_table *table, struct parser *parser)
{
    struct column_line line = {.constraints = table->table.constraint_count};
    size_t columns = table->table.column_count;

    if (!words_read_name(parser, &line.column.name, "the name of a column"))
        return false;
    finding->part = part_of(finding, "column", line.column.name);
    if (read_clauses(finding, table, parser, &line))
        return true;
    table->table.column_count = columns;
    table->table.constraint_count = line.constraints;
    return false;
}

/* A key of one INTEGER is the number of the row, which is never NULL. */
static bool check_key(const struct parser *parser, const struct table *table,
                      const struct constraint *key)
{
    for (size_t i = 0; i < key->columns.count; i++) {
        const struct column *column = rules_find_column(table, key->columns.items[i]);
        bool is_row_number =
            key->columns.count == 1 && column != NULL && column->type == TYPE_INTEGER;

        if (column != NULL && !column->not_null && !is_row_number)
            return refuse_null_key(parser, column->name);
    }
    return true;
}

static bool read_constraint(struct finding *finding, struct found_table *table,
                            struct parser *parser)
{
    struct table *of = &table->table;
    const char *name = NULL;

    finding->part = "a constraint without a name";
    if (words_accept(parser, "constraint")) {
        if (!words_read_name(parser, &name, "the name of the constraint"))
            return false;
        finding->part = part_of(finding, "constraint", name);
    }
    if (!finding_read_constraint(finding, parser, table, name))
        return false;
    const struct constraint *constraint = &of->constraints[of->constraint_count - 1];
    if (constraint->kind != CONSTRAINT_PRIMARY_KEY || check_key(parser, of, constraint))
        return true;
    of->constraint_count--;
    return false;
}

static bool is_any(const struct parser *parser, const char *const *words)
{
    while (*words != NULL && !words_is(parser, *words))
        words++;
    return *words != NULL;
}

static bool read_table(struct finding *finding, struct parser *parser)
{
    static const char *const constraints[] = {"constraint", "primary", "unique",
                                              "check",      "foreign", NULL};
    static const char *const options[] = {"without", "strict", NULL};
    const char *name = NULL;

    if (!words_read_name(parser, &name, "the name of a table"))
        return false;
    finding->part = part_of(finding, "virtual table", name);
    if (words_is(parser, "create"))
        return finding_refuse(parser);
    struct found_table *table = finding_table(finding, name);
    if (table == NULL)
        table = finding_add_table(finding, name);
    finding->table = name;
    finding->part = "its options";
    if (parser->next->kind == TOKEN_END)
        return true;
    bool is_option = is_any(parser, options) && (parser->next[1].kind == TOKEN_END ||
                                                 strcmp(parser->next[1].text, "rowid") == 0 ||
                                                 strcmp(parser->next[1].text, ",") == 0);
    if (is_option)
        return finding_refuse(parser);
    if (is_any(parser, constraints))
        return read_constraint(finding, table, parser);
    return read_column(finding, table, parser);
}

/* i create unique index i on t ( a , b desc ) */
static bool read_index(struct finding *finding, struct parser *parser)
{
    const char *table_name = NULL;
    const char *again = NULL;
    struct index index = {0};

    if (!words_read_name(parser, &index.name, "the name of an index"))
        return false;
    finding->part = part_of(finding, "index", index.name);
    if (!words_accept(parser, "create"))
        return finding_refuse(parser);
    index.unique = words_accept(parser, "unique");
    if (!words_accept(parser, "index") || !words_read_name(parser, &again, "the index") ||
        !words_accept(parser, "on") || !words_read_name(parser, &table_name, "the table"))
        return finding_refuse(parser);
    struct found_table *table = finding_table(finding, table_name);
    finding->table = table != NULL ? table_name : NULL;
    if (!finding_read_index_columns(parser, &index) || !finding_require_end(parser))
        return false;
    if (table == NULL)
        return error_set(parser->err, ERROR_UNSUPPORTED, "its table is outside");
    index.table = table_name;
    *finding_add_index(finding, table) = index;
    return true;
}

bool line_read_sqlite(struct finding *finding, struct parser *parser)
{
    if (words_accept(parser, "table"))
        return read_table(finding, parser);
    if (words_accept(parser, "index"))
        return read_index(finding, parser);
    return error_set(parser->err, ERROR_UNSUPPORTED, "portable DDL has no words for it");
}
