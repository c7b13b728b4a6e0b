#include <string.h>
#include <strings.h>

#include "plans/schema/render_engines.h"

/*
 * What ALTER TABLE of SQLite cannot do is done by making the table again, in the order of
 * https://www.sqlite.org/lang_altertable.html#otheralter. The script has foreign keys off and runs
 * in one transaction, and the agent checks them before it commits (docs/execution.md). Views and
 * other tables' triggers keep the table by its name; triggers of its own would go with it, so a
 * table that has any, or columns or indexes that the model does not know, is refused by a guard: a
 * CHECK whose name says why.
 */
static const char guard_sql[] =
    "CREATE TABLE \"fleet_guard\" (\n"
    "    \"unknown\" INTEGER CONSTRAINT \"the table has columns, indexes or triggers that no "
    "portable "
    "change made, and that making it again would lose\" CHECK (\"unknown\" = 0),\n"
    "    \"lost\" INTEGER CONSTRAINT \"not every row was copied\" CHECK (\"lost\" = 0)\n"
    ")";

static void put_text(const struct renderer *renderer, const char *text)
{
    sql_quoted(renderer, text, '\'');
}

/* The new table under a name that nobody has. */
static void new_name(const struct table *table, struct buffer *out)
{
    buffer_printf(out, "fleet_new_%s", table->name);
}

static bool has_column(const struct table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (strcasecmp(table->columns[i].name, name) == 0)
            return true;
    return false;
}

static void guard_unknown(struct renderer *renderer, const struct surroundings *around)
{
    const struct table *table = around->before;

    sql_put(renderer, "INSERT INTO \"fleet_guard\" (\"unknown\") SELECT count(*) FROM (\n"
                      "    SELECT name FROM sqlite_schema WHERE type <> 'table' AND sql IS NOT NULL"
                      " AND tbl_name = ");
    put_text(renderer, table->name);
    sql_put(renderer, " COLLATE NOCASE AND name NOT IN (''");
    for (size_t i = 0; i < around->index_count; i++) {
        sql_put(renderer, ", ");
        put_text(renderer, around->indexes[i].name);
    }
    sql_put(renderer, ")\n    UNION ALL SELECT name FROM pragma_table_xinfo(");
    put_text(renderer, table->name);
    sql_put(renderer, ") WHERE name NOT IN (");
    for (size_t i = 0; i < table->column_count; i++) {
        sql_put(renderer, i > 0 ? ", " : "");
        put_text(renderer, table->columns[i].name);
    }
    sql_put(renderer, "))");
    sql_end(renderer);
}

/* A row that was astray before is known by its number; https://www.sqlite.org/rowidtable.html */
static const char *row_number(const struct table *table)
{
    static const char *const names[] = {"rowid", "_rowid_", "oid"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (!has_column(table, names[i]))
            return names[i];
    return NULL;
}

static void put_kept_columns(const struct renderer *renderer, const struct surroundings *around)
{
    const char *number = row_number(around->before);
    bool is_first = number == NULL || row_number(around->after) != number;

    sql_put(renderer, is_first ? "" : number);
    for (size_t i = 0; i < around->after->column_count; i++) {
        if (!has_column(around->before, around->after->columns[i].name))
            continue;
        sql_put(renderer, is_first ? "" : ", ");
        sql_name(renderer, around->after->columns[i].name);
        is_first = false;
    }
}

static void copy_rows(struct renderer *renderer, const struct surroundings *around,
                      const char *name)
{
    sql_put(renderer, "INSERT INTO ");
    sql_name(renderer, name);
    sql_put(renderer, " (");
    put_kept_columns(renderer, around);
    sql_put(renderer, ") SELECT ");
    put_kept_columns(renderer, around);
    sql_put(renderer, " FROM ");
    sql_name(renderer, around->before->name);
    sql_end(renderer);
    sql_put(renderer, "INSERT INTO \"fleet_guard\" (\"lost\") SELECT (SELECT count(*) FROM ");
    sql_name(renderer, around->before->name);
    sql_put(renderer, ") - (SELECT count(*) FROM ");
    sql_name(renderer, name);
    sql_put(renderer, ")");
    sql_end(renderer);
}

/* The copy leaves the greatest number that is there; one that was given and deleted must not come
   again. */
static void copy_sequence(struct renderer *renderer, const struct surroundings *around,
                          const char *name)
{
    bool numbers = false;

    for (size_t i = 0; i < around->after->column_count; i++)
        numbers = numbers || around->after->columns[i].identity;
    if (!numbers)
        return;
    sql_put(renderer, "DELETE FROM sqlite_sequence WHERE name = ");
    put_text(renderer, name);
    sql_end(renderer);
    sql_put(renderer, "INSERT INTO sqlite_sequence (name, seq) SELECT ");
    put_text(renderer, name);
    sql_put(renderer, ", seq FROM sqlite_sequence WHERE name = ");
    put_text(renderer, around->before->name);
    sql_end(renderer);
}

/* Without the legacy form SQLite would look for the table in views while it is away. */
static void take_the_place(struct renderer *renderer, const struct surroundings *around,
                           const char *name)
{
    sql_put(renderer, "DROP TABLE ");
    sql_name(renderer, around->before->name);
    sql_end(renderer);
    sql_put(renderer, "PRAGMA legacy_alter_table = ON");
    sql_end(renderer);
    sql_alter(renderer, name, " RENAME TO ");
    sql_name(renderer, around->after->name);
    sql_end(renderer);
    sql_put(renderer, "PRAGMA legacy_alter_table = OFF");
    sql_end(renderer);
}

bool sqlite_rebuild(struct renderer *renderer, const struct operation *operation)
{
    const struct surroundings *around = &operation->around;
    AUTO_BUFFER struct buffer name = {0};

    if (around->before == NULL)
        return error_set(renderer->err, ERROR_UNSUPPORTED,
                         "sqlite has to make table \"%s\" again for this, and what it is like is "
                         "not known: write .up.sql and .down.sql",
                         operation->table);
    new_name(around->before, &name);
    sql_put(renderer, guard_sql);
    sql_end(renderer);
    guard_unknown(renderer, around);
    if (!sql_create_table(renderer, buffer_text(&name), around->after))
        return false;
    copy_rows(renderer, around, buffer_text(&name));
    copy_sequence(renderer, around, buffer_text(&name));
    take_the_place(renderer, around, buffer_text(&name));
    for (size_t i = 0; i < around->index_count; i++) {
        sql_create_index(renderer, "", &around->indexes[i]);
        sql_end(renderer);
    }
    sql_put(renderer, "DROP TABLE \"fleet_guard\"");
    sql_end(renderer);
    return true;
}

/* https://www.sqlite.org/lang_altertable.html#alter_table_add_column */
bool sqlite_adds_by_rebuild(const struct operation *operation)
{
    return operation->column.default_kind == DEFAULT_CURRENT_TIMESTAMP;
}

bool sqlite_add_column(struct renderer *renderer, const struct operation *operation)
{
    if (sqlite_adds_by_rebuild(operation))
        return sqlite_rebuild(renderer, operation);
    sql_alter(renderer, operation->table, " ADD COLUMN ");
    if (!sql_column(renderer, &operation->column))
        return false;
    sql_end(renderer);
    return true;
}
