/*
 * contract - what every engine must do, as one suite that runs over each of them.
 *
 * An engine's program is test_contract_<engine>.c with a main that returns contract_run. SQLite
 * gets a file of its own; a server's database comes from FLEET_TEST_POSTGRESQL_URL or
 * FLEET_TEST_MYSQL_URL, which tests/support/with-servers sets. The suite makes and drops its own
 * tables there (c_… and fleet_…), so nothing else may use that database meanwhile.
 */
#ifndef TESTS_UNIT_AGENTS_CONTRACT_H
#define TESTS_UNIT_AGENTS_CONTRACT_H

#include "common/engine_kind.h"

/* The number of failed tests. */
int contract_run(enum engine_kind kind);

#endif
