/*
 * A simulator: thousands of seeded rollouts with random fleets, policies, outcomes, delays,
 * doubled and stray events, silent agents, operators who stop them, and orchestrators that die in
 * the middle and are followed by another, in virtual time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "orchestrator/rollout_state.h"

enum {
    HISTORIES = 25000,
    JOBS_MAX = 24,
    QUEUE_MAX = 8 * JOBS_MAX,
    STEPS_MAX = 4000,
    STOP_TAKES_MS = 100, /* until agents hear of a stop, at most */
    NEVER = -1
};

/* What is to happen at a moment. */
struct happening {
    int64_t at;
    size_t job;
    enum job_state what;
    bool is_stray; /* of a job that nobody sent: told, but not true */
};

/* What a target really is. */
enum truth { UNTOUCHED, AT_WORK, CHANGED, UNCLEAR };

struct world {
    uint64_t seed;
    uint64_t random;
    int64_t now;
    int64_t stop_at;     /* when the operator stops it */
    int64_t agents_stop; /* when agents hear of a stop */
    int fails_of_100;
    int unknown_of_100;
    int back_fails_of_100;
    struct rollout_state state;
    struct rollout_job jobs[JOBS_MAX];
    enum truth truth[JOBS_MAX];
    struct happening queue[QUEUE_MAX];
    size_t queued;
    int64_t asked_at;  /* when it was heard */
    int64_t drains_at; /* when the agents stop by themselves */
    bool stopping;     /* ACTION_STOP came */
    bool closed;       /* the window, when a wave was to begin */
    bool unhealthy;    /* a check failed */
    bool back;
    bool resumed;
    size_t resumptions;
    size_t crashes_left;
    size_t back_failed;
    size_t failing_wave;
    size_t last_back;
    size_t waves_begun;
    bool applied[JOBS_MAX]; /* when the way back began */
    size_t ended[JOBS_MAX]; /* jobs on the way there, in the order of their ends */
    size_t ended_count;
    bool was_applied[JOBS_MAX];
    bool noted[JOBS_MAX];
};

/* SplitMix64. */
static uint64_t draw(struct world *world)
{
    uint64_t z = world->random += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

static size_t below(struct world *world, size_t limit)
{
    return (size_t)(draw(world) % limit);
}

static bool chance(struct world *world, int of_100)
{
    return below(world, 100) < (size_t)of_100;
}

#define CHECK(world, condition)                                               \
    do {                                                                      \
        if (!(condition))                                                     \
            fail_msg("seed %" PRIu64 ", phase %d: not so: %s", (world)->seed, \
                     (int)(world)->state.phase, #condition);                  \
    } while (0)

static void plan_happening(struct world *world, int64_t at, size_t job, enum job_state what,
                           bool is_stray)
{
    if (world->queued < QUEUE_MAX)
        world->queue[world->queued++] = (struct happening){at, job, what, is_stray};
}

static void make_fleet(struct world *world)
{
    static const int rates[] = {0, 0, 3, 20, 60};
    struct rollout_state *state = &world->state;
    size_t wave = 0;

    *state = (struct rollout_state){.jobs = world->jobs, .count = 1 + below(world, JOBS_MAX)};
    for (size_t i = 0; i < state->count; i++) {
        wave += i > 0 && chance(world, 25);
        world->jobs[i].wave = wave;
    }
    state->wave_count = wave + 1;
    state->failures_allowed = (int64_t)below(world, 4);
    state->failures_in_a_row = chance(world, 30);
    state->is_checked = chance(world, 40);
    state->failed_before = below(world, (size_t)state->failures_allowed + 1);
    state->on_failure = (enum failure_action)below(world, FAILURE_ROLLBACK_ALL + 1);
    world->fails_of_100 = rates[below(world, 5)];
    world->unknown_of_100 = rates[below(world, 4)];
    world->back_fails_of_100 = rates[below(world, 4)];
    world->stop_at = chance(world, 15) ? (int64_t)below(world, 3000) : NEVER;
    world->asked_at = NEVER;
    world->agents_stop = NEVER;
    world->drains_at = chance(world, 5) ? (int64_t)below(world, 3000) : NEVER;
    world->crashes_left = chance(world, 30) ? 1 + below(world, 3) : 0;
}

static enum job_state draw_end(struct world *world, size_t job)
{
    static const enum job_state failures[] = {JOB_FAILED_CLEAN, JOB_ROLLED_BACK, JOB_HALTED,
                                              JOB_REFUSED};
    bool back = world->back;

    if (world->jobs[job].unheard && world->truth[job] == (back ? UNTOUCHED : CHANGED))
        return back ? JOB_ROLLED_BACK : JOB_APPLIED; /* agents know what they did */
    if (chance(world, world->unknown_of_100))
        return chance(world, 50) ? JOB_UNKNOWN : JOB_NEEDS_OPERATOR;
    if (chance(world, back ? world->back_fails_of_100 : world->fails_of_100))
        return back ? JOB_HALTED : failures[below(world, 4)];
    return back ? JOB_ROLLED_BACK : JOB_APPLIED;
}

/* The longest row of failures, from what was told. */
static size_t count_in_a_row(const struct world *world)
{
    size_t row = world->state.failed_before, longest = 0;

    for (size_t i = 0; i < world->ended_count; i++) {
        row = world->was_applied[world->ended[i]] ? 0 : row + 1;
        longest = row > longest ? row : longest;
    }
    return longest;
}

static void note_end(struct world *world, size_t index)
{
    const struct rollout_job *job = &world->jobs[index];

    if (world->noted[index] || !job->ended || job->state == JOB_SKIPPED)
        return;
    world->noted[index] = true;
    world->was_applied[index] = job->state == JOB_APPLIED || (world->back && world->applied[index]);
    world->ended[world->ended_count++] = index;
}

static bool is_spent(const struct world *world)
{
    const struct rollout_state *state = &world->state;
    size_t failed =
        state->failures_in_a_row ? count_in_a_row(world) : state->failed + state->failed_before;

    return (int64_t)failed > state->failures_allowed;
}

/* I12, and what the order of a way back must be. */
static void check_sending(struct world *world, const size_t *members, size_t count)
{
    const struct rollout_state *state = &world->state;

    CHECK(world, count > 0 && count == state->left);
    CHECK(world, !world->stopping || world->back);
    CHECK(world, !state->stop_asked && !world->closed && world->back_failed == 0);
    CHECK(world, world->back || state->skipped == 0);
    CHECK(world, world->back || (!is_spent(world) && !world->unhealthy));
    for (size_t i = 0; i < count; i++) {
        enum truth truth = world->truth[members[i]];

        CHECK(world, world->jobs[members[i]].wave == state->wave);
        CHECK(world,
              world->jobs[members[i]].unheard || truth == (world->back ? CHANGED : UNTOUCHED));
    }
    for (size_t i = 0; i < state->count; i++)
        CHECK(world, !world->back || world->jobs[i].ended);
    for (size_t i = 0; i < state->count; i++)
        if (!world->back && world->jobs[i].wave < state->wave)
            CHECK(world, world->jobs[i].ended && world->truth[i] != UNCLEAR);
}

static void check_way_back(struct world *world)
{
    const struct rollout_state *state = &world->state;
    enum failure_action policy = state->on_failure;

    CHECK(world, policy == FAILURE_ROLLBACK_WAVE || policy == FAILURE_ROLLBACK_ALL);
    CHECK(world, is_spent(world) || world->unhealthy);
    if (!world->back) {
        world->failing_wave = world->last_back = world->waves_begun - 1;
        for (size_t i = 0; i < state->count; i++)
            world->applied[i] = world->jobs[i].state == JOB_APPLIED;
    } else {
        CHECK(world, state->wave < world->last_back);
    }
    CHECK(world, policy == FAILURE_ROLLBACK_ALL || state->wave == world->failing_wave);
    world->last_back = state->wave;
    world->back = true;
    world->agents_stop = NEVER;
}

static void send(struct world *world)
{
    const struct rollout_state *state = &world->state;
    size_t members[JOBS_MAX];
    size_t count = rollout_members(state, members);

    check_sending(world, members, count);
    world->queued = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t begin = world->now + 1 + (int64_t)below(world, 300);
        int64_t end = begin + 1 + (int64_t)below(world, 200);
        enum job_state what = draw_end(world, members[i]);

        if (!chance(world, 5)) /* the news of a beginning may be lost */
            plan_happening(world, begin, members[i], JOB_STARTED, false);
        plan_happening(world, end, members[i], what, false);
        if (chance(world, 10))
            plan_happening(world, end + (int64_t)below(world, 50), members[i],
                           draw_end(world, members[i]), true);
    }
    size_t other = below(world, state->count);
    if (chance(world, 10) && world->jobs[other].wave != state->wave)
        plan_happening(world, world->now + 5, other, draw_end(world, other), true);
}

/* What is next in the queue; whichever job has not begun when its agent hears of a stop never
   does. */
static struct happening take_next(struct world *world)
{
    size_t first = 0;

    for (size_t i = 1; i < world->queued; i++)
        if (world->queue[i].at < world->queue[first].at)
            first = i;
    struct happening next = world->queue[first];
    memmove(&world->queue[first], &world->queue[first + 1],
            (--world->queued - first) * sizeof next);
    return next;
}

static void become(struct world *world, const struct happening *happening)
{
    enum truth *truth = &world->truth[happening->job];

    switch (happening->what) {
    case JOB_STARTED:
        *truth = AT_WORK;
        break;
    case JOB_APPLIED:
    case JOB_HALTED:
        *truth = CHANGED;
        break;
    case JOB_UNKNOWN:
    case JOB_NEEDS_OPERATOR:
        *truth = UNCLEAR;
        break;
    default:
        *truth = UNTOUCHED;
        break;
    }
    if (world->back && happening->what != JOB_STARTED && happening->what != JOB_ROLLED_BACK &&
        happening->what != JOB_SKIPPED)
        world->back_failed++;
}

static bool is_first_end(const struct world *world, const struct happening *happening)
{
    return rollout_awaits(&world->state, happening->job) && !happening->is_stray;
}

static enum rollout_action step(struct world *world, const struct rollout_event *event)
{
    enum rollout_action action = rollout_step(&world->state, event);

    for (size_t i = 0; i < world->state.count; i++)
        note_end(world, i);
    return action;
}

static enum rollout_action happen(struct world *world)
{
    struct happening next = take_next(world);
    bool begins = next.what == JOB_STARTED || world->truth[next.job] != AT_WORK;

    world->now = next.at > world->now ? next.at : world->now;
    if (world->drains_at != NEVER && world->now >= world->drains_at)
        world->agents_stop = world->drains_at;
    if (world->agents_stop != NEVER && world->now >= world->agents_stop && begins &&
        is_first_end(world, &next)) {
        if (next.what == JOB_STARTED)
            return ACTION_NONE; /* it does not; its end tells so */
        next.what = JOB_SKIPPED;
    }
    bool counts = is_first_end(world, &next);
    if (counts && next.what != JOB_SKIPPED) {
        CHECK(world,
              !begins || world->asked_at == NEVER || world->now <= world->asked_at + STOP_TAKES_MS);
        become(world, &next);
    }
    const struct run_event run = {.kind = RUN_JOB, .job = next.what};
    return step(world,
                &(struct rollout_event){
                    .kind = ROLLOUT_JOB, .job = next.job, .run = &run, .now_ms = world->now});
}

static enum rollout_action tell(struct world *world, enum rollout_event_kind kind)
{
    static const struct error none = {0};

    return step(world, &(struct rollout_event){.kind = kind, .error = &none});
}

static bool is_stop_due(const struct world *world)
{
    return world->stop_at != NEVER && world->now >= world->stop_at && !world->state.stop_asked;
}

static enum rollout_action soak(struct world *world)
{
    int64_t over = world->now + (int64_t)below(world, 500);
    bool stops = world->stop_at != NEVER && world->stop_at <= over;

    world->now = stops && world->stop_at > world->now ? world->stop_at : over;
    if (stops)
        return tell(world, ROLLOUT_STOP);
    world->unhealthy = world->state.is_checked && chance(world, 10);
    if (world->unhealthy)
        return tell(world, ROLLOUT_UNHEALTHY);
    world->closed = world->state.wave + 1 < world->state.wave_count && chance(world, 3);
    return tell(world, world->closed ? ROLLOUT_CLOSED : ROLLOUT_SOAKED);
}

/* The next thing that the state hears of. */
static enum rollout_action hear(struct world *world)
{
    struct rollout_state *state = &world->state;

    if (is_stop_due(world)) {
        world->asked_at = world->now;
        return tell(world, ROLLOUT_STOP);
    }
    if (state->phase == PHASE_SOAK)
        return soak(world);
    return world->queued > 0 ? happen(world) : tell(world, ROLLOUT_DRAINED);
}

/* One that was cut off may be sent again, once by each who goes on with it. */
static void begin_wave(struct world *world)
{
    if (world->resumed && world->state.wave + 1 == world->waves_begun)
        world->resumed = false;
    else
        CHECK(world, world->state.wave == world->waves_begun++);
}

static void carry_out(struct world *world, enum rollout_action action)
{
    if (action == ACTION_STOP) {
        world->stopping = true;
        world->agents_stop = world->now + (int64_t)below(world, STOP_TAKES_MS);
    } else if (action == ACTION_DISPATCH) {
        begin_wave(world);
        send(world);
    } else if (action == ACTION_TAKE_BACK) {
        check_way_back(world);
        send(world);
    }
}

static void check_truth(struct world *world, size_t job)
{
    enum job_state state = world->jobs[job].state;
    enum truth truth = world->truth[job];

    CHECK(world, state != JOB_APPLIED || truth == CHANGED);
    CHECK(world, state != JOB_ROLLED_BACK || truth == UNTOUCHED);
    CHECK(world, state != JOB_SKIPPED || truth == UNTOUCHED);
    CHECK(world, (truth == UNCLEAR) == (state == JOB_UNKNOWN || state == JOB_NEEDS_OPERATOR));
}

static void check_jobs(struct world *world)
{
    const struct rollout_state *state = &world->state;
    size_t applied = 0, skipped = 0;

    for (size_t i = 0; i < state->count; i++) {
        const struct rollout_job *job = &world->jobs[i];

        CHECK(world, job->ended && !job->going_back);
        applied += job->state == JOB_APPLIED;
        skipped += job->state == JOB_SKIPPED;
        if (!job->unheard)
            check_truth(world, i);
        if (state->phase == PHASE_TAKEN_BACK && job->state == JOB_APPLIED)
            CHECK(world,
                  state->on_failure == FAILURE_ROLLBACK_WAVE && job->wave < world->failing_wave);
    }
    CHECK(world, applied == state->applied && skipped == state->skipped);
    CHECK(world, applied + skipped + state->failed + state->taken_back + state->not_taken_back ==
                     state->count);
}

static void check_end(struct world *world)
{
    const struct rollout_state *state = &world->state;
    bool spent = is_spent(world);
    bool to_take_back = state->on_failure == FAILURE_ROLLBACK_ALL && (spent || world->unhealthy);

    check_jobs(world);
    CHECK(world, state->running == 0);
    CHECK(world,
          state->phase != PHASE_DONE || (!spent && !world->unhealthy && state->skipped == 0));
    CHECK(world,
          state->phase == PHASE_HALTED || state->phase == PHASE_STOPPED || state->in_doubt == 0);
    CHECK(world, state->in_doubt == 0 || state->phase == PHASE_HALTED);
    bool given_up =
        state->stop_asked || world->closed || world->back_failed > 0 || world->drains_at != NEVER;

    CHECK(world, !to_take_back || given_up || state->applied == 0);
    CHECK(world, world->back_failed == state->not_taken_back);
    CHECK(world, world->back_failed == 0 || state->phase == PHASE_HALTED);
}

/* Jobs that were sent come to their end, or never begin; nobody hears of it. */
static void run_unheard(struct world *world)
{
    for (size_t i = 0; i < world->queued; i++) {
        const struct happening *next = &world->queue[i];

        if (next->is_stray || next->what == JOB_STARTED ||
            !rollout_awaits(&world->state, next->job))
            continue;
        if (world->truth[next->job] == AT_WORK || chance(world, 50))
            become(world, next);
    }
    world->queued = 0;
}

/* What the store has of a job: its end, unless the news of this wave did not get there. */
static void adopt(struct world *world, struct rollout_state *next, size_t index)
{
    const struct rollout_state *state = &world->state;
    const struct rollout_job before = world->jobs[index];
    bool lost = before.wave == state->wave && !before.adopted && chance(world, 30);
    bool in_doubt = before.state == JOB_UNKNOWN || before.state == JOB_NEEDS_OPERATOR;
    struct rollout_job *job = &world->jobs[index];

    *job = (struct rollout_job){.wave = before.wave};
    if (world->back) { /* which began once all there was to hear was in the store */
        bool back = before.state == JOB_ROLLED_BACK && !lost;
        bool failed = before.ended && before.state != JOB_SKIPPED && !world->applied[index];

        job->unheard = world->applied[index] || before.unheard;
        if (failed)
            rollout_adopt(next, index, before.state);
        if (world->applied[index])
            rollout_adopt(next, index, JOB_APPLIED);
        if (world->applied[index] && back)
            rollout_adopt_way_back(next, index);
    } else if (before.ended && before.state != JOB_SKIPPED && !in_doubt && !lost) {
        rollout_adopt(next, index, before.state);
    } else {
        job->unheard = job->wave < world->waves_begun &&
                       (before.unheard || before.state != JOB_SKIPPED || !before.ended);
    }
}

/* In the order in which they ended, as far as they did. */
static void adopt_all(struct world *world, struct rollout_state *next)
{
    size_t order[JOBS_MAX], count = world->ended_count;

    memcpy(order, world->ended, sizeof order);
    for (size_t i = 0; i < next->count; i++)
        if (!world->noted[i])
            order[count++] = i;
    memset(world->noted, 0, sizeof world->noted);
    world->ended_count = 0;
    for (size_t i = 0; i < count; i++) {
        adopt(world, next, order[i]);
        note_end(world, order[i]);
    }
}

/* The orchestrator is gone, and another one goes on with what its store has; false if that is to
   leave all as it is. */
static bool resume(struct world *world, enum rollout_action *action)
{
    struct rollout_state next = {
        .jobs = world->jobs,
        .count = world->state.count,
        .wave_count = world->state.wave_count,
        .failures_allowed = world->state.failures_allowed,
        .failures_in_a_row = world->state.failures_in_a_row,
        .is_checked = world->state.is_checked,
        .was_over = world->state.phase == PHASE_DONE,
        .failed_before = world->state.failed_before,
        .on_failure = world->state.on_failure,
        .back_begun = world->back,
    };

    world->crashes_left--;
    world->resumptions++;
    run_unheard(world);
    adopt_all(world, &next);
    world->state = next;
    world->resumed = true;
    world->stopping = world->closed = false;
    world->unhealthy = world->unhealthy && world->back;
    world->back_failed = 0;
    world->last_back += world->back;
    world->stop_at = world->agents_stop = world->asked_at = world->drains_at = NEVER;
    bool goes_on = rollout_adopt_end(&world->state) != ACTION_END;
    if (goes_on)
        *action = tell(world, ROLLOUT_BEGIN);
    return goes_on;
}

static void live(struct world *world)
{
    int steps = 0;

    make_fleet(world);
    enum rollout_action action = tell(world, ROLLOUT_BEGIN);
    for (;;) {
        CHECK(world, ++steps < STEPS_MAX);
        carry_out(world, action);
        bool has_ended = rollout_has_ended(&world->state);
        bool crashes = world->crashes_left > 0 && chance(world, has_ended ? 50 : 10);

        if (crashes && !resume(world, &action))
            return;
        if (!crashes && has_ended)
            break;
        if (!crashes)
            action = hear(world);
    }
    check_end(world);
}

static void every_history_ends_and_keeps_the_invariants(void **unused)
{
    (void)unused;
    static struct world world;
    size_t ends[PHASE_COUNT] = {0};
    size_t resumptions = 0;

    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        memset(&world, 0, sizeof world);
        world.seed = world.random = seed;
        live(&world);
        ends[world.state.phase]++;
        resumptions += world.resumptions;
    }
    printf("%d histories: %zu done, %zu stopped, %zu taken back, %zu halted; %zu times resumed\n",
           HISTORIES, ends[PHASE_DONE], ends[PHASE_STOPPED], ends[PHASE_TAKEN_BACK],
           ends[PHASE_HALTED], resumptions);
    assert_true(resumptions > HISTORIES / 10);
    for (size_t phase = PHASE_DONE; phase < PHASE_COUNT; phase++)
        assert_true(ends[phase] > HISTORIES / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_history_ends_and_keeps_the_invariants),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
