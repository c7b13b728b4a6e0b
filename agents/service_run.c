/* The service's writing half: a verified slice becomes jobs. */
#include <string.h>

#include "agents/executor.h"
#include "agents/service_parts.h"
#include "common/fault.h"
#include "plans/plan_policy.h"

/* One request to run, as the workers see it. */
struct running {
    struct service *service;
    const struct run_request *request;
    const struct slice *slice;
    const char *operator_name;
    const struct run_selection *selection; /* NULL: all targets */
    bool *applied;                         /* under confirm_within: which targets; else NULL */
    bool *went_back;                       /* on a way back: which targets; else NULL */
    const void *listener;
    struct run *run;
    struct reply_channel *channel;
};

/* The most signatures that any of our targets in the slice demands. */
static int signatures_needed(const struct service *service, const struct slice *slice)
{
    int needed = 0;

    for (size_t i = 0; i < slice->plan.target_count; i++) {
        const struct agent_target *target = service_target(service, slice->plan.targets[i].name);

        if (target != NULL && target->approvals > needed)
            needed = target->approvals;
    }
    return needed;
}

static bool knows_plan(struct service *service, const struct digest *plan)
{
    struct journal *journal = service->settings.journal;

    return journal != NULL ? journal_knows_plan(journal, plan)
                           : runs_knows_plan(service->runs, plan);
}

bool service_verify(struct service *service, const struct slice *slice, enum slice_use use,
                    struct error *err)
{
    const struct clock *clock = service->settings.clock;
    int64_t now_ms = use == SLICE_TO_LOOK ? 0 : clock->wall_ms(clock);

    pthread_rwlock_rdlock(&service->trust_lock);
    const struct slice_rules rules = {
        .fleet = service->settings.fleet,
        .now_ms = now_ms,
        .keys = service->keys,
        .key_count = service->key_count,
        .signatures_needed = signatures_needed(service, slice),
        .seen_before = knows_plan(service, &slice->plan.digest),
        .to_take_back = use == SLICE_TO_TAKE_BACK,
    };
    bool valid = slice_verify(slice, &rules, err) && !FAULT_ERROR(plan_verified, err);

    pthread_rwlock_unlock(&service->trust_lock);
    return valid;
}

static size_t longer(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* The most outcomes that the slice can have: of each job, a repair, its steps there and back, and
   its end. */
static size_t outcomes_of(const struct slice *slice)
{
    size_t steps = 0;

    for (size_t i = 0; i < slice->plan.target_count; i++)
        steps = longer(steps, slice->plan.targets[i].recipe->step_count);
    return slice->plan.target_count * (2 * steps + 2);
}

/* Durable before anything is done for it. */
static bool enter_journal(struct service *service, const struct run_request *request,
                          const struct slice *slice, struct error *err)
{
    const struct plan_header *header = &slice->plan.header;
    AUTO(arena) struct arena *arena = arena_new();
    const char **names = arena_calloc(arena, slice->plan.target_count, sizeof *names);
    size_t count = 0;

    for (size_t i = 0; i < slice->plan.target_count; i++)
        if (service_target(service, slice->plan.targets[i].name) != NULL)
            names[count++] = slice->plan.targets[i].name;
    const struct acceptance acceptance = {
        .plan = slice->plan.digest,
        .nonce = header->nonce,
        .environment = header->environment,
        .store = request->store,
        .rollout = request->rollout,
        .epoch = request->epoch,
        .until_ms = header->finish_by_ms > header->rollback_until_ms ? header->finish_by_ms
                                                                     : header->rollback_until_ms,
        .targets = names,
        .target_count = count,
    };

    return journal_accept(service->settings.journal, &acceptance, outcomes_of(slice), err);
}

/* The agent remembers what it accepted, in its journal or as long as the process lives. */
static bool accept_plan(struct service *service, const struct run_request *request,
                        const struct slice *slice, struct error *err)
{
    const struct clock *clock = service->settings.clock;

    if (service->settings.journal == NULL)
        runs_note_plan(service->runs, &slice->plan.digest, slice->plan.header.finish_by_ms,
                       clock->wall_ms(clock));
    else if (!enter_journal(service, request, slice, err))
        return false;
    FAULT_POINT(plan_accepted);
    return true;
}

bool service_check_scope(const struct service *service, const struct plan_header *header,
                         const struct plan_target *planned, const struct agent_target *target,
                         struct error *err)
{
    if (strcmp(planned->agent, service->settings.agent) != 0)
        return error_set(err, ERROR_IDENTITY, "the plan gives it to agent %s, this is %s",
                         planned->agent, service->settings.agent);
    if (target->environment != NULL && strcmp(target->environment, header->environment) != 0)
        return error_set(err, ERROR_VERIFY,
                         "the plan is for environment %s, this agent has the target in %s",
                         header->environment, target->environment);
    if (target->engine != planned->engine)
        return error_set(err, ERROR_VERIFY, "the plan is for %s, this agent has the target on %s",
                         engine_kind_name(planned->engine), engine_kind_name(target->engine));
    return true;
}

static bool check_time(const struct running *running, struct error *err)
{
    const struct clock *clock = running->service->settings.clock;

    if (running->request->back || clock->wall_ms(clock) <= running->slice->plan.header.finish_by_ms)
        return true;
    return error_set(err, ERROR_VERIFY,
                     "the time in which the plan's jobs may begin is over; make a new plan");
}

/* Each target has one job, and so one thread. */
static void note_end(const struct running *running, const struct run_event *event)
{
    const struct plan *plan = &running->slice->plan;
    bool *flags = event->job == JOB_APPLIED       ? running->applied
                  : event->job == JOB_ROLLED_BACK ? running->went_back
                                                  : NULL;
    const struct plan_target *target = flags != NULL ? plan_find_target(plan, event->target) : NULL;

    if (target != NULL)
        flags[target - plan->targets] = true;
}

/* The journal has it before anybody is told. */
static void tell(const struct running *running, const struct run_event *event)
{
    struct journal *journal = running->service->settings.journal;

    if (event->kind == RUN_JOB)
        note_end(running, event);
    if (journal != NULL)
        journal_note(journal, running->request->rollout, event);
    reply_channel_event(running->channel, event);
}

static void tell_job(const struct running *running, const char *target, enum job_state state,
                     struct error *err)
{
    if (err != NULL)
        error_at_target(err, target);
    tell(running,
         &(struct run_event){.kind = RUN_JOB, .target = target, .job = state, .error = err});
}

static void observe(void *context, const struct run_event *event)
{
    const struct running *running = context;
    struct run_event reasoned = *event;

    if (running->selection != NULL && event->kind == RUN_JOB && event->job == JOB_ROLLED_BACK &&
        event->error == NULL)
        reasoned.error = running->selection->reason;
    tell(running, &reasoned);
}

static struct executor_limits limits_of(const struct service_settings *settings)
{
    struct executor_limits limits = executor_limits_default();

    if (settings->lock_timeout_ms > 0)
        limits.lock_timeout_ms = settings->lock_timeout_ms;
    if (settings->lock_budget_ms > 0)
        limits.lock_budget_ms = settings->lock_budget_ms;
    if (settings->max_blocking_ms > 0)
        limits.max_blocking_ms = settings->max_blocking_ms;
    if (settings->long_transaction_ms > 0)
        limits.long_transaction_ms = settings->long_transaction_ms;
    if (settings->any_transaction)
        limits.long_transaction_ms = 0;
    limits.any_space = settings->any_space;
    limits.statement_timeout_ms = settings->statement_timeout_ms;
    return limits;
}

/* Runs the job of a target that is claimed for it. */
static bool run_claimed(struct running *running, const struct plan_target *planned,
                        const struct agent_target *target, struct error *err)
{
    const struct service_settings *settings = &running->service->settings;
    const struct executor_limits limits = limits_of(settings);
    const struct job job = {
        .plan = &running->slice->plan,
        .target = planned,
        .store = running->request->store,
        .rollout = running->request->rollout,
        .operator_name = running->operator_name,
        .epoch = running->request->epoch,
        .back = running->request->back,
        .keep = running->request->keep,
    };
    bool kept;

    if (FAULT_ERROR(job_claimed, err))
        return false;
    struct session *session = session_cache_take(running->service->cache, target, &kept, err);

    if (session == NULL)
        return false;
    FAULT_POINT(session_taken);
    tell_job(running, planned->name, JOB_STARTED, NULL);
    /* The observer was told how it ended, and why. */
    struct error told = {0};
    (void)!executor_run(session, &job, &limits, settings->random, observe, running, &told);
    FAULT_POINT(job_ended);
    session_cache_put(running->service->cache, session, SESSION_RAN_SCRIPTS);
    return true;
}

static bool run_target(struct running *running, const struct plan_target *planned,
                       struct error *err)
{
    struct service *service = running->service;
    const struct agent_target *target = service_target(service, planned->name);

    if (target == NULL)
        return service_refuse_foreign(service, planned->name, err);
    if (!service_check_scope(service, &running->slice->plan.header, planned, target, err) ||
        !check_time(running, err))
        return false;

    const struct run_request *request = running->request;
    struct journal *journal = service->settings.journal;
    if (journal != NULL &&
        !journal_may_begin(journal, planned->name, request->rollout, request->epoch, err))
        return false;

    struct unconfirmed *unconfirmed = service->settings.unconfirmed;
    if (unconfirmed != NULL &&
        !unconfirmed_may_begin(unconfirmed, planned->name, &running->slice->plan.digest, err))
        return false;

    size_t index = (size_t)(target - service->settings.targets);
    if (!runs_claim(service->runs, running->run, index, err))
        return false;
    bool begun = run_claimed(running, planned, target, err);
    runs_release(service->runs, index);
    return begun;
}

static bool may_begin(const struct running *running, struct error *err)
{
    const struct plan_policy *policy = &running->slice->plan.header.policy;

    if (run_is_stopped(running->run))
        return error_set(err, ERROR_CANCELLED, "the rollout was stopped before this job began");
    return running->request->back ||
           plan_policy_may_begin(policy, running->service->settings.clock, err);
}

static bool is_selected(const struct running *running, const char *name)
{
    const struct run_selection *selection = running->selection;

    if (selection == NULL)
        return true;
    for (size_t i = 0; i < selection->count; i++)
        if (strcmp(selection->targets[i], name) == 0)
            return true;
    return false;
}

static void run_item(void *context, size_t index)
{
    struct running *running = context;
    const struct plan_target *planned = &running->slice->plan.targets[index];
    struct error err = {0};

    if (!is_selected(running, planned->name))
        return;
    if (!may_begin(running, &err)) {
        tell_job(running, planned->name, err.code == ERROR_CANCELLED ? JOB_SKIPPED : JOB_REFUSED,
                 &err);
    } else if (!run_target(running, planned, &err)) {
        tell_job(running, planned->name, JOB_REFUSED, &err);
    }
}

/* False only if what came of it could not be made durable. */
static bool run_slice(struct running *running, struct error *err)
{
    struct service *service = running->service;
    int parallel = running->request->max_parallel;

    running->run = runs_begin(service->runs, running->request->rollout, running->listener);
    reply_channel_event(running->channel, &(struct run_event){.kind = RUN_ACCEPTED});
    worker_pool_for_each(service->pool, running->slice->plan.target_count,
                         parallel > 0 ? (size_t)parallel : 1, run_item, running);
    runs_end(service->runs, running->run);
    FAULT_POINT(run_ended);
    return service->settings.journal == NULL || journal_sync(service->settings.journal, err);
}

/* The targets that the run has applied, and those that it took back. */
static const char **names_where(const struct running *running, const bool *flags, size_t *count)
{
    const struct plan *plan = &running->slice->plan;
    const char **names = arena_calloc(plan->arena, plan->target_count, sizeof *names);

    *count = 0;
    for (size_t i = 0; i < plan->target_count; i++)
        if (flags[i])
            names[(*count)++] = plan->targets[i].name;
    return names;
}

/* What it applies waits for its confirmation; that is durable before anything begins. */
static bool run_unconfirmed(struct running *running, struct error *err)
{
    const struct plan *plan = &running->slice->plan;
    struct unconfirmed *unconfirmed = running->service->settings.unconfirmed;
    char id[UNCONFIRMED_ID_SIZE];
    size_t count;

    if (unconfirmed == NULL)
        return error_set(err, ERROR_UNSUPPORTED,
                         "confirm_within needs an agent of its own, which outlives the command");
    running->applied = arena_calloc(plan->arena, plan->target_count, sizeof *running->applied);
    if (!unconfirmed_begin(unconfirmed, running->request, plan, running->operator_name, id, err))
        return false;
    bool ok = run_slice(running, err);
    const char **names = names_where(running, running->applied, &count);
    struct error unkept = {0};
    return unconfirmed_wait(unconfirmed, id, names, count, ok ? err : &unkept) && ok;
}

/* What a conductor took back waits for nothing any more. */
static bool run_back(struct running *running, struct error *err)
{
    const struct plan *plan = &running->slice->plan;
    struct unconfirmed *unconfirmed = running->service->settings.unconfirmed;
    size_t count;

    running->went_back = arena_calloc(plan->arena, plan->target_count, sizeof *running->went_back);
    bool *late = arena_calloc(plan->arena, plan->target_count, sizeof *late);
    if (!run_slice(running, err))
        return false;
    const char **names = names_where(running, running->went_back, &count);
    return unconfirmed == NULL || running->selection != NULL ||
           unconfirmed_settle(unconfirmed, &plan->digest, names, count, late, err);
}

static bool run_request(struct running *running, struct error *err)
{
    if (running->request->back)
        return run_back(running, err);
    return running->slice->plan.header.policy.confirm_within_ms > 0 ? run_unconfirmed(running, err)
                                                                    : run_slice(running, err);
}

void service_run_selected(struct service *service, const struct run_request *request,
                          const char *operator_name, const struct run_selection *selection,
                          reply_sink sink, void *context)
{
    AUTO(reply_channel) struct reply_channel *channel = reply_channel_new(sink, context);
    struct error err = {0};
    AUTO(slice) struct slice *slice = slice_decode(request->slice, &err);

    if (slice == NULL || FAULT_ERROR(request_run, &err) ||
        !service_verify(service, slice, request->back ? SLICE_TO_TAKE_BACK : SLICE_TO_RUN, &err) ||
        !accept_plan(service, request, slice, &err)) {
        reply_channel_end(channel, &err);
        return;
    }
    struct running running = {.service = service,
                              .request = request,
                              .slice = slice,
                              .operator_name = operator_name,
                              .selection = selection,
                              .listener = context,
                              .channel = channel};
    reply_channel_end(channel, run_request(&running, &err) ? NULL : &err);
}

void service_run(struct service *service, const struct run_request *request,
                 const char *operator_name, reply_sink sink, void *context)
{
    service_run_selected(service, request, operator_name, NULL, sink, context);
}
