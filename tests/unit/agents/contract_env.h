/* contract_env - a target for the contract suite, and short verbs for sessions on it. */
#ifndef TESTS_UNIT_AGENTS_CONTRACT_ENV_H
#define TESTS_UNIT_AGENTS_CONTRACT_ENV_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agents/engine.h"

/* What must be said differently on each engine to mean the same. */
struct contract_dialect {
    enum engine_kind kind;
    const char *url_variable; /* NULL: a file of our own */
    const char *still_runs;   /* yields rows while another session runs the slow one; or NULL */
    const char *slow;         /* a statement that runs for a minute at least */
    const char *setting;      /* changes the session's settings … */
    const char *setting_is_changed; /* … which this query shows by one row */
    const char *bad_url;            /* of a server or file that is not there */
};

struct contract_env {
    const struct contract_dialect *dialect;
    const struct engine *engine;
    struct agent_target target;
    char directory[64];
    char url[512];
};

const struct contract_dialect *contract_dialect_of(enum engine_kind kind);

/* cmocka fixtures: *state is the dialect before and the environment, with an empty database, after.
 */
int contract_set_up(void **state);
int contract_tear_down(void **state);

/* Each fails the test when it does not succeed. */
struct session *contract_open(const struct contract_env *env);
void contract_do(struct session *session, const char *sql);
void contract_begin(struct session *session);
void contract_commit(struct session *session);
void contract_create_tables(struct session *session);
int64_t contract_count_rows(struct session *session, const char *sql);
/* The schema's canonical lines; the caller frees them. */
char *contract_schema(struct session *session);

/* Fails the test unless the statement fails with this code. */
struct error contract_refused(struct session *session, const char *sql, enum error_code code);

/* Tries for the lock as the executor does; true when it was taken. A transaction that did not get
   it is rolled back. */
bool contract_try_lock(struct session *session, enum lock_span span);

#endif
