#include "orchestrator/stoppage.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "plans/attempt.h"
#include "plans/slice.h"

const char *stop_kind_name(enum stop_kind kind)
{
    static const char *const names[STOP_KIND_COUNT] = {
        [STOP_AT_WORK] = "at_work", [STOP_INTERRUPTED] = "interrupted", [STOP_FAILED] = "failed",
        [STOP_UNCLEAR] = "unclear", [STOP_UNREAD] = "unread",
    };

    return names[kind];
}

static struct stoppages *list_stopped(const struct survey *survey)
{
    struct stoppages *stoppages = xcalloc(1, sizeof *stoppages);

    stoppages->arena = arena_new();
    stoppages->items = arena_calloc(stoppages->arena, survey->count, sizeof *stoppages->items);
    for (size_t i = 0; i < survey->count; i++)
        if (survey->items[i].reached && survey->items[i].status.intent != NULL)
            stoppages->items[stoppages->count++] =
                (struct stoppage){.item = &survey->items[i], .kind = STOP_UNREAD};
    return stoppages;
}

static struct plan_step turned(const struct plan_step *step)
{
    struct plan_step back = *step;

    back.direction = step->direction == DIRECTION_DOWN ? DIRECTION_UP : DIRECTION_DOWN;
    back.run = step->undo;
    back.undo = step->run;
    back.no_way_back = NULL;
    return back;
}

/* Whether the attempt is one at this step of the plan, there or back. */
static bool is_attempt(struct stoppage *stoppage, const struct plan *plan,
                       const struct plan_step *step)
{
    const char *target = stoppage->item->target->name;
    const struct plan_step both[] = {*step, turned(step)};

    for (size_t i = 0; i < COUNT_OF(both); i++) {
        struct digest key = attempt_key(&plan->digest, target, step, both[i].direction);

        if (!digest_equal(&key, &stoppage->item->status.intent->attempt))
            continue;
        stoppage->step = both[i];
        return both[i].run.script != NULL;
    }
    return false;
}

static bool began_it(struct stoppage *stoppage, const struct plan *plan)
{
    const struct plan_target *target = plan_find_target(plan, stoppage->item->target->name);

    for (size_t i = 0; target != NULL && i < target->recipe->step_count; i++)
        if (is_attempt(stoppage, plan, &target->recipe->steps[i]))
            return true;
    return false;
}

static bool parse(struct stoppages *stoppages, struct stoppage *stoppage,
                  const struct plan_part *part, struct script *script)
{
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();

    return part->script == NULL ||
           script_parse(stoppages->arena, stoppage->item->target->engine, part->file,
                        part->script->sql, part->script->length, script, faults) ||
           !diagnostics_ok(faults, &stoppage->error);
}

/* One that cannot be read is as good as lost: NULL. */
static const struct plan *read_plan(struct stoppages *stoppages, struct store *store,
                                    const struct digest *digest)
{
    AUTO_BUFFER struct buffer document = {0};
    struct error ignored = {0};
    bool found;

    for (size_t i = 0; i < stoppages->plan_count; i++)
        if (digest_equal(&stoppages->plans[i]->digest, digest))
            return stoppages->plans[i];
    if (!store_read_plan(store, digest, &document, &found, &ignored) || !found)
        return NULL;
    struct plan *plan = plan_read(document.bytes, document.length, &ignored);
    if (plan == NULL)
        return NULL;
    stoppages->plans = xreallocarray(stoppages->plans, stoppages->plan_count + 1, sizeof plan);
    stoppages->plans[stoppages->plan_count++] = plan;
    return plan;
}

/* The newest plan that has the attempt. */
static bool find_plan(struct stoppages *stoppages, struct stoppage *stoppage, struct store *store,
                      struct error *err)
{
    struct past_job *jobs;
    size_t count;

    if (!store_read_jobs(store, stoppage->item->target->name, stoppages->arena, &jobs, &count, err))
        return false;
    for (size_t i = 0; i < count && stoppage->plan == NULL; i++) {
        const struct plan *plan = read_plan(stoppages, store, &jobs[i].plan);

        if (plan == NULL || !began_it(stoppage, plan))
            continue;
        stoppage->plan = plan;
        stoppage->run = (struct past_run){jobs[i].rollout, jobs[i].operator_name, jobs[i].state,
                                          jobs[i].message};
    }
    if (stoppage->plan == NULL)
        error_set(&stoppage->error, ERROR_CONFLICT,
                  "the plan that began it is not in this store: look from where it was applied");
    else
        (void)(parse(stoppages, stoppage, &stoppage->step.run, &stoppage->script) &&
               parse(stoppages, stoppage, &stoppage->step.undo, &stoppage->way_back));
    return true;
}

/* Which calls are about which stoppage. */
struct examining {
    struct stoppages *stoppages;
    size_t *places;
    json_t **slices;
    struct call *calls;
    size_t count;
};

static const char *copy(struct arena *arena, const char *text)
{
    return arena_strdup(arena, text);
}

static void keep_part(struct examining *examining, struct stoppage *stoppage,
                      const struct examined_part *part)
{
    struct arena *arena = examining->stoppages->arena;
    enum statement_state *states;

    if (part->count != stoppage->script.count) {
        error_set(&stoppage->error, ERROR_PROTOCOL,
                  "the agent tells of %zu statements, the script has %zu", part->count,
                  stoppage->script.count);
        return;
    }
    states = arena_calloc(arena, part->count, sizeof *states);
    if (part->count > 0)
        memcpy(states, part->states, part->count * sizeof *states);
    stoppage->part = *part;
    stoppage->part.states = states;
    stoppage->part.class = copy(arena, part->class);
    stoppage->part.session = copy(arena, part->session);
    stoppage->part.object = copy(arena, part->object);
    stoppage->part.before = copy(arena, part->before);
    stoppage->part.now = copy(arena, part->now);
    if (part->locked)
        stoppage->kind = STOP_AT_WORK;
    else if (part->trace == TRACE_UNCLEAR || part->lost_session > 0)
        stoppage->kind = STOP_UNCLEAR;
    else if (strcmp(stoppage->run.state, job_state_name(JOB_NEEDS_OPERATOR)) == 0)
        stoppage->kind = STOP_FAILED;
    else
        stoppage->kind = STOP_INTERRUPTED;
}

/* An agent's answer about another target than the one it was asked about is none. */
static void on_reply(void *context, size_t call, const struct reply *reply)
{
    struct examining *examining = context;
    struct stoppage *stoppage = &examining->stoppages->items[examining->places[call]];
    const char *name = stoppage->item->target->name;

    if (stoppage->kind != STOP_UNREAD || stoppage->error.code != ERROR_NONE)
        return;
    if (reply->kind == REPLY_EXAMINATION && strcmp(reply->target, name) == 0)
        keep_part(examining, stoppage, &reply->examination);
    else if (reply->kind == REPLY_TARGET && strcmp(reply->status.target, name) == 0 &&
             reply->status.error != NULL)
        stoppage->error = *reply->status.error;
    else if (reply->kind == REPLY_ERROR)
        stoppage->error = reply->error;
    else if (reply->kind == REPLY_END)
        error_set(&stoppage->error, ERROR_PROTOCOL, "its agent said nothing about it");
}

static void add_call(struct examining *examining, size_t place)
{
    const struct stoppage *stoppage = &examining->stoppages->items[place];
    const struct inventory_agent *agent = stoppage->item->target->agent;
    const struct plan_target *planned =
        plan_find_target(stoppage->plan, stoppage->item->target->name);
    size_t index = (size_t)(planned - stoppage->plan->targets);

    examining->places[examining->count] = place;
    examining->slices[examining->count] = slice_encode(stoppage->plan, &index, 1);
    examining->calls[examining->count] = (struct call){
        .kind = CALL_EXAMINE,
        .agent = agent != NULL ? agent->name : "local",
        .address = agent != NULL ? agent->address : NULL,
        .examine = {.slice = examining->slices[examining->count]},
    };
    examining->count++;
}

static bool examine(struct stoppages *stoppages, struct dispatcher *dispatcher, struct error *err)
{
    struct arena *arena = stoppages->arena;
    struct examining examining = {
        .stoppages = stoppages,
        .places = arena_calloc(arena, stoppages->count, sizeof *examining.places),
        .slices = arena_calloc(arena, stoppages->count, sizeof(json_t *)),
        .calls = arena_calloc(arena, stoppages->count, sizeof *examining.calls),
    };

    for (size_t i = 0; i < stoppages->count; i++)
        if (stoppages->items[i].plan != NULL && stoppages->items[i].error.code == ERROR_NONE)
            add_call(&examining, i);
    bool ok = examining.count == 0 || dispatcher_run(dispatcher, examining.calls, examining.count,
                                                     on_reply, &examining, err);
    for (size_t i = 0; i < examining.count; i++)
        json_decref(examining.slices[i]);
    return ok;
}

struct stoppages *stoppages_take(struct workspace *workspace, const struct survey *survey,
                                 struct error *err)
{
    AUTO(stoppages) struct stoppages *stoppages = list_stopped(survey);

    if (stoppages->count == 0)
        return TAKE(stoppages);
    struct store *store = workspace_store(workspace, err);
    struct dispatcher *dispatcher =
        store != NULL ? workspace_dispatcher(workspace, NULL, err) : NULL;
    if (dispatcher == NULL)
        return NULL;
    for (size_t i = 0; i < stoppages->count; i++)
        if (!find_plan(stoppages, &stoppages->items[i], store, err))
            return NULL;
    return examine(stoppages, dispatcher, err) ? TAKE(stoppages) : NULL;
}

void stoppages_free(struct stoppages *stoppages)
{
    if (stoppages == NULL)
        return;
    for (size_t i = 0; i < stoppages->plan_count; i++)
        plan_free(stoppages->plans[i]);
    free(stoppages->plans);
    arena_free(stoppages->arena);
    free(stoppages);
}

const struct stoppage *stoppages_find(const struct stoppages *stoppages,
                                      const struct target *target)
{
    for (size_t i = 0; i < stoppages->count; i++)
        if (stoppages->items[i].item->target == target)
            return &stoppages->items[i];
    return NULL;
}

bool stoppage_needs_operator(const struct stoppage *stoppage)
{
    return stoppage->kind == STOP_FAILED || stoppage->kind == STOP_UNCLEAR ||
           stoppage->kind == STOP_UNREAD;
}

bool stoppage_taken_back(const struct stoppage *stoppage)
{
    const struct examined_part *part = &stoppage->part;

    for (size_t i = 0; i < part->count; i++)
        if (part->states[i] == STATEMENT_UNDOING || part->states[i] == STATEMENT_UNDONE)
            return true;
    return false;
}
