#include "postgresql_env.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

const char *postgresql_variable(const char *name)
{
    const char *value = getenv(name);

    if (value == NULL)
        fail_msg("%s is not set: run this through tests/support/with-servers", name);
    return value;
}

static void make_database(const struct contract_env *env)
{
    AUTO(session) struct session *session = contract_open(env);

    contract_do(session, "DROP DATABASE IF EXISTS special WITH (FORCE)");
    contract_do(session, "CREATE DATABASE special");
}

int postgresql_set_up(void **state)
{
    static const char maintenance[] = "/postgres?";
    struct contract_env *env = xcalloc(1, sizeof *env);
    const char *url = postgresql_variable(*state);
    const char *name = strstr(url, maintenance);

    assert_non_null(name);
    env->dialect = contract_dialect_of(ENGINE_POSTGRESQL);
    env->engine = engine_of(ENGINE_POSTGRESQL);
    env->target =
        (struct agent_target){.name = "special", .engine = ENGINE_POSTGRESQL, .url = env->url};
    snprintf(env->url, sizeof env->url, "%s", url);
    make_database(env);
    snprintf(env->url, sizeof env->url, "%.*s/special?%s", (int)(name - url), url,
             name + strlen(maintenance));
    *state = env;
    return 0;
}

int postgresql_tear_down(void **state)
{
    free(*state);
    return 0;
}

static bool take_value(void *context, size_t columns, const char *const *values)
{
    char **value = context;

    assert_int_equal(columns, 1);
    if (values[0] != NULL) {
        free(*value);
        *value = xstrdup(values[0]);
    }
    return false;
}

char *postgresql_value(struct session *session, const char *sql)
{
    struct error err = {0};
    char *value = xstrdup("");

    if (!session->engine->query(session, sql, NULL, 0, take_value, &value, &err))
        fail_msg("%s: %s", sql, err.message);
    return value;
}
