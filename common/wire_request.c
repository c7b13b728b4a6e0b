#include "common/wire.h"

#include "common/name.h"
#include "common/record.h"

enum { TARGETS_MAX = 100000, PARALLEL_MAX = 10000, HAD_MAX = 10000 };

#define FORMAT_FIELD                                    \
    {                                                   \
        "format", RECORD_CONSTANT, .least = WIRE_FORMAT \
    }

static const struct record_field status_fields[] = {
    {"fingerprint", RECORD_BOOL, .offset = offsetof(struct status_request, fingerprint)},
    FORMAT_FIELD,
};

static const struct record_field foreign_fields[] = {
    {"table", RECORD_TEXT, .optional = true, .offset = offsetof(struct foreign_request, table),
     .most = 2 * FOREIGN_NAME_SIZE},
    {"tool", RECORD_CHOICE, .offset = offsetof(struct foreign_request, tool),
     .most = FOREIGN_TOOL_COUNT, .names = foreign_tool_names},
};

static const struct record_field outcomes_fields[] = {
    {"store", RECORD_ID, .offset = offsetof(struct outcomes_request, store)},
};

static const struct record_field had_fields[] = {
    {"rollout", RECORD_ID, .offset = offsetof(struct acknowledgement, rollout)},
    {"through", RECORD_INT64, .offset = offsetof(struct acknowledgement, through), .least = 1,
     .most = INT64_MAX},
};

static const struct record_field run_fields[] = {
    {"back", RECORD_BOOL, .optional = true, .offset = offsetof(struct run_request, back)},
    {"epoch", RECORD_INT64, .offset = offsetof(struct run_request, epoch), .least = 1,
     .most = INT64_MAX},
    FORMAT_FIELD,
    {"keep", RECORD_BOOL, .optional = true, .offset = offsetof(struct run_request, keep)},
    {"max_parallel", RECORD_INT, .offset = offsetof(struct run_request, max_parallel), .least = 1,
     .most = PARALLEL_MAX},
    {"rollout", RECORD_ID, .offset = offsetof(struct run_request, rollout)},
    {"store", RECORD_ID, .offset = offsetof(struct run_request, store)},
};

static const struct record_field stop_fields[] = {
    FORMAT_FIELD,
    {"rollout", RECORD_ID, .offset = offsetof(struct stop_request, rollout)},
};

static const struct record_field examine_fields[] = {FORMAT_FIELD};

static const struct record status_record = {status_fields, COUNT_OF(status_fields)};
static const struct record foreign_record = {foreign_fields, COUNT_OF(foreign_fields)};
static const struct record outcomes_record = {outcomes_fields, COUNT_OF(outcomes_fields)};
static const struct record had_record = {had_fields, COUNT_OF(had_fields)};
static const struct record run_record = {run_fields, COUNT_OF(run_fields)};
static const struct record stop_record = {stop_fields, COUNT_OF(stop_fields)};
static const struct record examine_record = {examine_fields, COUNT_OF(examine_fields)};

static void put_foreign(json_t *object, const struct foreign_request *foreign)
{
    json_t *inner = json_object();

    record_put(&foreign_record, foreign, inner);
    json_put(object, "foreign", inner);
}

json_t *acknowledgement_encode(const struct acknowledgement *acknowledgement)
{
    json_t *object = json_object();

    record_put(&had_record, acknowledgement, object);
    return object;
}

void acknowledgement_read(struct json_reader *reader, struct acknowledgement *acknowledgement)
{
    record_read(&had_record, reader, acknowledgement);
}

static void put_outcomes(json_t *object, const struct outcomes_request *outcomes)
{
    json_t *inner = json_object();
    json_t *had = json_array();

    record_put(&outcomes_record, outcomes, inner);
    for (size_t i = 0; i < outcomes->had_count; i++)
        json_add(had, acknowledgement_encode(&outcomes->had[i]));
    json_put(inner, "had", had);
    json_put(object, "outcomes", inner);
}

json_t *status_request_encode(const struct status_request *request)
{
    json_t *object = json_object();
    json_t *targets = json_array();

    for (size_t i = 0; i < request->target_count; i++)
        json_add(targets, json_text(request->targets[i]));
    record_put(&status_record, request, object);
    json_put(object, "targets", targets);
    if (request->foreign != NULL)
        put_foreign(object, request->foreign);
    if (request->outcomes != NULL)
        put_outcomes(object, request->outcomes);
    return object;
}

static const char *read_target(struct json_reader *reader, const json_t *value)
{
    const char *name = json_string_value(value);

    if (name == NULL || json_string_length(value) >= NAME_SIZE || !name_is_valid(name)) {
        json_reader_fail(reader, "targets", "not all are names");
        return "";
    }
    return arena_strdup(reader->arena, name);
}

static const struct foreign_request *read_foreign(struct json_reader *reader)
{
    const json_t *value = json_read_optional(reader, "foreign");
    struct json_reader inner;

    if (value == NULL)
        return NULL;
    struct foreign_request *foreign = arena_calloc(reader->arena, 1, sizeof *foreign);
    json_reader_start_in(&inner, reader, "foreign", -1, value);
    record_read(&foreign_record, &inner, foreign);
    if (!inner.failed && *foreign->table != '\0' && !foreign_table_is_valid(foreign->table))
        json_reader_fail(&inner, "table", "not the name of a table");
    reader->failed = !json_reader_end(&inner);
    return foreign;
}

static const struct outcomes_request *read_outcomes(struct json_reader *reader)
{
    const json_t *value = json_read_optional(reader, "outcomes");
    struct json_reader inner;

    if (value == NULL)
        return NULL;
    struct outcomes_request *outcomes = arena_calloc(reader->arena, 1, sizeof *outcomes);
    json_reader_start_in(&inner, reader, "outcomes", -1, value);
    record_read(&outcomes_record, &inner, outcomes);
    const json_t *array = json_read_array(&inner, "had", HAD_MAX);
    size_t count = json_array_size(array);
    struct acknowledgement *had = arena_calloc(reader->arena, count, sizeof *had);
    for (size_t i = 0; i < count && !inner.failed; i++) {
        struct json_reader item;

        json_reader_start_in(&item, &inner, "had", (int64_t)i, json_array_get(array, i));
        acknowledgement_read(&item, &had[i]);
        inner.failed = !json_reader_end(&item);
    }
    outcomes->had = had;
    outcomes->had_count = count;
    reader->failed = !json_reader_end(&inner);
    return outcomes;
}

bool status_request_decode(const json_t *value, struct arena *arena, struct status_request *request,
                           struct error *err)
{
    struct json_reader reader;

    *request = (struct status_request){0};
    json_reader_start(&reader, value, "", arena, err);
    record_read(&status_record, &reader, request);
    const json_t *targets = json_read_array(&reader, "targets", TARGETS_MAX);
    size_t count = json_array_size(targets);
    const char **names = arena_calloc(arena, count, sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = read_target(&reader, json_array_get(targets, i));
    request->targets = names;
    request->target_count = count;
    request->foreign = read_foreign(&reader);
    request->outcomes = read_outcomes(&reader);
    return json_reader_end(&reader);
}

json_t *run_request_encode(const struct run_request *request)
{
    json_t *object = json_object();

    record_put(&run_record, request, object);
    json_put(object, "slice", json_deep_copy(request->slice));
    return object;
}

bool run_request_decode(const json_t *value, struct arena *arena, struct run_request *request,
                        struct error *err)
{
    struct json_reader reader;

    *request = (struct run_request){.operator_name = ""};
    json_reader_start(&reader, value, "", arena, err);
    record_read(&run_record, &reader, request);
    request->slice = json_read_object(&reader, "slice");
    return json_reader_end(&reader);
}

json_t *stop_request_encode(const struct stop_request *request)
{
    json_t *object = json_object();

    record_put(&stop_record, request, object);
    return object;
}

bool stop_request_decode(const json_t *value, struct arena *arena, struct stop_request *request,
                         struct error *err)
{
    struct json_reader reader;

    *request = (struct stop_request){0};
    json_reader_start(&reader, value, "", arena, err);
    record_read(&stop_record, &reader, request);
    return json_reader_end(&reader);
}

json_t *examine_request_encode(const struct examine_request *request)
{
    json_t *object = json_object();

    record_put(&examine_record, request, object);
    json_put(object, "slice", json_deep_copy(request->slice));
    return object;
}

bool examine_request_decode(const json_t *value, struct arena *arena,
                            struct examine_request *request, struct error *err)
{
    struct json_reader reader;

    json_reader_start(&reader, value, "", arena, err);
    record_read(&examine_record, &reader, request);
    request->slice = json_read_object(&reader, "slice");
    return json_reader_end(&reader);
}
