/*
 * statement_class - how a statement that runs outside a transaction can fail, and be found again.
 *
 * By its first words alone; when in doubt it is opaque. Executable comments of MySQL count as what
 * they hold. Pure.
 */
#ifndef FLEET_AGENTS_STATEMENT_CLASS_H
#define FLEET_AGENTS_STATEMENT_CLASS_H

#include <stddef.h>

enum statement_class {
    CLASS_SESSION,    /* changes this session only: SET, USE, PRAGMA, PREPARE */
    CLASS_RERUNNABLE, /* may run twice: GRANT, ANALYZE */
    CLASS_DATA,       /* reads or writes rows, in a transaction where its tables have them */
    CLASS_PROBEABLE,  /* one object, wholly changed or not at all: CREATE, ALTER, DROP of one */
    CLASS_OPAQUE      /* a failure may leave a part of it: CALL, EXECUTE, DROP of several */
};

enum statement_class statement_class_of(const char *sql, size_t length);

/* As it stands in fleet_intent.class. */
const char *statement_class_name(enum statement_class statement_class);

#endif
