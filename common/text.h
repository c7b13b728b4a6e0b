/* text - text from a database or a file, made safe to show; and help for misspelt words. */
#ifndef FLEET_COMMON_TEXT_H
#define FLEET_COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buffer.h"

/*
 * Appends text with C0 and C1 controls, DEL, bidirectional controls and bytes that are not UTF-8
 * as \n, \t, \x1b, \u202e: nothing of it can steer a terminal. keep_newlines leaves '\n' and
 * '\t' as they are.
 */
void text_append_escaped(struct buffer *out, const char *text, size_t length, bool keep_newlines);

/* Whether the bytes are UTF-8 (RFC 3629) without NUL. */
bool text_is_utf8(const char *bytes, size_t length);

/* The number of characters in the first length bytes of UTF-8. */
size_t text_characters(const char *bytes, size_t length);

/* The candidate nearest to the word by edit distance, near enough to be a slip; else NULL. */
const char *text_nearest(const char *word, const char *const *candidates, size_t count);

#endif
