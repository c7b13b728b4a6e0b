#include "agents/journal/frame.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

/* Bytes that no UTF-8 text has, so that no payload looks like a frame. */
static const uint8_t marker[4] = {0xF5, 'f', 'r', 0xFF};
static const char magic[8] = {'f', 'l', 'e', 'e', 't', 'j', 'n', 'l'};

enum { HEADER_CRC = 24, FRAME_CRC = 28, CRC_FROM = 4 };

/* Four bits at a time: a table that a reader can check, and fast enough for what is written here.
 */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t length)
{
    static const uint32_t table[16] = {
        0x00000000, 0x105EC76F, 0x20BD8EDE, 0x30E349B1, 0x417B1DBC, 0x5125DAD3,
        0x61C69362, 0x7198540D, 0x82F63B78, 0x92A8FC17, 0xA24BB5A6, 0xB21572C9,
        0xC38D26C4, 0xD3D3E1AB, 0xE330A81A, 0xF36E6F75,
    };
    const uint8_t *at = bytes;

    crc = ~crc;
    for (size_t i = 0; i < length; i++) {
        crc ^= at[i];
        crc = table[crc & 15] ^ (crc >> 4);
        crc = table[crc & 15] ^ (crc >> 4);
    }
    return ~crc;
}

static void put(uint8_t *at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *at, size_t size)
{
    uint64_t value = 0;

    for (size_t i = size; i > 0; i--)
        value = value << 8 | at[i - 1];
    return value;
}

static void make_header(uint8_t header[JOURNAL_HEADER_SIZE], uint64_t first_sequence)
{
    memcpy(header, magic, sizeof magic);
    put(header + 8, JOURNAL_FORMAT, 4);
    put(header + 12, 0, 4);
    put(header + 16, first_sequence, 8);
    put(header + HEADER_CRC, crc32c(0, header, HEADER_CRC), 4);
}

void journal_header_write(struct buffer *out, uint64_t first_sequence)
{
    uint8_t header[JOURNAL_HEADER_SIZE];

    make_header(header, first_sequence);
    buffer_append(out, header, sizeof header);
}

static uint32_t frame_crc(const uint8_t *header, const void *payload, size_t length)
{
    return crc32c(crc32c(0, header + CRC_FROM, FRAME_CRC - CRC_FROM), payload, length);
}

void frame_write(struct buffer *out, const struct frame *frame)
{
    uint8_t header[FRAME_HEADER_SIZE];

    assert(frame->type != 0 && frame->length <= FRAME_PAYLOAD_MAX);
    memcpy(header, marker, sizeof marker);
    put(header + 4, frame->length, 4);
    put(header + 8, frame->type, 2);
    put(header + 10, frame->format, 2);
    put(header + 12, frame->sequence, 8);
    put(header + 20, frame->synced, 8);
    put(header + FRAME_CRC, frame_crc(header, frame->payload, frame->length), 4);
    buffer_append(out, header, sizeof header);
    buffer_append(out, frame->payload, frame->length);
}

/* The frame that begins at an offset; false if there is no whole and good one. */
static bool frame_at(const uint8_t *bytes, size_t length, size_t offset, struct frame *frame)
{
    const uint8_t *at = bytes + offset;

    if (length - offset < FRAME_HEADER_SIZE || memcmp(at, marker, sizeof marker) != 0)
        return false;
    *frame = (struct frame){.length = (uint32_t)get(at + 4, 4),
                            .type = (uint16_t)get(at + 8, 2),
                            .format = (uint16_t)get(at + 10, 2),
                            .sequence = get(at + 12, 8),
                            .synced = get(at + 20, 8),
                            .payload = at + FRAME_HEADER_SIZE};
    return frame->length <= length - offset - FRAME_HEADER_SIZE &&
           frame->length <= FRAME_PAYLOAD_MAX && frame->type != 0 &&
           get(at + FRAME_CRC, 4) == frame_crc(at, frame->payload, frame->length);
}

/* Whether a good frame behind the bad one says that the bad one was durable. */
static bool was_durable(const uint8_t *bytes, size_t length, size_t offset, uint64_t sequence)
{
    struct frame frame;

    while (offset < length) {
        const uint8_t *found = memchr(bytes + offset, marker[0], length - offset);

        if (found == NULL)
            return false;
        offset = (size_t)(found - bytes);
        if (frame_at(bytes, length, offset, &frame) && frame.synced >= sequence)
            return true;
        offset++;
    }
    return false;
}

/* Where the zeros begin that reach to the end. */
static size_t written_end(const uint8_t *bytes, size_t length)
{
    while (length > 0 && bytes[length - 1] == 0)
        length--;
    return length;
}

/* Nothing is written behind a header that is not whole, so a beginning of one is an empty file. */
static bool is_cut_header(const uint8_t *bytes, size_t length, struct frame_scan *scan)
{
    uint8_t first[JOURNAL_HEADER_SIZE];

    make_header(first, 1);
    if (length >= JOURNAL_HEADER_SIZE)
        return false;
    scan->dropped = length;
    scan->next_sequence = 1;
    return length <= 16 ? memcmp(bytes, first, length) == 0 : memcmp(bytes, first, 16) == 0;
}

static bool read_header(const uint8_t *bytes, size_t length, struct frame_scan *scan,
                        struct error *err)
{
    uint8_t header[JOURNAL_HEADER_SIZE] = {0};

    memcpy(header, bytes, length < sizeof header ? length : sizeof header);
    uint64_t format = get(header + 8, 4);
    bool good = get(header + HEADER_CRC, 4) == crc32c(0, header, HEADER_CRC);

    if (memcmp(header, magic, sizeof magic) == 0 && good && format > JOURNAL_FORMAT)
        return error_set(err, ERROR_UNSUPPORTED,
                         "it has format %" PRIu64 ", this release knows %d: run the release that "
                         "wrote it, or a newer one",
                         format, JOURNAL_FORMAT);
    scan->next_sequence = get(header + 16, 8);
    scan->end = JOURNAL_HEADER_SIZE;
    if (memcmp(header, magic, sizeof magic) == 0 && good && format == JOURNAL_FORMAT)
        return true;
    return error_set(err, ERROR_VERIFY, "its first %d bytes are damaged", JOURNAL_HEADER_SIZE);
}

bool frame_read_all(const void *file, size_t length, frame_function function, void *context,
                    struct frame_scan *scan, struct error *err)
{
    const uint8_t *bytes = file;
    struct frame frame;

    *scan = (struct frame_scan){0};
    if (is_cut_header(bytes, length, scan))
        return true;
    if (!read_header(bytes, length, scan, err))
        return false;
    while (frame_at(bytes, length, scan->end, &frame) && frame.sequence == scan->next_sequence) {
        if (!function(context, &frame, err))
            return error_wrap(err, "record %" PRIu64 " at byte %zu", frame.sequence, scan->end);
        scan->end += FRAME_HEADER_SIZE + frame.length;
        scan->next_sequence++;
    }
    size_t written = written_end(bytes, length);
    scan->dropped = written > scan->end ? written - scan->end : 0;
    if (was_durable(bytes, length, scan->end, scan->next_sequence))
        return error_set(err, ERROR_VERIFY,
                         "record %" PRIu64 " at byte %zu is damaged, and good ones follow",
                         scan->next_sequence, scan->end);
    return true;
}
