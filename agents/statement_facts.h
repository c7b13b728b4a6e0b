/*
 * statement_facts - what is known of a statement before it runs: how its outcome can be told after
 * a crash, and which object it changes.
 *
 * By its words alone, as far as they go; when in doubt it is opaque. Executable comments of MySQL
 * count as what they hold.
 */
#ifndef FLEET_AGENTS_STATEMENT_FACTS_H
#define FLEET_AGENTS_STATEMENT_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/engine_kind.h"

enum statement_class {
    CLASS_SESSION,    /* changes the session only: run again when one is resumed */
    CLASS_RERUNNABLE, /* does no harm when run again */
    CLASS_DATA,       /* commits together with the mark that it has run */
    CLASS_PROBEABLE,  /* changes one object, as a whole or not at all */
    CLASS_OPAQUE      /* nobody can tell what it has done */
};

enum object_kind {
    OBJECT_NONE,
    OBJECT_TABLE,
    OBJECT_INDEX, /* where an index has a name of its own in its schema */
    OBJECT_VIEW,
    OBJECT_TRIGGER,
    OBJECT_PROCEDURE,
    OBJECT_FUNCTION,
    OBJECT_EVENT,
    OBJECT_SEQUENCE
};

struct statement_facts {
    enum statement_class class;
    enum object_kind kind; /* of the object; OBJECT_NONE unless it is probeable */
    const char *object;    /* as it is written, with its quotes and its schema */
    const char *renamed;   /* the name that it gets; NULL if it keeps its own */
    const char *table;     /* that an index is made on, or whose rows change; NULL if not said */
    bool in_stages;        /* CONCURRENTLY: runs in several transactions of its own */
    bool from_data;        /* leaves in the session what it read, or a temporary table: running it
                              again would not bring that back */
};

/* Where DDL is transactional, all but what refuses to run inside a transaction is data. */
struct statement_facts statement_facts_of(struct arena *arena, enum engine_kind engine,
                                          bool transactional_ddl, const char *sql, size_t length);

const char *statement_class_name(enum statement_class statement_class);

#endif
