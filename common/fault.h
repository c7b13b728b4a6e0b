/*
 * fault - places in the code at which a test lets the process die, fail or wait.
 *
 * They stand at every durable boundary, one line each, and are nothing at all unless the build has
 * FLEET_FAULTS (preset faults). There the environment drives them:
 *
 *     FLEET_FAULT=NAME:KIND:NTH[,…]   at the NTH time that the point is passed, from 1:
 *                                     crash (SIGKILL to itself), error, or delay=MS;
 *                                     "any" counts the passing of whatever point
 *     FLEET_FAULT_TRACE=FILE          appends each point that is passed, and "NAME!" where a fault
 *                                     was due
 *
 * The list is fault_points.def; tests/fault walks it. The counters are the one thing in the
 * project that is global and changes, and only there. Safe for threads.
 */
#ifndef FLEET_COMMON_FAULT_H
#define FLEET_COMMON_FAULT_H

#include "common/error.h"

#define FAULT(name, place, kinds) FAULT_AT_##name,
enum fault_point {
#include "common/fault_points.def"
    FAULT_POINT_COUNT
};
#undef FAULT

#ifdef FLEET_FAULTS
#define FAULT_POINT(name) fault_point(FAULT_AT_##name)
/* Whether to fail here; err then says so. */
#define FAULT_ERROR(name, err) fault_error(FAULT_AT_##name, err)
/* An error ends the connection of that descriptor, both ways. */
#define FAULT_CUT(name, descriptor) fault_cut(FAULT_AT_##name, descriptor)
#else
#define FAULT_POINT(name) ((void)0)
#define FAULT_ERROR(name, err) false
#define FAULT_CUT(name, descriptor) ((void)0)
#endif

void fault_point(enum fault_point point);
bool fault_error(enum fault_point point, struct error *err) MUST_USE;
void fault_cut(enum fault_point point, int descriptor);

#endif
