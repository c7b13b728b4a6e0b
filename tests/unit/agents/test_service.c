#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>

#include "agents/service.h"
#include "common/buffer.h"
#include "directory.h"
#include "plans/plan_builder.h"

enum { TARGETS = 4, NOW_MS = 1000000, EXPIRES_MS = 2000000, FINISH_BY_MS = 3000000 };

#define STORE "0123456789abcdef0123456789abcdef"
#define ROLLOUT "00112233445566778899aabbccddeeff"

static int64_t fake_wall_ms(const struct clock *clock)
{
    return *(const int64_t *)clock->context;
}

static int64_t real_monotonic_ms(const struct clock *clock)
{
    (void)clock;
    return clock_system()->monotonic_ms(clock_system());
}

struct rival;

/* An agent with four targets, a to d, and what it told. */
struct agency {
    int64_t now_ms;
    struct clock clock;
    struct agent_target targets[TARGETS];
    struct signing_key *key;
    struct trusted_key trusted;
    struct service_settings settings;
    struct service *service;
    struct plan *plan;
    const char *agent;
    const char *environment;
    struct buffer story; /* "a started, a applied, " … */
    struct error error;  /* of the last message or job that had one */
    void (*on_reply)(struct agency *agency, const struct reply *reply);
    struct rival *rival;
};

static void open_agency(struct agency *agency)
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

static void close_agency(struct agency *agency)
{
    service_free(agency->service);
    plan_free(agency->plan);
    signing_key_free(agency->key);
    buffer_free(&agency->story);
}

/* A plan in which every target gets a table from the same recipe. */
static void make_plan(struct agency *agency, const char *sql, enum engine_kind engine)
{
    const struct plan_header header = {.fleet = "shop",
                                       .environment = agency->environment,
                                       .author = "ann",
                                       .created_ms = NOW_MS - 1,
                                       .expires_ms = EXPIRES_MS,
                                       .finish_by_ms = FINISH_BY_MS,
                                       .rollback_until_ms = FINISH_BY_MS,
                                       .nonce = STORE};
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

static void sign(struct agency *agency)
{
    struct error err = {0};

    assert_true(plan_sign(agency->plan, agency->key, "ann", &err));
}

static void make_good_plan(struct agency *agency)
{
    make_plan(agency, "CREATE TABLE t (a);", ENGINE_SQLITE);
    sign(agency);
}

static void listen(void *context, const struct reply *reply)
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
    case REPLY_HEARTBEAT:
    case REPLY_KIND_COUNT:
        break;
    }
    if (agency->on_reply != NULL)
        agency->on_reply(agency, reply);
}

static void forget(struct agency *agency)
{
    buffer_clear(&agency->story);
    error_clear(&agency->error);
}

/* Runs the first count targets of the plan from an index on, one after another; the story is told
   to the listener. */
static void run_from(struct agency *agency, size_t first, size_t count, struct agency *listener)
{
    size_t chosen[TARGETS];

    for (size_t i = 0; i < count; i++)
        chosen[i] = first + i;
    AUTO(json) json_t *slice = slice_encode(agency->plan, chosen, count);
    const struct run_request request = {
        .store = STORE, .rollout = ROLLOUT, .epoch = 1, .max_parallel = 1, .slice = slice};

    service_run(agency->service, &request, "ann", listen, listener);
}

static void run(struct agency *agency, size_t count)
{
    forget(agency);
    run_from(agency, 0, count, agency);
}

static void read_status(struct agency *agency, const char *const *names, size_t count)
{
    const struct status_request request = {.targets = names, .target_count = count};

    forget(agency);
    service_status(agency->service, &request, listen, agency);
}

static void a_set_is_told_once_before_the_first_target_that_has_it(void **state)
{
    (void)state;
    struct agency agency;
    static const char *const one[] = {"c"};

    open_agency(&agency);
    make_good_plan(&agency);
    run(&agency, 1);
    read_status(&agency, NULL, 0);
    const char *story = buffer_text(&agency.story);
    const char *none = strstr(story, "set of 0");
    assert_true(none != NULL && strstr(none + 1, "set of 0") == NULL);
    assert_true(none < strstr(story, "b read") && none < strstr(story, "c read"));
    assert_true(strstr(story, "set of 1") < strstr(story, "a read"));
    assert_non_null(strstr(story, "end"));
    read_status(&agency, one, 1);
    assert_string_equal(buffer_text(&agency.story), "set of 0, c read, end");
    close_agency(&agency);
}

static void one_unreadable_target_does_not_hide_the_others(void **state)
{
    (void)state;
    struct agency agency;
    static const char *const names[] = {"a", "b"};

    open_agency(&agency);
    agency.targets[0].url = "sqlite:nowhere/a.db";
    read_status(&agency, names, 2);
    assert_non_null(strstr(buffer_text(&agency.story), "a unreadable"));
    assert_non_null(strstr(buffer_text(&agency.story), "b read"));
    assert_string_equal(agency.error.target, "a");
    close_agency(&agency);
}

static void another_tools_history_comes_before_the_status(void **state)
{
    (void)state;
    struct agency agency;
    static const char *const names[] = {"a", "z"};
    static const struct foreign_request foreign = {.tool = FOREIGN_GOOSE, .table = ""};
    const struct status_request request = {
        .targets = names, .target_count = 1, .foreign = &foreign};
    const struct status_request of_another = {
        .targets = names + 1, .target_count = 1, .foreign = &foreign};

    open_agency(&agency);
    service_status(agency.service, &request, listen, &agency);
    assert_string_equal(buffer_text(&agency.story), "a came without 0, set of 0, a read, end");
    forget(&agency);
    service_status(agency.service, &of_another, listen, &agency);
    assert_string_equal(buffer_text(&agency.story), "z unreadable, end");
    close_agency(&agency);
}

static void a_target_of_somebody_else_is_not_read(void **state)
{
    (void)state;
    struct agency agency;
    static const char *const names[] = {"z"};

    open_agency(&agency);
    read_status(&agency, names, 1);
    assert_string_equal(buffer_text(&agency.story), "z unreadable, end");
    assert_int_equal(agency.error.code, ERROR_IDENTITY);
    close_agency(&agency);
}

static void a_run_applies_its_slice_and_its_history_tells_it(void **state)
{
    (void)state;
    struct agency agency;
    static const char *const names[] = {"a"};
    const struct status_request request = {.targets = names, .target_count = 1};

    open_agency(&agency);
    make_good_plan(&agency);
    run(&agency, 2);
    assert_string_equal(buffer_text(&agency.story),
                        "accepted, a started, a applied, b started, b applied, end");
    forget(&agency);
    service_history(agency.service, &request, listen, &agency);
    assert_string_equal(buffer_text(&agency.story), "a has 1 rows, end");
    close_agency(&agency);
}

static void a_failed_target_does_not_stop_the_others(void **state)
{
    (void)state;
    struct agency agency;

    open_agency(&agency);
    agency.targets[0].url = "sqlite:nowhere/a.db";
    make_good_plan(&agency);
    run(&agency, 2);
    assert_string_equal(buffer_text(&agency.story),
                        "accepted, a refused, b started, b applied, end");
    close_agency(&agency);
}

static void expect_refused(struct agency *agency, enum error_code code)
{
    run(agency, 1);
    assert_string_equal(buffer_text(&agency->story), "error");
    assert_int_equal(agency->error.code, code);
}

static void expect_job_refused(struct agency *agency, enum error_code code)
{
    run(agency, 1);
    assert_string_equal(buffer_text(&agency->story), "accepted, a refused, end");
    assert_int_equal(agency->error.code, code);
    assert_string_equal(agency->error.target, "a");
}

static void the_strictest_target_decides_how_many_must_have_signed(void **state)
{
    (void)state;
    struct agency agency;

    open_agency(&agency);
    agency.targets[1].approvals = 1;
    make_plan(&agency, "CREATE TABLE t (a);", ENGINE_SQLITE);
    run(&agency, 2);
    assert_string_equal(buffer_text(&agency.story), "error");
    assert_int_equal(agency.error.code, ERROR_VERIFY);
    sign(&agency);
    run(&agency, 2);
    assert_non_null(strstr(buffer_text(&agency.story), "b applied"));
    close_agency(&agency);
}

static void keys_that_are_trusted_no_more_do_not_count(void **state)
{
    (void)state;
    struct agency agency;

    open_agency(&agency);
    agency.targets[0].approvals = 1;
    make_good_plan(&agency);
    service_trust(agency.service, NULL, 0);
    expect_refused(&agency, ERROR_VERIFY);
    service_trust(agency.service, &agency.trusted, 1);
    run(&agency, 1);
    assert_non_null(strstr(buffer_text(&agency.story), "a applied"));
    close_agency(&agency);
}

static void a_plan_for_another_agent_environment_or_engine_is_refused(void **state)
{
    (void)state;
    struct agency agency;

    open_agency(&agency);
    agency.agent = "db-2";
    make_good_plan(&agency);
    expect_job_refused(&agency, ERROR_IDENTITY);
    agency.agent = "db-1";
    agency.environment = "prod";
    make_good_plan(&agency);
    expect_job_refused(&agency, ERROR_VERIFY);
    agency.environment = "test";
    make_plan(&agency, "CREATE TABLE t (a int);", ENGINE_MYSQL);
    expect_job_refused(&agency, ERROR_VERIFY);
    close_agency(&agency);
}

static void a_target_that_the_agent_does_not_own_is_refused(void **state)
{
    (void)state;
    struct agency agency;
    struct error err = {0};

    open_agency(&agency);
    make_good_plan(&agency);
    service_free(agency.service);
    agency.settings.targets++;
    agency.settings.target_count--;
    agency.service = service_new(&agency.settings, &err);
    expect_job_refused(&agency, ERROR_IDENTITY);
    close_agency(&agency);
}

static void a_plan_of_another_fleet_is_refused(void **state)
{
    (void)state;
    struct agency agency;
    struct error err = {0};

    open_agency(&agency);
    make_good_plan(&agency);
    service_free(agency.service);
    agency.settings.fleet = "bank";
    agency.service = service_new(&agency.settings, &err);
    expect_refused(&agency, ERROR_VERIFY);
    close_agency(&agency);
}

static void a_changed_byte_in_a_slice_is_refused(void **state)
{
    (void)state;
    struct agency agency;
    const size_t chosen[] = {0};

    open_agency(&agency);
    make_good_plan(&agency);
    AUTO(json) json_t *slice = slice_encode(agency.plan, chosen, 1);
    AUTO(text) char *bytes = json_dumps(slice, JSON_COMPACT);
    char *place = strstr(bytes, "CREATE TABLE t");
    assert_non_null(place);
    place[13] = 'u';
    AUTO(json) json_t *changed = json_loads(bytes, 0, NULL);
    const struct run_request request = {
        .store = STORE, .rollout = ROLLOUT, .epoch = 1, .max_parallel = 1, .slice = changed};
    service_run(agency.service, &request, "ann", listen, &agency);
    assert_string_equal(buffer_text(&agency.story), "error");
    close_agency(&agency);
}

static void an_expired_plan_goes_on_only_where_it_was_accepted_in_time(void **state)
{
    (void)state;
    struct agency agency;

    open_agency(&agency);
    make_good_plan(&agency);
    agency.now_ms = EXPIRES_MS + 1;
    expect_refused(&agency, ERROR_VERIFY);
    agency.now_ms = EXPIRES_MS;
    run(&agency, 1);
    assert_non_null(strstr(buffer_text(&agency.story), "a applied"));
    agency.now_ms = EXPIRES_MS + 1;
    forget(&agency);
    run_from(&agency, 1, 1, &agency);
    assert_non_null(strstr(buffer_text(&agency.story), "b applied"));
    agency.now_ms = FINISH_BY_MS + 1;
    forget(&agency);
    run_from(&agency, 2, 1, &agency);
    assert_string_equal(buffer_text(&agency.story), "error");
    close_agency(&agency);
}

static void stop_at_the_first_start(struct agency *agency, const struct reply *reply)
{
    if (reply->kind == REPLY_EVENT && reply->event.job == JOB_STARTED &&
        reply->event.kind == RUN_JOB)
        service_stop(agency->service, ROLLOUT);
}

static void a_stopped_rollout_finishes_what_runs_and_begins_nothing_more(void **state)
{
    (void)state;
    struct agency agency;

    open_agency(&agency);
    make_good_plan(&agency);
    agency.on_reply = stop_at_the_first_start;
    run(&agency, 3);
    assert_string_equal(buffer_text(&agency.story),
                        "accepted, a started, a applied, b skipped, c skipped, end");
    agency.on_reply = NULL;
    forget(&agency);
    run_from(&agency, 1, 1, &agency);
    assert_non_null(strstr(buffer_text(&agency.story), "b applied"));
    close_agency(&agency);
}

static void after_stopping_all_no_job_begins(void **state)
{
    (void)state;
    struct agency agency;

    open_agency(&agency);
    make_good_plan(&agency);
    service_stop_all(agency.service);
    run(&agency, 2);
    assert_string_equal(buffer_text(&agency.story), "accepted, a skipped, b skipped, end");
    close_agency(&agency);
}

/* Another request for the same target, from another thread, while the first holds it. */
struct rival {
    struct agency *agency;
    struct agency heard;
};

static void *run_rival(void *context)
{
    struct rival *rival = context;

    run_from(rival->agency, 0, 1, &rival->heard);
    return NULL;
}

static void let_the_rival_try(struct agency *agency, const struct reply *reply)
{
    pthread_t thread;

    if (reply->kind != REPLY_EVENT || reply->event.job != JOB_STARTED ||
        reply->event.kind != RUN_JOB)
        return;
    assert_int_equal(pthread_create(&thread, NULL, run_rival, agency->rival), 0);
    pthread_join(thread, NULL);
}

static void one_target_is_one_runs_at_a_time(void **state)
{
    (void)state;
    struct agency agency;
    struct rival rival = {.agency = &agency};
    struct agency first = {.on_reply = let_the_rival_try, .rival = &rival};

    open_agency(&agency);
    make_good_plan(&agency);
    run_from(&agency, 0, 1, &first);
    assert_string_equal(buffer_text(&first.story), "accepted, a started, a applied, end");
    assert_string_equal(buffer_text(&rival.heard.story), "accepted, a refused, end");
    assert_int_equal(rival.heard.error.code, ERROR_LOCKED);
    buffer_free(&first.story);
    buffer_free(&rival.heard.story);
    close_agency(&agency);
}

static void a_target_that_is_there_twice_is_an_error(void **state)
{
    (void)state;
    struct agency agency;
    struct error err = {0};

    open_agency(&agency);
    agency.targets[3].name = "a";
    assert_null(service_new(&agency.settings, &err));
    assert_int_equal(err.code, ERROR_CONFIG);
    agency.targets[3].name = "d";
    close_agency(&agency);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIRECTORY(a_set_is_told_once_before_the_first_target_that_has_it),
        IN_NEW_DIRECTORY(one_unreadable_target_does_not_hide_the_others),
        IN_NEW_DIRECTORY(another_tools_history_comes_before_the_status),
        IN_NEW_DIRECTORY(a_target_of_somebody_else_is_not_read),
        IN_NEW_DIRECTORY(a_run_applies_its_slice_and_its_history_tells_it),
        IN_NEW_DIRECTORY(a_failed_target_does_not_stop_the_others),
        IN_NEW_DIRECTORY(the_strictest_target_decides_how_many_must_have_signed),
        IN_NEW_DIRECTORY(keys_that_are_trusted_no_more_do_not_count),
        IN_NEW_DIRECTORY(a_plan_for_another_agent_environment_or_engine_is_refused),
        IN_NEW_DIRECTORY(a_target_that_the_agent_does_not_own_is_refused),
        IN_NEW_DIRECTORY(a_plan_of_another_fleet_is_refused),
        IN_NEW_DIRECTORY(a_changed_byte_in_a_slice_is_refused),
        IN_NEW_DIRECTORY(an_expired_plan_goes_on_only_where_it_was_accepted_in_time),
        IN_NEW_DIRECTORY(a_stopped_rollout_finishes_what_runs_and_begins_nothing_more),
        IN_NEW_DIRECTORY(after_stopping_all_no_job_begins),
        IN_NEW_DIRECTORY(one_target_is_one_runs_at_a_time),
        IN_NEW_DIRECTORY(a_target_that_is_there_twice_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
