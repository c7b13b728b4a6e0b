#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "plans/attempt.h"

static const struct digest plan = {{7}};
static const struct plan_step step = {.version = "001", .name = "users"};

/* Histories on targets have it: it must never change. */
static void the_key_is_the_documented_one(void **state)
{
    (void)state;
    char hex[DIGEST_HEX_SIZE];
    const char text[] =
        "fleet-attempt=1:1\n"
        "plan=64:0700000000000000000000000000000000000000000000000000000000000000\n"
        "target=8:orders-1\nversion=3:001\nname=5:users\ndirection=2:up\npart=1:1\n";
    struct digest expected = digest_of(text, strlen(text));
    struct digest found = attempt_key(&plan, "orders-1", &step, DIRECTION_UP);

    assert_true(digest_equal(&found, &expected));
    digest_to_hex(&found, hex);
    assert_int_equal(strlen(hex), 64);
}

static void way_there_and_back_and_repair_have_keys_of_their_own(void **state)
{
    (void)state;
    struct digest up = attempt_key(&plan, "t", &step, DIRECTION_UP);
    struct digest down = attempt_key(&plan, "t", &step, DIRECTION_DOWN);
    struct digest repair = attempt_key(&plan, "t", &step, DIRECTION_REPAIR);

    assert_false(digest_equal(&up, &down));
    assert_false(digest_equal(&up, &repair));
    assert_false(digest_equal(&down, &repair));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_is_the_documented_one),
        cmocka_unit_test(way_there_and_back_and_repair_have_keys_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
