/*
 * object_state - whether a statement has run, told from what its object looked like before and
 * looks like now.
 *
 * A definition changes its object as a whole or not at all. So an object that looks as before was
 * not changed; one that differs only in lines that name something the statement names was changed
 * by it; any other difference is somebody else's doing, and proves nothing. Pure.
 */
#ifndef FLEET_AGENTS_OBJECT_STATE_H
#define FLEET_AGENTS_OBJECT_STATE_H

#include <stddef.h>

#include "common/engine_kind.h"

enum object_verdict {
    OBJECT_BEFORE, /* the statement has not run */
    OBJECT_AFTER,  /* it has */
    OBJECT_HALF,   /* it has left an index that is not valid */
    OBJECT_OTHER   /* it cannot be told */
};

/* Both are lines as engine.describe gives them, "" for an object that is not there. */
enum object_verdict object_judge(enum engine_kind engine, const char *before, const char *now,
                                 const char *sql, size_t length);

#endif
