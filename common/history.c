#include "common/history.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/record.h"

enum { HISTORY_FORMAT = 1, TEXT_MAX = 1024, PARTS_MAX = 100000, ITEMS_MAX = 100000 };

const char *const direction_names[DIRECTION_COUNT] = {
    [DIRECTION_UP] = "up",         [DIRECTION_DOWN] = "down",     [DIRECTION_BASELINE] = "baseline",
    [DIRECTION_REPEAT] = "repeat", [DIRECTION_REPAIR] = "repair",
};

const char *direction_name(enum direction direction)
{
    assert((unsigned)direction < DIRECTION_COUNT);
    return direction_names[direction];
}

bool direction_from_name(const char *name, enum direction *direction)
{
    for (int i = 0; i < DIRECTION_COUNT; i++) {
        if (strcmp(direction_names[i], name) == 0) {
            *direction = (enum direction)i;
            return true;
        }
    }
    return false;
}

#define ROW(member) offsetof(struct history_row, member)

static const struct record_field row_fields[] = {
    {"attempt_key", RECORD_DIGEST, .offset = ROW(attempt_key)},
    {"direction", RECORD_CHOICE, .offset = ROW(direction), .most = DIRECTION_COUNT,
     .names = direction_names},
    {"ended_ms", RECORD_INT64, .offset = ROW(ended_ms), .most = INT64_MAX},
    {"epoch", RECORD_INT64, .offset = ROW(epoch), .most = INT64_MAX},
    {"fingerprint", RECORD_DIGEST, .offset = ROW(fingerprint)},
    {"format", RECORD_CONSTANT, .least = HISTORY_FORMAT},
    {"name", RECORD_TEXT, .offset = ROW(name), .most = TEXT_MAX},
    {"operator", RECORD_TEXT, .offset = ROW(operator_name), .most = TEXT_MAX},
    {"part", RECORD_INT, .offset = ROW(part), .least = 1, .most = PARTS_MAX},
    {"parts", RECORD_INT, .offset = ROW(parts), .least = 1, .most = PARTS_MAX},
    {"plan", RECORD_DIGEST, .offset = ROW(plan)},
    {"previous", RECORD_DIGEST, .offset = ROW(previous)},
    {"rendered_sha256", RECORD_DIGEST, .offset = ROW(rendered_sha256)},
    {"rollout", RECORD_TEXT, .offset = ROW(rollout), .most = TEXT_MAX},
    {"seq", RECORD_INT64, .offset = ROW(seq), .least = 1, .most = INT64_MAX},
    {"source_sha256", RECORD_DIGEST, .offset = ROW(source_sha256)},
    {"started_ms", RECORD_INT64, .offset = ROW(started_ms), .most = INT64_MAX},
    {"version", RECORD_TEXT, .offset = ROW(version), .most = TEXT_MAX},
};

static const struct record row_record = {row_fields, COUNT_OF(row_fields)};

static struct digest hash_row(const struct history_row *row, struct buffer *bytes)
{
    buffer_clear(bytes);
    record_write(&row_record, row, bytes);
    return digest_of(bytes->bytes, bytes->length);
}

struct digest history_row_hash(const struct history_row *row)
{
    AUTO_BUFFER struct buffer bytes = {0};

    return hash_row(row, &bytes);
}

json_t *history_row_to_json(const struct history_row *row)
{
    json_t *object = json_object();

    record_put(&row_record, row, object);
    json_put(object, "hash", json_hex(&row->hash));
    return object;
}

bool history_row_from_json(const json_t *value, struct arena *arena, struct history_row *row,
                           struct error *err)
{
    struct json_reader reader;

    *row = (struct history_row){0};
    json_reader_start(&reader, value, "row", arena, err);
    record_read(&row_record, &reader, row);
    json_read_digest(&reader, "hash", &row->hash);
    return json_reader_end(&reader);
}

static bool has_its_hash(const struct history_row *row, struct buffer *bytes)
{
    struct digest hash = hash_row(row, bytes);

    return digest_equal(&row->hash, &hash);
}

bool history_verify(const struct history_row *rows, size_t count, struct error *err)
{
    static const struct digest none;
    AUTO_BUFFER struct buffer bytes = {0};

    for (size_t i = 0; i < count; i++) {
        const struct history_row *row = &rows[i];
        const struct digest *previous = i == 0 ? &none : &rows[i - 1].hash;
        const char *fault = NULL;

        if (row->seq != (int64_t)i + 1)
            fault = "does not follow the row before it: a row is missing or was added";
        else if (!digest_equal(&row->previous, previous))
            fault = "does not name the hash of the row before it: a row was changed or replaced";
        else if (!has_its_hash(row, &bytes))
            fault = "does not have the hash it says: it was changed";
        if (fault != NULL)
            return error_set(err, ERROR_CONFLICT, "history row %" PRId64 " %s", row->seq, fault);
    }
    return true;
}

/* The two lists that a fold builds; each has room for every row. */
struct fold {
    struct applied *versioned;
    struct applied *repeatable;
    size_t versioned_count;
    size_t repeatable_count;
};

static struct applied applied_by(const struct history_row *row)
{
    return (struct applied){
        .version = row->version,
        .name = row->name,
        .source_sha256 = row->source_sha256,
        .plan = row->plan,
        .baseline = row->direction == DIRECTION_BASELINE,
    };
}

static void apply_repeatable(struct fold *fold, const struct history_row *row)
{
    size_t at = 0;

    while (at < fold->repeatable_count && strcmp(fold->repeatable[at].name, row->name) != 0)
        at++;
    fold->repeatable[at] = applied_by(row);
    fold->repeatable_count += at == fold->repeatable_count;
}

/* What is undone is mostly the newest, so the search starts there. */
static void take_away(struct applied *items, size_t *count, const struct history_row *row)
{
    bool repeatable = row->version[0] == '\0';

    for (size_t at = *count; at-- > 0;) {
        if (strcmp(repeatable ? items[at].name : items[at].version,
                   repeatable ? row->name : row->version) != 0)
            continue;
        (*count)--;
        memmove(&items[at], &items[at + 1], (*count - at) * sizeof items[0]);
        return;
    }
}

static void fold_row(struct fold *fold, const struct history_row *row)
{
    bool repeatable = row->version[0] == '\0';

    if (row->part != row->parts || row->direction == DIRECTION_REPAIR)
        return;
    if (row->direction == DIRECTION_DOWN && repeatable)
        take_away(fold->repeatable, &fold->repeatable_count, row);
    else if (row->direction == DIRECTION_DOWN)
        take_away(fold->versioned, &fold->versioned_count, row);
    else if (repeatable)
        apply_repeatable(fold, row);
    else
        fold->versioned[fold->versioned_count++] = applied_by(row);
}

static int by_name(const void *a, const void *b)
{
    const struct applied *one = a;
    const struct applied *other = b;

    return strcmp(one->name, other->name);
}

#define ITEM(member) offsetof(struct applied, member)

static const struct record_field item_fields[] = {
    {"baseline", RECORD_BOOL, .optional = true, .offset = ITEM(baseline)},
    {"name", RECORD_TEXT, .offset = ITEM(name), .most = TEXT_MAX},
    {"plan", RECORD_DIGEST, .offset = ITEM(plan)},
    {"source_sha256", RECORD_DIGEST, .offset = ITEM(source_sha256)},
    {"version", RECORD_TEXT, .optional = true, .offset = ITEM(version), .most = TEXT_MAX},
};

static const struct record item_record = {item_fields, COUNT_OF(item_fields)};

/* SHA-256 of the items' canonical JSON, one after the other. */
static struct digest id_of(const struct applied *items, size_t count)
{
    AUTO_BUFFER struct buffer bytes = {0};

    for (size_t i = 0; i < count; i++)
        record_write(&item_record, &items[i], &bytes);
    return digest_of(buffer_text(&bytes), bytes.length);
}

struct applied_set history_fold(struct arena *arena, const struct history_row *rows, size_t count)
{
    struct applied *items = arena_calloc(arena, count, sizeof *items);
    struct applied *repeatable = xcalloc(count, sizeof *repeatable);
    struct fold fold = {.versioned = items, .repeatable = repeatable};

    for (size_t i = 0; i < count; i++)
        fold_row(&fold, &rows[i]);
    qsort(repeatable, fold.repeatable_count, sizeof *repeatable, by_name);
    memcpy(items + fold.versioned_count, repeatable, fold.repeatable_count * sizeof *repeatable);
    free(repeatable);

    size_t total = fold.versioned_count + fold.repeatable_count;
    return (struct applied_set){.id = id_of(items, total), .items = items, .count = total};
}

json_t *applied_set_to_json(const struct applied_set *set)
{
    json_t *object = json_object();
    json_t *items = json_array();

    for (size_t i = 0; i < set->count; i++) {
        json_t *item = json_object();

        record_put(&item_record, &set->items[i], item);
        json_add(items, item);
    }
    json_put(object, "id", json_hex(&set->id));
    json_put(object, "items", items);
    return object;
}

static const struct applied *read_items(struct json_reader *reader, size_t *count)
{
    const json_t *array = json_read_array(reader, "items", ITEMS_MAX);
    struct applied *items = arena_calloc(reader->arena, json_array_size(array), sizeof *items);

    *count = json_array_size(array);
    for (size_t i = 0; i < *count && !reader->failed; i++) {
        struct json_reader item;

        json_reader_start_in(&item, reader, "items", (int64_t)i, json_array_get(array, i));
        record_read(&item_record, &item, &items[i]);
        reader->failed = !json_reader_end(&item);
    }
    return items;
}

bool applied_set_from_json(const json_t *value, struct arena *arena, struct applied_set *set,
                           struct error *err)
{
    struct json_reader reader;

    *set = (struct applied_set){0};
    json_reader_start(&reader, value, "set", arena, err);
    json_read_digest(&reader, "id", &set->id);
    set->items = read_items(&reader, &set->count);
    if (!json_reader_end(&reader))
        return false;
    struct digest id = id_of(set->items, set->count);
    return digest_equal(&id, &set->id) ||
           error_set(err, ERROR_PROTOCOL, "set.id: not the digest of its items");
}
