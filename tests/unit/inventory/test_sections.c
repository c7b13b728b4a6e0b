#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "inventory/sections.h"
#include "manual.h"

static void the_manual_has_every_setting_of_the_inventory(void **state)
{
    (void)state;
    AUTO(text)
    char *missing =
        manual_lacks(TEST_DATA "/../../docs/inventory.md", section_kinds, SECTION_COUNT);

    if (missing != NULL)
        fail_msg("docs/inventory.md lacks %s", missing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manual_has_every_setting_of_the_inventory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
