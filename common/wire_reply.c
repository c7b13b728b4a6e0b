#include "common/wire.h"

#include <assert.h>
#include <string.h>

#include "common/record.h"

/* Bytes; what a server says may have grown threefold by replacing what is not UTF-8. */
enum {
    TEXT_MAX = 1024,
    SUMMARY_MAX = 2400,
    ROWS_MAX = 100000,
    VERSION_MAX = 3 * FOREIGN_VERSION_MAX
};

static const char *const job_states[JOB_STATE_COUNT] = {
    [JOB_STARTED] = "started",
    [JOB_APPLIED] = "applied",
    [JOB_FAILED_CLEAN] = "failed_clean",
    [JOB_ROLLED_BACK] = "rolled_back",
    [JOB_HALTED] = "halted",
    [JOB_UNKNOWN] = "unknown",
    [JOB_NEEDS_OPERATOR] = "needs_operator",
    [JOB_REFUSED] = "refused",
    [JOB_SKIPPED] = "skipped",
};

static const char *const step_states[STEP_STATE_COUNT] = {
    [STEP_STARTED] = "started",
    [STEP_DONE] = "done",
    [STEP_FAILED] = "failed",
    [STEP_WAITING] = "waiting",
};

static const char *const event_kinds[RUN_EVENT_KIND_COUNT] = {
    [RUN_ACCEPTED] = "accepted",
    [RUN_JOB] = "job",
    [RUN_STEP] = "step",
};

static const char *const reply_kinds[REPLY_KIND_COUNT] = {
    [REPLY_HEARTBEAT] = "heartbeat",
    [REPLY_HISTORY] = "history",
    [REPLY_TARGET] = "target",
    [REPLY_ROWS] = "rows",
    [REPLY_SCHEMA] = "schema",
    [REPLY_FOREIGN] = "foreign",
    [REPLY_EVENT] = "event",
    [REPLY_ERROR] = "error",
    [REPLY_OUTCOME] = "outcome",
    [REPLY_EXAMINATION] = "examination",
    [REPLY_END] = "end",
};

const char *job_state_name(enum job_state state)
{
    assert((unsigned)state < JOB_STATE_COUNT);
    return job_states[state];
}

bool job_state_from_name(const char *name, enum job_state *state)
{
    for (int i = 0; i < JOB_STATE_COUNT; i++) {
        if (strcmp(job_states[i], name) == 0) {
            *state = (enum job_state)i;
            return true;
        }
    }
    return false;
}

const char *step_state_name(enum step_state state)
{
    assert((unsigned)state < STEP_STATE_COUNT);
    return step_states[state];
}

#define INTENT(member) .offset = offsetof(struct open_intent, member)
#define STATUS(member) .offset = offsetof(struct target_status, member)
#define EVENT(member) .offset = offsetof(struct run_event, member)
#define CHOICE_OF(table) .most = COUNT_OF(table), .names = (table)

static const struct record_field intent_fields[] = {
    {"attempt", RECORD_DIGEST, .optional = true, INTENT(attempt)},
    {"direction", RECORD_CHOICE, INTENT(direction), CHOICE_OF(direction_names)},
    {"name", RECORD_TEXT, INTENT(name), .most = TEXT_MAX},
    {"statement", RECORD_INT, INTENT(statement), .least = 1, .most = INT32_MAX},
    {"summary", RECORD_TEXT, INTENT(summary), .most = SUMMARY_MAX},
    {"version", RECORD_TEXT, .optional = true, INTENT(version), .most = TEXT_MAX},
};

static const struct record_field status_fields[] = {
    {"applied", RECORD_DIGEST, .optional = true, STATUS(applied)},
    {"at_work", RECORD_ID, .optional = true, STATUS(at_work)},
    {"engine", RECORD_CHOICE, STATUS(engine), CHOICE_OF(engine_kind_names)},
    {"epoch", RECORD_INT64, .optional = true, STATUS(epoch), .most = INT64_MAX},
    {"fingerprint", RECORD_DIGEST, .optional = true, STATUS(fingerprint)},
    {"head", RECORD_DIGEST, .optional = true, STATUS(head)},
    {"identity", RECORD_TEXT, .optional = true, STATUS(identity), .most = TEXT_MAX},
    {"read_only", RECORD_BOOL, .optional = true, STATUS(read_only)},
    {"recorded_fingerprint", RECORD_DIGEST, .optional = true, STATUS(recorded_fingerprint)},
    {"seq", RECORD_INT64, .optional = true, STATUS(seq), .most = INT64_MAX},
    {"server", RECORD_TEXT, .optional = true, STATUS(server), .most = TEXT_MAX},
    {"store", RECORD_ID, .optional = true, STATUS(store)},
    {"target", RECORD_NAME, STATUS(target)},
    {"timeline", RECORD_INT64, .optional = true, STATUS(timeline), .most = UINT32_MAX},
};

static const struct record_field accepted_fields[] = {
    {"kind", RECORD_CHOICE, EVENT(kind), CHOICE_OF(event_kinds)},
};

static const struct record_field job_fields[] = {
    {"duration_ms", RECORD_INT64, .optional = true, EVENT(duration_ms), .most = INT64_MAX},
    {"fingerprint", RECORD_DIGEST, .optional = true, EVENT(fingerprint)},
    {"head", RECORD_DIGEST, .optional = true, EVENT(head)},
    {"kind", RECORD_CHOICE, EVENT(kind), CHOICE_OF(event_kinds)},
    {"seq", RECORD_INT64, .optional = true, EVENT(seq), .most = INT64_MAX},
    {"state", RECORD_CHOICE, EVENT(job), CHOICE_OF(job_states)},
    {"target", RECORD_NAME, EVENT(target)},
};

static const struct record_field step_fields[] = {
    {"direction", RECORD_CHOICE, EVENT(direction), CHOICE_OF(direction_names)},
    {"duration_ms", RECORD_INT64, .optional = true, EVENT(duration_ms), .most = INT64_MAX},
    {"fingerprint", RECORD_DIGEST, .optional = true, EVENT(fingerprint)},
    {"head", RECORD_DIGEST, .optional = true, EVENT(head)},
    {"kind", RECORD_CHOICE, EVENT(kind), CHOICE_OF(event_kinds)},
    {"name", RECORD_TEXT, EVENT(name), .most = TEXT_MAX},
    {"seq", RECORD_INT64, .optional = true, EVENT(seq), .most = INT64_MAX},
    {"state", RECORD_CHOICE, EVENT(step), CHOICE_OF(step_states)},
    {"target", RECORD_NAME, EVENT(target)},
    {"version", RECORD_TEXT, .optional = true, EVENT(version), .most = TEXT_MAX},
};

static const struct record intent_record = {intent_fields, COUNT_OF(intent_fields)};
static const struct record status_record = {status_fields, COUNT_OF(status_fields)};
static const struct record event_records[RUN_EVENT_KIND_COUNT] = {
    [RUN_ACCEPTED] = {accepted_fields, COUNT_OF(accepted_fields)},
    [RUN_JOB] = {job_fields, COUNT_OF(job_fields)},
    [RUN_STEP] = {step_fields, COUNT_OF(step_fields)},
};

static void put_error(json_t *object, const struct error *error)
{
    if (error != NULL)
        json_put(object, "error", json_from_error(error));
}

/* The error in an optional field; NULL if there is none. */
static const struct error *read_error(struct json_reader *reader)
{
    const json_t *value = json_read_optional(reader, "error");

    if (value == NULL)
        return NULL;
    struct error *error = arena_calloc(reader->arena, 1, sizeof *error);
    reader->failed = !json_to_error(value, error, reader->err);
    return error;
}

static void put_set(const struct reply *reply, json_t *object)
{
    json_put(object, "set", applied_set_to_json(&reply->set));
}

static void read_set(struct json_reader *reader, struct reply *reply)
{
    const json_t *value = json_read_object(reader, "set");

    reader->failed =
        value == NULL || !applied_set_from_json(value, reader->arena, &reply->set, reader->err);
}

static void put_status(const struct reply *reply, json_t *object)
{
    const struct target_status *status = &reply->status;
    json_t *inner = json_object();

    record_put(&status_record, status, inner);
    if (status->intent != NULL) {
        json_t *intent = json_object();

        record_put(&intent_record, status->intent, intent);
        json_put(inner, "intent", intent);
    }
    put_error(inner, status->error);
    json_put(object, "status", inner);
}

static const struct open_intent *read_intent(struct json_reader *reader)
{
    const json_t *value = json_read_optional(reader, "intent");
    struct json_reader inner;

    if (value == NULL)
        return NULL;
    struct open_intent *intent = arena_calloc(reader->arena, 1, sizeof *intent);
    json_reader_start_in(&inner, reader, "intent", -1, value);
    record_read(&intent_record, &inner, intent);
    reader->failed = !json_reader_end(&inner);
    return intent;
}

static void read_status(struct json_reader *reader, struct reply *reply)
{
    struct target_status *status = &reply->status;
    struct json_reader inner;

    json_reader_start_in(&inner, reader, "status", -1, json_read_optional(reader, "status"));
    record_read(&status_record, &inner, status);
    status->intent = read_intent(&inner);
    status->error = read_error(&inner);
    reader->failed = !json_reader_end(&inner);
}

static const struct record_field target_fields[] = {
    {"target", RECORD_NAME, .offset = offsetof(struct reply, target)},
};

static const struct record target_record = {target_fields, COUNT_OF(target_fields)};

static void put_rows(const struct reply *reply, json_t *object)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < reply->row_count; i++)
        json_add(rows, history_row_to_json(&reply->rows[i]));
    json_put(object, "rows", rows);
    record_put(&target_record, reply, object);
}

static void read_rows(struct json_reader *reader, struct reply *reply)
{
    const json_t *array = json_read_array(reader, "rows", ROWS_MAX);
    size_t count = json_array_size(array);
    struct history_row *rows = arena_calloc(reader->arena, count, sizeof *rows);

    record_read(&target_record, reader, reply);
    for (size_t i = 0; i < count && !reader->failed; i++)
        reader->failed =
            !history_row_from_json(json_array_get(array, i), reader->arena, &rows[i], reader->err);
    reply->rows = rows;
    reply->row_count = count;
}

static const struct record_field schema_fields[] = {
    {"lines", RECORD_TEXT, .offset = offsetof(struct reply, lines), .most = WIRE_LINE_MAX},
    {"target", RECORD_NAME, .offset = offsetof(struct reply, target)},
};

static const struct record schema_record = {schema_fields, COUNT_OF(schema_fields)};

static void put_schema(const struct reply *reply, json_t *object)
{
    record_put(&schema_record, reply, object);
}

static void read_schema(struct json_reader *reader, struct reply *reply)
{
    record_read(&schema_record, reader, reply);
}

static void put_examination(const struct reply *reply, json_t *object)
{
    json_put(object, "examination", examination_encode(&reply->examination));
    record_put(&target_record, reply, object);
}

static void read_examination(struct json_reader *reader, struct reply *reply)
{
    record_read(&target_record, reader, reply);
    if (!reader->failed)
        examination_read(reader, "examination", &reply->examination);
}

static const struct record_field foreign_fields[] = {
    {"present", RECORD_BOOL, .offset = offsetof(struct reply, foreign.present)},
    {"target", RECORD_NAME, .offset = offsetof(struct reply, target)},
};

static const struct record_field foreign_row_fields[] = {
    {"state", RECORD_CHOICE, .offset = offsetof(struct foreign_row, state),
     CHOICE_OF(foreign_state_names)},
    {"version", RECORD_TEXT, .offset = offsetof(struct foreign_row, version), .most = VERSION_MAX},
};

static const struct record foreign_record = {foreign_fields, COUNT_OF(foreign_fields)};
static const struct record foreign_row_record = {foreign_row_fields, COUNT_OF(foreign_row_fields)};

static void put_foreign(const struct reply *reply, json_t *object)
{
    const struct foreign_history *foreign = &reply->foreign;
    json_t *rows = json_array();

    for (size_t i = 0; i < foreign->row_count; i++) {
        json_t *row = json_object();

        record_put(&foreign_row_record, &foreign->rows[i], row);
        json_add(rows, row);
    }
    json_put(object, "rows", rows);
    record_put(&foreign_record, reply, object);
}

static void read_foreign(struct json_reader *reader, struct reply *reply)
{
    const json_t *array = json_read_array(reader, "rows", FOREIGN_ROWS_MAX);
    size_t count = json_array_size(array);
    struct foreign_row *rows = arena_calloc(reader->arena, count, sizeof *rows);

    record_read(&foreign_record, reader, reply);
    if (!reader->failed && !reply->foreign.present && count > 0)
        json_reader_fail(reader, "rows", "of a table that is not there");
    for (size_t i = 0; i < count && !reader->failed; i++) {
        struct json_reader inner;

        json_reader_start_in(&inner, reader, "rows", (int64_t)i, json_array_get(array, i));
        record_read(&foreign_row_record, &inner, &rows[i]);
        reader->failed = !json_reader_end(&inner);
    }
    reply->foreign.rows = rows;
    reply->foreign.row_count = count;
}

static void put_event(const struct reply *reply, json_t *object)
{
    json_t *inner = json_object();

    record_put(&event_records[reply->event.kind], &reply->event, inner);
    put_error(inner, reply->event.error);
    json_put(object, "event", inner);
}

/* The kind says which fields there are, so it is read ahead; record_read checks it again. */
static enum run_event_kind kind_of_event(const json_t *event)
{
    const char *name = json_string_value(json_object_get(event, "kind"));

    for (int i = 0; name != NULL && i < RUN_EVENT_KIND_COUNT; i++)
        if (strcmp(event_kinds[i], name) == 0)
            return (enum run_event_kind)i;
    return RUN_ACCEPTED;
}

static void read_event(struct json_reader *reader, struct reply *reply)
{
    const json_t *value = json_read_optional(reader, "event");
    struct run_event *event = &reply->event;
    struct json_reader inner;

    *event = (struct run_event){.target = "", .version = "", .name = ""};
    json_reader_start_in(&inner, reader, "event", -1, value);
    record_read(&event_records[kind_of_event(value)], &inner, event);
    event->error = read_error(&inner);
    reader->failed = !json_reader_end(&inner);
}

static const struct record_field outcome_fields[] = {
    {"rollout", RECORD_ID, .offset = offsetof(struct reply, rollout)},
    {"seq", RECORD_INT64, .offset = offsetof(struct reply, seq), .least = 1, .most = INT64_MAX - 1},
};

static const struct record outcome_record = {outcome_fields, COUNT_OF(outcome_fields)};

static void put_outcome(const struct reply *reply, json_t *object)
{
    record_put(&outcome_record, reply, object);
    put_event(reply, object);
}

/* What an orchestrator that was there all the time would have kept. */
static bool is_outcome(const struct run_event *event)
{
    return (event->kind == RUN_JOB && event->job != JOB_STARTED) ||
           (event->kind == RUN_STEP && (event->step == STEP_DONE || event->step == STEP_FAILED));
}

static void read_outcome(struct json_reader *reader, struct reply *reply)
{
    record_read(&outcome_record, reader, reply);
    if (!reader->failed)
        read_event(reader, reply);
    if (!reader->failed && !is_outcome(&reply->event))
        json_reader_fail(reader, "event", "not the end of a step or a job");
}

static void put_refusal(const struct reply *reply, json_t *object)
{
    put_error(object, &reply->error);
}

static void read_refusal(struct json_reader *reader, struct reply *reply)
{
    const json_t *value = json_read_object(reader, "error");

    reader->failed = value == NULL || !json_to_error(value, &reply->error, reader->err);
}

/* What a message of each kind has beside its kind. */
static const struct {
    void (*put)(const struct reply *reply, json_t *object);
    void (*read)(struct json_reader *reader, struct reply *reply);
} bodies[REPLY_KIND_COUNT] = {
    [REPLY_HISTORY] = {put_set, read_set},
    [REPLY_TARGET] = {put_status, read_status},
    [REPLY_ROWS] = {put_rows, read_rows},
    [REPLY_SCHEMA] = {put_schema, read_schema},
    [REPLY_FOREIGN] = {put_foreign, read_foreign},
    [REPLY_EVENT] = {put_event, read_event},
    [REPLY_ERROR] = {put_refusal, read_refusal},
    [REPLY_OUTCOME] = {put_outcome, read_outcome},
    [REPLY_EXAMINATION] = {put_examination, read_examination},
};

static const struct record_field kind_fields[] = {
    {"kind", RECORD_CHOICE, .offset = offsetof(struct reply, kind), CHOICE_OF(reply_kinds)},
};

static const struct record kind_record = {kind_fields, COUNT_OF(kind_fields)};

json_t *reply_encode(const struct reply *reply)
{
    json_t *object = json_object();

    record_put(&kind_record, reply, object);
    if (bodies[reply->kind].put != NULL)
        bodies[reply->kind].put(reply, object);
    return object;
}

bool reply_decode(const json_t *value, struct arena *arena, struct reply *reply, struct error *err)
{
    struct json_reader reader;

    *reply = (struct reply){.target = "", .rollout = ""};
    json_reader_start(&reader, value, "", arena, err);
    record_read(&kind_record, &reader, reply);
    if (bodies[reply->kind].read != NULL && !reader.failed)
        bodies[reply->kind].read(&reader, reply);
    return json_reader_end(&reader);
}
