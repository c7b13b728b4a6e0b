/*
 * waves - how much of a fleet at a time: amounts, and lists of them or of labels.
 *
 * "1, 10%, 100%" counts targets, cumulatively; "tier=canary, region=eu, *" picks them by label,
 * the last being all that are left.
 */
#ifndef FLEET_INVENTORY_WAVES_H
#define FLEET_INVENTORY_WAVES_H

#include "common/arena.h"
#include "common/error.h"
#include "inventory/inventory.h"

/* "3", "1%", "0.5%": up to 1,000,000 targets or 100%. */
bool amount_parse(const char *text, struct amount *amount) MUST_USE;

bool waves_read(const char *text, struct arena *arena, struct waves *waves,
                struct error *err) MUST_USE;

/* Gives each target its wave, from 0, and returns how many waves there are. A share is of the
   targets and rounds up; which targets come first is their order. Waves that have no target do not
   count; without any in the list there is one wave. */
size_t waves_assign(const struct waves *waves, const struct target *const *targets, size_t count,
                    size_t *wave_of);

#endif
