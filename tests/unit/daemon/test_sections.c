#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agents/daemon/sections.h"
#include "manual.h"

static void the_manual_has_every_setting_of_agent_ini(void **state)
{
    (void)state;
    AUTO(text)
    char *missing = manual_lacks(TEST_DATA "/../../docs/agent-configuration.md",
                                 agent_section_kinds, SECTION_COUNT);

    if (missing != NULL)
        fail_msg("docs/agent-configuration.md lacks %s", missing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manual_has_every_setting_of_agent_ini),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
