/*
 * model - a schema as values, changed by operations.
 *
 * A model is open when SQL that was not read may have made tables too: what is not in it may be
 * there all the same. Pure.
 */
#ifndef FLEET_PLANS_SCHEMA_MODEL_H
#define FLEET_PLANS_SCHEMA_MODEL_H

#include "common/arena.h"
#include "common/error.h"
#include "plans/schema/operation.h"

struct model {
    struct arena *arena;
    struct table **tables;
    size_t table_count;
    struct index **indexes; /* each has the very name of its table, if that is known */
    size_t index_count;
    bool open;
    unsigned short *names; /* these three: plans/schema/taken.h */
    unsigned *table_places;
    unsigned *index_places;
};

/* NULL if it is not known. */
struct table *model_table(const struct model *model, const char *name);
struct index *model_index(const struct model *model, const char *name);

/* Drops the table with its indexes from the model. */
void model_forget(struct model *model, const char *name);

/* Applies the operation, whose table is filled in where the model has to tell it. *inverse takes
   back what it did, with *loss NULL, or *loss says what no operation would bring back.
   ERROR_CONFLICT if the schema does not allow the operation on every engine. */
bool model_apply(struct model *model, struct operation *operation, struct operation *inverse,
                 const char **loss, struct error *err) MUST_USE;

#endif
