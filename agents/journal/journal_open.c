/* The journal is opened: who may, what is there, and what was left behind. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "agents/journal/journal_parts.h"
#include "common/file.h"
#include "common/memory.h"

#define LOCK_NAME "lock"

enum { READ_MAX = 1 << 30, COMPACT_FROM = 4 * 1024 * 1024 };

static bool replay(void *context, const struct frame *frame, struct error *err)
{
    struct journal *journal = context;
    AUTO(arena) struct arena *arena = arena_new();
    struct journal_entry entry;

    if (!entry_read(frame, arena, &entry, err))
        return false;
    recall_take(journal->recall, &entry,
                &(struct record_bytes){entry.type, frame->payload, frame->length});
    return true;
}

/* A file that only has its torn tail or its header is made new as well: what is behind the end must
   be zeros before anything is written there. */
static bool cut_tail(struct journal *journal, size_t dropped, struct error *err)
{
    const struct storage *storage = journal->storage;

    if (dropped == 0)
        return true;
    if (storage->truncate(storage->context, journal->file, (off_t)journal->end) != 0 ||
        storage->sync(storage->context, journal->file) != 0)
        return journal_fail(journal, "cut off its torn end", err);
    journal->reserved = journal->end;
    return true;
}

static bool explain_damage(const struct journal *journal, struct error *err)
{
    if (err->code == ERROR_UNSUPPORTED)
        return error_wrap(err, "journal %s/%s", journal->path, JOURNAL_FILE);
    error_wrap(err, "journal %s/%s is damaged: ", journal->path, JOURNAL_FILE);
    err->code = ERROR_VERIFY;
    size_t length = strlen(err->message);
    snprintf(err->message + length, sizeof err->message - length,
             "; the targets' own histories say what was applied: move the file away, start the "
             "agent, and look at 'fleet status' before anything is applied");
    return false;
}

static bool read_file(struct journal *journal, size_t *dropped, struct error *err)
{
    AUTO_BUFFER struct buffer bytes = {0};
    AUTO(text) char *path = xasprintf("%s/%s", journal->path, JOURNAL_FILE);
    struct frame_scan scan;

    if (!file_read(path, READ_MAX, &bytes, err))
        return false;
    if (!frame_read_all(buffer_text(&bytes), bytes.length, replay, journal, &scan, err))
        return explain_damage(journal, err);
    journal->reserved = bytes.length;
    journal->end = scan.end;
    journal->base = 0;
    journal->next = scan.next_sequence;
    journal->synced = scan.next_sequence - 1;
    *dropped = scan.dropped;
    if (scan.end == 0)
        return journal_compact(journal, err);
    return cut_tail(journal, scan.dropped, err);
}

static bool load(struct journal *journal, size_t *dropped, struct error *err)
{
    const struct storage *storage = journal->storage;

    journal->file = storage->open(storage->context, journal->directory, JOURNAL_FILE, O_RDWR);
    if (journal->file >= 0)
        return read_file(journal, dropped, err);
    if (errno != ENOENT)
        return journal_fail(journal, "open it", err);
    journal->next = 1;
    return journal_compact(journal, err);
}

static bool open_directory(struct journal *journal, struct error *err)
{
    struct stat status;

    if (!file_make_directory(journal->path, 0700, err))
        return false;
    journal->directory = open(journal->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (journal->directory < 0 || fstat(journal->directory, &status) != 0)
        return error_set_errno(err, errno, "cannot open the state directory %s", journal->path);
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return error_set(err, ERROR_CONFIG,
                         "others may enter the state directory %s (mode %03o): chmod 700 %s",
                         journal->path, status.st_mode & 0777U, journal->path);
    journal->lock =
        openat(journal->directory, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (journal->lock < 0)
        return error_set_errno(err, errno, "cannot make %s/%s", journal->path, LOCK_NAME);
    if (flock(journal->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    return error_set(err, ERROR_LOCKED,
                     "another agent has the state directory %s: end it, or give this one a 'state' "
                     "of its own",
                     journal->path);
}

struct unfinished {
    struct journal *journal;
    struct beginning *items;
    size_t count;
    struct arena *arena;
};

static void collect_unfinished(void *context, const struct beginning *beginning)
{
    struct unfinished *unfinished = context;
    struct arena *arena = unfinished->arena;

    unfinished->items =
        xreallocarray(unfinished->items, unfinished->count + 1, sizeof *unfinished->items);
    unfinished->items[unfinished->count++] = (struct beginning){
        arena_strdup(arena, beginning->target), arena_strdup(arena, beginning->rollout),
        arena_strdup(arena, beginning->step)};
}

/* What the last process was at work on when it died: only the target knows what came of it. */
static bool end_unfinished(struct journal *journal, size_t *count, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct unfinished unfinished = {.journal = journal, .arena = arena};
    bool ok = true;

    recall_unfinished(journal->recall, collect_unfinished, &unfinished);
    for (size_t i = 0; ok && i < unfinished.count; i++) {
        const struct beginning *item = &unfinished.items[i];
        struct error why = {0};

        error_set(&why, ERROR_UNKNOWN,
                  "the agent was ended while it was at work on %s; apply again, which goes on from "
                  "what the target says",
                  item->step[0] != '\0' ? item->step : "the job");
        error_at_target(&why, item->target);
        const struct run_event event = {
            .kind = RUN_JOB, .target = item->target, .job = JOB_UNKNOWN, .error = &why};
        ok = journal_append_outcome(journal, item->rollout, &event, err);
    }
    free(unfinished.items);
    *count = unfinished.count;
    return ok && journal_sync_up(journal, err);
}

struct journal *journal_open(const struct journal_settings *settings,
                             struct journal_opening *opening, struct error *err)
{
    AUTO(journal) struct journal *journal = xcalloc(1, sizeof *journal);
    struct journal_opening told = {0};

    journal->storage = settings->storage != NULL ? settings->storage : storage_system();
    journal->clock = settings->clock;
    journal->compact_from = settings->compact_from > 0 ? settings->compact_from : COMPACT_FROM;
    journal->path = xstrdup(settings->directory);
    journal->directory = journal->lock = journal->file = -1;
    journal->recall = recall_new();
    pthread_mutex_init(&journal->mutex, NULL);
    pthread_cond_init(&journal->changed, NULL);
    if (!open_directory(journal, err) || !load(journal, &told.dropped, err))
        return NULL;
    pthread_mutex_lock(&journal->mutex);
    bool ok = end_unfinished(journal, &told.unfinished, err);
    pthread_mutex_unlock(&journal->mutex);
    if (opening != NULL)
        *opening = told;
    return ok ? TAKE(journal) : NULL;
}
