#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "orchestrator/stoppage.h"

static const enum statement_state states[] = {STATEMENT_DONE, STATEMENT_BEGUN, STATEMENT_UNTOUCHED};
static const enum statement_state all_done[] = {STATEMENT_DONE, STATEMENT_DONE, STATEMENT_DONE};
static const enum statement_state going_back[] = {STATEMENT_UNDOING, STATEMENT_DONE,
                                                  STATEMENT_BEGUN};

/* One target that stands inside the second of three statements. */
struct standing {
    struct environment environment;
    struct target target;
    struct open_intent intent;
    struct surveyed item;
    struct stoppage stoppage;
};

static void stand(struct standing *standing, enum stop_kind kind)
{
    *standing = (struct standing){
        .environment = {.name = "prod"},
        .target = {.name = "orders-7"},
        .intent = {.version = "003",
                   .name = "split",
                   .direction = DIRECTION_UP,
                   .statement = 2,
                   .summary = "CALL settle()"},
        .stoppage = {.kind = kind,
                     .part = {.states = states,
                              .count = 3,
                              .statement = 2,
                              .class = "opaque",
                              .before = "",
                              .now = "",
                              .trace = TRACE_UNCLEAR}},
    };
    standing->target.environment = &standing->environment;
    standing->item.target = &standing->target;
    standing->item.status.intent = &standing->intent;
    standing->stoppage.item = &standing->item;
}

static void expect_summary(const struct standing *standing, const char *expected)
{
    AUTO_BUFFER struct buffer found = {0};

    stoppage_summarise(&standing->stoppage, &found);
    assert_string_equal(buffer_text(&found), expected);
}

static void expect_reason(const struct standing *standing, const char *expected)
{
    AUTO_BUFFER struct buffer found = {0};

    stoppage_reason(&standing->stoppage, &found);
    if (strstr(buffer_text(&found), expected) == NULL)
        fail_msg("%s", buffer_text(&found));
}

/* The commands of all choices, one after the other. */
static void expect_choices(const struct standing *standing, const char *expected)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO_BUFFER struct buffer found = {0};
    size_t count;
    const struct stop_choice *choices = stoppage_choices(&standing->stoppage, arena, &count);

    for (size_t i = 0; i < count; i++)
        buffer_printf(&found, "%s|", choices[i].command);
    assert_string_equal(buffer_text(&found), expected);
}

#define DOCTOR "fleet doctor prod --target orders-7 "

static void what_cannot_be_told_has_all_choices(void **state)
{
    (void)state;
    struct standing standing;

    stand(&standing, STOP_UNCLEAR);
    expect_summary(&standing, "up 003_split stopped at statement 2 of 3: CALL settle()");
    expect_reason(&standing, "opaque");
    expect_choices(&standing, DOCTOR "--statement 2 --verdict done|" DOCTOR
                                     "--statement 2 --verdict undone|" DOCTOR
                                     "--continue-from N|" DOCTOR "--taken-back|");
    assert_true(stoppage_needs_operator(&standing.stoppage));
}

static void what_failed_is_mended_or_settled(void **state)
{
    (void)state;
    struct standing standing;

    stand(&standing, STOP_FAILED);
    standing.stoppage.part.trace = TRACE_NOT_RUN;
    expect_summary(&standing, "up 003_split failed at statement 2 of 3: CALL settle()");
    expect_reason(&standing, "failed and has not run");
    expect_choices(&standing, "fleet apply prod --target orders-7|" DOCTOR
                              "--statement 2 --verdict done|" DOCTOR "--continue-from N|" DOCTOR
                              "--taken-back|");
    standing.stoppage.part.trace = TRACE_RUN;
    expect_reason(&standing, "what came after them failed");
}

static void what_was_cut_off_goes_on_by_itself(void **state)
{
    (void)state;
    struct standing standing;

    stand(&standing, STOP_INTERRUPTED);
    standing.stoppage.part.trace = TRACE_NOT_RUN;
    expect_summary(&standing,
                   "up 003_split interrupted; the next apply goes on at statement 2 of 3");
    standing.stoppage.part.trace = TRACE_RUN;
    expect_summary(&standing,
                   "up 003_split interrupted; the next apply goes on at statement 3 of 3");
    expect_choices(&standing, "fleet apply prod --target orders-7|");
    standing.intent.direction = DIRECTION_DOWN;
    expect_summary(&standing,
                   "down 003_split interrupted; the next rollback goes on at statement 3 of 3");
    standing.stoppage.part.statement = 0;
    standing.stoppage.part.states = all_done;
    expect_summary(&standing, "down 003_split interrupted; all its statements have run: the next "
                              "rollback records that");
    assert_false(stoppage_needs_operator(&standing.stoppage));
}

static void a_way_back_that_was_cut_off_can_only_be_done(void **state)
{
    (void)state;
    struct standing standing;

    stand(&standing, STOP_UNCLEAR);
    standing.stoppage.part.states = going_back;
    standing.stoppage.part.statement = 1;
    standing.stoppage.part.back = true;
    expect_reason(&standing, "its way back has run cannot be told");
    expect_choices(&standing, DOCTOR "--statement 1 --verdict done|" DOCTOR
                                     "--continue-from N|" DOCTOR "--taken-back|");
    standing.stoppage.kind = STOP_INTERRUPTED;
    expect_summary(&standing, "up 003_split interrupted; the next apply ends its way back first");
}

static void what_a_lost_session_held_is_named(void **state)
{
    (void)state;
    struct standing standing;

    stand(&standing, STOP_UNCLEAR);
    standing.stoppage.part.trace = TRACE_RUN;
    standing.stoppage.part.lost_session = 1;
    expect_reason(&standing, "what statement 1 left in its session");
}

static void what_could_not_be_looked_at_says_why(void **state)
{
    (void)state;
    struct standing standing;

    stand(&standing, STOP_UNREAD);
    error_set(&standing.stoppage.error, ERROR_CONFLICT, "not in this store");
    expect_summary(&standing,
                   "up 003_split stopped at statement 2: CALL settle() (not in this store)");
    expect_choices(&standing, "");
    assert_true(stoppage_needs_operator(&standing.stoppage));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_told_has_all_choices),
        cmocka_unit_test(what_failed_is_mended_or_settled),
        cmocka_unit_test(what_was_cut_off_goes_on_by_itself),
        cmocka_unit_test(a_way_back_that_was_cut_off_can_only_be_done),
        cmocka_unit_test(what_a_lost_session_held_is_named),
        cmocka_unit_test(what_could_not_be_looked_at_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
