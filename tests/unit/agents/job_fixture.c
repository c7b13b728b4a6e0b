#include "job_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"

int fixture_set_up(void **state)
{
    struct job_fixture *fixture = xcalloc(1, sizeof *fixture);

    snprintf(fixture->directory, sizeof fixture->directory, "/tmp/fleet-job-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    snprintf(fixture->url, sizeof fixture->url, "sqlite:%s/target.db", fixture->directory);
    fixture->target =
        (struct agent_target){.name = "orders", .engine = ENGINE_SQLITE, .url = fixture->url};
    fixture->limits = executor_limits_default();
    fixture->job = (struct job){
        .plan = &fixture->plan,
        .target = &fixture->planned,
        .store = "0123456789abcdef0123456789abcdef",
        .rollout = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        .operator_name = "ann",
        .epoch = 1,
    };
    *state = fixture;
    return 0;
}

int fixture_tear_down(void **state)
{
    static const char *const names[] = {"target.db", "target.db-journal", "target.db-fleet-lock"};
    struct job_fixture *fixture = *state;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        AUTO(text) char *path = xasprintf("%s/%s", fixture->directory, names[i]);

        unlink(path);
    }
    assert_int_equal(rmdir(fixture->directory), 0);
    free(fixture);
    return 0;
}

static struct plan_part part_of(struct plan_script *script, const char *sql)
{
    if (sql == NULL)
        return (struct plan_part){0};
    script->sha256 = digest_of_text(sql);
    script->sql = sql;
    script->length = strlen(sql);
    return (struct plan_part){.file = "change.sql", .script = script};
}

void fixture_plan(struct job_fixture *fixture, const char *seed, const struct fixture_step *steps,
                  size_t count)
{
    assert_true(count <= FIXTURE_STEPS);
    for (size_t i = 0; i < count; i++) {
        struct plan_step *step = &fixture->steps[i];

        *step = (struct plan_step){.version = steps[i].version, .name = "change"};
        step->direction = steps[i].up != NULL ? DIRECTION_UP : DIRECTION_BASELINE;
        step->run = part_of(&fixture->scripts[i][0], steps[i].up);
        step->undo = part_of(&fixture->scripts[i][1], steps[i].down);
        step->source_sha256 = digest_of_text(steps[i].up != NULL ? steps[i].up : "");
    }
    fixture->plan = (struct plan){.digest = digest_of_text(seed)};
    fixture->recipe =
        (struct plan_recipe){.engine = ENGINE_SQLITE, .steps = fixture->steps, .step_count = count};
    fixture->planned = (struct plan_target){.name = "orders", .recipe = &fixture->recipe};

    AUTO(session) struct session *session = fixture_open(fixture);
    AUTO(arena) struct arena *arena = arena_new();
    struct target_status status;
    struct applied_set set;
    struct error err = {0};
    assert_true(executor_status(session, false, arena, &status, &set, &err));
    fixture->planned.head = status.head;
}

static void add_to_story(struct job_fixture *fixture, const char *format, ...) PRINTF_LIKE(2, 3);

static void add_to_story(struct job_fixture *fixture, const char *format, ...)
{
    size_t used = strlen(fixture->story);
    va_list args;

    va_start(args, format);
    vsnprintf(fixture->story + used, sizeof fixture->story - used, format, args);
    va_end(args);
}

static void observe(void *context, const struct run_event *event)
{
    struct job_fixture *fixture = context;

    if (fixture->story[0] != '\0')
        add_to_story(fixture, ", ");
    if (event->kind == RUN_JOB) {
        add_to_story(fixture, "%s", job_state_name(event->job));
        return;
    }
    add_to_story(fixture, "%s %s %s", event->version, direction_name(event->direction),
                 step_state_name(event->step));
    if (event->step == STEP_WAITING)
        snprintf(fixture->waiting, sizeof fixture->waiting, "%s", event->error->message);
}

enum job_state fixture_run_on(struct job_fixture *fixture, struct session *session,
                              struct error *err)
{
    fixture->story[0] = '\0';
    return executor_run(session, &fixture->job, &fixture->limits, random_system(), observe, fixture,
                        err);
}

enum job_state fixture_run(struct job_fixture *fixture, struct error *err)
{
    AUTO(session) struct session *session = fixture_open(fixture);

    return fixture_run_on(fixture, session, err);
}

struct error fixture_expect(struct job_fixture *fixture, enum job_state state)
{
    struct error err = {0};
    enum job_state end = fixture_run(fixture, &err);

    if (end != state)
        fail_msg("%s, not %s: %s: %s", job_state_name(end), job_state_name(state),
                 error_code_name(err.code), err.message);
    return err;
}

struct session *fixture_open(const struct job_fixture *fixture)
{
    struct error err = {0};
    struct session *session = session_open(&fixture->target, clock_system(), &err);

    if (session == NULL)
        fail_msg("%s", err.message);
    return session;
}

void fixture_do(const struct job_fixture *fixture, const char *sql)
{
    AUTO(session) struct session *session = fixture_open(fixture);
    struct error err = {0};

    if (!session->engine->run(session, sql, strlen(sql), &err))
        fail_msg("%s: %s", sql, err.message);
}

int64_t fixture_count(const struct job_fixture *fixture, const char *query)
{
    AUTO(session) struct session *session = fixture_open(fixture);
    struct error err = {0};
    int64_t rows = -1;

    if (!session->engine->run_counted(session, query, strlen(query), &rows, &err))
        fail_msg("%s: %s", query, err.message);
    return rows;
}

void fixture_schema(const struct job_fixture *fixture, struct buffer *out)
{
    AUTO(session) struct session *session = fixture_open(fixture);
    struct error err = {0};

    assert_true(session->engine->introspect(session, out, &err));
}

void fixture_history(const struct job_fixture *fixture, char *text, size_t size)
{
    AUTO(session) struct session *session = fixture_open(fixture);
    AUTO(arena) struct arena *arena = arena_new();
    const struct history_row *rows;
    size_t count;
    struct error err = {0};

    if (!executor_history(session, arena, &rows, &count, &err) ||
        !history_verify(rows, count, &err))
        fail_msg("%s", err.message);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        size_t used = strlen(text);

        snprintf(text + used, size - used, "%s%s %s", i > 0 ? ", " : "", rows[i].version,
                 direction_name(rows[i].direction));
    }
}
