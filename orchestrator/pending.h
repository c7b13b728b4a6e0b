/*
 * pending - how many steps each surveyed target lacks, by the planner's own judgement.
 *
 * A problem that would stop a plan (an edited file, one that came too late) is told for the
 * environment it concerns; its targets' numbers are then not known.
 */
#ifndef FLEET_ORCHESTRATOR_PENDING_H
#define FLEET_ORCHESTRATOR_PENDING_H

#include "common/diagnostics.h"
#include "orchestrator/survey.h"
#include "plans/migrations.h"

enum { PENDING_UNKNOWN = -1 };

/* A number for each item of the survey, in its arena; problems are added. */
const int64_t *pending_count(struct survey *survey, const struct inventory *inventory,
                             const struct migrations *migrations, struct diagnostics *problems);

#endif
