/*
 * rollout_report - what a rollout came to, for a person or as data, and the exit status.
 *
 * Beside the plan's targets it names those that the survey could not reach, and those that stand
 * inside a step which the plan does not go on with.
 */
#ifndef FLEET_ORCHESTRATOR_ROLLOUT_REPORT_H
#define FLEET_ORCHESTRATOR_ROLLOUT_REPORT_H

#include "orchestrator/command.h"
#include "orchestrator/report.h"
#include "orchestrator/rollout_state.h"
#include "orchestrator/survey.h"

/* What is run, and what was found before. */
struct rollout_subject {
    const struct plan *plan;
    const struct survey *survey;
    bool is_resumed; /* the plan is older than the survey, and has all of its targets */
};

/* How many targets stand inside a step that the plan does not go on with; and a line for each. */
size_t rollout_report_stopped(const struct rollout_subject *subject);
void rollout_report_print_stopped(const struct rollout_subject *subject,
                                  const struct terminal *terminal);

/* interrupted: by the operator. */
void rollout_report_print_data(const struct rollout_subject *subject,
                               const struct rollout_state *state, enum report_form form,
                               const struct terminal *terminal);
void rollout_report_print_summary(const struct rollout_state *state, bool interrupted,
                                  int64_t took_ms, const struct terminal *terminal);
int rollout_report_status(const struct rollout_subject *subject, const struct rollout_state *state,
                          bool interrupted);

#endif
