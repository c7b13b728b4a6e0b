/*
 * log - one line on standard error for each thing that an operator of a service wants to know.
 *
 * Plain ("time level message key=value") or JSON. Fields come from the object in hand (rollout,
 * target, attempt). Nothing secret may be passed; text is escaped so that one event is one line.
 * Library code of the command line never logs; the daemon does.
 */
#ifndef FLEET_COMMON_LOG_H
#define FLEET_COMMON_LOG_H

#include <stdbool.h>

#include "common/scope.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct log_field {
    const char *key;
    const char *value;
};

/* Set once at start. */
void log_configure(enum log_level level, bool json);
bool log_level_from_name(const char *name, enum log_level *level);

/* fields ends with a NULL key, or is NULL. */
void log_event(enum log_level level, const struct log_field *fields, const char *format, ...)
    PRINTF_LIKE(3, 4);

#endif
