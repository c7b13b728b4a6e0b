#include "plans/staleness.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

const char *stale_reason_text(enum stale_reason reason)
{
    static const char *const texts[STALE_REASON_COUNT] = {
        [STALE_GONE] = "is gone",
        [STALE_MOVED] = "has moved on",
        [STALE_AGENT] = "is served by another agent now",
        [STALE_ENGINE] = "is of another engine now",
        [STALE_SERVER] = "is another database than the plan was made for (failover or restore)",
        [STALE_RELEASE] = "is on a server of another release than the plan was made for",
    };

    assert((unsigned)reason < STALE_REASON_COUNT);
    return texts[reason];
}

static int by_name(const void *a, const void *b)
{
    const struct target_state *const *left = a;
    const struct target_state *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

static const struct target_state **sorted_states(const struct target_state *states, size_t count)
{
    const struct target_state **sorted = xcalloc(count, sizeof *sorted);

    for (size_t i = 0; i < count; i++)
        sorted[i] = &states[i];
    qsort(sorted, count, sizeof *sorted, by_name);
    return sorted;
}

/* False if the target is as it was planned. */
static bool is_stale(struct stale_target *item)
{
    const struct plan_target *target = item->target;
    const struct target_state *state = item->state;

    if (state == NULL)
        item->reason = STALE_GONE;
    else if (state->engine != target->engine)
        item->reason = STALE_ENGINE;
    else if (strcmp(state->agent, target->agent) != 0)
        item->reason = STALE_AGENT;
    else if (!plan_target_is_on(target, state->identity, state->timeline))
        item->reason = STALE_SERVER;
    else if (!plan_target_fits_version(target, state->server))
        item->reason = STALE_RELEASE;
    else if (!digest_equal(&state->head, &target->head))
        item->reason = STALE_MOVED;
    else
        return false;
    return true;
}

void stale_targets_find(const struct plan *plan, const struct target_state *states, size_t count,
                        struct stale_targets *stale)
{
    const struct target_state **sorted = sorted_states(states, count);
    size_t at = 0;

    *stale = (struct stale_targets){.items = xcalloc(plan->target_count, sizeof *stale->items)};
    for (size_t i = 0; i < plan->target_count; i++) {
        struct stale_target item = {.target = &plan->targets[i]};

        while (at < count && strcmp(sorted[at]->name, item.target->name) < 0)
            at++;
        if (at < count && strcmp(sorted[at]->name, item.target->name) == 0)
            item.state = sorted[at];
        if (is_stale(&item))
            stale->items[stale->count++] = item;
    }
    free(sorted);
}

void stale_targets_free(struct stale_targets *stale)
{
    free(stale->items);
}

bool history_continues_plan(const struct history_row *rows, size_t count, const struct digest *head,
                            const struct digest *plan)
{
    while (count > 0 && !digest_equal(&rows[count - 1].hash, head)) {
        if (!digest_equal(&rows[count - 1].plan, plan))
            return false;
        count--;
    }
    return count > 0 || digest_is_none(head);
}
