/*
 * executor_examine - looks at a part that stopped inside, with the plan that began it, and changes
 * nothing: what has run, and whether going on would find its place by itself.
 *
 * The target's lock is asked for once, so that a part which somebody is at work on is not judged
 * half-way, and given back.
 */
#ifndef FLEET_AGENTS_EXECUTOR_EXAMINE_H
#define FLEET_AGENTS_EXECUTOR_EXAMINE_H

#include "agents/executor.h"
#include "common/examination.h"

/* Texts go to the arena. ERROR_STALE when nothing is open, or when another plan began it; only plan
   and target of the job are used. */
bool executor_examine(struct session *session, const struct job *job, struct arena *arena,
                      struct examined_part *examination, struct error *err) MUST_USE;

#endif
