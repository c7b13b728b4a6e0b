/* sorted_lines - lines in one order, whatever order they were found in. */
#ifndef FLEET_AGENTS_SORTED_LINES_H
#define FLEET_AGENTS_SORTED_LINES_H

#include "common/buffer.h"

/* Appends the lines, sorted by their bytes and each ended by a newline. Empties and cuts up lines.
 */
void sorted_lines_append(struct buffer *lines, struct buffer *out);

#endif
