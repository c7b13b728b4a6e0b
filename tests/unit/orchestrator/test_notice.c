#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "directory.h"
#include "orchestrator/notice.h"
#include "sent.h"

static void the_body_says_what_happened(void **state)
{
    (void)state;
    const struct {
        const char *what, *detail, *event;
    } cases[] = {{"rollout", "", "\"event\":\"started\""},
                 {"rollout", "goes on with 12", "\"event\":\"resumed\""},
                 {"rollout", "takes back 12", "\"event\":\"rollback\""},
                 {"health", "ill", "\"event\":\"unhealthy\""},
                 {"rollout-end", "", "\"event\":\"ended\""}};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct notice notice = {.seq = 7,
                                      .at = "2026-03-01T08:30:00.000Z",
                                      .operator_name = "ann",
                                      .what = cases[i].what,
                                      .rollout = "1234",
                                      .environment = "prod",
                                      .result = "applied",
                                      .detail = cases[i].detail};
        AUTO_BUFFER struct buffer body = {0};

        notice_write(&notice, "store", NOTIFY_JSON, &body);
        assert_non_null(strstr(buffer_text(&body), cases[i].event));
        assert_non_null(strstr(buffer_text(&body), "\"seq\":7"));
    }
}

static void a_slack_body_is_one_sentence(void **state)
{
    (void)state;
    const struct notice notice = {.operator_name = "ann",
                                  .what = "rollout-end",
                                  .rollout = "1234567890abcdef",
                                  .environment = "prod",
                                  .result = "stopped",
                                  .detail = ""};
    AUTO_BUFFER struct buffer body = {0};

    notice_write(&notice, "store", NOTIFY_SLACK, &body);
    assert_string_equal(buffer_text(&body),
                        "{\"text\":\"prod: rollout 1234567890ab ended: stopped (ann)\"}");
}

/* Test case 2 of RFC 4231. */
static void a_signature_is_the_hmac_of_the_body(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer body = {0};
    char signature[NOTICE_SIGNATURE_SIZE];
    struct error err = {0};

    buffer_append_text(&body, "what do ya want for nothing?");
    assert_true(notice_sign("Jefe", &body, signature, &err));
    assert_string_equal(signature,
                        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static bool next(struct store *store, struct arena *arena, struct notice *notice)
{
    struct error err = {0};
    bool found;

    if (!store_next_notice(store, "test", arena, notice, &found, &err))
        fail_msg("%s", err.message);
    return found;
}

static void each_entry_is_told_once_from_the_first_look_on(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = {0};
    struct notice notice;
    struct sent sent;

    send_plan(&sent); /* before anybody was to be told */
    assert_true(store_begin_notices(sent.store, "test", &err));
    assert_false(next(sent.store, arena, &notice));
    const struct rollout_end end = {.result = "failed"};
    assert_true(store_end_rollout(sent.store, &sent.rollout, sent.plan, &end, &err));
    assert_true(store_begin_notices(sent.store, "test", &err));
    assert_true(next(sent.store, arena, &notice));
    assert_string_equal(notice.what, "rollout-end");
    assert_string_equal(notice.result, "failed");
    assert_string_equal(notice.environment, "test");
    assert_true(next(sent.store, arena, &notice)); /* until it was told */
    assert_true(store_note_told(sent.store, &notice, &err));
    assert_false(next(sent.store, arena, &notice));
    end_sent(&sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_body_says_what_happened),
        cmocka_unit_test(a_slack_body_is_one_sentence),
        cmocka_unit_test(a_signature_is_the_hmac_of_the_body),
        IN_NEW_DIRECTORY(each_entry_is_told_once_from_the_first_look_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
