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

static json_t *accepted_to_json(const struct journal_entry *entry)
{
    json_t *object = json_object();
    json_t *targets = json_array();

    record_put(&accepted_record, &entry->accepted, object);
    for (size_t i = 0; i < entry->accepted.target_count; i++)
        json_add(targets, json_text(entry->accepted.targets[i]));
    json_put(object, "targets", targets);
    return object;
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

static json_t *seen_to_json(const struct journal_entry *entry)
{
    json_t *object = json_object();

    record_put(&seen_record, &entry->seen, object);
    return object;
}

static bool seen_from_json(const json_t *value, struct arena *arena, struct journal_entry *entry,
                           struct error *err)
{
    struct json_reader reader;

    json_reader_start(&reader, value, "", arena, err);
    record_read(&seen_record, &reader, &entry->seen);
    return json_reader_end(&reader);
}

static json_t *begun_to_json(const struct journal_entry *entry)
{
    json_t *object = json_object();

    record_put(&begun_record, &entry->begun, object);
    return object;
}

static bool begun_from_json(const json_t *value, struct arena *arena, struct journal_entry *entry,
                            struct error *err)
{
    struct json_reader reader;

    json_reader_start(&reader, value, "", arena, err);
    record_read(&begun_record, &reader, &entry->begun);
    return json_reader_end(&reader);
}

static json_t *outcome_to_json(const struct journal_entry *entry)
{
    return reply_encode(&entry->outcome);
}

static bool outcome_from_json(const json_t *value, struct arena *arena, struct journal_entry *entry,
                              struct error *err)
{
    if (!reply_decode(value, arena, &entry->outcome, err))
        return false;
    return entry->outcome.kind == REPLY_OUTCOME ||
           error_set(err, ERROR_PROTOCOL, "kind: not an outcome");
}

static json_t *acknowledged_to_json(const struct journal_entry *entry)
{
    return acknowledgement_encode(&entry->acknowledged);
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
    json_t *(*to_json)(const struct journal_entry *entry);
    bool (*from_json)(const json_t *value, struct arena *arena, struct journal_entry *entry,
                      struct error *err);
} forms[TYPES] = {
    [ENTRY_ACCEPTED] = {accepted_to_json, accepted_from_json},
    [ENTRY_SEEN] = {seen_to_json, seen_from_json},
    [ENTRY_BEGUN] = {begun_to_json, begun_from_json},
    [ENTRY_OUTCOME] = {outcome_to_json, outcome_from_json},
    [ENTRY_ACKNOWLEDGED] = {acknowledged_to_json, acknowledged_from_json},
};

void entry_write(const struct journal_entry *entry, struct buffer *out)
{
    AUTO(json) json_t *value = forms[entry->type].to_json(entry);

    json_write_canonical(value, out);
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
