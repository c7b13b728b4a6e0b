#include "common/diagnostics.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/buffer.h"
#include "common/memory.h"

struct diagnostics {
    struct error *errors;
    size_t count;
    size_t capacity;
};

struct diagnostics *diagnostics_new(void)
{
    return xcalloc(1, sizeof(struct diagnostics));
}

void diagnostics_free(struct diagnostics *diagnostics)
{
    if (diagnostics == NULL)
        return;
    free(diagnostics->errors);
    free(diagnostics);
}

void diagnostics_add_error(struct diagnostics *diagnostics, const struct error *err)
{
    assert(err->code != ERROR_NONE);
    if (diagnostics->count == diagnostics->capacity) {
        diagnostics->capacity = diagnostics->capacity != 0 ? diagnostics->capacity * 2 : 4;
        diagnostics->errors =
            xreallocarray(diagnostics->errors, diagnostics->capacity, sizeof *diagnostics->errors);
    }
    diagnostics->errors[diagnostics->count++] = *err;
}

void diagnostics_add(struct diagnostics *diagnostics, enum error_code code, const char *file,
                     int line, const char *format, ...)
{
    struct error err = {.code = code};
    va_list args;

    va_start(args, format);
    vsnprintf(err.message, sizeof err.message, format, args);
    va_end(args);
    if (file != NULL)
        error_at_file(&err, file, line);
    diagnostics_add_error(diagnostics, &err);
}

size_t diagnostics_count(const struct diagnostics *diagnostics)
{
    return diagnostics->count;
}

const struct error *diagnostics_at(const struct diagnostics *diagnostics, size_t index)
{
    assert(index < diagnostics->count);
    return &diagnostics->errors[index];
}

void error_describe(const struct error *err, struct buffer *out)
{
    if (err->file[0] != '\0' && err->line > 0)
        buffer_printf(out, "%s:%d: ", err->file, err->line);
    else if (err->file[0] != '\0')
        buffer_printf(out, "%s: ", err->file);
    buffer_append_text(out, err->message);
    if (err->sqlstate[0] != '\0')
        buffer_printf(out, " (SQLSTATE %s)", err->sqlstate);
}

bool diagnostics_ok(const struct diagnostics *diagnostics, struct error *err)
{
    if (diagnostics->count == 0)
        return true;
    *err = diagnostics->errors[0];
    if (diagnostics->count > 1)
        error_wrap(err, "%zu errors, the first", diagnostics->count);
    return false;
}
