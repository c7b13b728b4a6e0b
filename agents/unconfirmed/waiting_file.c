#include "agents/unconfirmed/waiting_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/name.h"

enum { FORMAT = 1, FILE_MAX = 64 * 1024 * 1024, TARGETS_MAX = 100000, OPERATOR_MAX = 256 };

static const char *const state_names[] = {[WAITING_RUNS] = "runs",
                                          [WAITING_CONFIRM] = "waits",
                                          [WAITING_GOES] = "goes_back",
                                          [WAITING_WENT] = "is_back"};

void waiting_free(struct waiting *waiting)
{
    if (waiting == NULL)
        return;
    for (size_t i = 0; i < waiting->target_count; i++)
        free(waiting->targets[i]);
    free(waiting->targets);
    free(waiting->operator_name);
    free(waiting->id);
    json_free(waiting->request);
    free(waiting);
}

bool waiting_write(const struct waiting *waiting, const char *path, struct error *err)
{
    AUTO(json) json_t *object = json_object();
    AUTO_BUFFER struct buffer bytes = {0};
    json_t *targets = json_array();

    for (size_t i = 0; i < waiting->target_count; i++)
        if (waiting->targets[i] != NULL)
            json_add(targets, json_text(waiting->targets[i]));
    json_put(object, "boot", json_text(waiting->boot));
    json_put(object, "deadline_ms", json_integer(waiting->deadline_ms));
    json_put(object, "format", json_integer(FORMAT));
    json_put(object, "monotonic_deadline_ms", json_integer(waiting->monotonic_deadline_ms));
    json_put(object, "operator", json_text(waiting->operator_name));
    json_put(object, "plan", json_hex(&waiting->plan));
    json_put(object, "request", json_incref(waiting->request));
    json_put(object, "state", json_text(state_names[waiting->state]));
    json_put(object, "targets", targets);
    json_put(object, "until_ms", json_integer(waiting->until_ms));
    json_put(object, "within_ms", json_integer(waiting->within_ms));
    json_write_canonical(object, &bytes);
    return file_write(path, bytes.bytes, bytes.length, 0600, err);
}

static void read_state(struct json_reader *reader, struct waiting *waiting)
{
    const char *name = json_read_text(reader, "state", OPERATOR_MAX);

    for (size_t i = 0; name != NULL && i < COUNT_OF(state_names); i++)
        if (strcmp(state_names[i], name) == 0) {
            waiting->state = (enum waiting_state)i;
            return;
        }
    json_reader_fail(reader, "state", "not one that this release knows");
}

static void read_targets(struct json_reader *reader, struct waiting *waiting)
{
    const json_t *targets = json_read_array(reader, "targets", TARGETS_MAX);

    waiting->targets = xcalloc(json_array_size(targets) + 1, sizeof *waiting->targets);
    for (size_t i = 0; i < json_array_size(targets) && !reader->failed; i++) {
        const char *name = json_string_value(json_array_get(targets, i));

        if (name == NULL || !name_is_valid(name))
            json_reader_fail(reader, "targets", "not all are names");
        else
            waiting->targets[waiting->target_count++] = xstrdup(name);
    }
}

static bool waiting_from_json(const json_t *value, struct waiting *waiting, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct json_reader reader;

    json_reader_start(&reader, value, "", arena, err);
    (void)json_read_integer(&reader, "format", FORMAT, FORMAT);
    const char *boot = json_read_text(&reader, "boot", sizeof waiting->boot - 1);
    snprintf(waiting->boot, sizeof waiting->boot, "%s", boot != NULL ? boot : "");
    waiting->deadline_ms = json_read_integer(&reader, "deadline_ms", 0, INT64_MAX);
    waiting->monotonic_deadline_ms =
        json_read_integer(&reader, "monotonic_deadline_ms", 0, INT64_MAX);
    const char *operator_name = json_read_text(&reader, "operator", OPERATOR_MAX);
    waiting->operator_name = xstrdup(operator_name != NULL ? operator_name : "");
    json_read_digest(&reader, "plan", &waiting->plan);
    const json_t *request = json_read_object(&reader, "request");
    waiting->request = request != NULL ? json_deep_copy(request) : NULL;
    read_state(&reader, waiting);
    read_targets(&reader, waiting);
    waiting->until_ms = json_read_integer(&reader, "until_ms", 0, INT64_MAX);
    waiting->within_ms = json_read_integer(&reader, "within_ms", 1, INT64_MAX);
    return json_reader_end(&reader);
}

struct waiting *waiting_read(const char *path, const char *id, struct error *err)
{
    AUTO(waiting) struct waiting *waiting = xcalloc(1, sizeof *waiting);
    AUTO_BUFFER struct buffer bytes = {0};

    waiting->id = xstrdup(id);
    if (!file_read(path, FILE_MAX, &bytes, err))
        return NULL;
    AUTO(json) json_t *value = json_parse(bytes.bytes, bytes.length, err);
    if (value != NULL && waiting_from_json(value, waiting, err))
        return TAKE(waiting);
    err->code = ERROR_VERIFY;
    error_at_file(err, path, 0);
    return NULL;
}

int64_t waiting_left_ms(const struct waiting *waiting, const char *boot, int64_t monotonic_ms,
                        int64_t wall_ms)
{
    int64_t left_ms = strcmp(waiting->boot, boot) == 0
                          ? waiting->monotonic_deadline_ms - monotonic_ms
                          : waiting->deadline_ms - wall_ms;

    if (left_ms > waiting->within_ms)
        return waiting->within_ms;
    return left_ms > 0 ? left_ms : 0;
}
