/*
 * reconciliation - what became of jobs that nobody told of: read from the targets' own histories.
 *
 * Rows that a job left there are recorded as its steps. Its end follows from them: all steps stand,
 * or, once a newer rollout has raised the target's fence, so that nothing of the job can come any
 * more, what does stand. Until then it is unknown, and asked for again.
 */
#ifndef FLEET_ORCHESTRATOR_RECONCILIATION_H
#define FLEET_ORCHESTRATOR_RECONCILIATION_H

#include "orchestrator/dispatcher.h"
#include "orchestrator/store/store.h"
#include "orchestrator/survey.h"
#include "plans/plan.h"

/* For the surveyed targets that are reached. A history that cannot be read is left for later. */
bool reconciliation_run(struct store *store, struct dispatcher *dispatcher,
                        const struct inventory *inventory, const struct survey *survey,
                        struct error *err) MUST_USE;

/* How a job of this recipe stands by a rollout's rows; fenced: nothing of it can come any more.
   Pure. */
enum job_state reconciliation_judge(const struct plan_recipe *recipe, const char *rollout,
                                    const struct history_row *rows, size_t count, bool fenced);

#endif
