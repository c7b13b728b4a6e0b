/* The journal's file: writing, syncing, compacting. */
#include <errno.h>
#include <fcntl.h>

#include "agents/journal/journal_parts.h"
#include "common/file.h"

#define NEW_NAME "journal.new"

/* Bytes. */
enum { RESERVE = 64 * 1024 };

bool journal_fail(struct journal *journal, const char *what, struct error *err)
{
    return error_set_errno(err, errno, "journal %s/%s: cannot %s", journal->path, JOURNAL_FILE,
                           what);
}

/* What is on the disk is unknown from here on. */
static bool give_up(struct journal *journal, const char *what, struct error *err)
{
    journal_fail(journal, what, err);
    journal->failed = *err;
    return error_wrap(&journal->failed,
                      "nothing is accepted until the cause is mended and the agent started again");
}

static bool write_at(struct journal *journal, int file, const struct buffer *bytes, size_t offset)
{
    const struct storage *storage = journal->storage;
    size_t done = 0;

    while (done < bytes->length) {
        ssize_t wrote = storage->write(storage->context, file, bytes->bytes + done,
                                       bytes->length - done, (off_t)(offset + done));

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        done += (size_t)wrote;
    }
    return true;
}

bool journal_reserve(struct journal *journal, size_t bytes, struct error *err)
{
    const struct storage *storage = journal->storage;
    size_t needed = journal->end + bytes;

    if (journal->failed.code != ERROR_NONE) {
        *err = journal->failed;
        return false;
    }
    if (needed <= journal->reserved)
        return true;
    needed += RESERVE;
    if (storage->reserve(storage->context, journal->file, (off_t)journal->reserved,
                         (off_t)(needed - journal->reserved)) != 0)
        return journal_fail(journal, "reserve room for what comes of the work", err);
    journal->reserved = needed;
    return true;
}

static void frame_record(const struct record_bytes *record, uint64_t sequence, uint64_t synced,
                         struct buffer *out)
{
    frame_write(out, &(struct frame){.type = (uint16_t)record->type,
                                     .format = JOURNAL_FORMAT,
                                     .sequence = sequence,
                                     .synced = synced,
                                     .payload = record->payload,
                                     .length = (uint32_t)record->length});
}

bool journal_append(struct journal *journal, const struct journal_entry *entry, struct error *err)
{
    AUTO_BUFFER struct buffer payload = {0};
    AUTO_BUFFER struct buffer frame = {0};

    entry_write(entry, &payload);
    const struct record_bytes record = {entry->type, payload.bytes, payload.length};
    frame_record(&record, journal->next, journal->synced, &frame);
    if (!journal_reserve(journal, frame.length, err))
        return false;
    if (!write_at(journal, journal->file, &frame, journal->end))
        return give_up(journal, "write", err);
    journal->end += frame.length;
    journal->next++;
    recall_take(journal->recall, entry, &record);
    return true;
}

bool journal_sync_up(struct journal *journal, struct error *err)
{
    const struct storage *storage = journal->storage;
    uint64_t wanted = journal->next - 1;

    while (journal->synced < wanted && journal->failed.code == ERROR_NONE) {
        if (journal->syncing) {
            pthread_cond_wait(&journal->changed, &journal->mutex);
            continue;
        }
        uint64_t reached = journal->next - 1;

        journal->syncing = true;
        pthread_mutex_unlock(&journal->mutex);
        int result = storage->sync(storage->context, journal->file);
        int number = errno;
        pthread_mutex_lock(&journal->mutex);
        journal->syncing = false;
        pthread_cond_broadcast(&journal->changed);
        errno = number;
        if (result != 0)
            return give_up(journal, "sync", err);
        journal->synced = reached;
    }
    if (journal->synced < wanted)
        *err = journal->failed;
    return journal->synced >= wanted;
}

struct rewriting {
    struct buffer *out;
    uint64_t next;
};

static void rewrite_record(void *context, const struct record_bytes *record)
{
    struct rewriting *rewriting = context;

    frame_record(record, rewriting->next, rewriting->next - 1, rewriting->out);
    rewriting->next++;
}

static bool fill_new(struct journal *journal, int file, const struct buffer *bytes,
                     struct error *err)
{
    const struct storage *storage = journal->storage;
    void *context = storage->context;

    if (storage->reserve(context, file, 0, (off_t)(bytes->length + RESERVE)) != 0)
        return journal_fail(journal, "reserve room for a new one", err);
    if (!write_at(journal, file, bytes, 0))
        return journal_fail(journal, "write a new one", err);
    return storage->sync(context, file) == 0 || journal_fail(journal, "sync a new one", err);
}

/* A whole new file beside the old one, durable; -1 if that fails, and the old one is as it was. */
static int write_new(struct journal *journal, const struct buffer *bytes, struct error *err)
{
    int file = journal->storage->open(journal->storage->context, journal->directory, NEW_NAME,
                                      O_RDWR | O_CREAT | O_TRUNC);

    if (file < 0)
        journal_fail(journal, "make a new one", err);
    else if (!fill_new(journal, file, bytes, err))
        file_descriptor_close(&file);
    return file;
}

bool journal_compact(struct journal *journal, struct error *err)
{
    const struct storage *storage = journal->storage;
    AUTO_BUFFER struct buffer bytes = {0};
    struct rewriting rewriting = {&bytes, journal->next};

    recall_forget(journal->recall, journal->clock->wall_ms(journal->clock));
    journal_header_write(&bytes, journal->next);
    recall_write(journal->recall, rewrite_record, &rewriting);
    int file = write_new(journal, &bytes, err);
    if (file < 0)
        return false;
    if (storage->rename(storage->context, journal->directory, NEW_NAME, JOURNAL_FILE) != 0) {
        file_descriptor_close(&file);
        return give_up(journal, "put a new one in its place", err);
    }
    file_descriptor_close(&journal->file);
    journal->file = file;
    journal->end = journal->base = bytes.length;
    journal->reserved = bytes.length + RESERVE;
    journal->next = rewriting.next;
    journal->synced = rewriting.next - 1;
    if (storage->sync_directory(storage->context, journal->directory) != 0)
        return give_up(journal, "sync the directory", err);
    return true;
}

bool journal_compact_if_due(struct journal *journal, struct error *err)
{
    struct error minor = {0};

    if (journal->failed.code != ERROR_NONE || journal->end < journal->compact_from ||
        journal->end < 2 * journal->base || journal->syncing)
        return true;
    if (journal_compact(journal, &minor) || journal->failed.code == ERROR_NONE)
        return true;
    *err = minor;
    return false;
}
bool journal_append_outcome(struct journal *journal, const char *rollout,
                            const struct run_event *event, struct error *err)
{
    const struct journal_entry entry = {.type = ENTRY_OUTCOME,
                                        .outcome = {.kind = REPLY_OUTCOME,
                                                    .rollout = rollout,
                                                    .seq = (int64_t)journal->next,
                                                    .event = *event}};

    return journal_append(journal, &entry, err);
}
