#include "agency.h"

#include <stdio.h>
#include <string.h>

static int64_t fake_wall_ms(const struct clock *clock)
{
    return *(const int64_t *)clock->context;
}

static int64_t real_monotonic_ms(const struct clock *clock)
{
    (void)clock;
    return clock_system()->monotonic_ms(clock_system());
}

void agency_open(struct agency *agency)
{
    static const char *const urls[] = {"sqlite:a.db", "sqlite:b.db", "sqlite:c.db", "sqlite:d.db"};
    static const char *const names[] = {"a", "b", "c", "d"};
    struct error err = {0};

    *agency = (struct agency){.now_ms = NOW_MS, .agent = "db-1", .environment = "test"};
    agency->clock = (struct clock){fake_wall_ms, real_monotonic_ms, &agency->now_ms};
    for (size_t i = 0; i < TARGETS; i++)
        agency->targets[i] = (struct agent_target){
            .name = names[i], .environment = "test", .engine = ENGINE_SQLITE, .url = urls[i]};
    agency->key = signing_key_generate(&err);
    agency->trusted = (struct trusted_key){signing_key_public(agency->key), "ann"};
    agency->settings = (struct service_settings){.fleet = "shop",
                                                 .agent = "db-1",
                                                 .targets = agency->targets,
                                                 .target_count = TARGETS,
                                                 .keys = &agency->trusted,
                                                 .key_count = 1,
                                                 .workers = 4,
                                                 .kept_sessions = 4,
                                                 .keep_ms = 60000,
                                                 .clock = &agency->clock,
                                                 .random = random_system()};
    agency->service = service_new(&agency->settings, &err);
    assert_non_null(agency->service);
}

void agency_close(struct agency *agency)
{
    service_free(agency->service);
    plan_free(agency->plan);
    signing_key_free(agency->key);
    buffer_free(&agency->story);
}

/* A plan in which every target gets a table from the same recipe. */
void agency_plan(struct agency *agency, const char *sql, enum engine_kind engine)
{
    const struct plan_header header = {
        .fleet = "shop",
        .environment = agency->environment,
        .author = "ann",
        .created_ms = NOW_MS - 1,
        .expires_ms = EXPIRES_MS,
        .finish_by_ms = FINISH_BY_MS,
        .rollback_until_ms = ROLLBACK_UNTIL_MS,
        .nonce = STORE,
        .policy = {.window = agency->window, .health_sql = agency->health_sql}};
    AUTO(plan_builder) struct plan_builder *builder = plan_builder_new();
    struct plan_step step = {.version = "1", .name = "one", .direction = DIRECTION_UP};
    struct plan_target targets[TARGETS];

    step.run.file = "1_one.up.sql";
    step.run.script = plan_builder_script(builder, sql, strlen(sql));
    step.undo.file = "1_one.down.sql";
    step.undo.script = plan_builder_script(builder, "DROP TABLE t;", 13);
    step.source_sha256 = step.run.script->sha256;
    const struct plan_recipe *recipe = plan_builder_recipe(builder, engine, &step, 1);
    for (size_t i = 0; i < TARGETS; i++)
        targets[i] = (struct plan_target){.name = agency->targets[i].name,
                                          .agent = agency->agent,
                                          .engine = engine,
                                          .recipe = recipe};
    plan_free(agency->plan);
    agency->plan = plan_builder_seal(builder, &header, targets, TARGETS);
}

void agency_sign(struct agency *agency)
{
    struct error err = {0};

    assert_true(plan_sign(agency->plan, agency->key, "ann", &err));
}

void agency_good_plan(struct agency *agency)
{
    agency_plan(agency, "CREATE TABLE t (a);", ENGINE_SQLITE);
    agency_sign(agency);
}

void agency_listen(void *context, const struct reply *reply)
{
    struct agency *agency = context;
    struct buffer *story = &agency->story;

    switch (reply->kind) {
    case REPLY_HISTORY:
        buffer_printf(story, "set of %zu, ", reply->set.count);
        break;
    case REPLY_TARGET:
        buffer_printf(story, "%s %s, ", reply->status.target,
                      reply->status.error != NULL ? "unreadable" : "read");
        if (reply->status.error != NULL)
            agency->error = *reply->status.error;
        break;
    case REPLY_ROWS:
        buffer_printf(story, "%s has %zu rows, ", reply->target, reply->row_count);
        break;
    case REPLY_SCHEMA:
        buffer_printf(story, "%s is: %s, ", reply->target, reply->lines);
        break;
    case REPLY_FOREIGN:
        buffer_printf(story, "%s %s %zu, ", reply->target,
                      reply->foreign.present ? "came with" : "came without",
                      reply->foreign.row_count);
        break;
    case REPLY_EVENT:
        if (reply->event.kind == RUN_ACCEPTED)
            buffer_append_text(story, "accepted, ");
        if (reply->event.kind == RUN_JOB)
            buffer_printf(story, "%s %s, ", reply->event.target, job_state_name(reply->event.job));
        if (reply->event.kind == RUN_JOB && reply->event.error != NULL)
            agency->error = *reply->event.error;
        break;
    case REPLY_ERROR:
        buffer_append_text(story, "error");
        agency->error = reply->error;
        break;
    case REPLY_END:
        buffer_append_text(story, "end");
        break;
    case REPLY_OUTCOME:
        buffer_printf(story, "was %s %s, ", reply->event.target,
                      reply->event.kind == RUN_JOB ? job_state_name(reply->event.job)
                                                   : step_state_name(reply->event.step));
        break;
    case REPLY_EXAMINATION:
        buffer_printf(story, "%s stands at %d, ", reply->target, reply->examination.statement);
        break;
    case REPLY_HEARTBEAT:
    case REPLY_KIND_COUNT:
        break;
    }
    if (agency->on_reply != NULL)
        agency->on_reply(agency, reply);
}

void agency_forget(struct agency *agency)
{
    buffer_clear(&agency->story);
    error_clear(&agency->error);
}

/* Runs the first count targets of the plan from an index on, one after another; the story is told
   to the listener. */
void agency_run_from(struct agency *agency, size_t first, size_t count, struct agency *listener)
{
    size_t chosen[TARGETS];

    for (size_t i = 0; i < count; i++)
        chosen[i] = first + i;
    AUTO(json) json_t *slice = slice_encode(agency->plan, chosen, count);
    const struct run_request request = {
        .store = STORE, .rollout = ROLLOUT, .epoch = 1, .max_parallel = 1, .slice = slice};

    service_run(agency->service, &request, "ann", agency_listen, listener);
}

void agency_run(struct agency *agency, size_t count)
{
    agency_forget(agency);
    agency_run_from(agency, 0, count, agency);
}

void agency_status(struct agency *agency, const char *const *names, size_t count)
{
    const struct status_request request = {.targets = names, .target_count = count};

    agency_forget(agency);
    service_status(agency->service, &request, agency_listen, agency);
}

void agency_expect_refused(struct agency *agency, enum error_code code)
{
    agency_run(agency, 1);
    assert_string_equal(buffer_text(&agency->story), "error");
    assert_int_equal(agency->error.code, code);
}
