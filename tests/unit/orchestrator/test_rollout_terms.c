#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "orchestrator/rollout_terms.h"

static const size_t waves[] = {0, 1, 1};
static const struct rollout_terms terms = {
    .waves = waves,
    .target_count = 3,
    .on_failure = FAILURE_ROLLBACK_WAVE,
    .failures_allowed = 2,
    .failures_in_a_row = true,
    .failed_before = 1,
    .soak_ms = 1500,
    .health = {"https://shop.example/health", "./look"},
    .manual_gate = true,
    .max_parallel = 64,
};

static void terms_come_back_as_they_were_written(void **unused)
{
    (void)unused;
    AUTO(arena) struct arena *arena = arena_new();
    AUTO_BUFFER struct buffer text = {0};
    AUTO_BUFFER struct buffer again = {0};
    struct rollout_terms read;
    struct error err = {0};

    rollout_terms_write(&terms, &text);
    if (!rollout_terms_read(buffer_text(&text), 3, arena, &read, &err))
        fail_msg("%s", err.message);
    rollout_terms_write(&read, &again);
    assert_string_equal(buffer_text(&again), buffer_text(&text));
    assert_int_equal(read.on_failure, FAILURE_ROLLBACK_WAVE);
    assert_int_equal(read.waves[2], 1);
    assert_int_equal(read.failures_allowed, 2);
    assert_true(read.failures_in_a_row);
    assert_int_equal(read.failed_before, 1);
    assert_int_equal(read.soak_ms, 1500);
    assert_true(read.manual_gate);
    assert_int_equal(read.max_parallel, 64);
    assert_string_equal(read.health.url, "https://shop.example/health");
    assert_string_equal(read.health.command, "./look");
}

#define REST ",\"soak_ms\":0}"
#define START                                                                               \
    "{\"failed_before\":0,\"failures_allowed\":0,\"failures_in_a_row\":false,\"format\":1," \
    "\"manual_gate\":false,\"max_"                                                          \
    "parallel\":1,"

static void terms_that_make_no_sense_are_refused(void **unused)
{
    (void)unused;
    const char *cases[] = {
        "",
        "{}",
        START "\"on_failure\":\"pray\",\"waves\":[0,0]" REST,
        START "\"on_failure\":\"halt\",\"waves\":[0]" REST,
        START "\"on_failure\":\"halt\",\"waves\":[0,2]" REST,
        START "\"on_failure\":\"halt\",\"waves\":[0,-1]" REST,
        START "\"on_failure\":\"halt\",\"waves\":[0,\"1\"]" REST,
        START "\"on_failure\":\"halt\",\"waves\":[0,1],\"more\":1" REST,
    };
    const char *sound = START "\"on_failure\":\"halt\",\"waves\":[0,1]" REST;
    AUTO(arena) struct arena *arena = arena_new();
    struct rollout_terms read;
    struct error err = {0};

    assert_true(rollout_terms_read(sound, 2, arena, &read, &err));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        error_clear(&err);
        if (rollout_terms_read(cases[i], 2, arena, &read, &err))
            fail_msg("accepted: %s", cases[i]);
        assert_true(err.message[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_come_back_as_they_were_written),
        cmocka_unit_test(terms_that_make_no_sense_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
