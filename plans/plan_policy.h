/* plan_policy - what the policy in a signed plan asks of whoever carries it out. */
#ifndef FLEET_PLANS_PLAN_POLICY_H
#define FLEET_PLANS_PLAN_POLICY_H

#include "common/clock.h"
#include "plans/plan.h"

/* ERROR_CANCELLED, saying when it opens, outside the window in which jobs may begin. Ways back need
   none. */
bool plan_policy_may_begin(const struct plan_policy *policy, const struct clock *clock,
                           struct error *err) MUST_USE;

/* Whether there is a query for the health of targets. */
bool plan_policy_has_health(const struct plan_policy *policy);

/* That query; NULL with ERROR_VERIFY if there is none, or something that is no query. */
const char *plan_policy_health(const struct plan_policy *policy, struct error *err) MUST_USE;

#endif
