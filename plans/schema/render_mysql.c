#include "plans/schema/render_engines.h"
#include "plans/schema/rules.h"

/*
 * Each operation is one statement, so that each statement has its way back. LOCK=NONE stands where
 * MySQL 8.0 and MariaDB 10.5 can do the operation beside writers, and makes a server that cannot
 * refuse it; without ALGORITHM the server takes the quickest way that has that lock.
 * https://dev.mysql.com/doc/refman/8.0/en/innodb-online-ddl-operations.html
 */
static void end_unlocked(struct renderer *renderer, const char *between)
{
    sql_put(renderer, between);
    sql_put(renderer, "LOCK=NONE");
    sql_end(renderer);
}

/* https://dev.mysql.com/doc/refman/8.0/en/column-indexes.html: the beginning of such a value only.
 */
static bool check_indexed(const struct renderer *renderer, const struct table *table,
                          const struct name_list *names)
{
    for (size_t i = 0; table != NULL && i < names->count; i++) {
        const struct column *column = rules_find_column(table, names->items[i]);

        if (column != NULL &&
            (column->type == TYPE_TEXT || column->type == TYPE_BLOB || column->type == TYPE_JSON))
            return error_set(renderer->err, ERROR_UNSUPPORTED,
                             "mysql cannot index column \"%s\", which is TEXT, BLOB or JSON: make "
                             "it VARCHAR",
                             column->name);
    }
    return true;
}

static bool check_keys(const struct renderer *renderer, const struct table *table)
{
    for (size_t i = 0; i < table->constraint_count; i++)
        if (table->constraints[i].kind != CONSTRAINT_CHECK &&
            !check_indexed(renderer, table, &table->constraints[i].columns))
            return false;
    return true;
}

/* Of a table that is there. */
static bool check_around(const struct renderer *renderer, const struct surroundings *around)
{
    for (size_t i = 0; i < around->index_count; i++)
        if (!check_indexed(renderer, around->after, &around->indexes[i].columns))
            return false;
    return around->after == NULL || check_keys(renderer, around->after);
}

bool mysql_create_table(struct renderer *renderer, const struct operation *operation)
{
    return check_keys(renderer, &operation->created) &&
           sql_create_table(renderer, operation->table, &operation->created);
}

bool mysql_add_column(struct renderer *renderer, const struct operation *operation)
{
    sql_alter(renderer, operation->table, " ADD COLUMN ");
    if (!sql_column(renderer, &operation->column))
        return false;
    end_unlocked(renderer, ", ");
    return true;
}

bool mysql_drop_column(struct renderer *renderer, const struct operation *operation)
{
    sql_alter(renderer, operation->table, " DROP COLUMN ");
    sql_name(renderer, operation->name);
    end_unlocked(renderer, ", ");
    return true;
}

/* No CHECK follows the rename of its column, so those that mention it go and come back. */
bool mysql_rename_column(struct renderer *renderer, const struct operation *operation)
{
    sql_alter(renderer, operation->table, " RENAME COLUMN ");
    sql_name(renderer, operation->name);
    sql_put(renderer, " TO ");
    sql_name(renderer, operation->new_name);
    size_t checks = sql_drop_checks(renderer, operation->around.before, operation->name);
    sql_add_checks(renderer, operation->around.after, operation->new_name);
    if (checks == 0)
        end_unlocked(renderer, ", ");
    else
        sql_end(renderer);
    return true;
}

/* ALTER COLUMN … DROP DEFAULT would leave a column that no INSERT may leave out. */
bool mysql_alter_column(struct renderer *renderer, const struct operation *operation)
{
    if (!check_around(renderer, &operation->around))
        return false;
    sql_alter(renderer, operation->table, " MODIFY COLUMN ");
    if (!sql_column(renderer, &operation->column))
        return false;
    if (operation->alteration == ALTER_TYPE)
        sql_end(renderer);
    else
        end_unlocked(renderer, ", ");
    return true;
}

bool mysql_add_constraint(struct renderer *renderer, const struct operation *operation)
{
    const struct constraint *constraint = &operation->constraint;

    if (!check_around(renderer, &operation->around))
        return false;
    sql_alter(renderer, operation->table, " ADD ");
    if (constraint->kind == CONSTRAINT_FOREIGN_KEY) {
        sql_put(renderer, "KEY ");
        sql_name(renderer, constraint->name);
        sql_put(renderer, " ");
        sql_names(renderer, &constraint->columns);
        sql_put(renderer, ", ADD ");
    }
    sql_constraint(renderer, constraint);
    if (constraint->kind == CONSTRAINT_UNIQUE)
        end_unlocked(renderer, ", ");
    else
        sql_end(renderer);
    return true;
}

bool mysql_drop_constraint(struct renderer *renderer, const struct operation *operation)
{
    static const char *const words[] = {
        [CONSTRAINT_PRIMARY_KEY] = " DROP CONSTRAINT ",
        [CONSTRAINT_UNIQUE] = " DROP INDEX ",
        [CONSTRAINT_FOREIGN_KEY] = " DROP FOREIGN KEY ",
        [CONSTRAINT_CHECK] = " DROP CONSTRAINT ",
    };
    const struct constraint *constraint = &operation->constraint;

    sql_alter(renderer, operation->table, words[constraint->kind]);
    sql_name(renderer, operation->name);
    if (constraint->kind == CONSTRAINT_FOREIGN_KEY) {
        sql_put(renderer, ", DROP KEY ");
        sql_name(renderer, constraint->name);
    }
    if (constraint->kind == CONSTRAINT_CHECK)
        sql_end(renderer);
    else
        end_unlocked(renderer, ", ");
    return true;
}

bool mysql_create_index(struct renderer *renderer, const struct operation *operation)
{
    if (!check_indexed(renderer, operation->around.after, &operation->index.columns))
        return false;
    sql_create_index(renderer, "", &operation->index);
    end_unlocked(renderer, " ");
    return true;
}

/* DROP INDEX of MariaDB takes no LOCK. */
bool mysql_drop_index(struct renderer *renderer, const struct operation *operation)
{
    sql_alter(renderer, operation->table, " DROP INDEX ");
    sql_name(renderer, operation->name);
    end_unlocked(renderer, ", ");
    return true;
}
