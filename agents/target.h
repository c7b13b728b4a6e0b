/* target - a database as its agent knows it: where it is and how to log in. */
#ifndef FLEET_AGENTS_TARGET_H
#define FLEET_AGENTS_TARGET_H

#include <stddef.h>

#include "common/engine_kind.h"
#include "common/secret.h"

struct agent_target {
    const char *name;
    const char *environment; /* a plan for another one is refused; NULL: not checked here */
    enum engine_kind engine;
    const char *url;    /* sqlite:PATH, postgresql://…, mysql://…; never with a password */
    const char *schema; /* PostgreSQL: the target is this schema, and its history lives there */
    struct secret_source password;
    const char *const *init_sql; /* run on each new session, outside any transaction */
    size_t init_sql_count;
    int approvals; /* signatures of distinct persons that a plan needs; 0 is for in-process only */
};

#endif
