#include "plans/schema/parser_alter.h"

#include "plans/schema/parser_table.h"

static bool read_rename(struct parser *parser, struct operation *operation)
{
    if (words_accept(parser, "to")) {
        operation->kind = OPERATION_RENAME_TABLE;
        return words_read_name(parser, &operation->new_name, "the new name of the table");
    }
    operation->kind = OPERATION_RENAME_COLUMN;
    (void)words_accept(parser, "column");
    return words_read_name(parser, &operation->name, "COLUMN, TO or the name of a column") &&
           words_require(parser, "to", "TO") &&
           words_read_name(parser, &operation->new_name, "the new name of the column");
}

static bool read_add(struct parser *parser, struct operation *operation)
{
    if (words_accept(parser, "constraint")) {
        operation->kind = OPERATION_ADD_CONSTRAINT;
        if (!words_read_name(parser, &operation->name, "the name of the constraint"))
            return false;
        operation->constraint.name = operation->name;
        return parser_read_constraint(parser, &operation->constraint);
    }
    operation->kind = OPERATION_ADD_COLUMN;
    return words_require(parser, "column", "COLUMN, or CONSTRAINT with a name") &&
           parser_read_column(parser, &operation->column, NULL);
}

static bool read_drop_of(struct parser *parser, struct operation *operation)
{
    if (words_accept(parser, "constraint")) {
        operation->kind = OPERATION_DROP_CONSTRAINT;
        return words_read_name(parser, &operation->name, "the name of the constraint");
    }
    operation->kind = OPERATION_DROP_COLUMN;
    return words_require(parser, "column", "COLUMN or CONSTRAINT") &&
           words_read_name(parser, &operation->name, "the name of a column");
}

static bool read_alteration(struct parser *parser, struct operation *operation)
{
    bool drops = words_accept(parser, "drop");
    bool sets = !drops && words_accept(parser, "set");

    if ((drops || sets) && words_accept(parser, "not")) {
        operation->alteration = ALTER_NOT_NULL;
        operation->column.not_null = sets;
        return words_require(parser, "null", "NULL");
    }
    if ((drops || sets) && words_accept(parser, "default")) {
        operation->alteration = ALTER_DEFAULT;
        return drops || parser_read_default(parser, &operation->column);
    }
    operation->alteration = ALTER_TYPE;
    if (drops)
        return words_expected(parser, "DEFAULT or NOT NULL");
    if (sets && !words_require(parser, "data", "DEFAULT, NOT NULL or DATA TYPE"))
        return false;
    return words_require(parser, "type", "SET, DROP or TYPE") &&
           parser_read_type(parser, &operation->column);
}

static bool read_alter_column(struct parser *parser, struct operation *operation)
{
    operation->kind = OPERATION_ALTER_COLUMN;
    (void)words_accept(parser, "column");
    if (!words_read_name(parser, &operation->name, "the name of a column"))
        return false;
    operation->column.name = operation->name;
    return read_alteration(parser, operation);
}

bool parser_read_alter(struct parser *parser, struct operation *operation)
{
    if (!words_require(parser, "table", "TABLE") ||
        !words_read_name(parser, &operation->table, "the name of the table"))
        return false;
    if (words_accept(parser, "rename"))
        return read_rename(parser, operation);
    if (words_accept(parser, "add"))
        return read_add(parser, operation);
    if (words_accept(parser, "drop"))
        return read_drop_of(parser, operation);
    return words_require(parser, "alter", "ADD, DROP, ALTER or RENAME") &&
           read_alter_column(parser, operation);
}
