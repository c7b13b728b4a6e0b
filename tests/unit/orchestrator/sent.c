#include "sent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plans/plan_builder.h"

struct store *open_store(void)
{
    struct error err = {0};
    struct store *store = store_open("state.db", clock_system(), random_system(), &err);

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
