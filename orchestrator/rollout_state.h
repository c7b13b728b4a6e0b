/*
 * rollout_state - what a rollout decides: which wave begins, when to stop, what to take back.
 *
 * Pure: a state and an event give a state and one action, by a table of transitions; no clock,
 * socket or file. Whoever drives it (rollout.c, or a simulator) carries out the action and tells
 * what came of it as events. docs/rollouts.md has the diagram that the table prints.
 */
#ifndef FLEET_ORCHESTRATOR_ROLLOUT_STATE_H
#define FLEET_ORCHESTRATOR_ROLLOUT_STATE_H

#include "common/buffer.h"
#include "common/wire.h"
#include "inventory/inventory.h"
#include "plans/plan.h"

enum rollout_phase {
    PHASE_PLANNED,
    PHASE_WAVE,          /* jobs of a wave run */
    PHASE_SOAK,          /* after a wave */
    PHASE_STOPPING,      /* what runs comes to its end, nothing else begins */
    PHASE_BACK,          /* jobs of a wave are taken back */
    PHASE_BACK_STOPPING, /* the same is being stopped */
    /* Ends: */
    PHASE_DONE,       /* every wave was run, within the budget */
    PHASE_STOPPED,    /* before the end; what was applied stays */
    PHASE_TAKEN_BACK, /* what on_failure names was taken back */
    PHASE_HALTED,     /* a person must look */
    PHASE_COUNT
};

struct rollout_job {
    const struct plan_target *target;
    const struct target *inventory_target;
    size_t wave; /* from 0 */
    bool begun;
    bool ended;
    bool adopted;    /* ended before the rollout was gone on with */
    bool unheard;    /* may have been sent before then, and nobody told of its end */
    bool going_back; /* what it applied is being taken back, and has no end yet */
    bool back_begun;
    enum job_state state; /* when ended */
    size_t steps_done;
    int64_t began_ms; /* monotonic */
    int64_t ended_ms;
    struct error error; /* why, unless it was applied or taken back */
};

struct rollout_state {
    /* Set by the owner, and constant: */
    struct rollout_job *jobs; /* as plan->targets */
    size_t count;
    size_t wave_count;    /* each has a job */
    size_t failed_before; /* targets that were out of reach when the plan was made */
    int64_t failures_allowed;
    bool failures_in_a_row; /* counted until a job is applied, in the order in which they end */
    enum failure_action on_failure;
    bool is_checked; /* health is, in each soak; the last wave then has one as well */
    bool back_begun; /* a way back had begun before the rollout was gone on with */
    bool was_over;   /* and it had come to the end of its last wave, and of that one's soak */
    /* Kept by rollout_step: */
    enum rollout_phase phase;
    size_t wave;      /* that runs, was run last, or is taken back */
    size_t left;      /* jobs of that wave without an end */
    size_t last_back; /* the oldest wave to take back */
    size_t running;
    size_t applied;
    size_t failed;          /* ended in any other way but skipped */
    size_t failed_in_a_row; /* the most without one that was applied; failed_before come first */
    size_t failing;         /* in a row, so far */
    bool row_broken;        /* one was applied */
    size_t skipped;
    size_t taken_back;        /* was applied before */
    size_t not_taken_back;    /* the way back failed */
    size_t ways_back_skipped; /* never began: what was applied stands */
    size_t in_doubt;          /* unknown outcomes, and targets that need a person */
    bool stopped;             /* the budget is spent, or a health check failed */
    struct error obstacle;    /* what came up after a wave: a closed window, a failed check */
    bool stop_asked;
    /* Kept by the owner: */
    size_t unconfirmed; /* was applied, and goes back by itself unless it is confirmed yet */
};

void rollout_state_free(struct rollout_state *state);

enum rollout_action {
    ACTION_NONE,
    ACTION_DISPATCH,  /* send the jobs of the wave (rollout_members) */
    ACTION_SOAK,      /* wait, then ROLLOUT_SOAKED */
    ACTION_STOP,      /* tell agents to begin nothing more */
    ACTION_TAKE_BACK, /* send the members of the wave their way back */
    ACTION_END        /* jobs that never began are skipped now */
};

/*
 * Of a rollout that is gone on with, before its ROLLOUT_BEGIN: how a job ended, and that what it
 * applied was taken back, in the order in which they ended; then, once, that this is all that is
 * known. A job without an end runs again; where nothing may begin any more, what an unheard one may
 * have applied goes back with the rest.
 */
void rollout_adopt(struct rollout_state *state, size_t job, enum job_state end);
void rollout_adopt_way_back(struct rollout_state *state, size_t job);
/* Whether what is adopted lets nothing begin any more: failures, or a way back that was begun. */
bool rollout_may_only_go_back(const struct rollout_state *state);
/* Returns what ROLLOUT_BEGIN will ask for; ACTION_END: nothing is left to do. */
enum rollout_action rollout_adopt_end(struct rollout_state *state);

enum rollout_event_kind {
    ROLLOUT_BEGIN,
    ROLLOUT_JOB,       /* job, run, now_ms */
    ROLLOUT_DRAINED,   /* all that was sent has ended, and nothing more will be heard of it */
    ROLLOUT_SOAKED,    /* the time after a wave is over, and its health was good throughout */
    ROLLOUT_UNHEALTHY, /* a health check failed meanwhile: error */
    ROLLOUT_CLOSED,    /* no wave may begin now, for the window is closed: error */
    ROLLOUT_STOP       /* the operator wants no more to begin */
};

struct rollout_event {
    enum rollout_event_kind kind;
    size_t job;
    const struct run_event *run;
    const struct error *error;
    int64_t now_ms; /* monotonic */
};

/* Events that are late, doubled or of another wave's jobs change nothing. */
enum rollout_action rollout_step(struct rollout_state *state, const struct rollout_event *event);

/* Whether the job was sent, there or back, and has no end of that yet. */
bool rollout_awaits(const struct rollout_state *state, size_t job);

bool rollout_has_ended(const struct rollout_state *state);

/* The jobs that the last ACTION_DISPATCH or ACTION_TAKE_BACK means; members has room for all. */
size_t rollout_members(const struct rollout_state *state, size_t *members);

/* Appends the transitions as a Mermaid state diagram. */
void rollout_diagram(struct buffer *out);

/* Splits max_parallel over the agents by their numbers of jobs, at least one each. */
void rollout_share_parallel(int max_parallel, const size_t *jobs, size_t agents, int *shares);

#endif
