#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "plan_fixture.h"

#include "plans/migration_facts.h"

static const char create[] = "CREATE TABLE a (id INT);";
static const char comment[] = "-- nothing here\n/* nor here */\n";
static const char nothing[] = "-- fleet: nothing-to-undo\n";
static const char for_good[] = "-- fleet: irreversible the data is gone\nDROP TABLE a;";

/* Why there is no way back; NULL if there is one, whose bytes go to *undo. */
static const char *no_way_back(const char *up, const char *down, const char **undo)
{
    static char reason[128];
    AUTO(plan_builder) struct plan_builder *builder = plan_builder_new();
    static char bytes[128];
    struct folder folder;

    folder_open(&folder);
    folder_add(&folder, "1", "a", up, down);
    AUTO(fact_finder)
    struct fact_finder *finder = fact_finder_new(&folder.migrations, "test", builder);
    const struct migration_facts *facts = fact_finder_versioned(finder, 0, ENGINE_SQLITE);
    const struct plan_step *step = &facts->step;
    assert_null(facts->faults);
    assert_true((step->no_way_back == NULL) == (step->undo.script != NULL));
    strcpy(reason, step->no_way_back != NULL ? step->no_way_back : "");
    strcpy(bytes, step->undo.script != NULL ? step->undo.script->sql : "");
    *undo = bytes;
    folder_close(&folder);
    return step->no_way_back != NULL ? reason : NULL;
}

static void a_way_back_is_what_runs_something_or_says_nothing_to_undo(void **state)
{
    (void)state;
    static const struct {
        const char *up;
        const char *down;
        const char *reason; /* NULL: there is a way back */
    } cases[] = {
        {create, "DROP TABLE a;", NULL},
        {create, NULL, "there is no down script"},
        {create, "", "its down script is empty"},
        {create, comment, "its down script is empty"},
        {create, nothing, NULL},
        {for_good, "CREATE TABLE a;", "it says that it is irreversible: the data is gone"},
        {create, for_good, "it says that it is irreversible: the data is gone"},
        {for_good, NULL, "it says that it is irreversible: the data is gone"},
        {"", "", NULL},
        {"", NULL, NULL},
        {comment, NULL, NULL},
        {comment, comment, NULL},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *undo;
        const char *reason = no_way_back(cases[i].up, cases[i].down, &undo);

        if (cases[i].reason != NULL) {
            assert_non_null(reason);
            assert_string_equal(reason, cases[i].reason);
        } else {
            assert_null(reason);
            assert_string_equal(undo, cases[i].down != NULL ? cases[i].down : cases[i].up);
        }
    }
}

static void a_fault_in_either_script_is_kept(void **state)
{
    (void)state;
    AUTO(plan_builder) struct plan_builder *builder = plan_builder_new();
    struct folder folder;

    folder_open(&folder);
    folder_add(&folder, "1", "a", create, "SELECT 'open");
    folder_add(&folder, "2", "b", "SELECT 'open", create);
    AUTO(fact_finder)
    struct fact_finder *finder = fact_finder_new(&folder.migrations, "test", builder);
    for (size_t i = 0; i < 2; i++) {
        const struct migration_facts *facts = fact_finder_versioned(finder, i, ENGINE_SQLITE);

        assert_non_null(facts->faults);
        assert_int_equal(diagnostics_count(facts->faults), 1);
        assert_true(facts->runs_here);
    }
    folder_close(&folder);
}

static void facts_are_found_once(void **state)
{
    (void)state;
    AUTO(plan_builder) struct plan_builder *builder = plan_builder_new();
    struct folder folder;

    folder_open(&folder);
    folder_add(&folder, "1", "a", create, NULL);
    folder_add_repeatable(&folder, "v", create, NULL);
    AUTO(fact_finder)
    struct fact_finder *finder = fact_finder_new(&folder.migrations, "test", builder);
    const struct migration_facts *facts = fact_finder_versioned(finder, 0, ENGINE_SQLITE);
    const char *version = facts->step.version;
    assert_ptr_equal(fact_finder_versioned(finder, 0, ENGINE_SQLITE), facts);
    assert_ptr_equal(facts->step.version, version);
    assert_ptr_not_equal(fact_finder_versioned(finder, 0, ENGINE_MYSQL), facts);
    assert_int_equal(facts->step.direction, DIRECTION_UP);
    assert_int_equal(fact_finder_repeatable(finder, 0, ENGINE_SQLITE)->step.direction,
                     DIRECTION_REPEAT);
    folder_close(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_way_back_is_what_runs_something_or_says_nothing_to_undo),
        cmocka_unit_test(a_fault_in_either_script_is_kept),
        cmocka_unit_test(facts_are_found_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
