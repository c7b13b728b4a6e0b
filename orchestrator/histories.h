/* histories - every row of the selected targets' histories, asked of their agents at once. */
#ifndef FLEET_ORCHESTRATOR_HISTORIES_H
#define FLEET_ORCHESTRATOR_HISTORIES_H

#include "inventory/selector.h"
#include "orchestrator/dispatcher.h"

struct target_history {
    const struct target *target;
    bool reached;
    struct history_row *rows; /* in order; their chain was checked */
    size_t count;
    size_t room;        /* for that many rows */
    struct error error; /* if not reached, or if the chain does not hold */
};

struct histories {
    struct arena *arena;
    struct target_history *items; /* in the order of the selection */
    size_t count;
};

struct histories *histories_take(struct dispatcher *dispatcher, const struct inventory *inventory,
                                 const struct selection *selection, struct error *err) MUST_USE;
void histories_free(struct histories *histories);
AUTO_DEFINE(histories)

#endif
