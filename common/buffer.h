/*
 * buffer - bytes that grow at the end; always NUL-terminated, so that text reads as a string.
 *
 * Declared {0} and released with buffer_free on its address, or AUTO_BUFFER.
 */
#ifndef FLEET_COMMON_BUFFER_H
#define FLEET_COMMON_BUFFER_H

#include <stdarg.h>
#include <stddef.h>

#include "common/scope.h"

struct buffer {
    char *bytes; /* NULL while nothing was appended */
    size_t length;
    size_t capacity;
};

#define AUTO_BUFFER __attribute__((cleanup(buffer_free)))

void buffer_free(struct buffer *buffer);

void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_append_char(struct buffer *buffer, char character);
void buffer_printf(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
void buffer_vprintf(struct buffer *buffer, const char *format, va_list args) PRINTF_LIKE(2, 0);

/* Drops the first count bytes, which must be there. */
void buffer_consume(struct buffer *buffer, size_t count);

/* Empties it and keeps the memory. */
void buffer_clear(struct buffer *buffer);

/* The bytes as a string, "" when there are none. */
const char *buffer_text(const struct buffer *buffer);

/* The string, now the caller's to free; the buffer is empty again. */
char *buffer_take(struct buffer *buffer) MUST_USE;

#endif
