#include "orchestrator/promoting.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "orchestrator/histories.h"
#include "plans/promotion.h"

static bool select_required(const struct workspace *workspace, const struct policy *policy,
                            struct selection *selection, struct error *err)
{
    const struct selector selector = {.environments = policy->requires,
                                      .environment_count = policy->requires_count};

    return selector_apply(&selector, workspace_inventory(workspace), selection, err);
}

bool promoting_open(struct workspace *workspace, const struct environment *environment,
                    const struct selection *selection, struct error *err)
{
    AUTO_SELECTION struct selection both = {0};

    if (environment->policy.requires_count == 0)
        return true;
    if (!select_required(workspace, &environment->policy, &both, err))
        return false;
    both.targets =
        xreallocarray(both.targets, both.count + selection->count + 1, sizeof *both.targets);
    memcpy(both.targets + both.count, selection->targets, selection->count * sizeof *both.targets);
    both.count += selection->count;
    return workspace_dispatcher(workspace, &both, err) != NULL;
}

static void check_environment(const struct plan *plan, const char *required,
                              const struct migrations *migrations,
                              const struct histories *histories, struct diagnostics *missing)
{
    struct witness *witnesses = xcalloc(histories->count + 1, sizeof *witnesses);
    size_t count = 0;

    for (size_t i = 0; i < histories->count; i++) {
        const struct target_history *item = &histories->items[i];

        if (strcmp(item->target->environment->name, required) == 0)
            witnesses[count++] = (struct witness){
                .name = item->target->name,
                .engine = item->target->engine,
                .rows = item->rows,
                .count = item->count,
                .error = item->error.code != ERROR_NONE ? &item->error : NULL,
            };
    }
    promotion_check(plan, required, migrations, witnesses, count, missing);
    free(witnesses);
}

bool promoting_check(struct workspace *workspace, const struct invocation *invocation,
                     const struct environment *environment, const struct plan *plan, int *status,
                     struct error *err)
{
    const struct policy *policy = &environment->policy;
    AUTO(diagnostics) struct diagnostics *missing = diagnostics_new();
    AUTO_SELECTION struct selection selection = {0};

    *status = STATUS_FAILED;
    if (policy->requires_count == 0 || plan->target_count == 0)
        return true;
    const struct migrations *migrations = workspace_migrations(workspace, status);
    if (migrations == NULL || !select_required(workspace, policy, &selection, err))
        return false;
    struct dispatcher *dispatcher = workspace_dispatcher(workspace, &selection, err);
    if (dispatcher == NULL)
        return false;
    AUTO(histories)
    struct histories *histories =
        histories_take(dispatcher, workspace_inventory(workspace), &selection, err);
    if (histories == NULL)
        return false;
    for (size_t i = 0; i < policy->requires_count; i++)
        check_environment(plan, policy->requires[i], migrations, histories, missing);
    if (diagnostics_count(missing) == 0)
        return true;
    *status = report_faults(invocation->terminal, missing);
    return false;
}
