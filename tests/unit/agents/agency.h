/* agency - an agent's service with four SQLite targets, plans for it, and the story that it tells.
 */
#ifndef FLEET_TESTS_AGENCY_H
#define FLEET_TESTS_AGENCY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agents/service.h"
#include "common/buffer.h"
#include "plans/plan_builder.h"

enum {
    TARGETS = 4,
    NOW_MS = 1000000,
    EXPIRES_MS = 2000000,
    FINISH_BY_MS = 3000000,
    ROLLBACK_UNTIL_MS = 4000000
};

#define STORE "0123456789abcdef0123456789abcdef"
#define ROLLOUT "00112233445566778899aabbccddeeff"

struct rival;

/* An agent with four targets, a to d, and what it told. */
struct agency {
    int64_t now_ms;
    struct clock clock;
    struct agent_target targets[TARGETS];
    struct signing_key *key;
    struct trusted_key trusted;
    struct service_settings settings;
    struct service *service;
    struct plan *plan;
    const char *agent;
    const char *environment;
    const char *window;
    const char *health_sql;
    struct buffer story; /* "a started, a applied, " … */
    struct error error;  /* of the last message or job that had one */
    void (*on_reply)(struct agency *agency, const struct reply *reply);
    struct rival *rival;
};

void agency_open(struct agency *agency);
void agency_close(struct agency *agency);
void agency_plan(struct agency *agency, const char *sql, enum engine_kind engine);
void agency_sign(struct agency *agency);
void agency_good_plan(struct agency *agency);
void agency_listen(void *context, const struct reply *reply);
void agency_forget(struct agency *agency);
void agency_run_from(struct agency *agency, size_t first, size_t count, struct agency *listener);
void agency_run(struct agency *agency, size_t count);
void agency_status(struct agency *agency, const char *const *names, size_t count);
void agency_expect_refused(struct agency *agency, enum error_code code);

#endif
