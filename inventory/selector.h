/*
 * selector - which targets a command is about.
 *
 * Parts of one kind widen (two --env mean either), parts of different kinds narrow (--env and
 * --label mean both). No part at all means every target. A part that matches nothing is an
 * error that names it and suggests a near name, so that a slip never selects less in silence.
 */
#ifndef FLEET_INVENTORY_SELECTOR_H
#define FLEET_INVENTORY_SELECTOR_H

#include "inventory/inventory.h"

struct selector {
    const char *const *environments;
    size_t environment_count;
    const char *const *targets; /* names or globs, as fnmatch(3) reads them */
    size_t target_count;
    const char *const *labels; /* "key=value"; the value may be a glob */
    size_t label_count;
};

struct selection {
    const struct target **targets; /* in the inventory's order */
    size_t count;
};

void selection_free(struct selection *selection);
#define AUTO_SELECTION __attribute__((cleanup(selection_free)))

bool selector_apply(const struct selector *selector, const struct inventory *inventory,
                    struct selection *selection, struct error *err) MUST_USE;

#endif
