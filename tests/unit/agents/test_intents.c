#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agents/intents.h"

static struct intent intent(int statement, enum intent_status status)
{
    return (struct intent){.statement = statement, .status = status, .class_name = "data"};
}

static void the_one_without_an_end_is_in_question(void **state)
{
    (void)state;
    const struct intent intents[] = {intent(1, INTENT_DONE), intent(2, INTENT_OPEN)};

    assert_ptr_equal(intents_in_question(intents, 2), &intents[1]);
    assert_null(intents_in_question(intents, 1));
    assert_false(intents_taken_back(intents, 2));
}

static void on_the_way_back_the_failed_one_is_no_question_any_more(void **state)
{
    (void)state;
    const struct intent intents[] = {intent(1, INTENT_UNDOING), intent(2, INTENT_OPEN)};

    assert_ptr_equal(intents_in_question(intents, 2), &intents[0]);
    assert_true(intents_taken_back(intents, 2));
}

static void the_last_is_the_one_with_the_highest_number(void **state)
{
    (void)state;
    const struct intent intents[] = {intent(3, INTENT_DONE), intent(1, INTENT_DONE)};

    assert_ptr_equal(intents_last(intents, 2), &intents[0]);
}

static void the_digest_changes_with_everything_that_an_order_is_bound_to(void **state)
{
    (void)state;
    const struct intent seen = intent(1, INTENT_OPEN);
    struct intent changed[5] = {seen, seen, seen, seen, seen};
    struct digest digest = intents_digest(&seen, 1);
    struct digest none = intents_digest(NULL, 0);

    changed[0].statement = 2;
    changed[1].status = INTENT_DONE;
    changed[2].attempt_key.bytes[0] = 1;
    changed[3].sha256.bytes[0] = 1;
    changed[4].class_name = "opaque";
    for (size_t i = 0; i < COUNT_OF(changed); i++) {
        struct digest other = intents_digest(&changed[i], 1);

        assert_false(digest_equal(&digest, &other));
    }
    assert_true(digest_is_none(&none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_one_without_an_end_is_in_question),
        cmocka_unit_test(on_the_way_back_the_failed_one_is_no_question_any_more),
        cmocka_unit_test(the_last_is_the_one_with_the_highest_number),
        cmocka_unit_test(the_digest_changes_with_everything_that_an_order_is_bound_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
