/*
 * unconfirmed - what was applied under confirm_within and waits for its confirmation.
 *
 * A file for each request to run, durable before its first job begins. From the end of the run on
 * its targets wait; those that are not confirmed in time are taken back (service_confirm.c). The
 * files decide a race: a confirmation is durable before it is answered, a way back before it
 * begins. They outlive the agent; a run that died with it waits from the agent's next start on.
 *
 * Safe for threads.
 */
#ifndef FLEET_AGENTS_UNCONFIRMED_UNCONFIRMED_H
#define FLEET_AGENTS_UNCONFIRMED_UNCONFIRMED_H

#include "agents/unconfirmed/waiting_file.h"
#include "common/clock.h"
#include "common/random.h"
#include "common/wire.h"
#include "plans/plan.h"

struct unconfirmed;

/* Opens the folder "unconfirmed" of a directory, or makes it. */
struct unconfirmed *unconfirmed_open(const char *directory, const struct clock *clock,
                                     const struct random_source *random,
                                     struct error *err) MUST_USE;
void unconfirmed_free(struct unconfirmed *unconfirmed);
AUTO_DEFINE(unconfirmed)

enum { UNCONFIRMED_ID_SIZE = 33 };

/* Before the first job of a request begins: its targets are the plan's. */
bool unconfirmed_begin(struct unconfirmed *unconfirmed, const struct run_request *request,
                       const struct plan *plan, const char *operator_name,
                       char id[UNCONFIRMED_ID_SIZE], struct error *err) MUST_USE;

/* The run is over, and applied the plan to these of its targets: they wait from now on. */
bool unconfirmed_wait(struct unconfirmed *unconfirmed, const char *id, const char *const *targets,
                      size_t count, struct error *err) MUST_USE;

/* ERROR_LOCKED while the target waits for the confirmation of another plan. */
bool unconfirmed_may_begin(struct unconfirmed *unconfirmed, const char *target,
                           const struct digest *plan, struct error *err) MUST_USE;

/* These targets wait no longer: they are confirmed, or back in another way. late[i] tells that the
   target is on its way back already, or was. */
bool unconfirmed_settle(struct unconfirmed *unconfirmed, const struct digest *plan,
                        const char *const *targets, size_t count, bool *late,
                        struct error *err) MUST_USE;

/* A request whose targets go back now. Texts and JSON are valid until unconfirmed_went. */
struct overdue {
    const char *id;
    const json_t *request;
    const char *operator_name;
    const char *const *targets;
    size_t count;
    int64_t within_ms;
};

/* Waits until something is overdue, and makes that durable; false once unconfirmed_end was called.
   What cannot be made durable is tried again later. */
bool unconfirmed_next(struct unconfirmed *unconfirmed, struct overdue *overdue) MUST_USE;
/* Its way back is over; again: not for all targets, and it is to be tried again soon. */
void unconfirmed_went(struct unconfirmed *unconfirmed, const char *id, bool again);
void unconfirmed_end(struct unconfirmed *unconfirmed);

#endif
