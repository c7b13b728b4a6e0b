/* The store's part about rollouts; store.h documents it. */
#include <inttypes.h>
#include <stdio.h>

#include "common/buffer.h"
#include "common/fault.h"
#include "orchestrator/store/ledger.h"
#include "orchestrator/store/store_private.h"

static bool take_integer(void *context, const struct database_row *row)
{
    *(int64_t *)context = row_integer(row, 0);
    return true;
}

static void now(const struct store *store, char text[TIMESTAMP_SIZE])
{
    timestamp_format(store->clock->wall_ms(store->clock), text);
}

static bool keep_plan(struct store *store, const struct plan *plan, const char *digest,
                      struct error *err)
{
    AUTO_BUFFER struct buffer document = {0};
    char at[TIMESTAMP_SIZE];

    now(store, at);
    plan_write(plan, &document);
    return database_run(store->database, err,
                        "INSERT INTO plan VALUES (?, ?, ?) ON CONFLICT DO NOTHING", "tbt", digest,
                        (const void *)document.bytes, document.length, at);
}

static bool enter_jobs(struct store *store, const struct plan *plan,
                       const struct rollout_record *rollout, struct error *err)
{
    size_t count = rollout->members != NULL ? rollout->member_count : plan->target_count;

    for (size_t i = 0; i < count; i++)
        if (!database_run(store->database, err,
                          "INSERT INTO job (rollout, target, state) VALUES (?, ?, 'dispatched')",
                          "tt", rollout->id,
                          plan->targets[rollout->members != NULL ? rollout->members[i] : i].name))
            return false;
    return true;
}

/* What a target claims to have seen counts, unless it is so much that it cannot be true: then that
   target alone refuses the rollout. */
static int64_t next_epoch(int64_t last, int64_t seen)
{
    bool credible = seen <= EPOCH_LEAP_MAX || seen - EPOCH_LEAP_MAX < last;

    return (seen > last && credible ? seen : last) + 1;
}

/* The environment's rollouts that run, as far as the store knows. */
struct rivals {
    struct store *store;
    const char *environment;
    struct error *err;
    bool failed; /* err says why */
};

static bool check_rival(void *context, const struct database_row *row)
{
    struct rivals *rivals = context;
    char holder[LEASE_HOLDER_SIZE];
    bool held = false;

    if (!liveness_is_held(rivals->store->liveness, row_integer(row, 3), &held, holder, rivals->err))
        rivals->failed = true;
    else if (held)
        rivals->failed = !error_set(
            rivals->err, ERROR_LOCKED,
            "rollout %.12s of %s, begun by %s at %s%s%s, is running: wait for its end, or stop it "
            "with fleet rollout pause",
            row_text(row, 0), rivals->environment, row_text(row, 1), row_text(row, 2),
            holder[0] != '\0' ? " on " : "", holder);
    return !rivals->failed;
}

/* An environment has one rollout at a time; one whose process is gone is none. */
static bool check_alone(struct store *store, const char *environment, struct error *err)
{
    struct rivals rivals = {.store = store, .environment = environment, .err = err};

    return database_query(store->database, err, check_rival, &rivals,
                          "SELECT id, operator, started_at, epoch FROM rollout"
                          " WHERE environment = ? AND state = 'running'",
                          "t", environment) &&
           !rivals.failed;
}

static bool enter_rollout(struct store *store, const struct plan *plan, int64_t epoch_seen,
                          struct rollout_record *rollout, struct error *err)
{
    char digest[DIGEST_HEX_SIZE], at[TIMESTAMP_SIZE], detail[ID_SIZE + 16] = "";
    int64_t last = 0;

    digest_to_hex(&plan->digest, digest);
    now(store, at);
    if (rollout->first != NULL)
        snprintf(detail, sizeof detail, "%s %s", rollout->back ? "takes back" : "goes on with",
                 rollout->first);
    if (!store_open_liveness(store, err) || !check_alone(store, plan->header.environment, err) ||
        !database_query(store->database, err, take_integer, &last,
                        "SELECT coalesce(max(epoch), 0) FROM (SELECT epoch FROM rollout"
                        " UNION ALL SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'epoch')"
                        " AS given",
                        ""))
        return false;
    rollout->epoch = next_epoch(last, epoch_seen);
    const struct ledger_entry entry = {
        .who = rollout->operator_name,
        .what = "rollout",
        .rollout = rollout->id,
        .plan = digest,
        .target = "",
        .subject = plan->header.environment,
        .result = "intended",
        .detail = detail,
    };
    return liveness_hold(store->liveness, rollout->epoch, err) &&
           keep_plan(store, plan, digest, err) && !FAULT_ERROR(plan_kept, err) &&
           database_run(store->database, err,
                        "INSERT INTO rollout VALUES (?, ?, ?, ?, ?, 'running', ?, NULL)", "ttttit",
                        rollout->id, plan->header.environment, digest, rollout->operator_name,
                        rollout->epoch, at) &&
           store_enter_course(store, rollout, err) && enter_jobs(store, plan, rollout, err) &&
           !FAULT_ERROR(rollout_entered, err) &&
           ledger_append(store->database, store->clock, &entry, err);
}

/* Runs within a transaction: all or nothing. */
bool store_commit_or_undo(struct store *store, bool ok, struct error *err)
{
    ok = ok && !FAULT_ERROR(store_commit, err) && database_commit(store->database, err);
    if (!ok)
        database_rollback(store->database);
    FAULT_POINT(store_committed);
    return ok;
}

bool store_begin_rollout(struct store *store, const struct plan *plan, int64_t epoch_seen,
                         struct rollout_record *rollout, struct error *err)
{
    random_hex(store->random, (ID_SIZE - 1) / 2, rollout->id);
    if (FAULT_ERROR(rollout_begin, err) || !database_begin(store->database, err))
        return false;
    bool ok = enter_rollout(store, plan, epoch_seen, rollout, err);
    return store_commit_or_undo(store, ok, err);
}

/* Within a transaction. One whose process was not seen for long was closed for it, and perhaps gone
   on with: what its targets' fences refuse anyway is not even sent. */
static bool check_running(struct store *store, const char *rollout, struct error *err)
{
    int64_t running = 0;

    return database_query(store->database, err, take_integer, &running,
                          "SELECT count(*) FROM rollout WHERE id = ? AND state = 'running'", "t",
                          rollout) &&
           (running > 0 ||
            error_set(err, ERROR_STALE,
                      "rollout %.12s was taken for cut off while it ran, and closed: nothing more "
                      "of it is sent; fleet rollout show has what came of it",
                      rollout));
}

bool store_begin_wave(struct store *store, const struct rollout_record *rollout,
                      const struct plan *plan, const struct wave_record *wave, struct error *err)
{
    char digest[DIGEST_HEX_SIZE], subject[64], detail[64];

    digest_to_hex(&plan->digest, digest);
    snprintf(subject, sizeof subject, "%zu of %zu", wave->number, wave->of);
    snprintf(detail, sizeof detail, "%zu %s", wave->targets,
             wave->targets == 1 ? "target" : "targets");
    const struct ledger_entry entry = {
        .who = rollout->operator_name,
        .what = "wave",
        .rollout = rollout->id,
        .plan = digest,
        .target = "",
        .subject = subject,
        .result = "intended",
        .detail = detail,
    };
    if (!database_begin(store->database, err))
        return false;
    bool ok = check_running(store, rollout->id, err) &&
              (rollout->back || store_note_wave(store, rollout, wave->number, err)) &&
              ledger_append(store->database, store->clock, &entry, err);
    return store_commit_or_undo(store, ok, err);
}

bool store_note_health(struct store *store, const struct rollout_record *rollout,
                       const struct plan *plan, size_t wave, const char *what, struct error *err)
{
    char digest[DIGEST_HEX_SIZE], subject[32];

    digest_to_hex(&plan->digest, digest);
    snprintf(subject, sizeof subject, "wave %zu", wave);
    const struct ledger_entry entry = {
        .who = rollout->operator_name,
        .what = "health",
        .rollout = rollout->id,
        .plan = digest,
        .target = "",
        .subject = subject,
        .result = "failed",
        .detail = what,
    };
    return database_begin(store->database, err) &&
           store_commit_or_undo(store, ledger_append(store->database, store->clock, &entry, err),
                                err);
}

bool store_is_recorded(struct store *store, const struct ledger_entry *entry, bool *recorded,
                       struct error *err)
{
    int64_t count = 0;
    bool ok = database_query(store->database, err, take_integer, &count,
                             "SELECT count(*) FROM ledger WHERE rollout = ? AND target = ? AND"
                             " what = ? AND subject = ? AND result = ?",
                             "ttttt", entry->rollout, entry->target, entry->what, entry->subject,
                             entry->result);

    *recorded = count > 0;
    return ok;
}

bool store_record_outcome(struct store *store, const struct rollout_record *rollout,
                          const char *plan, const struct outcome *outcome, bool *added,
                          struct error *err)
{
    const struct ledger_entry entry = {
        .who = rollout->operator_name,
        .what = outcome->is_step ? "step" : "job",
        .rollout = rollout->id,
        .plan = plan,
        .target = outcome->target,
        .subject = outcome->subject,
        .result = outcome->result,
        .detail = outcome->message,
    };
    char at[TIMESTAMP_SIZE];
    bool recorded;

    if (!store_is_recorded(store, &entry, &recorded, err))
        return false;
    *added = !recorded;
    if (recorded)
        return true;
    if (!ledger_append(store->database, store->clock, &entry, err))
        return false;
    if (outcome->is_step)
        return true;
    now(store, at);
    const char *code = outcome->code != ERROR_NONE ? error_code_name(outcome->code) : "";
    return database_run(store->database, err,
                        "UPDATE job SET state = ?, code = ?, message = ?, ended_at = ?"
                        " WHERE rollout = ? AND target = ?",
                        "tttttt", outcome->result, code, outcome->message, at, rollout->id,
                        outcome->target);
}

bool store_record(struct store *store, const struct rollout_record *rollout,
                  const struct plan *plan, const struct outcome *outcomes, size_t count,
                  struct error *err)
{
    char digest[DIGEST_HEX_SIZE];
    bool ok = true;
    bool added;

    if (count == 0)
        return true;
    digest_to_hex(&plan->digest, digest);
    if (!database_begin(store->database, err))
        return false;
    for (size_t i = 0; ok && i < count; i++)
        ok = store_record_outcome(store, rollout, digest, &outcomes[i], &added, err);
    return store_commit_or_undo(store, ok, err);
}

bool store_end_rollout(struct store *store, const struct rollout_record *rollout,
                       const struct plan *plan, const struct rollout_end *end, struct error *err)
{
    char digest[DIGEST_HEX_SIZE], at[TIMESTAMP_SIZE];

    digest_to_hex(&plan->digest, digest);
    now(store, at);
    const struct ledger_entry entry = {
        .who = rollout->operator_name,
        .what = "rollout-end",
        .rollout = rollout->id,
        .plan = digest,
        .target = "",
        .subject = plan->header.environment,
        .result = end->result,
        .detail = "",
    };
    if (FAULT_ERROR(rollout_end, err) || !database_begin(store->database, err))
        return false;
    bool ok = check_running(store, rollout->id, err) &&
              database_run(store->database, err,
                           "UPDATE rollout SET state = ?, ended_at = ? WHERE id = ?", "ttt",
                           end->result, at, rollout->id) &&
              store_put_had_all(store, rollout->id, end, err) &&
              ledger_append(store->database, store->clock, &entry, err);
    if (!store_commit_or_undo(store, ok, err))
        return false;
    liveness_release(store->liveness, rollout->epoch);
    return true;
}

struct document {
    struct buffer *bytes;
    bool found;
};

static bool take_document(void *context, const struct database_row *row)
{
    struct document *document = context;
    size_t length;
    const void *bytes = row_blob(row, 0, &length);

    buffer_append(document->bytes, bytes, length);
    document->found = true;
    return false;
}

bool store_read_plan(struct store *store, const struct digest *digest, struct buffer *bytes,
                     bool *found, struct error *err)
{
    struct document document = {.bytes = bytes};
    char hex[DIGEST_HEX_SIZE];

    digest_to_hex(digest, hex);
    if (!database_query(store->database, err, take_document, &document,
                        "SELECT document FROM plan WHERE digest = ?", "t", hex))
        return false;
    *found = document.found;
    return true;
}
