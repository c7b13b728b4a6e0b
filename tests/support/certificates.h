/* certificates - an authority in a temporary directory, and pairs that it issued. */
#ifndef FLEET_TESTS_CERTIFICATES_H
#define FLEET_TESTS_CERTIFICATES_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/memory.h"
#include "orchestrator/authority.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

static inline int enter_new_directory(void **state)
{
    char *directory = xstrdup("/tmp/fleet-test-XXXXXX");

    *state = directory;
    return mkdtemp(directory) != NULL && chdir(directory) == 0 ? 0 : -1;
}

static inline int leave_and_remove_directory(void **state)
{
    AUTO(text) char *directory = *state;
    AUTO(text) char *command = xasprintf("rm -rf '%s'", directory);

    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

/* A clock whose context is the number of days that it goes wrong. */
static inline int64_t shifted_wall_ms(const struct clock *clock)
{
    const struct clock *real = clock_system();

    return real->wall_ms(real) + *(const int *)clock->context * DAY_MS;
}

static inline struct authority authority_at(const char *directory, const struct clock *clock)
{
    return (struct authority){directory, clock, random_system()};
}

/* Makes an authority; the test fails if that fails. */
static inline struct authority make_authority(const char *directory, const char *fleet)
{
    struct authority authority = authority_at(directory, clock_system());
    struct error err = {0};

    if (!authority_init(&authority, fleet, &err))
        fail_msg("%s", err.message);
    return authority;
}

/* Issues NAME.crt and NAME.key for 30 days. */
static inline void issue_pair(const struct authority *authority, const char *fleet, enum role role,
                              const char *name)
{
    AUTO(text) char *cert = xasprintf("%s.crt", name);
    AUTO(text) char *key = xasprintf("%s.key", name);
    struct certificate_order order = {.days = 30, .cert_path = cert, .key_path = key};
    struct error err = {0};

    order.identity.role = role;
    strcpy(order.identity.fleet, fleet);
    strcpy(order.identity.name, name);
    if (!authority_issue(authority, &order, &err))
        fail_msg("%s", err.message);
}

#endif
