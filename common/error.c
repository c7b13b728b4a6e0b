#include "common/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int exit_status;
    bool transient;
} codes[ERROR_CODE_COUNT] = {
    [ERROR_NONE] = {"none", 0, false},
    [ERROR_USAGE] = {"usage", 2, false},
    [ERROR_CONFIG] = {"config", 2, false},
    [ERROR_IO] = {"io", 1, false},
    [ERROR_CONNECT] = {"connect", 1, true},
    [ERROR_IDENTITY] = {"identity", 1, false},
    [ERROR_PROTOCOL] = {"protocol", 1, false},
    [ERROR_UNSUPPORTED] = {"unsupported", 1, false},
    [ERROR_VERIFY] = {"verify", 1, false},
    [ERROR_STALE] = {"stale", 1, false},
    [ERROR_CONFLICT] = {"conflict", 1, false},
    [ERROR_FENCED] = {"fenced", 1, false},
    [ERROR_LOCKED] = {"locked", 1, true},
    [ERROR_TIMEOUT] = {"timeout", 1, true},
    [ERROR_CANCELLED] = {"cancelled", 1, false},
    [ERROR_SYNTAX] = {"syntax", 1, false},
    [ERROR_SQL] = {"sql", 1, false},
    [ERROR_CHECK] = {"check", 1, false},
    [ERROR_UNKNOWN] = {"unknown", 4, false},
    [ERROR_NEEDS_OPERATOR] = {"needs_operator", 4, false},
    [ERROR_BUDGET] = {"budget", 1, false},
    [ERROR_INTERNAL] = {"internal", 1, false},
};

static void copy_text(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from);
}

bool error_set(struct error *err, enum error_code code, const char *format, ...)
{
    assert(err->code == ERROR_NONE && code != ERROR_NONE);
    va_list args;

    err->code = code;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return false;
}

bool error_set_errno(struct error *err, int number, const char *format, ...)
{
    assert(err->code == ERROR_NONE);
    char reason[128];
    va_list args;

    err->code = ERROR_IO;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    copy_text(reason, sizeof reason, strerrordesc_np(number) ? strerrordesc_np(number) : "error");
    size_t used = strlen(err->message);
    snprintf(err->message + used, sizeof err->message - used, ": %s", reason);
    return false;
}

bool error_wrap(struct error *err, const char *format, ...)
{
    assert(err->code != ERROR_NONE);
    char context[sizeof err->message];
    size_t cause = strlen(err->message);
    va_list args;

    va_start(args, format);
    vsnprintf(context, sizeof context, format, args);
    va_end(args);

    size_t room = sizeof err->message - 1 - cause;
    if (room < 3)
        return false;
    size_t prefix = strlen(context);
    if (prefix > room - 2)
        prefix = room - 2;
    memmove(err->message + prefix + 2, err->message, cause + 1);
    memcpy(err->message, context, prefix);
    memcpy(err->message + prefix, ": ", 2);
    return false;
}

void error_at_file(struct error *err, const char *file, int line)
{
    if (err->file[0] != '\0')
        return;
    copy_text(err->file, sizeof err->file, file);
    err->line = line;
}

void error_at_target(struct error *err, const char *target)
{
    if (err->target[0] == '\0')
        copy_text(err->target, sizeof err->target, target);
}

void error_clear(struct error *err)
{
    *err = (struct error){0};
}

const char *error_code_name(enum error_code code)
{
    assert((unsigned)code < ERROR_CODE_COUNT);
    return codes[code].name;
}

enum error_code error_code_from_name(const char *name)
{
    for (int code = ERROR_NONE + 1; code < ERROR_CODE_COUNT; code++)
        if (strcmp(codes[code].name, name) == 0)
            return (enum error_code)code;
    return ERROR_INTERNAL;
}

int error_exit_status(enum error_code code)
{
    assert((unsigned)code < ERROR_CODE_COUNT);
    return codes[code].exit_status;
}

bool error_is_transient(enum error_code code)
{
    assert((unsigned)code < ERROR_CODE_COUNT);
    return codes[code].transient;
}
