/*
 * foreign_history - the questions to another tool's history table, for each tool and engine.
 *
 * Fixed texts: of what was asked for only the table's name gets in, checked and quoted. So an agent
 * runs no SQL that it was sent.
 */
#ifndef FLEET_PLANS_FOREIGN_HISTORY_H
#define FLEET_PLANS_FOREIGN_HISTORY_H

#include "common/engine_kind.h"
#include "common/error.h"
#include "common/foreign.h"

/* Where a history is. */
struct foreign_place {
    char schema[FOREIGN_NAME_SIZE]; /* "": wherever the session looks first */
    char table[FOREIGN_NAME_SIZE];
};

/* The tool's usual place, as SCHEMA.TABLE or TABLE; NULL where its history of the engine is not
   in the target's database. */
const char *foreign_history_usual(enum foreign_tool tool, enum engine_kind engine);

/* The place that the request means on the engine. ERROR_USAGE for what is no table's name,
   ERROR_UNSUPPORTED where none is named and there is no usual one. */
bool foreign_history_place(const struct foreign_request *request, enum engine_kind engine,
                           struct foreign_place *place, struct error *err) MUST_USE;

/* Gives a row if the table of schema $1 (may be "") and name $2 is there. */
const char *foreign_history_probe(enum engine_kind engine);

/* Gives version and the name of a foreign_state for each row, oldest first; release with text_free.
 */
char *foreign_history_query(enum foreign_tool tool, enum engine_kind engine,
                            const struct foreign_place *place) MUST_USE;

#endif
