/* Answers without end: a dispatcher of our own says what no honest agent would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "orchestrator/histories.h"
#include "orchestrator/survey.h"

/* What the agent answers, in order. */
static const struct reply *answers;
static size_t answer_count;

bool dispatcher_run(struct dispatcher *dispatcher, const struct call *calls, size_t count,
                    call_reply_function function, void *context, struct error *err)
{
    (void)dispatcher;
    (void)calls;
    (void)err;
    assert_int_equal(count, 1);
    for (size_t i = 0; i < answer_count; i++)
        function(context, 0, &answers[i]);
    return true;
}

static const struct target one = {.name = "one", .engine = ENGINE_SQLITE};
static const struct inventory inventory;

static struct histories *take_histories(const struct reply *replies, size_t count)
{
    const struct target *targets[] = {&one};
    const struct selection selection = {targets, 1};
    struct error err = {0};

    answers = replies;
    answer_count = count;
    struct histories *histories = histories_take(NULL, &inventory, &selection, &err);
    assert_non_null(histories);
    return histories;
}

static void a_history_in_many_replies_is_one(void **state)
{
    (void)state;
    enum { REPLIES = 200 };
    struct history_row rows[REPLIES];
    struct reply replies[REPLIES];

    for (size_t i = 0; i < REPLIES; i++) {
        rows[i] = (struct history_row){.seq = (int64_t)i + 1,
                                       .version = "1",
                                       .name = "n",
                                       .rollout = "r",
                                       .operator_name = ""};
        replies[i] =
            (struct reply){.kind = REPLY_ROWS, .target = "one", .rows = &rows[i], .row_count = 1};
    }
    AUTO(histories) struct histories *histories = take_histories(replies, REPLIES);
    assert_int_equal(histories->items[0].count, REPLIES);
    for (size_t i = 0; i < REPLIES; i++)
        assert_int_equal(histories->items[0].rows[i].seq, i + 1);
}

static void a_history_longer_than_any_is_refused_before_it_takes_memory(void **state)
{
    (void)state;
    const struct reply replies[] = {
        {.kind = REPLY_ROWS, .target = "one", .row_count = 1000 * 1000 + 1},
        {.kind = REPLY_END},
    };
    AUTO(histories) struct histories *histories = take_histories(replies, 2);
    assert_int_equal(histories->items[0].error.code, ERROR_PROTOCOL);
    assert_int_equal(histories->items[0].count, 0);
}

static void an_agent_has_no_more_applied_sets_than_targets(void **state)
{
    (void)state;
    const struct target *targets[] = {&one};
    const struct selection selection = {targets, 1};
    struct reply replies[] = {
        {.kind = REPLY_HISTORY, .set.id.bytes = {1}},
        {.kind = REPLY_HISTORY, .set.id.bytes = {2}},
        {.kind = REPLY_TARGET,
         .status = {.target = "one", .engine = ENGINE_SQLITE, .applied.bytes = {2}}},
    };
    struct error err = {0};

    answers = replies;
    answer_count = 3;
    AUTO(survey) struct survey *survey = survey_take(NULL, &inventory, &selection, NULL, &err);
    assert_non_null(survey);
    assert_false(survey->items[0].reached);
    assert_int_equal(survey->items[0].error.code, ERROR_PROTOCOL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_history_in_many_replies_is_one),
        cmocka_unit_test(a_history_longer_than_any_is_refused_before_it_takes_memory),
        cmocka_unit_test(an_agent_has_no_more_applied_sets_than_targets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
