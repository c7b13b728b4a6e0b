#include "plans/plan_policy.h"

#include "inventory/inventory.h"
#include "inventory/window.h"

bool plan_policy_may_begin(const struct plan_policy *policy, const struct clock *clock,
                           struct error *err)
{
    return window_require_open(policy->window, clock, err);
}

bool plan_policy_has_health(const struct plan_policy *policy)
{
    return policy->health_sql != NULL && policy->health_sql[0] != '\0';
}

const char *plan_policy_health(const struct plan_policy *policy, struct error *err)
{
    if (plan_policy_has_health(policy) && health_sql_is_query(policy->health_sql))
        return policy->health_sql;
    error_set(err, ERROR_VERIFY, "%s",
              plan_policy_has_health(policy)
                  ? "health_sql is no query: it must begin with SELECT, WITH, VALUES or TABLE"
                  : "the plan has no health_sql");
    return NULL;
}
