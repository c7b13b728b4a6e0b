#include "agents/journal/entry.h"

#include <inttypes.h>

#include "common/name.h"
#include "common/record.h"

enum { TARGETS_MAX = 100000, STEP_MAX = 2400, TYPES = ENTRY_ACKNOWLEDGED + 1 };

#define ACCEPTED(member) .offset = offsetof(struct acceptance, member)
#define SEEN(member) .offset = offsetof(struct seen_epoch, member)
#define BEGUN(member) .offset = offsetof(struct beginning, member)

static const struct record_field accepted_fields[] = {
    {"environment", RECORD_NAME, ACCEPTED(environment)},
    {"epoch", RECORD_INT64, ACCEPTED(epoch), .least = 1, .most = INT64_MAX},
    {"nonce", RECORD_ID, ACCEPTED(nonce)},
    {"plan", RECORD_DIGEST, ACCEPTED(plan)},
    {"rollout", RECORD_ID, ACCEPTED(rollout)},
    {"store", RECORD_ID, ACCEPTED(store)},
    {"until", RECORD_INT64, ACCEPTED(until_ms), .most = INT64_MAX},
};

static const struct record_field seen_fields[] = {
    {"epoch", RECORD_INT64, SEEN(epoch), .least = 1, .most = INT64_MAX},
    {"rollout", RECORD_ID, SEEN(rollout)},
    {"target", RECORD_NAME, SEEN(target)},
};

static const struct record_field begun_fields[] = {
    {"rollout", RECORD_ID, BEGUN(rollout)},
    {"step", RECORD_TEXT, .optional = true, BEGUN(step), .most = STEP_MAX},
    {"target", RECORD_NAME, BEGUN(target)},
};

static const struct record accepted_record = {accepted_fields, COUNT_OF(accepted_fields)};
static const struct record seen_record = {seen_fields, COUNT_OF(seen_fields)};
static const struct record begun_record = {begun_fields, COUNT_OF(begun_fields)};

static void write_accepted(const struct journal_entry *entry, struct buffer *out)
{
    AUTO(json) json_t *object = json_object();
    json_t *targets = json_array();

    record_put(&accepted_record, &entry->accepted, object);
    for (size_t i = 0; i < entry->accepted.target_count; i++)
        json_add(targets, json_text(entry->accepted.targets[i]));
    json_put(object, "targets", targets);
    json_write_canonical(object, out);
}

static bool accepted_from_json(const json_t *value, struct arena *arena,
                               struct journal_entry *entry, struct error *err)
{
    struct json_reader reader;

    json_reader_start(&reader, value, "", arena, err);
    record_read(&accepted_record, &reader, &entry->accepted);
    const json_t *targets = json_read_array(&reader, "targets", TARGETS_MAX);
    size_t count = json_array_size(targets);
    const char **names = arena_calloc(arena, count, sizeof *names);
    for (size_t i = 0; i < count && !reader.failed; i++) {
        const char *name = json_string_value(json_array_get(targets, i));

        if (name == NULL || !name_is_valid(name))
            json_reader_fail(&reader, "targets", "not all are names");
        else
            names[i] = arena_strdup(arena, name);
    }
    entry->accepted.targets = names;
    entry->accepted.target_count = count;
    return json_reader_end(&reader);
}

static void write_seen(const struct journal_entry *entry, struct buffer *out)
{
    record_write(&seen_record, &entry->seen, out);
}

static bool seen_from_json(const json_t *value, struct arena *arena, struct journal_entry *entry,
                           struct error *err)
{
    struct json_reader reader;

    json_reader_start(&reader, value, "", arena, err);
    record_read(&seen_record, &reader, &entry->seen);
    return json_reader_end(&reader);
}

static void write_begun(const struct journal_entry *entry, struct buffer *out)
{
    record_write(&begun_record, &entry->begun, out);
}

static bool begun_from_json(const json_t *value, struct arena *arena, struct journal_entry *entry,
                            struct error *err)
{
    struct json_reader reader;

    json_reader_start(&reader, value, "", arena, err);
    record_read(&begun_record, &reader, &entry->begun);
    return json_reader_end(&reader);
}

static void write_outcome(const struct journal_entry *entry, struct buffer *out)
{
    AUTO(json) json_t *object = reply_encode(&entry->outcome);

    json_write_canonical(object, out);
}

static bool outcome_from_json(const json_t *value, struct arena *arena, struct journal_entry *entry,
                              struct error *err)
{
    if (!reply_decode(value, arena, &entry->outcome, err))
        return false;
    return entry->outcome.kind == REPLY_OUTCOME ||
           error_set(err, ERROR_PROTOCOL, "kind: not an outcome");
}

static void write_acknowledged(const struct journal_entry *entry, struct buffer *out)
{
    AUTO(json) json_t *object = acknowledgement_encode(&entry->acknowledged);

    json_write_canonical(object, out);
}

static bool acknowledged_from_json(const json_t *value, struct arena *arena,
                                   struct journal_entry *entry, struct error *err)
{
    struct json_reader reader;

    json_reader_start(&reader, value, "", arena, err);
    acknowledgement_read(&reader, &entry->acknowledged);
    return json_reader_end(&reader);
}

static const struct {
    void (*write)(const struct journal_entry *entry, struct buffer *out);
    bool (*from_json)(const json_t *value, struct arena *arena, struct journal_entry *entry,
                      struct error *err);
} forms[TYPES] = {
    [ENTRY_ACCEPTED] = {write_accepted, accepted_from_json},
    [ENTRY_SEEN] = {write_seen, seen_from_json},
    [ENTRY_BEGUN] = {write_begun, begun_from_json},
    [ENTRY_OUTCOME] = {write_outcome, outcome_from_json},
    [ENTRY_ACKNOWLEDGED] = {write_acknowledged, acknowledged_from_json},
};

void entry_write(const struct journal_entry *entry, struct buffer *out)
{
    forms[entry->type].write(entry, out);
}

bool entry_read(const struct frame *frame, struct arena *arena, struct journal_entry *entry,
                struct error *err)
{
    if (frame->type >= TYPES || frame->type == 0 || frame->format != JOURNAL_FORMAT)
        return error_set(err, ERROR_UNSUPPORTED,
                         "it has type %d and format %d, which this release does not know: run the "
                         "release that wrote it, or a newer one",
                         frame->type, frame->format);
    AUTO(json) json_t *value = json_parse(frame->payload, frame->length, err);
    *entry = (struct journal_entry){.type = (enum entry_type)frame->type};
    return value != NULL && forms[frame->type].from_json(value, arena, entry, err);
}
