/* contract_waits - the contract's tests of locks, cancelling and deadlines, for contract.c. */
#ifndef TESTS_UNIT_AGENTS_CONTRACT_WAITS_H
#define TESTS_UNIT_AGENTS_CONTRACT_WAITS_H

#include "contract_env.h"

enum { CONTRACT_WAITS = 10 };

extern const struct CMUnitTest contract_waits[CONTRACT_WAITS];

#endif
