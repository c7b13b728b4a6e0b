#include "common/list.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

void *list_room(struct arena *arena, const void *items, size_t count, size_t size)
{
    bool is_full = (count & (count - 1)) == 0;

    if (!is_full)
        return (void *)(uintptr_t)items;
    void *larger = arena_calloc(arena, count != 0 ? count * 2 : 1, size);
    if (count > 0)
        memcpy(larger, items, count * size);
    return larger;
}
