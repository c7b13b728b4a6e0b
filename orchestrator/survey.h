/*
 * survey - what the selected targets look like now, asked of all their agents at once.
 *
 * An agent or a target that cannot be reached is an entry with an error, never the end of the
 * survey. Answers are not trusted: a target that was not asked for, or of another engine, is
 * an error of that agent.
 */
#ifndef FLEET_ORCHESTRATOR_SURVEY_H
#define FLEET_ORCHESTRATOR_SURVEY_H

#include "inventory/selector.h"
#include "orchestrator/collection.h"
#include "orchestrator/dispatcher.h"
#include "plans/planner.h"

struct surveyed {
    const struct target *target;
    bool reached;
    struct target_status status;           /* if reached */
    const struct applied_set *applied;     /* if reached; shared by targets that have the same */
    const struct foreign_history *foreign; /* if reached and asked for */
    struct error error;                    /* if not reached */
};

struct survey {
    struct arena *arena;
    struct surveyed *items; /* in the order of the selection */
    size_t count;
    size_t unreached;
    int64_t epoch_seen; /* the highest of all fences */
};

/* What to ask beside what every status has. */
struct survey_question {
    bool fingerprint;                      /* the schema's fingerprint now */
    const struct foreign_request *foreign; /* another tool's history; NULL: none */
    struct collection *collection;         /* takes what agents kept; NULL: they are not asked */
};

/* question may be NULL. */
struct survey *survey_take(struct dispatcher *dispatcher, const struct inventory *inventory,
                           const struct selection *selection,
                           const struct survey_question *question, struct error *err) MUST_USE;
/* Whether a target was cut off while it took back what was applied last. */
bool survey_is_going_back(const struct surveyed *item);
/* A reached target as the planner takes it. */
struct target_state survey_state(const struct surveyed *item);
/* The targets that were reached, as the planner takes them; the list is the survey's. */
const struct target_state *survey_states(struct survey *survey, size_t *count);
void survey_free(struct survey *survey);
AUTO_DEFINE(survey)

#endif
