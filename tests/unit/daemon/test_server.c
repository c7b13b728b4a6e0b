#include "site.h"

#include <string.h>

#include "agents/daemon/routes.h"

#define CLOSE "Connection: close\r\n"
#define EMPTY "Content-Length: 2\r\n" CLOSE "\r\n{}"
#define ROLLOUT "00112233445566778899aabbccddeeff"

static const struct {
    const char *name;
    enum role role;
} callers[] = {{"agent", ROLE_AGENT},
               {"viewer", ROLE_VIEWER},
               {"deployer", ROLE_DEPLOYER},
               {"admin", ROLE_ADMIN}};

static void start_default(struct site *site)
{
    const struct server_settings settings = site_settings();

    site_start(site, &settings);
}

static void ask_status(struct client *client, const char *target)
{
    AUTO(text)
    char *body = xasprintf("{\"fingerprint\":false,\"format\":1,\"targets\":[\"%s\"]}", target);
    AUTO(text)
    char *request =
        xasprintf("POST /v1/status HTTP/1.1\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);

    client_send(client, request);
}

static void each_route_answers_just_the_roles_that_it_lists(void **state)
{
    struct site *site = *state;
    size_t count;
    const struct route *routes = routes_all(&count);

    start_default(site);
    for (size_t i = 0; i < count; i++)
        for (size_t caller = 0; caller < COUNT_OF(callers); caller++) {
            AUTO(text)
            char *request = xasprintf("%s %s HTTP/1.1\r\n%s", routes[i].method_name, routes[i].path,
                                      routes[i].body == BODY_NONE ? CLOSE "\r\n" : EMPTY);
            int status = site_ask(site, callers[caller].name, request);
            bool allowed = (routes[i].roles & callers[caller].role) != 0;

            assert_int_not_equal(status, 0);
            assert_int_equal(status == 403, !allowed);
        }
}

static void agents_and_viewers_cannot_change_anything(void **state)
{
    struct site *site = *state;
    static const char *const changing[] = {"POST /v1/run HTTP/1.1\r\n" EMPTY,
                                           "POST /v1/stop HTTP/1.1\r\n" EMPTY};

    start_default(site);
    for (size_t i = 0; i < COUNT_OF(changing); i++) {
        assert_int_equal(site_ask(site, "agent", changing[i]), 403);
        assert_int_equal(site_ask(site, "viewer", changing[i]), 403);
    }
}

static void what_no_route_lists_is_refused(void **state)
{
    struct site *site = *state;
    static const struct {
        const char *request;
        int status;
    } cases[] = {
        {"GET / HTTP/1.1\r\n" CLOSE "\r\n", 404},
        {"GET /healthz/ HTTP/1.1\r\n" CLOSE "\r\n", 404},
        {"GET /healthz?x=1 HTTP/1.1\r\n" CLOSE "\r\n", 404},
        {"GET //healthz HTTP/1.1\r\n" CLOSE "\r\n", 404},
        {"GET /v1/../healthz HTTP/1.1\r\n" CLOSE "\r\n", 404},
        {"GET /v1/run HTTP/1.1\r\n" CLOSE "\r\n", 405},
        {"HEAD /healthz HTTP/1.1\r\n" CLOSE "\r\n", 405},
        {"OPTIONS /healthz HTTP/1.1\r\n" CLOSE "\r\n", 405},
        {"TRACE /healthz HTTP/1.1\r\n" CLOSE "\r\n", 405},
        {"POST /healthz HTTP/1.1\r\n" EMPTY, 405},
        {"PUT /v1/run HTTP/1.1\r\n" EMPTY, 405},
        {"PATCH /v1/run HTTP/1.1\r\n" EMPTY, 405},
        {"DELETE /v1/run HTTP/1.1\r\n" CLOSE "\r\n", 405},
    };

    start_default(site);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(site_ask(site, "admin", cases[i].request), cases[i].status);
    assert_int_not_equal(site_ask(site, "admin", "BREW /healthz HTTP/1.1\r\n" CLOSE "\r\n"), 200);
}

static void a_refusal_says_why_in_json(void **state)
{
    struct site *site = *state;

    start_default(site);
    AUTO(client) struct client *client = site_call(site, "viewer");
    client_send(client, "POST /v1/run HTTP/1.1\r\n" EMPTY);
    client_rest(client);
    assert_non_null(strstr(client_seen(client), "Content-Type: application/json"));
    assert_non_null(strstr(client_seen(client), "vera has the role viewer"));
}

static void health_tells_name_version_and_targets(void **state)
{
    struct site *site = *state;

    start_default(site);
    AUTO(client) struct client *client = site_call(site, "agent");
    client_send(client, "GET /healthz HTTP/1.1\r\n" CLOSE "\r\n");
    client_rest(client);
    assert_int_equal(client_status(client), 200);
    assert_non_null(strstr(client_seen(client), "\"name\":\"db-1\""));
    assert_non_null(strstr(client_seen(client), "\"version\":\"" FLEET_VERSION "\""));
    assert_non_null(strstr(client_seen(client), "\"targets\":2"));
    assert_non_null(strstr(client_seen(client), "\"draining\":false"));
}

static void a_connection_serves_one_request_after_another(void **state)
{
    struct site *site = *state;

    start_default(site);
    AUTO(client) struct client *client = site_call(site, "viewer");
    for (int i = 0; i < 3; i++) {
        client_forget(client);
        client_send(client, "GET /healthz HTTP/1.1\r\n\r\n");
        assert_true(client_sees(client, "\"version\""));
    }
    client_forget(client);
    client_send(client, "GET /healthz HTTP/1.1\r\n\r\nGET /nowhere HTTP/1.1\r\n\r\n");
    assert_true(client_sees(client, "there is no /nowhere here"));
}

static void a_client_without_a_good_certificate_gets_nothing(void **state)
{
    struct site *site = *state;
    AUTO(authority) struct authority *other = authority_new(site->scratch.path, "other");

    authority_issue(other, "forged", "spiffe://shop/operator/admin/ada", 2);
    start_default(site);
    assert_int_equal(site_ask(site, NULL, "GET /healthz HTTP/1.1\r\n\r\n"), 0);
    assert_int_equal(site_ask(site, "forged", "GET /healthz HTTP/1.1\r\n\r\n"), 0);
    assert_int_equal(site_ask(site, "expired", "GET /healthz HTTP/1.1\r\n\r\n"), 0);
}

static void an_operator_of_another_fleet_is_refused(void **state)
{
    struct site *site = *state;

    start_default(site);
    assert_int_equal(site_ask(site, "stranger", "GET /healthz HTTP/1.1\r\n\r\n"), 403);
}

static void revoking_closes_open_connections_and_refuses_new_ones(void **state)
{
    struct site *site = *state;
    long serials[2] = {0};

    serials[0] = authority_issue(site->authority, "leaver", "spiffe://shop/operator/admin/lea", 2);
    authority_revoke(site->authority, "now", serials);
    start_default(site);
    AUTO(client) struct client *leaver = site_call(site, "leaver");
    AUTO(client) struct client *stayer = site_call(site, "admin");
    client_send(leaver, "GET /healthz HTTP/1.1\r\n\r\n");
    assert_true(client_sees(leaver, "\"version\""));
    client_send(stayer, "GET /healthz HTTP/1.1\r\n\r\n");
    assert_true(client_sees(stayer, "\"version\""));

    server_reload(site->server, site_identity(site, "now"));
    client_rest(leaver);
    client_forget(stayer);
    client_send(stayer, "GET /healthz HTTP/1.1\r\n\r\n");
    assert_true(client_sees(stayer, "\"version\""));
    assert_int_equal(site_ask(site, "leaver", "GET /healthz HTTP/1.1\r\n\r\n"), 0);
}

/* Some are answered with 400; where evhttp waits for more, the deadline ends it. */
static void a_request_whose_length_is_in_doubt_ends_the_connection(void **state)
{
    struct site *site = *state;
    struct server_settings settings = site_settings();
    static const char *const requests[] = {
        "POST /v1/stop HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
        "POST /v1/stop HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        ("POST /v1/stop HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
         "2\r\n{}\r\n0\r\n\r\n"),
        "POST /v1/stop HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n{}",
        "GET /healthz HTTP/1.1\r\nContent-Length: 30\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n",
    };

    settings.request_timeout_ms = 100;
    settings.idle_timeout_ms = 100;
    site_start(site, &settings);
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        AUTO(client) struct client *client = site_call(site, "admin");

        client_send(client, requests[i]);
        client_rest(client);
        assert_true(client_status(client) == 400 || client_status(client) == 0);
        assert_null(strstr(client_seen(client), " 200 "));
    }
    AUTO(client) struct client *client = site_call(site, "admin");
    client_send(client, requests[0]);
    assert_true(client_sees(client, "gives its length twice"));
}

static void a_chunked_body_is_read(void **state)
{
    struct site *site = *state;

    start_default(site);
    assert_int_equal(
        site_ask(site, "admin",
                 "POST /v1/stop HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" CLOSE "\r\n"
                 "c\r\n{\"format\":1,\r\n2d\r\n\"rollout\":\"" ROLLOUT "\"}\r\n0\r\n\r\n"),
        200);
}

static void a_body_beyond_its_limit_is_refused(void **state)
{
    struct site *site = *state;
    AUTO_BUFFER struct buffer small = {0};

    start_default(site);
    buffer_append_text(&small, "POST /v1/stop HTTP/1.1\r\nContent-Length: 5000\r\n" CLOSE "\r\n");
    for (int i = 0; i < 5000; i++)
        buffer_append_char(&small, ' ');
    assert_int_equal(site_ask(site, "admin", buffer_text(&small)), 413);
    assert_int_equal(
        site_ask(site, "admin", "POST /v1/run HTTP/1.1\r\nContent-Length: 32769\r\n\r\n{"), 413);
    assert_int_equal(
        site_ask(site, "admin",
                 "POST /v1/run HTTP/1.1\r\nContent-Length: 9223372036854775807\r\n\r\n{"),
        413);
}

static void headers_beyond_their_limit_are_refused(void **state)
{
    struct site *site = *state;
    AUTO_BUFFER struct buffer request = {0};

    start_default(site);
    buffer_append_text(&request, "GET /healthz HTTP/1.1\r\n");
    for (int i = 0; i < 400; i++)
        buffer_printf(&request, "X-Header-%d: 0123456789012345678901234567890123456789\r\n", i);
    buffer_append_text(&request, "\r\n");
    assert_int_not_equal(site_ask(site, "admin", buffer_text(&request)), 200);
}

static void a_role_that_sends_no_bodies_cannot_fill_memory_with_one(void **state)
{
    struct site *site = *state;
    struct server_settings settings = site_settings();
    AUTO_BUFFER struct buffer request = {0};

    settings.max_request_bytes = 1024 * 1024;
    site_start(site, &settings);
    buffer_append_text(&request,
                       "POST /v1/run HTTP/1.1\r\nContent-Length: 1000000\r\n" CLOSE "\r\n");
    for (int i = 0; i < 1000000; i++)
        buffer_append_char(&request, ' ');
    assert_int_equal(site_ask(site, "agent", buffer_text(&request)), 0);
}

static void a_slow_client_is_cut_off_wherever_it_dawdles(void **state)
{
    struct site *site = *state;
    struct server_settings settings = site_settings();
    static const char *const beginnings[] = {
        "",
        "GET /healthz HT",
        "GET /healthz HTTP/1.1\r\nX-Slow: ",
        "POST /v1/run HTTP/1.1\r\nContent-Length: 100\r\n\r\n{",
    };

    settings.request_timeout_ms = 100;
    site_start(site, &settings);
    AUTO(client) struct client *silent = client_new(server_port(site->server));
    client_rest(silent);
    for (size_t i = 0; i < COUNT_OF(beginnings); i++)
        assert_int_equal(site_ask(site, "admin", beginnings[i]), 0);
}

static void a_client_that_drips_is_cut_off_as_well(void **state)
{
    struct site *site = *state;
    struct server_settings settings = site_settings();

    settings.request_timeout_ms = 100;
    site_start(site, &settings);
    AUTO(client) struct client *client = site_call(site, "admin");
    client_send(client, "GET /healthz HTTP/1.1\r\n");
    while (client_sends(client, "X: y\r\n"))
        continue;
    assert_int_equal(client_status(client), 0);
}

static void an_idle_connection_is_closed(void **state)
{
    struct site *site = *state;
    struct server_settings settings = site_settings();

    settings.idle_timeout_ms = 50;
    site_start(site, &settings);
    assert_int_equal(site_ask(site, "admin", "GET /healthz HTTP/1.1\r\n\r\n"), 200);
}

static void at_the_limit_the_slowest_arrival_makes_room(void **state)
{
    struct site *site = *state;
    struct server_settings settings = site_settings();

    settings.max_connections = 2;
    site_start(site, &settings);
    AUTO(client) struct client *first = client_new(server_port(site->server));
    AUTO(client) struct client *second = client_new(server_port(site->server));
    assert_int_equal(site_ask(site, "admin", "GET /healthz HTTP/1.1\r\n" CLOSE "\r\n"), 200);
    client_rest(first);
    client_handshake(second, site->scratch.path, "admin");
}

static void a_malformed_message_is_a_bad_request(void **state)
{
    struct site *site = *state;

    start_default(site);
    assert_int_equal(
        site_ask(site, "admin", "POST /v1/status HTTP/1.1\r\nContent-Length: 1\r\n" CLOSE "\r\n{"),
        400);
    assert_int_equal(site_ask(site, "admin", "POST /v1/run HTTP/1.1\r\n" EMPTY), 400);
    assert_int_equal(site_ask(site, "admin", "POST /v1/stop HTTP/1.1\r\n" EMPTY), 400);
}

static void a_stream_beats_while_its_target_is_silent(void **state)
{
    struct site *site = *state;

    start_default(site);
    AUTO(client) struct client *client = site_call(site, "viewer");
    ask_status(client, "closed");
    assert_true(client_sees(client, "heartbeat"));
    client_forget(client);
    assert_true(client_sees(client, "heartbeat"));
    site_release(site);
    assert_true(client_sees(client, "\"closed\""));
    assert_true(client_sees(client, "\"end\""));
    client_forget(client);
    ask_status(client, "open");
    assert_true(client_sees(client, "\"end\""));
}

static void a_lost_client_does_no_harm(void **state)
{
    struct site *site = *state;

    start_default(site);
    struct client *client = site_call(site, "viewer");
    ask_status(client, "closed");
    assert_true(client_sees(client, "heartbeat"));
    client_free(client);
    assert_int_equal(site_ask(site, "viewer", "GET /healthz HTTP/1.1\r\n" CLOSE "\r\n"), 200);
    site_release(site);
}

static void too_many_streams_are_told_to_come_again(void **state)
{
    struct site *site = *state;
    struct server_settings settings = site_settings();

    settings.max_streams = 1;
    site_start(site, &settings);
    AUTO(client) struct client *client = site_call(site, "viewer");
    ask_status(client, "closed");
    assert_true(client_sees(client, "heartbeat"));
    assert_int_equal(site_ask(site, "viewer", "POST /v1/status HTTP/1.1\r\n" EMPTY), 503);
    site_release(site);
    assert_true(client_sees(client, "\"end\""));
}

static void draining_finishes_what_runs_and_takes_nothing_new(void **state)
{
    struct site *site = *state;

    start_default(site);
    int port = server_port(site->server);
    AUTO(client) struct client *idle = site_call(site, "viewer");
    client_send(idle, "GET /healthz HTTP/1.1\r\n\r\n");
    assert_true(client_sees(idle, "\"draining\":false"));
    AUTO(client) struct client *busy = site_call(site, "viewer");
    ask_status(busy, "closed");
    assert_true(client_sees(busy, "heartbeat"));

    server_drain(site->server);
    client_rest(idle);
    assert_null(client_new(port));
    client_forget(busy);
    assert_true(client_sees(busy, "heartbeat"));
    site_release(site);
    assert_true(client_sees(busy, "\"end\""));
    client_rest(busy);
    site_wait(site);
}

static void a_request_that_comes_while_draining_is_turned_away(void **state)
{
    struct site *site = *state;
    struct client *late;

    start_default(site);
    AUTO(client) struct client *busy = site_call(site, "admin");
    AUTO(client) struct client *curious = site_call(site, "admin");
    client_send(busy, "POST /v1/status HTTP/1.1\r\n");
    client_send(curious, "GET /healthz HTTP/1.1\r\n");
    /* Both have begun to arrive when a later request has been answered. */
    assert_int_equal(site_ask(site, "viewer", "GET /healthz HTTP/1.1\r\n" CLOSE "\r\n"), 200);
    server_drain(site->server);
    while ((late = client_new(server_port(site->server))) != NULL)
        client_free(late);
    client_send(busy, EMPTY);
    client_rest(busy);
    assert_int_equal(client_status(busy), 503);
    client_send(curious, "\r\n");
    client_rest(curious);
    assert_non_null(strstr(client_seen(curious), "\"draining\":true"));
    site_wait(site);
}

static void draining_does_not_wait_for_a_silent_connection(void **state)
{
    struct site *site = *state;
    struct server_settings settings = site_settings();

    settings.drain_timeout_ms = 50;
    site_start(site, &settings);
    AUTO(client) struct client *silent = site_call(site, "viewer");
    assert_int_equal(site_ask(site, "viewer", "GET /healthz HTTP/1.1\r\n" CLOSE "\r\n"), 200);
    server_drain(site->server);
    site_wait(site);
    client_rest(silent);
}

#define SITE_TEST(test) cmocka_unit_test_setup_teardown(test, site_set_up, site_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_TEST(each_route_answers_just_the_roles_that_it_lists),
        SITE_TEST(agents_and_viewers_cannot_change_anything),
        SITE_TEST(what_no_route_lists_is_refused),
        SITE_TEST(a_refusal_says_why_in_json),
        SITE_TEST(health_tells_name_version_and_targets),
        SITE_TEST(a_connection_serves_one_request_after_another),
        SITE_TEST(a_client_without_a_good_certificate_gets_nothing),
        SITE_TEST(an_operator_of_another_fleet_is_refused),
        SITE_TEST(revoking_closes_open_connections_and_refuses_new_ones),
        SITE_TEST(a_request_whose_length_is_in_doubt_ends_the_connection),
        SITE_TEST(a_chunked_body_is_read),
        SITE_TEST(a_body_beyond_its_limit_is_refused),
        SITE_TEST(headers_beyond_their_limit_are_refused),
        SITE_TEST(a_role_that_sends_no_bodies_cannot_fill_memory_with_one),
        SITE_TEST(a_slow_client_is_cut_off_wherever_it_dawdles),
        SITE_TEST(a_client_that_drips_is_cut_off_as_well),
        SITE_TEST(an_idle_connection_is_closed),
        SITE_TEST(at_the_limit_the_slowest_arrival_makes_room),
        SITE_TEST(a_malformed_message_is_a_bad_request),
        SITE_TEST(a_stream_beats_while_its_target_is_silent),
        SITE_TEST(a_lost_client_does_no_harm),
        SITE_TEST(too_many_streams_are_told_to_come_again),
        SITE_TEST(draining_finishes_what_runs_and_takes_nothing_new),
        SITE_TEST(a_request_that_comes_while_draining_is_turned_away),
        SITE_TEST(draining_does_not_wait_for_a_silent_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
