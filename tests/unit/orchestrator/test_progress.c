#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "orchestrator/progress.h"

static void the_line_tells_done_failed_running_and_times(void **unused)
{
    (void)unused;
    const struct rollout_state state = {
        .count = 400, .wave_count = 1, .applied = 118, .failed = 2, .running = 16};
    AUTO_BUFFER struct buffer line = {0};

    progress_line(&state, 30 * 1000, 60, false, &line);
    assert_string_equal(buffer_text(&line),
                        "wave 1/1  118/400 done, 2 failed, 16 running, 0:30, about 1:10 left");
}

static void there_is_no_escape_in_the_line_without_colours(void **unused)
{
    (void)unused;
    const struct rollout_state state = {.count = 4, .wave_count = 1, .applied = 1, .failed = 1};
    AUTO_BUFFER struct buffer line = {0};

    progress_line(&state, 0, 120, false, &line);
    assert_null(strchr(buffer_text(&line), '\033'));
    assert_non_null(strstr(buffer_text(&line), "━"));
}

static void a_failed_target_says_why_and_cannot_steer_the_terminal(void **unused)
{
    (void)unused;
    const struct plan_target target = {.name = "orders-1"};
    struct rollout_job job = {.target = &target,
                              .begun = true,
                              .ended = true,
                              .state = JOB_ROLLED_BACK,
                              .ended_ms = 1500,
                              .error = {.code = ERROR_SQL, .message = "bad \033[2J table"}};
    AUTO_BUFFER struct buffer line = {0};

    progress_target_line(&job, false, &line);
    assert_non_null(strstr(buffer_text(&line), "rolled_back"));
    assert_non_null(strstr(buffer_text(&line), "bad \\x1b[2J table"));
    assert_null(strchr(buffer_text(&line), '\033'));
}

static void a_step_that_waits_says_for_whom(void **unused)
{
    (void)unused;
    const struct error err = {.code = ERROR_LOCKED, .message = "held by \033pid 7"};
    const struct run_event event = {.kind = RUN_STEP,
                                    .target = "orders-1",
                                    .step = STEP_WAITING,
                                    .version = "002",
                                    .name = "email",
                                    .direction = DIRECTION_UP,
                                    .error = &err};
    AUTO_BUFFER struct buffer line = {0};

    progress_step_line(&event, false, &line);
    assert_non_null(strstr(buffer_text(&line), "waiting  up 002 email\n    held by \\x1bpid 7\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_tells_done_failed_running_and_times),
        cmocka_unit_test(there_is_no_escape_in_the_line_without_colours),
        cmocka_unit_test(a_failed_target_says_why_and_cannot_steer_the_terminal),
        cmocka_unit_test(a_step_that_waits_says_for_whom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
