/* rules - what lint knows: one row for each hazard. docs/lint.md prints from the table. */
#ifndef FLEET_PLANS_LINT_RULES_H
#define FLEET_PLANS_LINT_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buffer.h"

enum lint_severity { LINT_OFF, LINT_NOTE, LINT_WARNING, LINT_ERROR, LINT_SEVERITY_COUNT };

enum { LINT_POSTGRESQL = 1, LINT_MYSQL = 2, LINT_SQLITE = 4, LINT_ALL = 7, LINT_PATTERNS_MAX = 4 };

/* What else in the script lets a table alone that it finds something about. */
enum lint_excuse {
    EXCUSE_NONE,
    EXCUSE_MADE_AGAIN, /* something gets the name that it had */
    EXCUSE_REPLACED    /* another table is renamed to it */
};

struct lint_rule {
    const char *id;
    unsigned engines; /* bits: 1 << enum engine_kind */
    enum lint_severity severity;
    bool also_new; /* also of a table that the same script creates */
    enum lint_excuse excuse;
    const char *patterns[LINT_PATTERNS_MAX]; /* any of them; see pattern.h */
    const char *hazard;
    const char *safer;
};

extern const struct lint_rule lint_rules[];
extern const size_t lint_rule_count;

/* NULL if there is none. */
const struct lint_rule *lint_rule_find(const char *id);

const char *lint_severity_name(enum lint_severity severity);

/* The table of docs/lint.md. */
void lint_rules_print(struct buffer *out);

#endif
