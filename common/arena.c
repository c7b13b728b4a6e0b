#include "common/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum { BLOCK_SIZE = 16 * 1024 };

struct block {
    struct block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    struct block *blocks; /* the newest first; only that one has room */
    size_t handed_out;
};

struct arena *arena_new(void)
{
    return xcalloc(1, sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    for (struct block *block = arena->blocks; block != NULL;) {
        struct block *next = block->next;

        free(block);
        block = next;
    }
    free(arena);
}

static struct block *add_block(struct arena *arena, size_t wanted)
{
    size_t size = wanted > BLOCK_SIZE / 4 ? wanted : BLOCK_SIZE;
    struct block *block = xcalloc(1, sizeof *block + size);

    block->size = size;
    /* A block of its own for a large piece goes behind the current one, which still has room. */
    if (size == wanted && arena->blocks != NULL) {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    } else {
        block->next = arena->blocks;
        arena->blocks = block;
    }
    return block;
}

void *arena_calloc(struct arena *arena, size_t count, size_t size)
{
    size_t unit = alignof(max_align_t);
    size_t wanted;

    if (__builtin_mul_overflow(count, size, &wanted) || wanted > SIZE_MAX / 2)
        abort();
    wanted = (wanted + unit - 1) / unit * unit;
    struct block *block = arena->blocks;
    if (block == NULL || block->size - block->used < wanted)
        block = add_block(arena, wanted);
    void *memory = block->bytes + block->used;
    block->used += wanted;
    arena->handed_out += wanted;
    return memory;
}

char *arena_copy(struct arena *arena, const void *bytes, size_t length)
{
    char *copy = arena_calloc(arena, length + 1, 1);

    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return arena_copy(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(length >= 0);
    char *text = arena_calloc(arena, (size_t)length + 1, 1);
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}

size_t arena_size(const struct arena *arena)
{
    return arena->handed_out;
}
