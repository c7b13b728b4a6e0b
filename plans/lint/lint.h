/*
 * lint - what in a folder's scripts is dangerous on a database in use.
 *
 * By the words of the statements, by the table of rules.h; what engines get from a portable change
 * is looked at as their own. A table that the same script creates has no rows and no readers: most
 * rules leave it alone. "-- fleet: allow RULE REASON" takes a finding back, and stands beside it.
 * Pure.
 */
#ifndef FLEET_PLANS_LINT_LINT_H
#define FLEET_PLANS_LINT_LINT_H

#include "common/arena.h"
#include "plans/lint/rules.h"
#include "plans/migrations.h"

struct lint_finding {
    const char *file; /* below the folder */
    int line;         /* of the statement; 0 in a portable change, whose SQL has no lines there */
    unsigned engines; /* bits, as in a rule */
    const char *rule;
    enum lint_severity severity; /* LINT_OFF: it was allowed */
    const char *hazard;
    const char *safer;
    const char *reason; /* why it was allowed; NULL */
};

struct lint_settings {
    unsigned engines;                   /* that the folder is looked at for */
    const enum lint_severity *severity; /* of each of lint_rules */
};

/* The findings of a folder, in its order, those of one place and rule on several engines as one; in
   the arena. Waivers of rules that there are not, or that nothing needs, are findings too
   ("unknown-waiver", "idle-waiver"). */
const struct lint_finding *lint_folder(struct arena *arena, const struct migrations *migrations,
                                       const struct lint_settings *settings, size_t *count);

#endif
