/* render_sql - the pieces that statements of every engine are made of. Pure. */
#ifndef FLEET_PLANS_SCHEMA_RENDER_SQL_H
#define FLEET_PLANS_SCHEMA_RENDER_SQL_H

#include "common/buffer.h"
#include "common/engine_kind.h"
#include "common/error.h"
#include "plans/schema/operation.h"
#include "plans/schema/render.h"

struct renderer {
    enum engine_kind engine;
    enum render_mode mode;
    struct buffer *out;
    size_t statements; /* that have been ended */
    struct error *err;
};

void sql_put(const struct renderer *renderer, const char *text);
void sql_end(struct renderer *renderer);
void sql_quoted(const struct renderer *renderer, const char *text, char quote);
void sql_name(const struct renderer *renderer, const char *name);
void sql_names(const struct renderer *renderer, const struct name_list *names);

/* "ALTER TABLE name " and what follows it. */
void sql_alter(const struct renderer *renderer, const char *table, const char *what);

/* ERROR_UNSUPPORTED if the engine does not have the type. */
bool sql_type(const struct renderer *renderer, const struct column *column) MUST_USE;

/* " DEFAULT value"; nothing if there is none. */
void sql_default(const struct renderer *renderer, const struct column *column);
bool sql_column(const struct renderer *renderer, const struct column *column) MUST_USE;
void sql_constraint(const struct renderer *renderer, const struct constraint *constraint);

/* For an ALTER TABLE that begins with something else: the CHECKs that mention the column go, and
   how many they are; and come back. table is NULL if it is not known. */
size_t sql_drop_checks(const struct renderer *renderer, const struct table *table,
                       const char *column);
void sql_add_checks(const struct renderer *renderer, const struct table *table, const char *column);

/* name is what it is created as. */
bool sql_create_table(struct renderer *renderer, const char *name,
                      const struct table *table) MUST_USE;

/* Not ended. words stand before its name. */
void sql_create_index(const struct renderer *renderer, const char *words,
                      const struct index *index);

#endif
