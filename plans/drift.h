/*
 * drift - which targets are not what their history says, and which not what their siblings are.
 *
 * The last row of a job records the fingerprint of the schema that it left. A target whose
 * fingerprint is another one now was changed by somebody else. Siblings are targets of one engine
 * that have the same migrations: where most of them are alike, the others are unlike them, even if
 * each is what its own history says. Pure.
 */
#ifndef FLEET_PLANS_DRIFT_H
#define FLEET_PLANS_DRIFT_H

#include "common/arena.h"
#include "common/digest.h"
#include "common/engine_kind.h"

struct drift_target {
    enum engine_kind engine;
    bool reached;
    struct digest fingerprint; /* now */
    struct digest recorded;    /* none: no row has one */
    struct digest applied;     /* the set of what is applied */
};

enum drift_state {
    DRIFT_SAME,
    DRIFT_CHANGED,    /* not what its history recorded */
    DRIFT_UNLIKE,     /* what its history recorded, but not what most siblings are */
    DRIFT_UNRECORDED, /* its history recorded nothing */
    DRIFT_UNREACHED,
    DRIFT_STATE_COUNT
};

/* "same", "changed", "unlike_siblings", "unrecorded", "unreachable" */
const char *drift_state_name(enum drift_state state);

enum { DRIFT_NO_MODEL = -1 };

struct drift_verdict {
    enum drift_state state;
    long like; /* of a changed or unlike one: a target that is as it should be; or DRIFT_NO_MODEL */
};

/* One for each target, in the arena. */
const struct drift_verdict *drift_judge(struct arena *arena, const struct drift_target *targets,
                                        size_t count);

#endif
