#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/arena.h"
#include "common/buffer.h"
#include "plans/drift.h"
#include "plans/introspection/difference.h"

/* "p1a1": engine, fingerprint now, applied set, fingerprint recorded; "." is none, "!" not reached.
 */
static struct drift_target target_of(const char *text)
{
    static const char engines[] = "pms";

    struct drift_target target = {
        .engine = (enum engine_kind)(strchr(engines, text[0]) - engines),
        .reached = text[1] != '!',
        .fingerprint = digest_of(&text[1], 1),
        .applied = digest_of(&text[2], 1),
    };

    if (text[3] != '.')
        target.recorded = digest_of(&text[3], 1);
    return target;
}

/* verdicts: "s" same, "c" changed, "u" unlike, "?" unrecorded, "!" unreached; then the place of the
   target that is as it should be. */
static void expect(const char *const *texts, const char *verdicts)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct drift_target targets[8];
    char told[32] = "";
    size_t count = 0;

    for (; texts[count] != NULL; count++)
        targets[count] = target_of(texts[count]);
    const struct drift_verdict *found = drift_judge(arena, targets, count);
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(told);

        told[length] = "scu?!"[found[i].state];
        if (found[i].like != DRIFT_NO_MODEL)
            told[length + 1] = (char)('0' + found[i].like);
    }
    assert_string_equal(told, verdicts);
}

static void each_target_is_held_against_its_record(void **state)
{
    (void)state;
    expect((const char *const[]){"p1a1", "p2a1", "p1a.", "p!a1", NULL}, "sc0?!");
}

static void a_changed_target_may_have_nobody_to_look_like(void **state)
{
    (void)state;
    expect((const char *const[]){"p2a1", "m1a1", NULL}, "cs");
}

static void the_model_may_be_anyone_that_is_as_recorded_there(void **state)
{
    (void)state;
    expect((const char *const[]){"p2a1", "p1b1", NULL}, "c1s");
    expect((const char *const[]){"p2a1", "p1b3", NULL}, "c1c");
}

static void most_siblings_tell_what_the_others_should_be(void **state)
{
    (void)state;
    expect((const char *const[]){"p1a1", "p1a1", "p2a2", NULL}, "ssu0");
    expect((const char *const[]){"p1a1", "p2a2", NULL}, "ss");
    expect((const char *const[]){"p1a1", "p1a1", "p2b2", "m2a2", NULL}, "ssss");
    expect((const char *const[]){"p2a2", "p1a.", "p1a1", "p3a1", NULL}, "u1?sc1");
}

static void expect_difference(const char *have, const char *want, const char *told)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct difference difference = difference_of_lines(arena, ENGINE_POSTGRESQL, have, want);
    AUTO_BUFFER struct buffer text = {0};

    for (size_t i = 0; i < difference.count; i++)
        buffer_printf(&text, "%s\n", difference.items[i]);
    assert_string_equal(buffer_text(&text), told);
}

static void differences_are_operations_and_lines(void **state)
{
    (void)state;
    static const char have[] = "table public.t\ncolumn public.t.a integer\n"
                               "view public.v as  SELECT 1;\n";
    static const char want[] =
        "table public.t\ncolumn public.t.a integer not null\ncolumn public.t.b text[]\n"
        "index public.i CREATE INDEX i ON public.t USING btree (a)\n"
        "view public.v as  SELECT 2;\n";

    expect_difference(have, have, "");
    expect_difference(have, want,
                      "ALTER TABLE t ALTER COLUMN a SET NOT NULL\nCREATE INDEX i ON t (a)\n"
                      "missing: column public.t.b text[]\n"
                      "not expected: view public.v as  SELECT 1;\n"
                      "missing: view public.v as  SELECT 2;\n");
}

static void a_difference_that_the_model_does_not_see_is_told_by_its_lines(void **state)
{
    (void)state;
    expect_difference("table public.t\ncolumn public.t.a integer\n"
                      "constraint public.t.k CHECK ((a > 1))\n",
                      "table public.t\ncolumn public.t.a integer\n"
                      "constraint public.t.k CHECK ((NOT (a <= 1)))\n",
                      "missing: constraint public.t.k CHECK ((NOT (a <= 1)))\n"
                      "not expected: constraint public.t.k CHECK ((a > 1))\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_target_is_held_against_its_record),
        cmocka_unit_test(a_changed_target_may_have_nobody_to_look_like),
        cmocka_unit_test(the_model_may_be_anyone_that_is_as_recorded_there),
        cmocka_unit_test(most_siblings_tell_what_the_others_should_be),
        cmocka_unit_test(differences_are_operations_and_lines),
        cmocka_unit_test(a_difference_that_the_model_does_not_see_is_told_by_its_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
