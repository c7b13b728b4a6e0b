#include "sent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "plans/plan_builder.h"

enum { LOCATION_MAX = 512 };

/* A database of the test server with the name of this directory, made the first time. */
static void find_server(const char *url, char location[LOCATION_MAX])
{
    const char *query = strchr(url, '?');
    const char *name = strrchr(url, '/');
    char here[256], command[320];
    struct error err = {0};

    for (const char *at = url; at < query; at++)
        if (*at == '/')
            name = at;
    assert_non_null(getcwd(here, sizeof here));
    snprintf(location, LOCATION_MAX, "%.*s%s%s", (int)(name + 1 - url), url, basename(here), query);
    if (access("database", F_OK) == 0)
        return;
    const struct store_place place = {.location = url};
    AUTO(database) struct database *server = database_open(&place, &err);
    snprintf(command, sizeof command, "CREATE DATABASE \"%s\"", basename(here));
    if (server == NULL || !database_execute(server, command, &err))
        fail_msg("%s", err.message);
    assert_true(file_write("database", "", 0, 0600, &err));
}

struct store_place store_here(void)
{
    static char location[LOCATION_MAX];
    const char *url = getenv("FLEET_TEST_STORE");

    if (url == NULL)
        return (struct store_place){.location = "state.db"};
    find_server(url, location);
    return (struct store_place){.location = location};
}

struct store *open_store(void)
{
    struct error err = {0};
    static struct store_place place;

    place = store_here();
    struct store *store = store_open(&place, clock_system(), random_system(), &err);

    if (store == NULL)
        fail_msg("%s", err.message);
    return store;
}

void send_plan(struct sent *sent)
{
    static const struct plan_header header = {.fleet = "shop",
                                              .environment = "test",
                                              .author = "ann",
                                              .created_ms = 1,
                                              .expires_ms = 2,
                                              .finish_by_ms = 3,
                                              .rollback_until_ms = 3,
                                              .nonce = NONCE};
    AUTO(plan_builder) struct plan_builder *builder = plan_builder_new();
    struct plan_step step = {.version = "1", .name = "one", .direction = DIRECTION_UP};
    struct error err = {0};

    step.run.file = "1_one.up.sql";
    step.run.script = plan_builder_script(builder, "SELECT 1;", 9);
    step.source_sha256 = step.run.script->sha256;
    const struct plan_target target = {.name = "a",
                                       .agent = "db-1",
                                       .engine = ENGINE_SQLITE,
                                       .recipe =
                                           plan_builder_recipe(builder, ENGINE_SQLITE, &step, 1)};
    *sent =
        (struct sent){.store = open_store(), .rollout = {.operator_name = "ann", .terms = "terms"}};
    sent->plan = plan_builder_seal(builder, &header, &target, 1);
    assert_true(store_begin_rollout(sent->store, sent->plan, 0, &sent->rollout, &err));
}

void end_sent(struct sent *sent)
{
    store_free(sent->store);
    plan_free(sent->plan);
}
