#include "plans/schema/parser.h"

#include <stdlib.h>
#include <string.h>

#include "common/list.h"
#include "plans/schema/lexer.h"

struct parser {
    struct arena *arena;
    const struct token *next;
    struct error *err;
};

static bool expected(struct parser *parser, const char *what)
{
    const struct token *found = parser->next;
    const char *mark = found->kind == TOKEN_STRING ? "'" : found->kind == TOKEN_END ? "" : "\"";

    error_set(parser->err, ERROR_SYNTAX, "column %d: found %s%.80s%s, expected %s", found->column,
              mark, found->text, mark, what);
    parser->err->line = found->line;
    return false;
}

static bool is(const struct parser *parser, const char *text)
{
    const struct token *token = parser->next;

    return (token->kind == TOKEN_WORD || token->kind == TOKEN_SIGN) &&
           strcmp(token->text, text) == 0;
}

static bool accept(struct parser *parser, const char *text)
{
    bool found = is(parser, text);

    parser->next += found ? 1 : 0;
    return found;
}

static bool require(struct parser *parser, const char *text, const char *what)
{
    return accept(parser, text) || expected(parser, what);
}

static bool has_control(const char *text)
{
    while (*text != '\0' && (unsigned char)*text >= ' ')
        text++;
    return *text != '\0';
}

static bool read_name(struct parser *parser, const char **name, const char *what)
{
    const struct token *token = parser->next;

    if (token->kind != TOKEN_WORD && token->kind != TOKEN_QUOTED)
        return expected(parser, what);
    if (token->text[0] == '\0' || strlen(token->text) > SCHEMA_NAME_MAX || has_control(token->text))
        return expected(parser, "a name of 1 to 63 bytes without control characters");
    *name = token->text;
    parser->next++;
    return true;
}

static void add_name(struct parser *parser, struct name_list *list, const char *name)
{
    list->items = list_room(parser->arena, list->items, list->count, sizeof *list->items);
    list->items[list->count++] = name;
}

static bool read_names(struct parser *parser, struct name_list *list)
{
    if (!require(parser, "(", "\"(\""))
        return false;
    do {
        const char *name = NULL;
        if (!read_name(parser, &name, "the name of a column"))
            return false;
        add_name(parser, list, name);
    } while (accept(parser, ","));
    return require(parser, ")", "\",\" or \")\"");
}

static bool read_number(struct parser *parser, int least, int most, int *number)
{
    const struct token *token = parser->next;
    char *end;

    if (token->kind != TOKEN_NUMBER)
        return expected(parser, "a number");
    long value = strtol(token->text, &end, 10);
    if (*end != '\0' || value < least || value > most)
        return expected(parser,
                        arena_printf(parser->arena, "a whole number from %d to %d", least, most));
    *number = (int)value;
    parser->next++;
    return true;
}

static const struct {
    const char *word;
    enum type_kind type;
    int most; /* of the size; 0 if there is none */
} types[] = {
    {"smallint", TYPE_SMALLINT, 0},   {"integer", TYPE_INTEGER, 0},
    {"bigint", TYPE_BIGINT, 0},       {"decimal", TYPE_DECIMAL, 65},
    {"real", TYPE_REAL, 0},           {"double", TYPE_DOUBLE, 0},
    {"boolean", TYPE_BOOLEAN, 0},     {"char", TYPE_CHAR, 255},
    {"varchar", TYPE_VARCHAR, 16383}, {"text", TYPE_TEXT, 0},
    {"blob", TYPE_BLOB, 0},           {"date", TYPE_DATE, 0},
    {"time", TYPE_TIME, 0},           {"timestamp", TYPE_TIMESTAMP, 0},
    {"uuid", TYPE_UUID, 0},           {"json", TYPE_JSON, 0},
};

static bool read_size(struct parser *parser, int most, struct column *column)
{
    if (!require(parser, "(", "\"(\" and the size of the type") ||
        !read_number(parser, 1, most, &column->size))
        return false;
    if (column->type == TYPE_DECIMAL && accept(parser, ",") &&
        !read_number(parser, 0, column->size < 30 ? column->size : 30, &column->scale))
        return false;
    return require(parser, ")", "\")\"");
}

static bool read_type(struct parser *parser, struct column *column)
{
    size_t i = 0;

    while (i < COUNT_OF(types) && !is(parser, types[i].word))
        i++;
    if (i == COUNT_OF(types))
        return expected(parser, "a type: SMALLINT, INTEGER, BIGINT, DECIMAL, REAL, DOUBLE "
                                "PRECISION, BOOLEAN, CHAR, VARCHAR, TEXT, BLOB, DATE, TIME, "
                                "TIMESTAMP, UUID or JSON");
    parser->next++;
    column->type = types[i].type;
    if (types[i].most > 0)
        return read_size(parser, types[i].most, column);
    if (column->type == TYPE_DOUBLE)
        return require(parser, "precision", "PRECISION");
    if (column->type == TYPE_TIMESTAMP && accept(parser, "with")) {
        column->type = TYPE_TIMESTAMP_ZONED;
        return require(parser, "time", "TIME ZONE") && require(parser, "zone", "ZONE");
    }
    return true;
}

static bool read_default(struct parser *parser, struct column *column)
{
    const char *sign = accept(parser, "-") ? "-" : "";
    const struct token *token = parser->next;

    if (token->kind == TOKEN_NUMBER) {
        column->default_kind = DEFAULT_LITERAL;
        column->default_text = arena_printf(parser->arena, "%s%s", sign, token->text);
    } else if (*sign != '\0') {
        return expected(parser, "a number");
    } else if (token->kind == TOKEN_STRING) {
        column->default_kind = DEFAULT_STRING;
        column->default_text = token->text;
    } else if (is(parser, "true") || is(parser, "false")) {
        column->default_kind = DEFAULT_LITERAL;
        column->default_text = is(parser, "true") ? "TRUE" : "FALSE";
    } else if (is(parser, "current_timestamp")) {
        column->default_kind = DEFAULT_CURRENT_TIMESTAMP;
    } else {
        return expected(parser, "a number, a string, TRUE, FALSE or CURRENT_TIMESTAMP");
    }
    parser->next++;
    return true;
}

static bool read_action(struct parser *parser, const char **action)
{
    static const char wanted[] = "CASCADE, RESTRICT, NO ACTION or SET NULL";

    if (accept(parser, "cascade"))
        *action = "CASCADE";
    else if (accept(parser, "restrict"))
        *action = "RESTRICT";
    else if (accept(parser, "no") && accept(parser, "action"))
        *action = "NO ACTION";
    else if (accept(parser, "set") && accept(parser, "null"))
        *action = "SET NULL";
    else
        return expected(parser, wanted);
    return true;
}

static bool read_reference(struct parser *parser, struct constraint *constraint)
{
    constraint->kind = CONSTRAINT_FOREIGN_KEY;
    if (!require(parser, "references", "REFERENCES") ||
        !read_name(parser, &constraint->other_table, "the name of a table") ||
        !read_names(parser, &constraint->other_columns))
        return false;
    if (constraint->other_columns.count != constraint->columns.count)
        return expected(parser, "as many columns on both sides of the foreign key before this");
    while (accept(parser, "on")) {
        const char **action = is(parser, "delete")   ? &constraint->on_delete
                              : is(parser, "update") ? &constraint->on_update
                                                     : NULL;
        if (action == NULL || *action != NULL)
            return expected(parser, "DELETE or UPDATE, each once");
        parser->next++;
        if (!read_action(parser, action))
            return false;
    }
    return true;
}

static struct constraint *add_constraint(struct parser *parser, struct table *table)
{
    table->constraints = list_room(parser->arena, table->constraints, table->constraint_count,
                                   sizeof *table->constraints);
    struct constraint *constraint = &table->constraints[table->constraint_count++];
    *constraint = (struct constraint){0};
    return constraint;
}

/* A constraint in a column's line is one of the table, where one can stand at all. */
static bool read_column_constraint(struct parser *parser, const char *column, struct table *table)
{
    const char *name = NULL;

    if (table == NULL)
        return expected(parser, "\";\", DEFAULT or NOT NULL; a key of a new column of a table that "
                                "is there cannot be given here");
    if (accept(parser, "constraint") && !read_name(parser, &name, "the name of the constraint"))
        return false;
    struct constraint *constraint = add_constraint(parser, table);
    constraint->name = name;
    add_name(parser, &constraint->columns, column);
    if (accept(parser, "primary")) {
        constraint->kind = CONSTRAINT_PRIMARY_KEY;
        return require(parser, "key", "KEY");
    }
    constraint->kind = CONSTRAINT_UNIQUE;
    return accept(parser, "unique") || read_reference(parser, constraint);
}

static bool read_identity(struct parser *parser, struct column *column)
{
    column->identity = true;
    column->identity_always = accept(parser, "always");
    if (!column->identity_always && (!accept(parser, "by") || !accept(parser, "default")))
        return expected(parser, "BY DEFAULT or ALWAYS");
    return require(parser, "as", "AS IDENTITY") && require(parser, "identity", "IDENTITY");
}

/* table is NULL for a column of a table that is there. */
static bool read_column(struct parser *parser, struct column *column, struct table *table)
{
    if (!read_name(parser, &column->name, "the name of a column") || !read_type(parser, column))
        return false;
    while (!is(parser, ",") && !is(parser, ")") && !is(parser, ";") &&
           parser->next->kind != TOKEN_END) {
        bool read;
        if (accept(parser, "not")) {
            column->not_null = true;
            read = require(parser, "null", "NULL");
        } else if (column->default_kind == DEFAULT_NONE && accept(parser, "default")) {
            read = read_default(parser, column);
        } else if (table != NULL && accept(parser, "generated")) {
            read = read_identity(parser, column);
        } else if (is(parser, "constraint") || is(parser, "primary") || is(parser, "unique") ||
                   is(parser, "references")) {
            read = read_column_constraint(parser, column->name, table);
        } else {
            read = expected(parser, "\",\", \")\", \";\", NOT NULL, DEFAULT, GENERATED, CONSTRAINT,"
                                    " PRIMARY KEY, UNIQUE or REFERENCES");
        }
        if (!read)
            return false;
    }
    return true;
}

static bool read_table_constraint(struct parser *parser, struct table *table)
{
    struct constraint *constraint = add_constraint(parser, table);

    if (accept(parser, "constraint") &&
        !read_name(parser, &constraint->name, "the name of the constraint"))
        return false;
    if (accept(parser, "foreign"))
        return require(parser, "key", "KEY") && read_names(parser, &constraint->columns) &&
               read_reference(parser, constraint);
    if (accept(parser, "unique"))
        constraint->kind = CONSTRAINT_UNIQUE;
    else if (accept(parser, "primary") && accept(parser, "key"))
        constraint->kind = CONSTRAINT_PRIMARY_KEY;
    else
        return expected(parser, "PRIMARY KEY, UNIQUE or FOREIGN KEY");
    return read_names(parser, &constraint->columns);
}

static bool read_table_element(struct parser *parser, struct table *table)
{
    if (is(parser, "constraint") || is(parser, "primary") || is(parser, "unique") ||
        is(parser, "foreign"))
        return read_table_constraint(parser, table);
    table->columns =
        list_room(parser->arena, table->columns, table->column_count, sizeof *table->columns);
    struct column *column = &table->columns[table->column_count++];
    *column = (struct column){0};
    return read_column(parser, column, table);
}

static bool read_create_table(struct parser *parser, struct operation *operation)
{
    operation->kind = OPERATION_CREATE_TABLE;
    if (!read_name(parser, &operation->table, "the name of the table") ||
        !require(parser, "(", "\"(\" and the columns"))
        return false;
    operation->created.name = operation->table;
    do {
        if (!read_table_element(parser, &operation->created))
            return false;
    } while (accept(parser, ","));
    return require(parser, ")", "\",\" or \")\"");
}

static bool read_create_index(struct parser *parser, bool unique, struct operation *operation)
{
    struct index *index = &operation->index;

    operation->kind = OPERATION_CREATE_INDEX;
    index->unique = unique;
    if (!read_name(parser, &index->name, "the name of the index") || !require(parser, "on", "ON") ||
        !read_name(parser, &index->table, "the name of the table") ||
        !require(parser, "(", "\"(\""))
        return false;
    operation->name = index->name;
    operation->table = index->table;
    do {
        const char *name = NULL;
        if (!read_name(parser, &name, "the name of a column"))
            return false;
        index->descending = list_room(parser->arena, index->descending, index->columns.count,
                                      sizeof *index->descending);
        index->descending[index->columns.count] = accept(parser, "desc");
        if (!index->descending[index->columns.count])
            (void)accept(parser, "asc");
        add_name(parser, &index->columns, name);
    } while (accept(parser, ","));
    return require(parser, ")", "\",\", ASC, DESC or \")\"");
}

static bool read_create(struct parser *parser, struct operation *operation)
{
    if (accept(parser, "table"))
        return read_create_table(parser, operation);
    bool unique = accept(parser, "unique");
    if (accept(parser, "index"))
        return read_create_index(parser, unique, operation);
    return expected(parser, unique ? "INDEX" : "TABLE, INDEX or UNIQUE INDEX");
}

static bool read_drop(struct parser *parser, struct operation *operation)
{
    if (accept(parser, "table")) {
        operation->kind = OPERATION_DROP_TABLE;
        return read_name(parser, &operation->table, "the name of the table");
    }
    operation->kind = OPERATION_DROP_INDEX;
    return require(parser, "index", "TABLE or INDEX") &&
           read_name(parser, &operation->name, "the name of the index");
}

static bool read_rename(struct parser *parser, struct operation *operation)
{
    if (accept(parser, "to")) {
        operation->kind = OPERATION_RENAME_TABLE;
        return read_name(parser, &operation->new_name, "the new name of the table");
    }
    operation->kind = OPERATION_RENAME_COLUMN;
    (void)accept(parser, "column");
    return read_name(parser, &operation->name, "COLUMN, TO or the name of a column") &&
           require(parser, "to", "TO") &&
           read_name(parser, &operation->new_name, "the new name of the column");
}

static bool read_alter(struct parser *parser, struct operation *operation)
{
    if (!require(parser, "table", "TABLE") ||
        !read_name(parser, &operation->table, "the name of the table"))
        return false;
    if (accept(parser, "rename"))
        return read_rename(parser, operation);
    if (accept(parser, "add")) {
        operation->kind = OPERATION_ADD_COLUMN;
        return require(parser, "column", "COLUMN") && read_column(parser, &operation->column, NULL);
    }
    operation->kind = OPERATION_DROP_COLUMN;
    return require(parser, "drop", "ADD COLUMN, DROP COLUMN or RENAME") &&
           require(parser, "column", "COLUMN") &&
           read_name(parser, &operation->name, "the name of a column");
}

static bool read_operation(struct parser *parser, struct operation *operation)
{
    operation->line = parser->next->line;
    bool read = accept(parser, "create")  ? read_create(parser, operation)
                : accept(parser, "drop")  ? read_drop(parser, operation)
                : accept(parser, "alter") ? read_alter(parser, operation)
                                          : expected(parser, "CREATE, ALTER or DROP");

    if (read && parser->next->kind != TOKEN_END)
        read = require(parser, ";", "\";\"");
    return read;
}

bool parser_read(struct arena *arena, const char *text, size_t length, struct change *change,
                 struct error *err)
{
    struct parser parser = {.arena = arena, .err = err};
    struct tokens tokens;

    *change = (struct change){.header = text};
    if (!lexer_read(arena, text, length, &tokens, err))
        return false;
    parser.next = tokens.items;
    change->header_length = tokens.items[0].offset;
    while (parser.next->kind != TOKEN_END) {
        change->operations =
            list_room(arena, change->operations, change->count, sizeof *change->operations);
        struct operation *operation = &change->operations[change->count++];
        *operation = (struct operation){0};
        if (!read_operation(&parser, operation))
            return false;
    }
    return change->count > 0 || expected(&parser, "CREATE, ALTER or DROP");
}
