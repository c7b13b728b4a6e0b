/*
 * runs - what is under way in this process: rollouts, the targets they hold, plans accepted.
 *
 * A target is one rollout's at a time; a stopped rollout begins nothing more. Safe for any number
 * of threads.
 */
#ifndef FLEET_AGENTS_RUNS_H
#define FLEET_AGENTS_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/digest.h"
#include "common/error.h"

struct runs;
struct run; /* one request to run, from its acceptance to its end */

struct runs *runs_new(size_t target_count) MUST_USE;
/* No run may be left. */
void runs_free(struct runs *runs);
AUTO_DEFINE(runs)

/* The listener, whatever it points to, is who is told of it. */
struct run *runs_begin(struct runs *runs, const char *rollout, const void *listener) MUST_USE;
/* Frees the run; it holds no target any more. */
void runs_end(struct runs *runs, struct run *run);

/* Stops all runs of a rollout, those to come as well: the request to stop may overtake the one to
   run. Or all runs there are and will be. */
void runs_stop(struct runs *runs, const char *rollout);
/* Stops the run that this one listens to; the rollout may go on with another. */
void runs_abandon(struct runs *runs, const void *listener);
void runs_stop_all(struct runs *runs);
bool run_is_stopped(const struct run *run);

/* Takes the target (its index) for the run; ERROR_LOCKED names the rollout that has it. */
bool runs_claim(struct runs *runs, const struct run *run, size_t target,
                struct error *err) MUST_USE;
/* The rollout that has the target, in the arena; "" if none has. */
const char *runs_holder(struct runs *runs, size_t target, struct arena *arena);
void runs_release(struct runs *runs, size_t target);

/* Whether the plan was accepted here before, and noting that it was. What was noted is forgotten
   after until_ms (UTC), or when more than a thousand newer plans came. */
bool runs_knows_plan(struct runs *runs, const struct digest *plan);
void runs_note_plan(struct runs *runs, const struct digest *plan, int64_t until_ms, int64_t now_ms);

#endif
