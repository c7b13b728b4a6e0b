#include "agents/engine.h"

#include <assert.h>

static const struct engine *const engines[ENGINE_KIND_COUNT] = {
    [ENGINE_POSTGRESQL] = &engine_postgresql,
    [ENGINE_MYSQL] = &engine_mysql,
    [ENGINE_SQLITE] = &engine_sqlite,
};

const struct engine *engine_of(enum engine_kind kind)
{
    assert((unsigned)kind < ENGINE_KIND_COUNT);
    return engines[kind];
}
