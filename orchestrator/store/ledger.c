#include "orchestrator/store/ledger.h"

#include <inttypes.h>

#include "common/fault.h"
#include "common/json.h"

enum { PAGE = 1000 };

static struct digest entry_hash(const struct ledger_entry *entry)
{
    char previous[DIGEST_HEX_SIZE];

    digest_to_hex(&entry->previous, previous);
    AUTO(json) json_t *object = json_object();
    json_object_set_new(object, "at", json_text(entry->at));
    json_object_set_new(object, "detail", json_text(entry->detail));
    json_object_set_new(object, "format", json_integer(1));
    json_object_set_new(object, "plan", json_text(entry->plan));
    json_object_set_new(object, "previous", json_text(previous));
    json_object_set_new(object, "result", json_text(entry->result));
    json_object_set_new(object, "rollout", json_text(entry->rollout));
    json_object_set_new(object, "seq", json_integer(entry->seq));
    json_object_set_new(object, "subject", json_text(entry->subject));
    json_object_set_new(object, "target", json_text(entry->target));
    json_object_set_new(object, "what", json_text(entry->what));
    json_object_set_new(object, "who", json_text(entry->who));
    return json_digest(object);
}

struct tail {
    int64_t seq;
    struct digest hash;
};

static bool read_tail(void *context, const struct database_row *row)
{
    struct tail *tail = context;

    tail->seq = row_integer(row, 0);
    return digest_from_hex(row_text(row, 1), &tail->hash);
}

bool ledger_append(struct database *database, const struct clock *clock,
                   const struct ledger_entry *entry, struct error *err)
{
    struct ledger_entry complete = *entry;
    struct tail tail = {0};
    char at[TIMESTAMP_SIZE], previous[DIGEST_HEX_SIZE], hash[DIGEST_HEX_SIZE];

    if (!database_query(database, err, read_tail, &tail,
                        "SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1", ""))
        return false;
    timestamp_format(clock->wall_ms(clock), at);
    complete.seq = tail.seq + 1;
    complete.at = at;
    complete.previous = tail.hash;
    complete.hash = entry_hash(&complete);
    digest_to_hex(&complete.previous, previous);
    digest_to_hex(&complete.hash, hash);
    return !FAULT_ERROR(ledger_append, err) &&
           database_run(database, err,
                        "INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        "ittttttttttt", complete.seq, at, complete.who, complete.what,
                        complete.rollout, complete.plan, complete.target, complete.subject,
                        complete.result, complete.detail, previous, hash) &&
           !FAULT_ERROR(ledger_appended, err);
}

/* Of a page, so that no more of a long ledger is held at once. */
struct reading {
    ledger_function function;
    void *context;
    int64_t last; /* seq that was read */
    size_t count;
    bool stopped;
};

static bool read_entry(void *context, const struct database_row *row)
{
    struct reading *reading = context;
    struct ledger_entry entry = {
        .seq = row_integer(row, 0),
        .at = row_text(row, 1),
        .who = row_text(row, 2),
        .what = row_text(row, 3),
        .rollout = row_text(row, 4),
        .plan = row_text(row, 5),
        .target = row_text(row, 6),
        .subject = row_text(row, 7),
        .result = row_text(row, 8),
        .detail = row_text(row, 9),
    };

    /* Hashes that are no hashes stay zero, which the chain's check then finds. */
    if (!digest_from_hex(row_text(row, 10), &entry.previous))
        entry.previous = (struct digest){0};
    if (!digest_from_hex(row_text(row, 11), &entry.hash))
        entry.hash = (struct digest){0};
    reading->last = entry.seq;
    reading->count++;
    reading->stopped = !reading->function(reading->context, &entry);
    return !reading->stopped;
}

bool ledger_read(struct database *database, ledger_function function, void *context,
                 struct error *err)
{
    struct reading reading = {.function = function, .context = context, .last = INT64_MIN};

    do {
        reading.count = 0;
        if (!database_query(
                database, err, read_entry, &reading,
                "SELECT seq, at, who, what, rollout, plan, target, subject, result,"
                " detail, previous, hash FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?",
                "ii", reading.last, (int64_t)PAGE))
            return false;
    } while (reading.count == PAGE && !reading.stopped);
    return true;
}

struct verification {
    struct tail tail;
    bool fits;
};

static bool verify_entry(void *context, const struct ledger_entry *entry)
{
    struct verification *verification = context;
    struct digest hash = entry_hash(entry);

    verification->fits = entry->seq == verification->tail.seq + 1 &&
                         digest_equal(&entry->previous, &verification->tail.hash) &&
                         digest_equal(&entry->hash, &hash);
    verification->tail.seq++;
    verification->tail.hash = hash;
    return verification->fits;
}

bool ledger_verify(struct database *database, int64_t *entries, struct error *err)
{
    struct verification verification = {.fits = true};

    if (!ledger_read(database, verify_entry, &verification, err))
        return false;
    *entries = verification.tail.seq;
    if (!verification.fits)
        return error_set(err, ERROR_VERIFY,
                         "store %s: ledger entry %" PRId64
                         " does not continue the chain: it was changed, or one is missing",
                         database_name(database), verification.tail.seq);
    return true;
}
