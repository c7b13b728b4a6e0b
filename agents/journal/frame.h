/*
 * frame - records in a file that may end anywhere: framing, checksums, and where the tail is torn.
 *
 * A file is a header and frames; all integers are little-endian. Behind the last frame there may be
 * zeros, room that is reserved.
 *
 *     header   "fleetjnl" | format u32 | 0 u32 | first sequence u64 | CRC-32C of these 24 bytes u32
 *     frame    marker u32 | length u32 | type u16 | format u16 | sequence u64 | synced u64 |
 *              CRC-32C of bytes 4 to 27 and the payload u32 | payload
 *
 * Sequences rise by one. "synced" is the sequence up to which all was durable when the frame was
 * written; it tells damage from a torn tail: writes that no sync has followed may reach the disk in
 * any order, so a bad frame is torn unless a good one behind it knows it as durable.
 *
 * Pure: bytes in, records out. CRC-32C is that of RFC 3720, appendix B.4.
 */
#ifndef FLEET_AGENTS_JOURNAL_FRAME_H
#define FLEET_AGENTS_JOURNAL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/error.h"

enum {
    JOURNAL_FORMAT = 1,
    JOURNAL_HEADER_SIZE = 28,
    FRAME_HEADER_SIZE = 32,
    FRAME_PAYLOAD_MAX = 16 * 1024 * 1024
};

struct frame {
    uint16_t type;   /* never 0 */
    uint16_t format; /* of the payload, by its type */
    uint64_t sequence;
    uint64_t synced;
    const void *payload;
    uint32_t length; /* at most FRAME_PAYLOAD_MAX */
};

uint32_t crc32c(uint32_t crc, const void *bytes, size_t length);

void journal_header_write(struct buffer *out, uint64_t first_sequence);
void frame_write(struct buffer *out, const struct frame *frame);

/* Each good frame in order; the payload is valid during the call. False stops, with err set. */
typedef bool (*frame_function)(void *context, const struct frame *frame, struct error *err);

struct frame_scan {
    uint64_t next_sequence;
    size_t end;     /* of the last good frame; 0 if not even the header is whole */
    size_t dropped; /* bytes behind it that are not reserved room: a torn tail */
};

/* Reads a whole file. ERROR_UNSUPPORTED for a newer format; ERROR_VERIFY for damage, with its
   offset: a bad header, or a bad frame that was durable. A file cut at any byte is fine. */
bool frame_read_all(const void *bytes, size_t length, frame_function function, void *context,
                    struct frame_scan *scan, struct error *err) MUST_USE;

#endif
