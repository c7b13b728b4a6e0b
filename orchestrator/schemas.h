/* schemas - the schema of each of some targets, as the lines that its fingerprint is made of. */
#ifndef FLEET_ORCHESTRATOR_SCHEMAS_H
#define FLEET_ORCHESTRATOR_SCHEMAS_H

#include "common/buffer.h"
#include "orchestrator/target_answers.h"

struct target_schema {
    const struct target *target;
    struct buffer lines; /* agents/engine.h introspect */
    struct target_answer answer;
};

struct schemas {
    struct target_schema *items; /* in the order of the selection */
    size_t count;
};

struct schemas *schemas_take(struct dispatcher *dispatcher, const struct inventory *inventory,
                             const struct selection *selection, struct error *err) MUST_USE;
void schemas_free(struct schemas *schemas);
AUTO_DEFINE(schemas)

#endif
