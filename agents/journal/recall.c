#include "agents/journal/recall.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/* One target: who may act on it, and who does. */
struct known_target {
    char *name;
    char rollout[33]; /* that has the epoch */
    int64_t epoch;
    char busy[33]; /* the rollout whose job is under way; "" if none is */
    char *step;    /* of that job; NULL if none has begun */
};

/* As it was written: it is read again when it is handed over, which is seldom. */
struct known_outcome {
    struct known_outcome *next;
    int64_t seq;
    size_t length;
    char payload[];
};

/* A rollout that was accepted. */
struct known_rollout {
    struct known_rollout *next;
    struct digest plan;
    char nonce[33], store[33], id[33];
    char *environment;
    int64_t epoch, until_ms;
    struct known_outcome *first, **last; /* by seq, rising */
};

struct recall {
    void *targets; /* tree of struct known_target by name */
    struct known_rollout *first, **last;
};

struct recall *recall_new(void)
{
    struct recall *recall = xcalloc(1, sizeof *recall);

    recall->last = &recall->first;
    return recall;
}

static void free_target(void *node)
{
    struct known_target *target = node;

    free(target->name);
    free(target->step);
    free(target);
}

static void drop_outcomes(struct known_rollout *rollout, int64_t through)
{
    while (rollout->first != NULL && rollout->first->seq <= through) {
        struct known_outcome *gone = rollout->first;

        rollout->first = gone->next;
        free(gone);
    }
    if (rollout->first == NULL)
        rollout->last = &rollout->first;
}

static void free_rollout(struct known_rollout *rollout)
{
    drop_outcomes(rollout, INT64_MAX);
    free(rollout->environment);
    free(rollout);
}

void recall_free(struct recall *recall)
{
    if (recall == NULL)
        return;
    tdestroy(recall->targets, free_target);
    while (recall->first != NULL) {
        struct known_rollout *rollout = recall->first;

        recall->first = rollout->next;
        free_rollout(rollout);
    }
    free(recall);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct known_target *)a)->name, ((const struct known_target *)b)->name);
}

static struct known_target *find_target(const struct recall *recall, const char *name)
{
    AUTO(text) char *copy = xstrdup(name);
    const struct known_target key = {.name = copy};
    void *found = tfind(&key, &recall->targets, compare_names);

    return found != NULL ? *(struct known_target **)found : NULL;
}

static struct known_target *get_target(struct recall *recall, const char *name)
{
    struct known_target *target = find_target(recall, name);

    if (target == NULL) {
        target = xcalloc(1, sizeof *target);
        target->name = xstrdup(name);
        tsearch(target, &recall->targets, compare_names);
    }
    return target;
}

static struct known_rollout *find_rollout(const struct recall *recall, const char *id)
{
    struct known_rollout *rollout = recall->first;

    while (rollout != NULL && strcmp(rollout->id, id) != 0)
        rollout = rollout->next;
    return rollout;
}

static void put_id(char to[33], const char *id)
{
    size_t length = strnlen(id, 32);

    memcpy(to, id, length);
    to[length] = '\0';
}

static void note_epoch(struct recall *recall, const char *name, const char *rollout, int64_t epoch)
{
    struct known_target *target = get_target(recall, name);

    if (epoch <= target->epoch || epoch - target->epoch > EPOCH_LEAP_MAX)
        return;
    target->epoch = epoch;
    put_id(target->rollout, rollout);
}

static void take_accepted(struct recall *recall, const struct journal_entry *entry,
                          const struct record_bytes *bytes)
{
    (void)bytes;
    const struct acceptance *acceptance = &entry->accepted;
    struct known_rollout *rollout = find_rollout(recall, acceptance->rollout);

    if (rollout == NULL) {
        rollout = xcalloc(1, sizeof *rollout);
        rollout->plan = acceptance->plan;
        rollout->environment = xstrdup(acceptance->environment);
        rollout->epoch = acceptance->epoch;
        rollout->until_ms = acceptance->until_ms;
        put_id(rollout->nonce, acceptance->nonce);
        put_id(rollout->store, acceptance->store);
        put_id(rollout->id, acceptance->rollout);
        rollout->last = &rollout->first;
        *recall->last = rollout;
        recall->last = &rollout->next;
    }
    for (size_t i = 0; i < acceptance->target_count; i++)
        note_epoch(recall, acceptance->targets[i], acceptance->rollout, acceptance->epoch);
}

/* What compaction wrote was judged before. */
static void take_seen(struct recall *recall, const struct journal_entry *entry,
                      const struct record_bytes *bytes)
{
    (void)bytes;
    struct known_target *target = get_target(recall, entry->seen.target);

    target->epoch = entry->seen.epoch;
    put_id(target->rollout, entry->seen.rollout);
}

static void take_begun(struct recall *recall, const struct journal_entry *entry,
                       const struct record_bytes *bytes)
{
    (void)bytes;
    struct known_target *target = get_target(recall, entry->begun.target);

    put_id(target->busy, entry->begun.rollout);
    free(target->step);
    target->step = entry->begun.step[0] != '\0' ? xstrdup(entry->begun.step) : NULL;
}

/* A job that was refused while another rollout's was under way ends nothing. */
static void end_job(struct recall *recall, const struct reply *outcome)
{
    struct known_target *target = find_target(recall, outcome->event.target);

    if (target == NULL || strcmp(target->busy, outcome->rollout) != 0)
        return;
    target->busy[0] = '\0';
    free(target->step);
    target->step = NULL;
}

static void keep_outcome(struct known_rollout *rollout, int64_t seq,
                         const struct record_bytes *bytes)
{
    struct known_outcome *kept = xcalloc(1, sizeof *kept + bytes->length);

    kept->seq = seq;
    kept->length = bytes->length;
    memcpy(kept->payload, bytes->payload, bytes->length);
    *rollout->last = kept;
    rollout->last = &kept->next;
}

static void take_outcome(struct recall *recall, const struct journal_entry *entry,
                         const struct record_bytes *bytes)
{
    struct known_rollout *rollout = find_rollout(recall, entry->outcome.rollout);

    if (entry->outcome.event.kind == RUN_JOB)
        end_job(recall, &entry->outcome);
    if (rollout != NULL)
        keep_outcome(rollout, entry->outcome.seq, bytes);
}

static void take_acknowledged(struct recall *recall, const struct journal_entry *entry,
                              const struct record_bytes *bytes)
{
    (void)bytes;
    struct known_rollout *rollout = find_rollout(recall, entry->acknowledged.rollout);

    if (rollout != NULL)
        drop_outcomes(rollout, entry->acknowledged.through);
}

void recall_take(struct recall *recall, const struct journal_entry *entry,
                 const struct record_bytes *bytes)
{
    static void (*const takers[])(struct recall *, const struct journal_entry *,
                                  const struct record_bytes *) = {
        [ENTRY_ACCEPTED] = take_accepted,
        [ENTRY_SEEN] = take_seen,
        [ENTRY_BEGUN] = take_begun,
        [ENTRY_OUTCOME] = take_outcome,
        [ENTRY_ACKNOWLEDGED] = take_acknowledged,
    };

    takers[entry->type](recall, entry, bytes);
}

bool recall_knows_plan(const struct recall *recall, const struct digest *plan)
{
    for (const struct known_rollout *known = recall->first; known != NULL; known = known->next)
        if (digest_equal(&known->plan, plan))
            return true;
    return false;
}

bool recall_may_accept(const struct recall *recall, const struct acceptance *acceptance,
                       struct error *err)
{
    for (const struct known_rollout *known = recall->first; known != NULL; known = known->next) {
        bool same_plan = digest_equal(&known->plan, &acceptance->plan);
        bool same_rollout = strcmp(known->id, acceptance->rollout) == 0;

        if (!same_plan && strcmp(known->nonce, acceptance->nonce) == 0)
            return error_set(err, ERROR_VERIFY,
                             "a plan with this nonce was accepted before, with another content; "
                             "make a new plan");
        if (same_rollout && (!same_plan || known->epoch != acceptance->epoch ||
                             strcmp(known->store, acceptance->store) != 0))
            return error_set(err, ERROR_VERIFY,
                             "rollout %.12s was accepted before with another plan, epoch or store; "
                             "apply again, which begins a new one",
                             known->id);
    }
    return true;
}

bool recall_may_begin(const struct recall *recall, const char *name, const char *rollout,
                      int64_t epoch, struct error *err)
{
    const struct known_target *target = find_target(recall, name);

    if (target == NULL || epoch > target->epoch ||
        (epoch == target->epoch && strcmp(target->rollout, rollout) == 0))
        return true;
    return error_set(err, ERROR_FENCED,
                     "this agent has accepted rollout %.12s with epoch %" PRId64
                     " for the target; this one (%.12s) has epoch %" PRId64,
                     target->rollout, target->epoch, rollout, epoch);
}

int64_t recall_epoch(const struct recall *recall, const char *name)
{
    const struct known_target *target = find_target(recall, name);

    return target != NULL ? target->epoch : 0;
}

struct target_visit {
    void (*visit)(const struct known_target *target, void *context);
    void *context;
};

static void visit_node(const void *node, VISIT order, void *closure)
{
    const struct target_visit *visit = closure;

    if (order == postorder || order == leaf)
        visit->visit(*(const struct known_target *const *)node, visit->context);
}

struct unfinished_visit {
    beginning_function function;
    void *context;
};

static void visit_unfinished(const struct known_target *target, void *context)
{
    const struct unfinished_visit *visit = context;
    const struct beginning beginning = {.target = target->name,
                                        .rollout = target->busy,
                                        .step = target->step != NULL ? target->step : ""};

    if (target->busy[0] != '\0')
        visit->function(visit->context, &beginning);
}

void recall_unfinished(const struct recall *recall, beginning_function function, void *context)
{
    struct unfinished_visit inner = {function, context};
    struct target_visit visit = {visit_unfinished, &inner};

    twalk_r(recall->targets, visit_node, &visit);
}

/* What was kept was read or written here, so it can be read. */
static void tell_outcome(const struct known_outcome *kept, outcome_function function, void *context)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct frame frame = {.type = ENTRY_OUTCOME,
                                .format = JOURNAL_FORMAT,
                                .payload = kept->payload,
                                .length = (uint32_t)kept->length};
    struct journal_entry entry;
    struct error err = {0};

    if (entry_read(&frame, arena, &entry, &err))
        function(context, &entry.outcome);
}

void recall_outcomes(const struct recall *recall, const char *store, outcome_function function,
                     void *context)
{
    for (const struct known_rollout *known = recall->first; known != NULL; known = known->next) {
        if (store != NULL && strcmp(known->store, store) != 0)
            continue;
        for (const struct known_outcome *kept = known->first; kept != NULL; kept = kept->next)
            tell_outcome(kept, function, context);
    }
}

bool recall_is_of_store(const struct recall *recall, const char *rollout, const char *store)
{
    const struct known_rollout *known = find_rollout(recall, rollout);

    return known != NULL && strcmp(known->store, store) == 0;
}

void recall_forget(struct recall *recall, int64_t now_ms)
{
    struct known_rollout **place = &recall->first;

    while (*place != NULL) {
        struct known_rollout *rollout = *place;
        int64_t since_ms = now_ms - rollout->until_ms;

        if (since_ms <= 0 || (rollout->first != NULL && since_ms <= RECALL_KEEP_MS)) {
            place = &rollout->next;
            continue;
        }
        *place = rollout->next;
        free_rollout(rollout);
    }
    recall->last = place;
}

struct writing {
    record_function function;
    void *context;
};

static void write_entry(const struct writing *writing, const struct journal_entry *entry)
{
    AUTO_BUFFER struct buffer payload = {0};

    entry_write(entry, &payload);
    const struct record_bytes bytes = {entry->type, payload.bytes, payload.length};
    writing->function(writing->context, &bytes);
}

static void write_target(const struct known_target *target, void *context)
{
    const struct writing *writing = context;
    const struct journal_entry seen = {.type = ENTRY_SEEN,
                                       .seen = {target->name, target->rollout, target->epoch}};

    if (target->epoch > 0)
        write_entry(writing, &seen);
}

static void write_beginning(void *context, const struct beginning *beginning)
{
    const struct writing *writing = context;
    const struct journal_entry begun = {.type = ENTRY_BEGUN, .begun = *beginning};

    write_entry(writing, &begun);
}

static void write_rollout(const struct known_rollout *rollout, const struct writing *writing)
{
    const struct journal_entry accepted = {.type = ENTRY_ACCEPTED,
                                           .accepted = {.plan = rollout->plan,
                                                        .nonce = rollout->nonce,
                                                        .environment = rollout->environment,
                                                        .store = rollout->store,
                                                        .rollout = rollout->id,
                                                        .epoch = rollout->epoch,
                                                        .until_ms = rollout->until_ms}};

    write_entry(writing, &accepted);
    for (const struct known_outcome *kept = rollout->first; kept != NULL; kept = kept->next) {
        const struct record_bytes bytes = {ENTRY_OUTCOME, kept->payload, kept->length};

        writing->function(writing->context, &bytes);
    }
}

void recall_write(const struct recall *recall, record_function function, void *context)
{
    struct writing writing = {function, context};
    struct target_visit visit = {write_target, &writing};

    for (const struct known_rollout *known = recall->first; known != NULL; known = known->next)
        write_rollout(known, &writing);
    twalk_r(recall->targets, visit_node, &visit);
    recall_unfinished(recall, write_beginning, &writing);
}
