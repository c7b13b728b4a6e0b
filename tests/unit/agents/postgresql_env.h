/* postgresql_env - a fresh database for each test of what only PostgreSQL has. */
#ifndef TESTS_UNIT_AGENTS_POSTGRESQL_ENV_H
#define TESTS_UNIT_AGENTS_POSTGRESQL_ENV_H

#include "contract_env.h"

/* cmocka fixture: *state is the server's URL before, and a struct contract_env whose target is the
   new database after. */
int postgresql_set_up(void **state);
int postgresql_tear_down(void **state);

/* The environment variable's value; fails the test when it is not set. */
const char *postgresql_variable(const char *name);

/* The one value that a query yields, "" for none; the caller frees it. */
char *postgresql_value(struct session *session, const char *sql);

#endif
