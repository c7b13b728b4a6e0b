/* journal_parts - what the files of the journal share; see journal.h. */
#ifndef FLEET_AGENTS_JOURNAL_JOURNAL_PARTS_H
#define FLEET_AGENTS_JOURNAL_JOURNAL_PARTS_H

#include <pthread.h>

#include "agents/journal/journal.h"
#include "agents/journal/recall.h"

#define JOURNAL_FILE "journal"

struct journal {
    const struct storage *storage;
    const struct clock *clock;
    size_t compact_from;
    char *path; /* of the directory, for messages */
    int directory;
    int lock; /* held as long as it is open */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    /* Under the mutex: */
    int file;
    struct recall *recall;
    size_t end;      /* where the next frame goes */
    size_t reserved; /* the file's room */
    size_t base;     /* the end after the last compaction */
    uint64_t next;   /* sequence */
    uint64_t synced; /* all up to here is durable */
    bool syncing;
    struct error failed; /* why nothing is taken any more */
};

/* The following are called with the mutex held. */

/* Says which file could not do what, from errno. Always false. */
bool journal_fail(struct journal *journal, const char *what, struct error *err);

/* Room for so many bytes more. That there is none is found here, and changes nothing. */
bool journal_reserve(struct journal *journal, size_t bytes, struct error *err) MUST_USE;

/* Writes an entry behind the last and takes it in. */
bool journal_append(struct journal *journal, const struct journal_entry *entry,
                    struct error *err) MUST_USE;
/* The same for the end of a step or a job. */
bool journal_append_outcome(struct journal *journal, const char *rollout,
                            const struct run_event *event, struct error *err) MUST_USE;

/* Returns when all that is written now is durable. The mutex is not held while the disk works, so
   that whoever comes meanwhile shares the next sync. */
bool journal_sync_up(struct journal *journal, struct error *err) MUST_USE;

/* Replaces the file by one that says the same in fewer words. A failure before the rename changes
   nothing; after it nobody knows which file a crash would leave, and the journal gives up. */
bool journal_compact(struct journal *journal, struct error *err) MUST_USE;
/* When most of the file is of no use any more. A failure that changed nothing is no failure. */
bool journal_compact_if_due(struct journal *journal, struct error *err) MUST_USE;

#endif
