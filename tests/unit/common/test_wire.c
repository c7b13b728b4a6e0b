#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/wire.h"

/* Decodes and encodes again; NULL and err if the message is refused. */
typedef json_t *(*recode_function)(const json_t *value, struct arena *arena, struct error *err);

static json_t *recode_status(const json_t *value, struct arena *arena, struct error *err)
{
    struct status_request request;

    return status_request_decode(value, arena, &request, err) ? status_request_encode(&request)
                                                              : NULL;
}

static json_t *recode_run(const json_t *value, struct arena *arena, struct error *err)
{
    struct run_request request;

    return run_request_decode(value, arena, &request, err) ? run_request_encode(&request) : NULL;
}

static json_t *recode_stop(const json_t *value, struct arena *arena, struct error *err)
{
    struct stop_request request;

    return stop_request_decode(value, arena, &request, err) ? stop_request_encode(&request) : NULL;
}

static json_t *recode_examine(const json_t *value, struct arena *arena, struct error *err)
{
    struct examine_request request;

    return examine_request_decode(value, arena, &request, err) ? examine_request_encode(&request)
                                                               : NULL;
}

static json_t *recode_reply(const json_t *value, struct arena *arena, struct error *err)
{
    struct reply reply;

    return reply_decode(value, arena, &reply, err) ? reply_encode(&reply) : NULL;
}

/* Messages as format 1 has them, one a line. They are never edited: an agent or an orchestrator
   of that release is out there. */
static const struct {
    const char *file;
    recode_function recode;
} goldens[] = {
    {"status_request", recode_status},   {"run_request", recode_run},
    {"run_request_back", recode_run},    {"stop_request", recode_stop},
    {"reply_heartbeat", recode_reply},   {"reply_history", recode_reply},
    {"reply_target", recode_reply},      {"reply_rows", recode_reply},
    {"reply_schema", recode_reply},      {"reply_event", recode_reply},
    {"reply_error", recode_reply},       {"reply_end", recode_reply},
    {"reply_foreign", recode_reply},     {"status_request_foreign", recode_status},
    {"reply_outcome", recode_reply},     {"status_request_outcomes", recode_status},
    {"reply_examination", recode_reply}, {"examine_request", recode_examine},
};

static void read_golden(const char *file, struct buffer *out)
{
    AUTO(text) char *path = xasprintf("%s/wire/v1/%s.jsonl", TEST_DATA, file);
    struct error err = {0};

    if (!file_read(path, WIRE_LINE_MAX, out, &err))
        fail_msg("%s", err.message);
}

static void assert_line_stays(const char *line, size_t length, recode_function recode)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO_BUFFER struct buffer written = {0};
    struct error err = {0};
    AUTO(json) json_t *json = json_parse(line, length, &err);
    AUTO(json) json_t *again = json != NULL ? recode(json, arena, &err) : NULL;

    if (again == NULL)
        fail_msg("%s: %.*s", err.message, (int)length, line);
    json_write_canonical(again, &written);
    assert_int_equal(written.length, length);
    assert_memory_equal(written.bytes, line, length);
}

static void every_message_of_format_1_is_read_and_written_as_ever(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(goldens); i++) {
        AUTO_BUFFER struct buffer lines = {0};

        read_golden(goldens[i].file, &lines);
        assert_true(lines.length > 0);
        for (const char *line = lines.bytes; *line != '\0';) {
            size_t length = strcspn(line, "\n");

            assert_line_stays(line, length, goldens[i].recode);
            line += length + 1;
        }
    }
}

/* Sets the value at a path of keys ("status.intent.name") of the object; NULL deletes it. */
static void change(json_t *object, const char *path, const char *value)
{
    const char *dot = strchr(path, '.');
    struct error err = {0};

    if (dot != NULL) {
        AUTO(text) char *key = xstrndup(path, (size_t)(dot - path));

        change(json_object_get(object, key), dot + 1, value);
    } else if (value == NULL) {
        assert_int_equal(json_object_del(object, path), 0);
    } else {
        json_put(object, path, json_parse(value, strlen(value), &err));
    }
}

static const struct {
    const char *file, *path, *value, *message;
} faults[] = {
    {"status_request", "format", "2", "format: 2, but this release knows 1 only"},
    {"status_request", "format", NULL, "format: missing"},
    {"status_request", "targets", "[\"../etc\"]", "targets: not all are names"},
    {"status_request", "targets", "[1]", "targets: not all are names"},
    {"status_request", "targets", "{}", "targets: not an array"},
    {"status_request", "more", "1", "more: not a known field"},
    {"status_request_foreign", "foreign", "[]", "foreign: not an object"},
    {"status_request_foreign", "foreign.tool", "\"liquibase\"",
     "foreign.tool: not one of the known words"},
    {"status_request_foreign", "foreign.tool", NULL, "foreign.tool: missing"},
    {"status_request_foreign", "foreign.table", "\"a; DROP TABLE b\"",
     "foreign.table: not the name of a table"},
    {"status_request_foreign", "foreign.table", "7", "foreign.table: not text"},
    {"status_request_foreign", "foreign.sql", "\"SELECT 1\"", "foreign.sql: not a known field"},
    {"status_request_outcomes", "outcomes", "[]", "outcomes: not an object"},
    {"status_request_outcomes", "outcomes.store", "\"x\"",
     "outcomes.store: not 32 lower-case hex digits"},
    {"status_request_outcomes", "outcomes.had", NULL, "outcomes.had: missing"},
    {"status_request_outcomes", "outcomes.had", "[1]", "outcomes.had[0]: not an object"},
    {"status_request_outcomes", "outcomes.had", "[{\"rollout\":\"x\",\"through\":1}]",
     "outcomes.had[0].rollout: not 32 lower-case hex digits"},
    {"reply_outcome", "seq", "0", "seq: not between 1 and 9223372036854775806"},
    {"reply_outcome", "rollout", NULL, "rollout: missing"},
    {"reply_outcome", "event", NULL, "event: not an object"},
    {"reply_outcome", "event.state", "\"started\"", "event: not the end of a step or a job"},
    {"reply_examination", "target", "\"../a\"", "target: not a name"},
    {"reply_examination", "examination", NULL, "examination: not an object"},
    {"reply_examination", "examination.states", "[\"gone\"]",
     "examination.states: not all are known"},
    {"reply_examination", "examination.states", "[]",
     "examination.statement: the script does not have that many"},
    {"reply_examination", "examination.statement", "-1",
     "examination.statement: not between 0 and 100000"},
    {"reply_examination", "examination.lost_session", "4",
     "examination.statement: the script does not have that many"},
    {"reply_examination", "examination.trace", "\"maybe\"",
     "examination.trace: not one of the known words"},
    {"reply_examination", "examination.intents", "\"00\"",
     "examination.intents: not 64 lower-case hex digits"},
    {"reply_examination", "examination.more", "1", "examination.more: not a known field"},
    {"examine_request", "slice", NULL, "slice: missing"},
    {"examine_request", "format", "2", "format: 2, but this release knows 1 only"},
    {"run_request", "epoch", "0", "epoch: not between 1 and 9223372036854775807"},
    {"run_request", "max_parallel", "-1", "max_parallel: not between 1 and 10000"},
    {"run_request", "rollout", "\"x\"", "rollout: not 32 lower-case hex digits"},
    {"run_request", "store", "\"../../store\"", "store: not 32 lower-case hex digits"},
    {"run_request", "slice", "[]", "slice: not an object"},
    {"run_request", "operator", "\"eve\"", "operator: not a known field"},
    {"stop_request", "rollout", NULL, "rollout: missing"},
    {"reply_heartbeat", "kind", "\"ping\"", "kind: not one of the known words"},
    {"reply_heartbeat", "kind", NULL, "kind: missing"},
    {"reply_end", "more", "1", "more: not a known field"},
    {"reply_history", "set", NULL, "set: missing"},
    {"reply_history", "set.items", "[]", "set.id: not the digest of its items"},
    {"reply_history", "set.items", "[[]]", "set.items[0]: not an object"},
    {"reply_target", "status", "5", "status: not an object"},
    {"reply_target", "status.target", "\"\\u001b[2J\"", "status.target: not a name"},
    {"reply_target", "status.engine", "\"oracle\"", "status.engine: not one of the known words"},
    {"reply_target", "status.seq", "-1", "status.seq: not between 0 and 9223372036854775807"},
    {"reply_target", "status.intent.statement", "0",
     "status.intent.statement: not between 1 and 2147483647"},
    {"reply_target", "status.intent.more", "0", "status.intent.more: not a known field"},
    {"reply_target", "status.error", "{\"code\":\"sql\"}", "error.message: missing"},
    {"reply_rows", "target", NULL, "target: missing"},
    {"reply_schema", "target", NULL, "target: missing"},
    {"reply_schema", "lines", "7", "lines: not text"},
    {"reply_rows", "rows", "[{}]", "row.attempt_key: missing"},
    {"reply_foreign", "rows", "[[]]", "rows[0]: not an object"},
    {"reply_foreign", "rows", "[{\"state\":\"applied\"}]", "rows[0].version: missing"},
    {"reply_foreign", "rows", "[{\"state\":\"fine\",\"version\":\"1\"}]",
     "rows[0].state: not one of the known words"},
    {"reply_foreign", "rows", "[{\"state\":\"applied\",\"version\":1}]",
     "rows[0].version: not text"},
    {"reply_foreign", "rows", "[{\"state\":\"applied\",\"version\":\"1\",\"more\":1}]",
     "rows[0].more: not a known field"},
    {"reply_foreign", "present", "false", "rows: of a table that is not there"},
    {"reply_foreign", "present", NULL, "present: missing"},
    {"reply_foreign", "target", "\"../etc\"", "target: not a name"},
    {"reply_event", "event.kind", "\"nap\"", "event.kind: not one of the known words"},
    {"reply_event", "event", "[]", "event: not an object"},
    {"reply_error", "error.line", "-1", "error.line: not between 0 and 2147483647"},
    {"reply_error", "error.line", "\"1\"", "error.line: not an integer"},
};

static recode_function recode_of(const char *file)
{
    for (size_t i = 0; i < COUNT_OF(goldens); i++)
        if (strcmp(goldens[i].file, file) == 0)
            return goldens[i].recode;
    fail_msg("no golden message %s", file);
    return NULL;
}

static void a_message_out_of_form_is_refused_with_the_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        AUTO_BUFFER struct buffer lines = {0};
        struct error err = {0};

        read_golden(faults[i].file, &lines);
        AUTO(json) json_t *json = json_parse(lines.bytes, strcspn(lines.bytes, "\n"), &err);
        assert_non_null(json);
        change(json, faults[i].path, faults[i].value);
        assert_null(recode_of(faults[i].file)(json, arena, &err));
        assert_int_equal(err.code, ERROR_PROTOCOL);
        assert_string_equal(err.message, faults[i].message);
    }
}

static void a_status_says_what_it_said(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    const struct open_intent intent = {"7", "split", DIRECTION_UP, 3, "ALTER TABLE \xff", {{5}}};
    const struct error failure = {.code = ERROR_CONNECT, .message = "refused"};
    const struct reply sent = {
        .kind = REPLY_TARGET,
        .status = {.target = "orders-001",
                   .engine = ENGINE_MYSQL,
                   .server = "MariaDB 10.11.6",
                   .seq = 12,
                   .head = digest_of_text("head"),
                   .intent = &intent,
                   .error = &failure},
    };
    struct reply got;
    struct error err = {0};
    AUTO(json) json_t *json = reply_encode(&sent);

    assert_true(reply_decode(json, arena, &got, &err));
    assert_string_equal(got.status.target, "orders-001");
    assert_int_equal(got.status.engine, ENGINE_MYSQL);
    assert_string_equal(got.status.server, "MariaDB 10.11.6");
    assert_string_equal(got.status.store, "");
    assert_true(got.status.seq == 12);
    assert_true(digest_equal(&got.status.head, &sent.status.head));
    assert_string_equal(got.status.intent->summary, "ALTER TABLE \xef\xbf\xbd");
    assert_int_equal(got.status.error->code, ERROR_CONNECT);
}

static void another_tools_history_is_bounded(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    char version[3 * FOREIGN_VERSION_MAX + 2];
    const struct foreign_row *rows =
        arena_calloc(arena, FOREIGN_ROWS_MAX + 1, sizeof(struct foreign_row));
    struct reply sent = {
        .kind = REPLY_FOREIGN,
        .target = "orders-001",
        .foreign = {.present = true, .rows = rows, .row_count = FOREIGN_ROWS_MAX},
    };
    struct reply got;
    struct error err = {0};
    AUTO(json) json_t *whole = reply_encode(&sent);

    assert_true(reply_decode(whole, arena, &got, &err));
    assert_int_equal(got.foreign.row_count, FOREIGN_ROWS_MAX);
    sent.foreign.row_count++;
    AUTO(json) json_t *more = reply_encode(&sent);
    assert_false(reply_decode(more, arena, &got, &err));
    assert_string_equal(err.message, "rows: too many items");
    error_clear(&err);
    memset(version, '1', sizeof version);
    version[sizeof version - 1] = '\0';
    sent.foreign.rows = &(struct foreign_row){version, FOREIGN_APPLIED};
    sent.foreign.row_count = 1;
    AUTO(json) json_t *longer = reply_encode(&sent);
    assert_false(reply_decode(longer, arena, &got, &err));
    assert_string_equal(err.message, "rows[0].version: too long");
}

static void all_rows_of_a_history_fit_a_line(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    AUTO_BUFFER struct buffer line = {0};
    char version[FOREIGN_VERSION_MAX + 1] = {0};
    struct foreign_row *rows = arena_calloc(arena, FOREIGN_ROWS_MAX, sizeof *rows);
    const struct reply reply = {
        .kind = REPLY_FOREIGN,
        .target = "orders-001",
        .foreign = {.present = true, .rows = rows, .row_count = FOREIGN_ROWS_MAX},
    };

    memset(version, '\1', FOREIGN_VERSION_MAX);
    for (size_t i = 0; i < FOREIGN_ROWS_MAX; i++)
        rows[i] = (struct foreign_row){version, FOREIGN_REVERTED};
    AUTO(json) json_t *json = reply_encode(&reply);
    json_write_canonical(json, &line);
    assert_true(line.length < WIRE_LINE_MAX);
}

static void an_event_says_what_it_said(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    const struct error failure = {.code = ERROR_LOCKED, .message = "pid 812"};
    const struct reply sent = {
        .kind = REPLY_EVENT,
        .event = {.kind = RUN_STEP,
                  .target = "orders-001",
                  .step = STEP_WAITING,
                  .version = "20260301083000",
                  .name = "split",
                  .direction = DIRECTION_DOWN,
                  .duration_ms = 1500,
                  .error = &failure},
    };
    struct reply got;
    struct error err = {0};
    AUTO(json) json_t *json = reply_encode(&sent);

    assert_true(reply_decode(json, arena, &got, &err));
    assert_int_equal(got.event.kind, RUN_STEP);
    assert_int_equal(got.event.step, STEP_WAITING);
    assert_int_equal(got.event.direction, DIRECTION_DOWN);
    assert_string_equal(got.event.version, "20260301083000");
    assert_true(got.event.duration_ms == 1500);
    assert_int_equal(got.event.error->code, ERROR_LOCKED);
}

static void states_have_names(void **state)
{
    (void)state;
    enum job_state job;

    for (int i = 0; i < JOB_STATE_COUNT; i++) {
        assert_true(job_state_from_name(job_state_name((enum job_state)i), &job));
        assert_int_equal(job, i);
    }
    assert_false(job_state_from_name("asleep", &job));
    for (int i = 0; i < STEP_STATE_COUNT; i++)
        assert_non_null(step_state_name((enum step_state)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_of_format_1_is_read_and_written_as_ever),
        cmocka_unit_test(a_message_out_of_form_is_refused_with_the_place),
        cmocka_unit_test(a_status_says_what_it_said),
        cmocka_unit_test(another_tools_history_is_bounded),
        cmocka_unit_test(all_rows_of_a_history_fit_a_line),
        cmocka_unit_test(an_event_says_what_it_said),
        cmocka_unit_test(states_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
