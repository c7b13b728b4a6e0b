/* rollout_parts - a rollout while it runs, for the files that make up rollout. */
#ifndef FLEET_ORCHESTRATOR_ROLLOUT_PARTS_H
#define FLEET_ORCHESTRATOR_ROLLOUT_PARTS_H

#include "orchestrator/rollout.h"

enum { OUTCOMES_AT_ONCE = 256 };

/* What an agent's streams of one rollout have told. */
enum hearing { HEARD_NOTHING, HEARD_ALL, HEARD_IN_PART };

struct sending;

/* A rollout while it runs. */
struct running {
    const struct rollout_settings *settings;
    struct rollout_state *state;
    struct rollout_record record; /* of what runs: the plan, or its way back */
    struct sending *sending;
    char first[ID_SIZE];        /* id of the rollout that began all this */
    enum rollout_action action; /* asked for last */
    size_t waves_sent;
    enum hearing *heard;         /* from each agent of the inventory */
    struct arena *pending_arena; /* texts of the outcomes below */
    struct outcome pending[OUTCOMES_AT_ONCE];
    size_t pending_count;
    int64_t flushed_ms;
    enum rollout_request request; /* what an operator asks from elsewhere */
    int64_t asked_ms;             /* when the store was looked at for it */
    struct error store_error;     /* the first failure to record; nothing more begins then */
};

int64_t rollout_now_ms(const struct running *running);

/* Feeds the core; what it asks for stays in running->action. */
void rollout_advance(struct running *running, const struct rollout_event *event);

/* Tells the core of an operator's wish to stop, if there is one. */
void rollout_look_for_stop(struct running *running);

/* Sends the wave that the state means, and returns when each of its jobs has an end. */
bool rollout_send_wave(struct running *running, struct error *err) MUST_USE;

/* Whether each target of the wave to which the plan was applied is well, by the plan's query;
   ERROR_CHECK if not, another code if one cannot be asked in three tries. */
bool rollout_check_targets(struct running *running, struct error *err) MUST_USE;

/* Has what was applied to the wave's targets stay, where it is under confirm_within. Agents that
   are out of reach are asked again, as long as they wait; ERROR_STALE if one did not. */
bool rollout_confirm_targets(struct running *running, struct error *err) MUST_USE;

/* Outcomes are kept together for a while, and then recorded in one transaction. A failure stops
   what is not begun, and stays in running->store_error. */
void outcomes_note(struct running *running, const struct plan_target *target,
                   const struct run_event *event);
void outcomes_note_end(struct running *running, const struct rollout_job *job);
void outcomes_record_if_due(struct running *running);
bool outcomes_record(struct running *running, struct error *err) MUST_USE;

#endif
