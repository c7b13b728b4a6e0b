/* digest_table - finds numbers by digest; for what is interned while a plan is made or read. */
#ifndef FLEET_PLANS_DIGEST_TABLE_H
#define FLEET_PLANS_DIGEST_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/digest.h"

struct digest_table;

struct digest_table *digest_table_new(void) MUST_USE;
void digest_table_free(struct digest_table *table);
AUTO_DEFINE(digest_table)

/* The number under the key, or the given one, put there, if there is none yet. */
size_t digest_table_intern(struct digest_table *table, const struct digest *key, size_t number);

/* False if nothing is under the key. */
bool digest_table_find(const struct digest_table *table, const struct digest *key, size_t *number);

#endif
