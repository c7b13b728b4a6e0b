#include "agents/sorted_lines.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void sorted_lines_append(struct buffer *lines, struct buffer *out)
{
    size_t count = 0;
    size_t room = 0;
    char **sorted = NULL;
    char *rest = NULL;

    if (lines->length == 0)
        return;
    for (char *line = strtok_r(lines->bytes, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (count == room) {
            room = room != 0 ? room * 2 : 64;
            sorted = xreallocarray(sorted, room, sizeof *sorted);
        }
        sorted[count++] = line;
    }
    if (count > 0)
        qsort(sorted, count, sizeof *sorted, compare_lines);
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(out, sorted[i]);
        buffer_append_char(out, '\n');
    }
    free(sorted);
    buffer_clear(lines);
}
