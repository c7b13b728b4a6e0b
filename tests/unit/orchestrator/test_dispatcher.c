#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "orchestrator/dispatcher.h"

/* What came of each call. */
struct seen {
    size_t ends[4];
    size_t errors[4];
    enum error_code code[4];
    char message[1536];
    struct dispatcher *dispatcher;
};

static void note(void *context, size_t call, const struct reply *reply)
{
    struct seen *seen = context;

    seen->ends[call] += reply->kind == REPLY_END;
    seen->errors[call] += reply->kind == REPLY_ERROR;
    if (reply->kind == REPLY_ERROR) {
        seen->code[call] = reply->error.code;
        snprintf(seen->message, sizeof seen->message, "%s", reply->error.message);
    }
    if (seen->dispatcher != NULL)
        dispatcher_stop(seen->dispatcher);
}

static struct service *empty_service(void)
{
    struct error err = {0};
    struct service *service = service_new(&(struct service_settings){.agent = "local",
                                                                     .workers = 2,
                                                                     .kept_sessions = 2,
                                                                     .keep_ms = 1000,
                                                                     .clock = clock_system(),
                                                                     .random = random_system()},
                                          &err);

    assert_non_null(service);
    return service;
}

static const struct call local_status = {.kind = CALL_STATUS, .agent = "local"};

static void the_local_agent_answers_and_ends_once(void **state)
{
    (void)state;
    AUTO(service) struct service *service = empty_service();
    AUTO(dispatcher)
    struct dispatcher *dispatcher = dispatcher_new(&(struct dispatcher_settings){
        .operator_name = "alice", .local = service, .max_streams = 1, .clock = clock_system()});
    struct seen seen = {0};
    struct error err = {0};

    assert_true(dispatcher_run(dispatcher, &local_status, 1, note, &seen, &err));
    assert_int_equal(seen.ends[0], 1);
    assert_int_equal(seen.errors[0], 0);
}

static void a_stop_from_within_a_reply_does_not_lock_up(void **state)
{
    (void)state;
    AUTO(service) struct service *service = empty_service();
    AUTO(dispatcher)
    struct dispatcher *dispatcher = dispatcher_new(&(struct dispatcher_settings){
        .operator_name = "alice", .local = service, .max_streams = 1, .clock = clock_system()});
    struct seen seen = {.dispatcher = dispatcher};
    struct error err = {0};

    assert_true(dispatcher_run(dispatcher, &local_status, 1, note, &seen, &err));
    assert_int_equal(seen.ends[0], 1);
}

static void without_a_certificate_a_remote_agent_is_an_error_and_the_others_go_on(void **state)
{
    (void)state;
    AUTO(service) struct service *service = empty_service();
    AUTO(dispatcher)
    struct dispatcher *dispatcher = dispatcher_new(&(struct dispatcher_settings){
        .operator_name = "alice", .local = service, .max_streams = 1, .clock = clock_system()});
    const struct call calls[] = {
        {.kind = CALL_STATUS, .agent = "db-1", .address = "127.0.0.1:1"},
        local_status,
    };
    struct seen seen = {0};
    struct error err = {0};

    assert_true(dispatcher_run(dispatcher, calls, 2, note, &seen, &err));
    assert_int_equal(seen.errors[0], 1);
    assert_int_equal(seen.code[0], ERROR_CONFIG);
    assert_non_null(strstr(seen.message, "[operator]"));
    assert_int_equal(seen.ends[1], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_local_agent_answers_and_ends_once),
        cmocka_unit_test(a_stop_from_within_a_reply_does_not_lock_up),
        cmocka_unit_test(without_a_certificate_a_remote_agent_is_an_error_and_the_others_go_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
