/*
 * engine_kind - the engines by number and name, for the folders that only name them.
 *
 * What an engine can do stands in agents/engine.h; here is only what an inventory, a file name
 * or a plan may say.
 */
#ifndef FLEET_COMMON_ENGINE_KIND_H
#define FLEET_COMMON_ENGINE_KIND_H

#include <stdbool.h>

enum engine_kind { ENGINE_POSTGRESQL, ENGINE_MYSQL, ENGINE_SQLITE, ENGINE_KIND_COUNT };

/* By number, for tables of words. */
extern const char *const engine_kind_names[ENGINE_KIND_COUNT];

/* "postgresql", "mysql" or "sqlite". */
const char *engine_kind_name(enum engine_kind kind);

/* False when no engine has that name. */
bool engine_kind_from_name(const char *name, enum engine_kind *kind);

#endif
