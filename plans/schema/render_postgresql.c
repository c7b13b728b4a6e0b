#include <stdio.h>
#include <string.h>

#include "plans/schema/render_engines.h"

/*
 * The weak forms are for statements that run apart. In one transaction the first of them has the
 * strong lock and keeps it to the end, so a second one for the long work would gain nothing:
 * https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
 */

static void alter_column(const struct renderer *renderer, const struct operation *operation,
                         const char *what)
{
    sql_alter(renderer, operation->table, " ALTER COLUMN ");
    sql_name(renderer, operation->name);
    sql_put(renderer, what);
}

static void set_not_null(struct renderer *renderer, const struct operation *operation)
{
    alter_column(renderer, operation, " SET NOT NULL");
    sql_end(renderer);
}

/* A name may be cut in the middle of a character, which no server would take. */
static void name_proof(const struct operation *operation, char proof[SCHEMA_NAME_MAX + 1])
{
    int length = 48;

    while (strlen(operation->name) > 48 && (operation->name[length] & 0xc0) == 0x80)
        length--;
    (void)snprintf(proof, SCHEMA_NAME_MAX + 1, "fleet_not_null_%.*s", length, operation->name);
}

static void put_proof(struct renderer *renderer, const struct operation *operation,
                      const char *what, const char *name)
{
    sql_alter(renderer, operation->table, what);
    sql_name(renderer, name);
}

/* SET NOT NULL does not read the table where a valid CHECK says it; from PostgreSQL 12. */
static void prove_not_null(struct renderer *renderer, const struct operation *operation)
{
    char proof[SCHEMA_NAME_MAX + 1];

    name_proof(operation, proof);
    put_proof(renderer, operation, " ADD CONSTRAINT ", proof);
    sql_put(renderer, " CHECK (");
    sql_name(renderer, operation->name);
    sql_put(renderer, " IS NOT NULL) NOT VALID");
    sql_end(renderer);
    put_proof(renderer, operation, " VALIDATE CONSTRAINT ", proof);
    sql_end(renderer);
    set_not_null(renderer, operation);
    put_proof(renderer, operation, " DROP CONSTRAINT ", proof);
    sql_end(renderer);
}

/* Wherever the proof stood still. */
static void forget_proof(const struct renderer *renderer, const struct operation *operation)
{
    char proof[SCHEMA_NAME_MAX + 1];

    name_proof(operation, proof);
    sql_alter(renderer, operation->table, " DROP CONSTRAINT IF EXISTS ");
    sql_name(renderer, proof);
    sql_put(renderer, ", ALTER COLUMN ");
    sql_name(renderer, operation->name);
    sql_put(renderer, " DROP NOT NULL");
}

/* PostgreSQL would make its CHECKs again with casts to the type that was. */
static void change_checks(const struct renderer *renderer, const struct operation *operation)
{
    (void)sql_drop_checks(renderer, operation->around.before, operation->name);
    sql_add_checks(renderer, operation->around.after, operation->name);
}

bool postgresql_alter_column(struct renderer *renderer, const struct operation *operation)
{
    const struct column *column = &operation->column;

    if (operation->alteration == ALTER_NOT_NULL && column->not_null &&
        renderer->mode == RENDER_APART) {
        prove_not_null(renderer, operation);
        return true;
    }
    if (operation->alteration == ALTER_NOT_NULL) {
        if (!column->not_null && renderer->mode == RENDER_TO_REPEAT)
            forget_proof(renderer, operation);
        else
            alter_column(renderer, operation,
                         column->not_null ? " SET NOT NULL" : " DROP NOT NULL");
    } else if (operation->alteration == ALTER_TYPE) {
        alter_column(renderer, operation, " TYPE ");
        if (!sql_type(renderer, column))
            return false;
        change_checks(renderer, operation);
    } else if (column->default_kind == DEFAULT_NONE) {
        alter_column(renderer, operation, " DROP DEFAULT");
    } else {
        alter_column(renderer, operation, " SET");
        sql_default(renderer, column);
    }
    sql_end(renderer);
    return true;
}

bool postgresql_add_constraint(struct renderer *renderer, const struct operation *operation)
{
    bool validates =
        renderer->mode == RENDER_APART && operation->constraint.kind >= CONSTRAINT_FOREIGN_KEY;

    sql_alter(renderer, operation->table, " ADD ");
    sql_constraint(renderer, &operation->constraint);
    sql_put(renderer, validates ? " NOT VALID" : "");
    sql_end(renderer);
    if (!validates)
        return true;
    sql_alter(renderer, operation->table, " VALIDATE CONSTRAINT ");
    sql_name(renderer, operation->name);
    sql_end(renderer);
    return true;
}

bool postgresql_drop_constraint(struct renderer *renderer, const struct operation *operation)
{
    sql_alter(renderer, operation->table,
              renderer->mode == RENDER_TO_REPEAT ? " DROP CONSTRAINT IF EXISTS "
                                                 : " DROP CONSTRAINT ");
    sql_name(renderer, operation->name);
    sql_end(renderer);
    return true;
}

bool postgresql_create_index(struct renderer *renderer, const struct operation *operation)
{
    sql_create_index(renderer, renderer->mode != RENDER_TOGETHER ? "CONCURRENTLY " : "",
                     &operation->index);
    sql_end(renderer);
    return true;
}

bool postgresql_drop_index(struct renderer *renderer, const struct operation *operation)
{
    sql_put(renderer,
            renderer->mode != RENDER_TOGETHER ? "DROP INDEX CONCURRENTLY " : "DROP INDEX ");
    sql_name(renderer, operation->name);
    sql_end(renderer);
    return true;
}
