/* policy - the keys of [env:NAME]: which act now, and that the others are well-formed. */
#ifndef FLEET_INVENTORY_POLICY_H
#define FLEET_INVENTORY_POLICY_H

#include <stdint.h>

#include "common/setting.h"
#include "inventory/inventory.h"

extern const struct setting_table policy_settings;

/* The object of those settings. */
struct policy_section {
    int max_parallel;
    struct failure_budget max_failures;
    int irreversible; /* of policy_permissions, as the next two */
    int opaque;
    int drift;
    int on_failure;
    int approvals;
    struct waves waves;
    int64_t soak_ms;
    int gate; /* of gates */
    const char *window;
    struct health_checks health;
    const char *health_sql;
    struct notify notify;
    int notify_format;         /* of notify_formats */
    int64_t confirm_within_ms; /* 0: not given */
    struct setting_text requires;
};

struct policy_section policy_defaults(void);

/* Makes the policy of what was read; keys that nothing acts on yet go to unbuilt. */
struct policy policy_of(const struct policy_section *read, const struct ini_section *section,
                        const char *file, struct arena *arena, struct diagnostics *faults);

void policy_add_unbuilt(struct policy *policy, const struct unbuilt_policy *unbuilt,
                        struct arena *arena);

#endif
