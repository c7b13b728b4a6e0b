#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plans/schema/keep.h"
#include "plans/schema/parser.h"

static void make(struct model *model, const char *text)
{
    struct change change;
    struct error err = {0};

    if (!parser_read(model->arena, text, strlen(text), &change, &err))
        fail_msg("%s", err.message);
    for (size_t i = 0; i < change.count; i++) {
        struct operation inverse;
        const char *loss;

        if (!model_apply(model, &change.operations[i], &inverse, &loss, &err))
            fail_msg("%s", err.message);
    }
}

static const char schema[] =
    "CREATE TABLE t (a INTEGER, fleet_kept_20240102_b INTEGER, fleet_kept_9_c INTEGER);"
    "CREATE TABLE fleet_kept_10_u (a INTEGER); CREATE INDEX i ON fleet_kept_10_u (a);";

static void what_is_kept_can_be_hidden(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct model model = {.arena = arena};

    make(&model, schema);
    keep_hide(&model);
    assert_int_equal(model.table_count, 1);
    assert_int_equal(model.index_count, 0);
    assert_int_equal(model.tables[0]->column_count, 1);
    assert_string_equal(model.tables[0]->columns[0].name, "a");
}

static void what_is_kept_is_purged_by_the_version_that_dropped_it(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct model model = {.arena = arena};

    make(&model, schema);
    assert_int_equal(keep_purge(&model, NULL).count, 3);
    assert_int_equal(keep_purge(&model, "8").count, 0);
    struct operations purge = keep_purge(&model, "010");
    assert_int_equal(purge.count, 2);
    assert_int_equal(purge.items[0].kind, OPERATION_DROP_COLUMN);
    assert_string_equal(purge.items[0].name, "fleet_kept_9_c");
    assert_int_equal(purge.items[1].kind, OPERATION_DROP_TABLE);
    assert_string_equal(purge.items[1].table, "fleet_kept_10_u");
}

static void a_long_name_is_cut_at_a_whole_character(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct model model = {.arena = arena};
    struct operations expanded = {0};
    struct error err = {0};
    /* The 63rd byte of the kept name is the first of two. */
    const char *name = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa4zzzz";

    make(&model, arena_printf(arena, "CREATE TABLE \"%s\" (a INTEGER);", name));
    struct operation dropping = {.kind = OPERATION_DROP_TABLE, .table = name};
    assert_true(keep_expand(&model, "1", &dropping, &expanded, &err));
    assert_int_equal(expanded.count, 1);
    assert_int_equal(strlen(expanded.items[0].new_name), SCHEMA_NAME_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_can_be_hidden),
        cmocka_unit_test(what_is_kept_is_purged_by_the_version_that_dropped_it),
        cmocka_unit_test(a_long_name_is_cut_at_a_whole_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
