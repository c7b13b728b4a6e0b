/*
 * history - the rows that say what was applied on a target, and what follows from them.
 *
 * The target's fleet_history is append-only: seq rises by one, each row holds the hash of the one
 * before, and its own hash covers all its fields. The last hash is the head. What is applied is a
 * fold over the rows: up, baseline and repeat add, down takes away, repair only tells.
 */
#ifndef FLEET_COMMON_HISTORY_H
#define FLEET_COMMON_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/digest.h"
#include "common/error.h"
#include "common/json.h"

enum direction {
    DIRECTION_UP,
    DIRECTION_DOWN,
    DIRECTION_BASELINE,
    DIRECTION_REPEAT,
    DIRECTION_REPAIR /* of no step: an operator settled what a part had left (plans/repair.h) */
};
enum { DIRECTION_COUNT = DIRECTION_REPAIR + 1 };

/* By number, for tables of words. */
extern const char *const direction_names[DIRECTION_COUNT];

/* "up", "down", "baseline", "repeat", "repair". */
const char *direction_name(enum direction direction);
bool direction_from_name(const char *name, enum direction *direction);

struct history_row {
    int64_t seq;               /* from 1 */
    struct digest attempt_key; /* unique in the history */
    int part;                  /* of the step, from 1 */
    int parts;
    const char *version; /* digits; "" for a repeatable, which goes by its name */
    const char *name;
    enum direction direction;
    struct digest source_sha256;   /* the script's bytes in the folder */
    struct digest rendered_sha256; /* what ran on this engine */
    struct digest plan;
    const char *rollout;
    const char *operator_name;
    int64_t epoch;
    int64_t started_ms; /* UTC */
    int64_t ended_ms;
    struct digest fingerprint; /* none when it was not taken: only a job's last row has one */
    struct digest previous;    /* hash of the row before; none for the first */
    struct digest hash;
};

/* SHA-256 over the canonical JSON of every field but hash (format 1). */
struct digest history_row_hash(const struct history_row *row);

json_t *history_row_to_json(const struct history_row *row);
/* Strict; texts go to the arena. Does not check the hash. */
bool history_row_from_json(const json_t *value, struct arena *arena, struct history_row *row,
                           struct error *err) MUST_USE;

/* Checks seq, previous and hash of every row; ERROR_CONFLICT names the first that does not fit. */
bool history_verify(const struct history_row *rows, size_t count, struct error *err) MUST_USE;

/* One thing that is applied now. */
struct applied {
    const char *version; /* "" for a repeatable */
    const char *name;
    struct digest source_sha256;
    struct digest plan; /* the plan that brought it */
    bool baseline;      /* marked, not run */
};

/*
 * What is applied: versioned ones in the order they were applied, then repeatables by name. Equal
 * sets have equal ids, so that thousands of targets share one.
 */
struct applied_set {
    struct digest id;
    const struct applied *items;
    size_t count;
};

/* The fold. A step of several parts counts once its last part is there. */
struct applied_set history_fold(struct arena *arena, const struct history_row *rows, size_t count);

json_t *applied_set_to_json(const struct applied_set *set);
/* Strict, and the id must be that of the items. */
bool applied_set_from_json(const json_t *value, struct arena *arena, struct applied_set *set,
                           struct error *err) MUST_USE;

#endif
