/* Any bytes as a journal: no crash, each record is as its checksum says, and what is read of the
   file's good beginning is read again from that alone. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "agents/journal/recall.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

struct reading {
    struct recall *recall;
    size_t count;
};

static bool take(void *context, const struct frame *frame, struct error *err)
{
    struct reading *reading = context;
    AUTO(arena) struct arena *arena = arena_new();
    struct journal_entry entry;

    if (!entry_read(frame, arena, &entry, err))
        return false;
    recall_take(reading->recall, &entry,
                &(struct record_bytes){entry.type, frame->payload, frame->length});
    reading->count++;
    return true;
}

static bool read_all(const uint8_t *bytes, size_t length, struct frame_scan *scan, size_t *count)
{
    AUTO(recall) struct recall *recall = recall_new();
    struct reading reading = {.recall = recall};
    struct error err = {0};
    bool ok = frame_read_all(bytes, length, take, &reading, scan, &err);

    *count = reading.count;
    return ok;
}

/* The bytes as one record's payload, so that what lies behind the checksum is reached too. */
static void read_entry(const uint8_t *bytes, size_t length)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct journal_entry entry;
    struct error err = {0};
    const struct frame frame = {.type = (uint16_t)(1 + bytes[0] % ENTRY_ACKNOWLEDGED),
                                .format = JOURNAL_FORMAT,
                                .payload = bytes + 1,
                                .length = (uint32_t)(length - 1)};

    if (entry_read(&frame, arena, &entry, &err)) {
        AUTO(recall) struct recall *recall = recall_new();

        recall_take(recall, &entry,
                    &(struct record_bytes){entry.type, frame.payload, frame.length});
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct frame_scan scan, again;
    size_t count, same;

    if (read_all(bytes, length, &scan, &count)) {
        assert(scan.end <= length && scan.dropped <= length - scan.end);
        assert(read_all(bytes, scan.end, &again, &same) && same == count && again.dropped == 0);
    }
    if (length > 0)
        read_entry(bytes, length);
    return 0;
}
