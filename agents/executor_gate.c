#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agents/executor_parts.h"

#include "common/fault.h"

enum { FIRST_PAUSE_MS = 10, LONGEST_PAUSE_MS = 500, NAP_MS = 20 };

static int64_t now_ms(const struct run *run)
{
    return run->session->clock->monotonic_ms(run->session->clock);
}

struct patience patience_start(const struct run *run)
{
    return (struct patience){.since_ms = now_ms(run), .pause_ms = FIRST_PAUSE_MS};
}

void patience_renew(struct patience *patience, const struct run *run)
{
    bool told = patience->told;

    *patience = patience_start(run);
    patience->told = told;
}

/* In short naps, so that a cancelled run ends soon. */
static void nap(const struct run *run, int64_t pause_ms)
{
    for (int64_t left = pause_ms; left > 0 && !atomic_load(&run->session->cancelled);
         left -= NAP_MS) {
        int64_t this_ms = left < NAP_MS ? left : NAP_MS;

        nanosleep(&(struct timespec){.tv_nsec = this_ms * 1000000L}, NULL);
    }
}

static void tell_waiting(struct run *run, const struct work *work, struct patience *patience,
                         const struct error *why)
{
    if (patience->told)
        return;
    patience->told = true;
    run->observer(run->context, &(struct run_event){.kind = RUN_STEP,
                                                    .target = run->job->target->name,
                                                    .step = STEP_WAITING,
                                                    .version = work->step->version,
                                                    .name = work->step->name,
                                                    .direction = work->direction,
                                                    .error = why});
}

bool patience_wait(struct run *run, const struct work *work, struct patience *patience,
                   struct error *err)
{
    AUTO_BUFFER struct buffer blocker = {0};
    int64_t waited_ms = now_ms(run) - patience->since_ms;

    run->session->engine->name_blocker(run->session, &blocker);
    if (blocker.length > 0 && strstr(err->message, buffer_text(&blocker)) == NULL)
        error_wrap(err, "held by %s", buffer_text(&blocker));
    if (atomic_load(&run->session->cancelled) ||
        waited_ms + patience->pause_ms > run->limits->lock_budget_ms ||
        session_time_left_ms(run->session, patience->pause_ms) < patience->pause_ms)
        return error_wrap(err, "gave up after waiting %" PRId64 " ms for a lock", waited_ms);
    tell_waiting(run, work, patience, err);
    error_clear(err);
    int64_t half = patience->pause_ms / 2;
    nap(run, half + random_u32(run->random) % (half + 1));
    patience->pause_ms =
        patience->pause_ms * 2 < LONGEST_PAUSE_MS ? patience->pause_ms * 2 : LONGEST_PAUSE_MS;
    return true;
}

static int64_t longer(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

bool gate_limit(struct run *run, const struct work *work, bool patient, struct error *err)
{
    const struct directives *directives = &work->directives;
    int64_t lock_ms = directives->lock_timeout_ms != 0 ? directives->lock_timeout_ms
                                                       : run->limits->lock_timeout_ms;
    int64_t statement_ms = directives->statement_timeout_ms != 0
                               ? directives->statement_timeout_ms
                               : run->limits->statement_timeout_ms;

    run->session->long_transaction_ms = run->limits->long_transaction_ms;
    run->session->max_blocking_ms =
        longer(directives->lock_timeout_ms, run->limits->max_blocking_ms);
    return run->session->engine->limit(run->session, patient ? 0 : lock_ms, statement_ms, err) ||
           error_wrap(err, "cannot set timeouts");
}

bool gate_configure(struct run *run, const struct work *work, struct error *err)
{
    const char *off = run->session->engine->foreign_keys_off;

    if (!gate_limit(run, work, false, err))
        return false;
    if (!work->directives.foreign_keys_off)
        return true;
    return run->session->engine->run(run->session, off, strlen(off), err) ||
           error_wrap(err, "cannot turn foreign keys off");
}

bool gate_lock(struct run *run, enum lock_span span, struct error *err)
{
    bool taken = false;

    if (FAULT_ERROR(lock_ask, err))
        return false;
    if (!run->session->engine->lock(run->session, span, &taken, err))
        return error_wrap(err, "cannot ask for the target's lock");
    return taken || error_set(err, ERROR_LOCKED, "another run has the target's lock");
}

/* A session that has read them before need not look for them: if they are gone since, reading the
   head says so, and the next try looks. */
static bool make_tables(struct run *run, struct error *err)
{
    if (run->has_tables || run->session->saw_tables)
        return true;
    if (!run->session->engine->has_tables(run->session, &run->has_tables, err))
        return error_wrap(err, "cannot look for fleet's tables");
    if (!run->has_tables && !target_tables_create(run->session, err))
        return false;
    return true;
}

static void mark_row(struct run *run, const struct history_row *row, bool *known)
{
    for (size_t i = 0; i < run->count; i++) {
        struct work *work = &run->works[i];

        if (digest_equal(&work->key, &row->attempt_key)) {
            work->done = *known = true;
            work->by_another = strcmp(row->rollout, run->job->rollout) != 0;
        } else if (digest_equal(&work->undo_key, &row->attempt_key)) {
            work->undone = *known = true;
            run->taken_back = true;
        }
    }
}

static bool refuse_stale(const struct run *run, const struct target_head *head, struct error *err)
{
    char found[DIGEST_HEX_SIZE];
    char expected[DIGEST_HEX_SIZE];

    digest_to_hex(&head->head, found);
    digest_to_hex(&run->head, expected);
    return error_set(err, ERROR_STALE,
                     "the target moved: its history is at row %" PRId64
                     " (%.12s), the plan was made "
                     "at %.12s; make a new plan",
                     head->seq, found, digest_is_none(&run->head) ? "an empty one" : expected);
}

/* The place after the row whose hash is the head; the first for an empty history. */
static bool find_head(const struct history_row *rows, size_t count, const struct digest *head,
                      size_t *next)
{
    *next = 0;
    if (digest_is_none(head))
        return true;
    while (*next < count)
        if (digest_equal(&rows[(*next)++].hash, head))
            return true;
    return false;
}

/* The head is another one: fine if only rows of this very plan came after the one we expect, as
   after a crash. */
static bool catch_up(struct run *run, const struct target_head *head, struct error *err)
{
    const struct history_row *rows;
    size_t count;
    size_t next;

    if (run->moved)
        return refuse_stale(run, head, err);
    if (!target_tables_rows(run->session, 0, run->arena, &rows, &count, err))
        return false;
    if (!find_head(rows, count, &run->head, &next))
        return refuse_stale(run, head, err);
    for (; next < count; next++) {
        bool known = false;

        if (digest_equal(&rows[next].plan, &run->job->plan->digest))
            mark_row(run, &rows[next], &known);
        if (!known)
            return refuse_stale(run, head, err);
    }
    run->head = head->head;
    run->moved = true;
    return true;
}

static bool check_head(struct run *run, const struct target_head *head, struct error *err)
{
    if (!digest_equal(&head->head, &run->head) && !catch_up(run, head, err))
        return false;
    run->seq = head->seq;
    return true;
}

static bool check_fence(struct run *run, const struct target_head *head, struct error *err)
{
    const struct job *job = run->job;
    bool same_rollout = strcmp(head->rollout, job->rollout) == 0;

    if (head->epoch > job->epoch || (head->epoch == job->epoch && head->fenced && !same_rollout))
        return error_set(err, ERROR_FENCED,
                         "rollout %.12s with epoch %" PRId64 " holds the target; this one (%.12s) "
                         "has epoch %" PRId64,
                         head->rollout, head->epoch, job->rollout, job->epoch);
    if (job->epoch > EPOCH_LEAP_MAX && job->epoch - EPOCH_LEAP_MAX > head->epoch)
        return error_set(err, ERROR_FENCED,
                         "epoch %" PRId64 " leaps too far above the target's %" PRId64
                         ": no fleet has had so many rollouts",
                         job->epoch, head->epoch);
    run->fence_exists = head->fenced;
    run->fence_due = !head->fenced || head->epoch != job->epoch;
    return true;
}

/* Whether an earlier attempt at this very step left them: what has run is what would run. */
static bool intents_fit(const struct work *work, const struct intent *intents, size_t count)
{
    enum direction direction = work->repairs ? work->step->direction : work->direction;

    for (size_t i = 0; i < count; i++) {
        const struct intent *intent = &intents[i];

        if (!digest_equal(&intent->attempt_key, &intents[0].attempt_key) ||
            strcmp(intent->version, work->step->version) != 0 ||
            strcmp(intent->name, work->step->name) != 0 || intent->direction != direction ||
            intent->statement < 1 || (size_t)intent->statement > work->count)
            return false;
        const struct statement *statement = &work->statements[intent->statement - 1];
        struct digest sha256 = digest_of(statement->sql, statement->length);
        if (intent->status != INTENT_OPEN && !digest_equal(&sha256, &intent->sha256))
            return false;
    }
    return true;
}

static bool refuse_intents(const struct intent *intents, size_t count, struct error *err)
{
    size_t at = 0;

    while (at + 1 < count && intents[at].status != INTENT_OPEN)
        at++;
    return error_set(err, ERROR_NEEDS_OPERATOR,
                     "statement %d of %s %s %s was begun and has no recorded end: %s; only a plan "
                     "that begins with this step, with the statements that have run unchanged, "
                     "goes on from there",
                     intents[at].statement, intents[at].version, intents[at].name,
                     direction_name(intents[at].direction), intents[at].summary);
}

static bool check_intents(struct run *run, struct work *work, const struct target_head *head,
                          struct error *err)
{
    const struct intent *intents = NULL;
    size_t count = 0;

    work->left_count = 0;
    if (head->intents == 0)
        return true;
    if (!target_intents_read(run->session, run->arena, &intents, &count, err))
        return false;
    if (count > 0 && (work->transactional || !intents_fit(work, intents, count)))
        return refuse_intents(intents, count, err);
    work->left = intents;
    work->left_count = count;
    return true;
}

static bool check_taken_back(const struct run *run, const struct work *work, struct error *err)
{
    if (!run->taken_back || work->back)
        return true;
    return error_set(err, ERROR_STALE, "this plan was begun here and taken back; make a new plan");
}

bool gate_enter(struct run *run, struct work *work, struct error *err)
{
    struct target_head head;

    if (FAULT_ERROR(lock_taken, err) || !server_check(run, run->session, err) ||
        !make_tables(run, err))
        return false;
    if (!target_tables_head(run->session, &head, err)) {
        run->session->saw_tables = false;
        return error_wrap(err, "cannot read the history's head");
    }
    return check_fence(run, &head, err) && check_head(run, &head, err) &&
           (work->done || check_intents(run, work, &head, err)) &&
           check_taken_back(run, work, err) && (work->done || outlook_check(run, work, err));
}

bool gate_catch_up(struct run *run, struct error *err)
{
    struct target_head head;

    if (!run->session->engine->has_tables(run->session, &run->has_tables, err))
        return error_wrap(err, "cannot look for fleet's tables");
    if (!run->has_tables)
        return true;
    if (!target_tables_head(run->session, &head, err))
        return error_wrap(err, "cannot read the history's head");
    return check_fence(run, &head, err) && check_head(run, &head, err);
}

bool gate_raise(struct run *run, struct error *err)
{
    const struct job *job = run->job;

    if (FAULT_ERROR(fence_raise, err))
        return false;
    return !run->fence_due || target_tables_set_fence(run->session, run->fence_exists, job->store,
                                                      job->rollout, job->epoch, err);
}

void gate_keep_fence(struct run *run, const struct work *work)
{
    const struct engine *engine = run->session->engine;
    struct error ignored = {0};
    struct target_head head;

    FAULT_POINT(fence_keep);
    if (run->session->broken || !run->fence_due || !engine->begin(run->session, &ignored))
        return;
    if ((!work->transactional || gate_lock(run, LOCK_TRANSACTION, &ignored)) &&
        make_tables(run, &ignored) && target_tables_head(run->session, &head, &ignored) &&
        check_fence(run, &head, &ignored) && gate_raise(run, &ignored) &&
        engine->commit(run->session, &ignored)) {
        FAULT_POINT(fence_kept);
        run->fence_due = false;
        return;
    }
    error_clear(&ignored);
    (void)!engine->rollback(run->session, &ignored);
}

bool gate_reconnect(struct run *run, struct error *err)
{
    if (!run->session->broken)
        return true;
    struct session *fresh =
        session_open_on(run->session->engine, run->session->target, run->session->clock, err);
    if (fresh == NULL)
        return false;
    if (!server_check(run, fresh, err)) {
        session_free(fresh);
        return false;
    }
    session_free(run->fresh);
    run->fresh = fresh;
    run->session = fresh;
    return true;
}

static bool lock_patiently(struct run *run, const struct work *work, enum lock_span span,
                           struct error *err)
{
    const struct engine *engine = run->session->engine;
    struct patience patience = patience_start(run);

    while ((span == LOCK_TRANSACTION && !engine->begin(run->session, err)) ||
           !gate_lock(run, span, err)) {
        struct error ignored = {0};

        (void)!engine->rollback(run->session, &ignored);
        if (err->code != ERROR_LOCKED || !patience_wait(run, work, &patience, err))
            return false;
    }
    return true;
}

/* Having the lock proves that the session which lost its reply has ended. Our tables may have come
   and gone with its transaction. */
static bool read_key(struct run *run, const struct work *work, bool *present, struct error *err)
{
    const struct engine *engine = run->session->engine;
    enum lock_span span = work->transactional ? LOCK_TRANSACTION : LOCK_SESSION;
    struct error ignored = {0};

    if (!lock_patiently(run, work, span, err))
        return false;
    bool ok = server_check(run, run->session, err) &&
              engine->has_tables(run->session, &run->has_tables, err) &&
              (!run->has_tables || target_tables_has_key(run->session, &work->key, present, err));
    if (span == LOCK_SESSION)
        return engine->unlock(run->session, &ignored) && ok;
    return engine->rollback(run->session, &ignored) && ok;
}

enum part_end gate_settle(struct run *run, struct work *work, const struct history_row *row,
                          struct error *err)
{
    struct error why = {0};
    bool present = false;

    run->session->broken = true;
    FAULT_POINT(outcome_settle);
    if (!gate_reconnect(run, &why) || !read_key(run, work, &present, &why)) {
        error_wrap(err, "whether it was committed cannot be read (%s)", why.message);
        return PART_UNKNOWN;
    }
    if (!present)
        return PART_FAILED;
    error_clear(err);
    part_note_row(run, work, row);
    return PART_DONE;
}
