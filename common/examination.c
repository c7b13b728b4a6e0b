#include "common/examination.h"

#include <string.h>

#include "common/record.h"

/* Bytes; what a server says may have grown threefold by replacing what is not UTF-8. */
enum { TEXT_MAX = 1024, LONG_TEXT_MAX = 3 * EXAMINED_TEXT_MAX };

static const char *const state_names[STATEMENT_STATE_COUNT] = {
    [STATEMENT_UNTOUCHED] = "untouched", [STATEMENT_SESSION] = "session",
    [STATEMENT_BEGUN] = "begun",         [STATEMENT_DONE] = "done",
    [STATEMENT_UNDOING] = "undoing",     [STATEMENT_UNDONE] = "undone",
};

static const char *const trace_names[STATEMENT_TRACE_COUNT] = {
    [TRACE_NOT_RUN] = "not_run",
    [TRACE_RUN] = "run",
    [TRACE_UNCLEAR] = "unclear",
    [TRACE_NOT_READ] = "not_read",
};

#define EXAMINED(member) .offset = offsetof(struct examined_part, member)

static const struct record_field fields[] = {
    {"back", RECORD_BOOL, .optional = true, EXAMINED(back)},
    {"before", RECORD_TEXT, .optional = true, EXAMINED(before), .most = LONG_TEXT_MAX},
    {"class", RECORD_TEXT, .optional = true, EXAMINED(class), .most = TEXT_MAX},
    {"intents", RECORD_DIGEST, EXAMINED(intents)},
    {"locked", RECORD_BOOL, .optional = true, EXAMINED(locked)},
    {"lost_session", RECORD_INT, .optional = true, EXAMINED(lost_session),
     .most = EXAMINED_STATEMENTS_MAX},
    {"now", RECORD_TEXT, .optional = true, EXAMINED(now), .most = LONG_TEXT_MAX},
    {"object", RECORD_TEXT, .optional = true, EXAMINED(object), .most = TEXT_MAX},
    {"probed", RECORD_BOOL, .optional = true, EXAMINED(probed)},
    {"session", RECORD_TEXT, .optional = true, EXAMINED(session), .most = TEXT_MAX},
    {"started_ms", RECORD_INT64, .optional = true, EXAMINED(started_ms), .most = INT64_MAX},
    {"statement", RECORD_INT, .optional = true, EXAMINED(statement),
     .most = EXAMINED_STATEMENTS_MAX},
    {"trace", RECORD_CHOICE, EXAMINED(trace), .most = STATEMENT_TRACE_COUNT, .names = trace_names},
};

static const struct record record = {fields, COUNT_OF(fields)};

json_t *examination_encode(const struct examined_part *examination)
{
    json_t *object = json_object();
    json_t *states = json_array();

    for (size_t i = 0; i < examination->count; i++)
        json_add(states, json_text(state_names[examination->states[i]]));
    record_put(&record, examination, object);
    json_put(object, "states", states);
    return object;
}

static enum statement_state read_state(struct json_reader *reader, const json_t *value)
{
    const char *name = json_string_value(value);

    for (int i = 0; name != NULL && i < STATEMENT_STATE_COUNT; i++)
        if (strcmp(state_names[i], name) == 0)
            return (enum statement_state)i;
    json_reader_fail(reader, "states", "not all are known");
    return STATEMENT_UNTOUCHED;
}

static void read_states(struct json_reader *reader, struct examined_part *examination)
{
    const json_t *array = json_read_array(reader, "states", EXAMINED_STATEMENTS_MAX);
    size_t count = json_array_size(array);
    enum statement_state *states = arena_calloc(reader->arena, count, sizeof *states);

    for (size_t i = 0; i < count && !reader->failed; i++)
        states[i] = read_state(reader, json_array_get(array, i));
    examination->states = states;
    examination->count = count;
}

void examination_read(struct json_reader *reader, const char *field,
                      struct examined_part *examination)
{
    struct json_reader inner;

    json_reader_start_in(&inner, reader, field, -1, json_read_optional(reader, field));
    record_read(&record, &inner, examination);
    read_states(&inner, examination);
    if (!inner.failed && ((size_t)examination->statement > examination->count ||
                          (size_t)examination->lost_session > examination->count))
        json_reader_fail(&inner, "statement", "the script does not have that many");
    reader->failed = !json_reader_end(&inner);
}
