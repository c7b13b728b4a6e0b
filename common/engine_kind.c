#include "common/engine_kind.h"

#include <assert.h>
#include <string.h>

const char *const engine_kind_names[ENGINE_KIND_COUNT] = {
    [ENGINE_POSTGRESQL] = "postgresql",
    [ENGINE_MYSQL] = "mysql",
    [ENGINE_SQLITE] = "sqlite",
};

const char *engine_kind_name(enum engine_kind kind)
{
    assert((unsigned)kind < ENGINE_KIND_COUNT);
    return engine_kind_names[kind];
}

bool engine_kind_from_name(const char *name, enum engine_kind *kind)
{
    for (int i = 0; i < ENGINE_KIND_COUNT; i++) {
        if (strcmp(engine_kind_names[i], name) == 0) {
            *kind = (enum engine_kind)i;
            return true;
        }
    }
    return false;
}
