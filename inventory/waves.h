/*
 * waves - how much of a fleet at a time: amounts, and lists of them or of labels.
 *
 * "1, 10%, 100%" counts targets, cumulatively; "tier=canary, region=eu, *" picks them by label,
 * the last being all that are left.
 */
#ifndef FLEET_INVENTORY_WAVES_H
#define FLEET_INVENTORY_WAVES_H

#include "common/error.h"
#include "inventory/inventory.h"

/* "3", "1%", "0.5%": up to 1,000,000 targets or 100%. */
bool amount_parse(const char *text, struct amount *amount) MUST_USE;

bool waves_check(const char *text, struct error *err) MUST_USE;

#endif
