#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/buffer.h"
#include "directory.h"
#include "inventory/selector.h"

static const char document[] =
    "[fleet]\nname = shop\n[env:dev]\n[env:prod]\n[env:empty]\n[agent:db]\naddress = db:7443\n"
    "[target:dev]\nenv = dev\nagent = db\nengine = sqlite\n"
    "[target:orders-%d]\nrange = 0..9\nenv = prod\nagent = db\nengine = mysql\n"
    "labels = region=eu, tier=main\n"
    "[target:users-%d]\nrange = 0..4\nenv = prod\nagent = db\nengine = mysql\n"
    "labels = region=us-east\n";

static int load(void **state)
{
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();

    if (directory_enter(state) != 0 || !directory_put("fleet.ini", document, 0600))
        return -1;
    AUTO(inventory) const struct inventory *inventory = inventory_load("fleet.ini", faults);
    if (directory_leave(state) != 0)
        return -1;
    *state = memcpy(xcalloc(1, sizeof inventory), &inventory, sizeof inventory);
    return TAKE(inventory) != NULL ? 0 : -1;
}

static int unload(void **state)
{
    const struct inventory *const *inventory = *state;

    inventory_free(*inventory);
    free(*state);
    return 0;
}

static const struct inventory *loaded(void **state)
{
    return *(const struct inventory *const *)*state;
}

static void check_count(void **state, const struct selector *selector, size_t count)
{
    AUTO_SELECTION struct selection selection = {0};
    struct error err = {0};

    assert_true(selector_apply(selector, loaded(state), &selection, &err));
    assert_int_equal(selection.count, count);
}

static void check_refused(void **state, const struct selector *selector, const char *message)
{
    AUTO_SELECTION struct selection selection = {0};
    struct error err = {0};

    assert_false(selector_apply(selector, loaded(state), &selection, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_string_equal(err.message, message);
    assert_int_equal(selection.count, 0);
}

#define PARTS(kind, kind_count, ...)            \
    .kind = (const char *const[]){__VA_ARGS__}, \
    .kind_count = COUNT_OF(((const char *const[]){__VA_ARGS__}))
#define ENVS(...) PARTS(environments, environment_count, __VA_ARGS__)
#define TARGETS(...) PARTS(targets, target_count, __VA_ARGS__)
#define LABELS(...) PARTS(labels, label_count, __VA_ARGS__)

static void no_part_means_every_target_in_order(void **state)
{
    AUTO_SELECTION struct selection selection = {0};
    struct error err = {0};

    assert_true(selector_apply(&(struct selector){0}, loaded(state), &selection, &err));
    assert_int_equal(selection.count, 16);
    assert_string_equal(selection.targets[0]->name, "dev");
    assert_string_equal(selection.targets[15]->name, "users-4");
}

static void parts_of_one_kind_widen(void **state)
{
    check_count(state, &(struct selector){ENVS("prod")}, 15);
    check_count(state, &(struct selector){ENVS("prod", "dev")}, 16);
    check_count(state, &(struct selector){TARGETS("orders-*", "users-1")}, 11);
    check_count(state, &(struct selector){LABELS("region=eu", "region=us-*")}, 15);
}

static void parts_of_different_kinds_narrow(void **state)
{
    check_count(state, &(struct selector){ENVS("prod"), LABELS("region=eu"), TARGETS("*-1")}, 1);
}

static void a_part_that_matches_nothing_is_named(void **state)
{
    check_refused(state, &(struct selector){ENVS("prod", "prd")},
                  "--env prd matches no target, did you mean 'prod'?");
    check_refused(state, &(struct selector){TARGETS("oders-3")},
                  "--target oders-3 matches no target, did you mean 'orders-3'?");
    check_refused(state, &(struct selector){TARGETS("x*")}, "--target x* matches no target");
    check_refused(state, &(struct selector){LABELS("regoin=eu")},
                  "--label regoin=eu matches no target, did you mean 'region=eu'?");
    check_refused(state, &(struct selector){ENVS("empty")}, "--env empty matches no target");
    check_refused(state, &(struct selector){LABELS("region")},
                  "--label region is not KEY=VALUE, such as region=eu");
}

static void parts_that_exclude_each_other_are_an_error(void **state)
{
    check_refused(state, &(struct selector){ENVS("dev"), TARGETS("orders-*")},
                  "no target is in all of the parts of the selection");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_part_means_every_target_in_order),
        cmocka_unit_test(parts_of_one_kind_widen),
        cmocka_unit_test(parts_of_different_kinds_narrow),
        cmocka_unit_test(a_part_that_matches_nothing_is_named),
        cmocka_unit_test(parts_that_exclude_each_other_are_an_error),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
