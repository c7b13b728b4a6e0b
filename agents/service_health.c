/* The service's part in a rollout's health checks: a signed query on each target of a slice. */
#include "agents/executor_health.h"
#include "agents/service_parts.h"
#include "plans/plan_policy.h"

static bool check_health(const struct reading *reading, struct session *session,
                         struct arena *arena, struct error *err)
{
    const struct plan *plan = &reading->slice->plan;
    const struct plan_target *planned = plan_find_target(plan, session->target->name);

    (void)arena;
    if (planned == NULL)
        return error_set(err, ERROR_VERIFY, "the plan's targets are out of order");
    const char *sql = plan_policy_health(&plan->header.policy, err);
    return sql != NULL &&
           service_check_scope(reading->service, &plan->header, planned, session->target, err) &&
           executor_health(session, sql, err);
}

static void health_item(void *context, size_t index)
{
    reading_item(context, index, check_health);
}

void service_health(struct service *service, const struct examine_request *request, reply_sink sink,
                    void *context)
{
    service_read_slice(
        service, request,
        &(struct slice_reading){SLICE_TO_TAKE_BACK, health_item, SESSION_RAN_SCRIPTS}, sink,
        context);
}
