#include "site.h"

#include <string.h>

#include "plans/plan_builder.h"
#include "plans/slice.h"

#define STORE "0123456789abcdef0123456789abcdef"
#define ROLLOUT "00112233445566778899aabbccddeeff"
#define SQL "CREATE TABLE t (a);"
#define UNDO "DROP TABLE t;"

/* A plan for both targets: "closed" comes before "open". */
static struct plan *make_plan(const char *fleet)
{
    const int64_t far_ms = clock_system()->wall_ms(clock_system()) + 3600 * 1000;
    const struct plan_header header = {.fleet = fleet,
                                       .environment = "test",
                                       .author = "dora",
                                       .created_ms = 1,
                                       .expires_ms = far_ms,
                                       .finish_by_ms = far_ms,
                                       .rollback_until_ms = far_ms,
                                       .nonce = STORE};
    AUTO(plan_builder) struct plan_builder *builder = plan_builder_new();
    struct plan_step step = {.version = "1", .name = "one", .direction = DIRECTION_UP};

    step.run.file = "1_one.up.sql";
    step.run.script = plan_builder_script(builder, SQL, strlen(SQL));
    step.undo.file = "1_one.down.sql";
    step.undo.script = plan_builder_script(builder, UNDO, strlen(UNDO));
    step.source_sha256 = step.run.script->sha256;
    const struct plan_recipe *recipe = plan_builder_recipe(builder, ENGINE_SQLITE, &step, 1);
    const struct plan_target targets[] = {
        {.name = "open", .agent = "db-1", .engine = ENGINE_SQLITE, .recipe = recipe},
        {.name = "closed", .agent = "db-1", .engine = ENGINE_SQLITE, .recipe = recipe},
    };
    return plan_builder_seal(builder, &header, targets, 2);
}

static void ask_run(struct client *client, const char *fleet)
{
    AUTO(plan) struct plan *plan = make_plan(fleet);
    static const size_t both[] = {0, 1};
    AUTO(json) json_t *slice = slice_encode(plan, both, 2);
    AUTO(json)
    json_t *body = run_request_encode(&(struct run_request){
        .store = STORE, .rollout = ROLLOUT, .epoch = 1, .max_parallel = 1, .slice = slice});
    AUTO(text) char *bytes = json_dumps(body, JSON_COMPACT);
    AUTO(text)
    char *request =
        xasprintf("POST /v1/run HTTP/1.1\r\nContent-Length: %zu\r\n\r\n%s", strlen(bytes), bytes);

    client_send(client, request);
}

static void start_default(struct site *site)
{
    const struct server_settings settings = site_settings();

    site_start(site, &settings);
}

struct rows {
    size_t count[2]; /* of "open" and "closed" */
    char operator_name[64];
};

static void note_rows(void *context, const struct reply *reply)
{
    struct rows *rows = context;

    if (reply->kind != REPLY_ROWS)
        return;
    rows->count[strcmp(reply->target, "closed") == 0] = reply->row_count;
    if (reply->row_count > 0)
        snprintf(rows->operator_name, sizeof rows->operator_name, "%s",
                 reply->rows[0].operator_name);
}

/* What the histories say, past the server. */
static struct rows read_rows(struct site *site)
{
    struct rows rows = {0};

    site->targets[1].password.command = NULL;
    service_history(site->service, &(struct status_request){0}, note_rows, &rows);
    return rows;
}

static void a_run_records_the_operator_of_the_certificate(void **state)
{
    struct site *site = *state;

    start_default(site);
    AUTO(client) struct client *client = site_call(site, "deployer");
    ask_run(client, "shop");
    assert_true(client_sees(client, "accepted"));
    site_release(site);
    assert_true(client_sees(client, "{\"kind\":\"end\"}"));
    server_drain(site->server);
    site_wait(site);
    struct rows rows = read_rows(site);
    assert_int_equal(rows.count[0], 1);
    assert_int_equal(rows.count[1], 1);
    assert_string_equal(rows.operator_name, "dora");
}

static void a_lost_client_stops_its_rollout_but_not_the_job_that_runs(void **state)
{
    struct site *site = *state;
    struct server_settings settings = site_settings();

    settings.max_streams = 1;
    site_start(site, &settings);
    struct client *client = site_call(site, "deployer");
    ask_run(client, "shop");
    site_hold(site);
    client_free(client);
    /* The loop hears of the end before it serves a later connection. */
    assert_int_equal(site_ask(site, "viewer", "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n"),
                     200);
    site_release(site);
    /* There is no room for another stream until the run has ended. */
    while (site_ask(site, "viewer",
                    "POST /v1/status HTTP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
                    "{}") == 503)
        continue;
    struct rows rows = read_rows(site);
    assert_int_equal(rows.count[1], 1);
    assert_int_equal(rows.count[0], 0);
}

static void draining_lets_the_running_job_end_and_begins_no_other(void **state)
{
    struct site *site = *state;

    start_default(site);
    AUTO(client) struct client *client = site_call(site, "deployer");
    ask_run(client, "shop");
    site_hold(site);
    server_drain(site->server);
    /* The listening socket is gone once the loop has begun to drain. */
    struct client *late;
    while ((late = client_new(server_port(site->server))) != NULL)
        client_free(late);
    site_release(site);
    assert_true(client_sees(client, "skipped"));
    assert_true(client_sees(client, "{\"kind\":\"end\"}"));
    site_wait(site);
    struct rows rows = read_rows(site);
    assert_int_equal(rows.count[1], 1);
    assert_int_equal(rows.count[0], 0);
}

static void a_slice_that_is_not_for_here_is_refused_whole(void **state)
{
    struct site *site = *state;
    struct server_settings settings = site_settings();

    settings.heartbeat_ms = 60 * 60 * 1000; /* the first one would begin the answer with 200 */
    site_start(site, &settings);
    AUTO(client) struct client *client = site_call(site, "deployer");
    ask_run(client, "bank");
    assert_true(client_sees(client, "the plan is for fleet bank"));
    assert_int_equal(client_status(client), 403);
}

static void a_history_is_told_over_the_wire(void **state)
{
    struct site *site = *state;
    static const char body[] = "{\"fingerprint\":false,\"format\":1,\"targets\":[\"open\"]}";
    AUTO(text)
    char *request =
        xasprintf("POST /v1/history HTTP/1.1\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);

    start_default(site);
    AUTO(client) struct client *client = site_call(site, "viewer");
    client_send(client, request);
    assert_true(client_sees(client, "\"kind\":\"rows\""));
    assert_true(client_sees(client, "{\"kind\":\"end\"}"));
}

#define SITE_TEST(test) cmocka_unit_test_setup_teardown(test, site_set_up, site_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_TEST(a_run_records_the_operator_of_the_certificate),
        SITE_TEST(a_lost_client_stops_its_rollout_but_not_the_job_that_runs),
        SITE_TEST(draining_lets_the_running_job_end_and_begins_no_other),
        SITE_TEST(a_slice_that_is_not_for_here_is_refused_whole),
        SITE_TEST(a_history_is_told_over_the_wire),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
