#include "common/buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

void buffer_free(struct buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct buffer){0};
}

static void reserve(struct buffer *buffer, size_t more)
{
    size_t needed;

    if (__builtin_add_overflow(buffer->length, more, &needed) || needed >= PTRDIFF_MAX)
        abort();
    if (needed + 1 <= buffer->capacity)
        return;
    size_t capacity = buffer->capacity < 64 ? 64 : buffer->capacity;
    while (capacity < needed + 1)
        capacity *= 2;
    buffer->bytes = xreallocarray(buffer->bytes, capacity, 1);
    buffer->capacity = capacity;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
    reserve(buffer, length);
    if (length > 0)
        memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
    buffer->bytes[buffer->length] = '\0';
}

void buffer_append_text(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

void buffer_append_char(struct buffer *buffer, char character)
{
    buffer_append(buffer, &character, 1);
}

void buffer_vprintf(struct buffer *buffer, const char *format, va_list args)
{
    va_list again;

    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    assert(length >= 0);
    reserve(buffer, (size_t)length);
    vsnprintf(buffer->bytes + buffer->length, (size_t)length + 1, format, again);
    va_end(again);
    buffer->length += (size_t)length;
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    buffer_vprintf(buffer, format, args);
    va_end(args);
}

void buffer_consume(struct buffer *buffer, size_t count)
{
    assert(count <= buffer->length);
    if (count == 0)
        return;
    memmove(buffer->bytes, buffer->bytes + count, buffer->length - count + 1);
    buffer->length -= count;
}

void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
    if (buffer->bytes != NULL)
        buffer->bytes[0] = '\0';
}

const char *buffer_text(const struct buffer *buffer)
{
    return buffer->bytes != NULL ? buffer->bytes : "";
}

char *buffer_take(struct buffer *buffer)
{
    char *text = buffer->bytes != NULL ? buffer->bytes : xstrdup("");

    *buffer = (struct buffer){0};
    return text;
}
