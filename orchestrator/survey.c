#include "orchestrator/survey.h"

#include <assert.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/fault.h"
#include "common/memory.h"
#include "orchestrator/agent_calls.h"

/* The survey while it is taken. */
struct taking {
    struct survey *survey;
    struct agent_shares shares;
    struct survey_question question;
    void *sets;        /* tree of struct applied_set by id */
    size_t *sets_told; /* by each call */
};

static int compare_sets(const void *a, const void *b)
{
    return digest_compare(&((const struct applied_set *)a)->id,
                          &((const struct applied_set *)b)->id);
}

/* Copies a set into the survey unless an equal one is there. An agent has as many as it was asked
   about targets at most. */
static void keep_set(struct taking *taking, size_t call, const struct applied_set *set)
{
    struct arena *arena = taking->survey->arena;

    if (taking->sets_told[call] == taking->shares.items[call].count ||
        tfind(set, &taking->sets, compare_sets) != NULL)
        return;
    taking->sets_told[call]++;
    struct applied_set *copy = arena_calloc(arena, 1, sizeof *copy);
    struct applied *items = arena_calloc(arena, set->count, sizeof *items);
    for (size_t i = 0; i < set->count; i++) {
        items[i] = set->items[i];
        items[i].version = arena_strdup(arena, set->items[i].version);
        items[i].name = arena_strdup(arena, set->items[i].name);
    }
    *copy = (struct applied_set){.id = set->id, .items = items, .count = set->count};
    tsearch(copy, &taking->sets, compare_sets);
}

static const struct open_intent *copy_intent(struct arena *arena, const struct open_intent *intent)
{
    struct open_intent *copy = arena_calloc(arena, 1, sizeof *copy);

    *copy = *intent;
    copy->version = arena_strdup(arena, intent->version);
    copy->name = arena_strdup(arena, intent->name);
    copy->summary = arena_strdup(arena, intent->summary);
    return copy;
}

/* Only what was asked for, and only once. */
static void keep_foreign(struct taking *taking, struct surveyed *item,
                         const struct foreign_history *history)
{
    struct arena *arena = taking->survey->arena;

    if (taking->question.foreign == NULL || item->foreign != NULL)
        return;
    struct foreign_history *copy = arena_calloc(arena, 1, sizeof *copy);
    struct foreign_row *rows = arena_calloc(arena, history->row_count, sizeof *rows);
    for (size_t i = 0; i < history->row_count; i++) {
        rows[i] = history->rows[i];
        rows[i].version = arena_strdup(arena, history->rows[i].version);
    }
    *copy = *history;
    copy->rows = rows;
    item->foreign = copy;
}

static void fail_item(struct surveyed *item, const struct error *err)
{
    item->reached = false;
    item->error = *err;
    error_at_target(&item->error, item->target->name);
}

static void keep_status(struct taking *taking, struct surveyed *item,
                        const struct target_status *status)
{
    struct arena *arena = taking->survey->arena;
    const struct applied_set key = {.id = status->applied};
    void *set = tfind(&key, &taking->sets, compare_sets);
    struct error err = {0};

    if (status->error != NULL) {
        fail_item(item, status->error);
        return;
    }
    if (status->engine != item->target->engine)
        error_set(&err, ERROR_PROTOCOL, "the agent says it is %s, the inventory says %s",
                  engine_kind_name(status->engine), engine_kind_name(item->target->engine));
    else if (set == NULL)
        error_set(&err, ERROR_PROTOCOL, "the agent did not say what is applied");
    else if (taking->question.foreign != NULL && item->foreign == NULL)
        error_set(&err, ERROR_PROTOCOL, "the agent did not say what %s's history has",
                  foreign_tool_name(taking->question.foreign->tool));
    if (err.code != ERROR_NONE) {
        fail_item(item, &err);
        return;
    }
    assert(set != NULL);
    item->reached = true;
    item->status = *status;
    item->status.target = item->target->name;
    item->status.server = arena_strdup(arena, status->server);
    item->status.identity = arena_strdup(arena, status->identity);
    item->status.store = arena_strdup(arena, status->store);
    item->status.at_work = arena_strdup(arena, status->at_work);
    if (status->intent != NULL)
        item->status.intent = copy_intent(arena, status->intent);
    item->applied = *(struct applied_set **)set;
}

/* Targets of a share that the agent said nothing about fail with the error. */
static void fail_unanswered(struct taking *taking, const struct agent_share *share,
                            const struct error *err)
{
    for (size_t i = 0; i < share->count; i++) {
        struct surveyed *item = &taking->survey->items[share->members[i]];

        if (!item->reached && item->error.code == ERROR_NONE)
            fail_item(item, err);
    }
}

static void on_reply(void *context, size_t call, const struct reply *reply)
{
    struct taking *taking = context;
    const struct agent_share *share = &taking->shares.items[call];
    struct error silent = {0};
    size_t place;

    switch (reply->kind) {
    case REPLY_HISTORY:
        keep_set(taking, call, &reply->set);
        break;
    case REPLY_TARGET:
        if (agent_share_find(share, reply->status.target, &place))
            keep_status(taking, &taking->survey->items[place], &reply->status);
        break;
    case REPLY_FOREIGN:
        if (agent_share_find(share, reply->target, &place))
            keep_foreign(taking, &taking->survey->items[place], &reply->foreign);
        break;
    case REPLY_OUTCOME:
        if (taking->question.collection != NULL && share->address != NULL)
            collection_take(taking->question.collection, share->agent, reply);
        break;
    case REPLY_ERROR:
        fail_unanswered(taking, share, &reply->error);
        break;
    case REPLY_END:
        error_set(&silent, ERROR_PROTOCOL, "agent %s said nothing about it", share->agent);
        fail_unanswered(taking, share, &silent);
        break;
    case REPLY_HEARTBEAT:
    case REPLY_ROWS:
    case REPLY_SCHEMA:
    case REPLY_EVENT:
    case REPLY_EXAMINATION:
    case REPLY_KIND_COUNT:
        break;
    }
}

static void sum_up(struct survey *survey)
{
    for (size_t i = 0; i < survey->count; i++) {
        const struct surveyed *item = &survey->items[i];

        if (!item->reached)
            survey->unreached++;
        else if (item->status.epoch > survey->epoch_seen)
            survey->epoch_seen = item->status.epoch;
    }
}

static void no_free(void *set)
{
    (void)set;
}

/* Each remote agent is also asked what it has kept. */
static bool ask_for_outcomes(struct taking *taking, struct call *calls, struct error *err)
{
    struct collection *collection = taking->question.collection;

    for (size_t i = 0; collection != NULL && i < taking->shares.count; i++) {
        if (calls[i].address == NULL)
            continue;
        calls[i].status.outcomes = collection_request(collection, calls[i].agent, err);
        if (calls[i].status.outcomes == NULL)
            return false;
    }
    return true;
}

static struct call *make_calls(struct taking *taking)
{
    struct arena *arena = taking->survey->arena;
    struct call *calls = arena_calloc(arena, taking->shares.count, sizeof *calls);

    for (size_t i = 0; i < taking->shares.count; i++) {
        const struct agent_share *share = &taking->shares.items[i];

        calls[i] = (struct call){
            .kind = CALL_STATUS,
            .agent = share->agent,
            .address = share->address,
            .status = {.targets = share->names,
                       .target_count = share->count,
                       .fingerprint = taking->question.fingerprint,
                       .foreign = taking->question.foreign},
        };
    }
    return calls;
}

struct survey *survey_take(struct dispatcher *dispatcher, const struct inventory *inventory,
                           const struct selection *selection,
                           const struct survey_question *question, struct error *err)
{
    AUTO(survey) struct survey *survey = xcalloc(1, sizeof *survey);
    struct taking taking = {.survey = survey};

    if (question != NULL)
        taking.question = *question;
    survey->arena = arena_new();
    survey->count = selection->count;
    survey->items = arena_calloc(survey->arena, selection->count, sizeof *survey->items);
    for (size_t i = 0; i < selection->count; i++)
        survey->items[i].target = selection->targets[i];
    taking.shares = agent_shares_of(survey->arena, inventory, selection->targets, selection->count);
    struct call *calls = make_calls(&taking);
    taking.sets_told = arena_calloc(survey->arena, taking.shares.count, sizeof *taking.sets_told);
    bool ok =
        ask_for_outcomes(&taking, calls, err) &&
        dispatcher_run(dispatcher, calls, taking.shares.count, on_reply, &taking, err) &&
        (taking.question.collection == NULL || collection_record(taking.question.collection, err));
    agent_shares_free(&taking.shares);
    tdestroy(taking.sets, no_free);
    sum_up(survey);
    FAULT_POINT(survey_taken);
    return ok ? TAKE(survey) : NULL;
}

bool survey_is_going_back(const struct surveyed *item)
{
    const struct open_intent *intent = item->reached ? item->status.intent : NULL;
    const struct applied *newest = NULL;

    for (size_t i = 0; intent != NULL && item->applied != NULL && i < item->applied->count; i++)
        if (item->applied->items[i].version[0] != '\0')
            newest = &item->applied->items[i];
    return newest != NULL && intent->direction == DIRECTION_DOWN &&
           strcmp(newest->version, intent->version) == 0 && strcmp(newest->name, intent->name) == 0;
}

struct target_state survey_state(const struct surveyed *item)
{
    const struct inventory_agent *agent = item->target->agent;
    /* A file's device and inode change when it is copied back or the host starts again. */
    bool in_file = item->target->engine == ENGINE_SQLITE;

    return (struct target_state){
        .name = item->target->name,
        .agent = agent != NULL ? agent->name : "local",
        .engine = item->target->engine,
        .head = item->status.head,
        .identity = in_file ? NULL : item->status.identity,
        .timeline = item->status.timeline,
        .server = item->status.server,
        .read_only = item->status.read_only,
        .applied = item->applied,
        .going_back = survey_is_going_back(item),
    };
}

const struct target_state *survey_states(struct survey *survey, size_t *count)
{
    struct target_state *states = arena_calloc(survey->arena, survey->count, sizeof *states);

    *count = 0;
    for (size_t i = 0; i < survey->count; i++)
        if (survey->items[i].reached)
            states[(*count)++] = survey_state(&survey->items[i]);
    return states;
}

void survey_free(struct survey *survey)
{
    if (survey == NULL)
        return;
    arena_free(survey->arena);
    free(survey);
}
