/*
 * waiting_file - what one request to run applied and waits for its confirmation, as its file has
 * it.
 *
 * One JSON object, format 1: the request itself, whose signed scripts are the way back, and when it
 * goes that way. A file that cannot be read is ERROR_VERIFY: what it holds back is not forgotten.
 */
#ifndef FLEET_AGENTS_UNCONFIRMED_WAITING_FILE_H
#define FLEET_AGENTS_UNCONFIRMED_WAITING_FILE_H

#include "common/json.h"

enum waiting_state {
    WAITING_RUNS,    /* its jobs are under way, or the agent died meanwhile */
    WAITING_CONFIRM, /* until the deadline */
    WAITING_GOES,    /* on its way back */
    WAITING_WENT     /* is back: kept so that a late confirmation is told */
};

enum { WAITING_BOOT_SIZE = 40 };

struct waiting {
    char *id; /* 32 hex digits: the file's name */
    enum waiting_state state;
    struct digest plan;
    int64_t within_ms;
    int64_t deadline_ms;           /* UTC */
    int64_t monotonic_deadline_ms; /* in the boot below */
    char boot[WAITING_BOOT_SIZE];
    int64_t until_ms; /* UTC: of no use to anybody after this */
    char *operator_name;
    char **targets; /* that wait: NULL once they do no more */
    size_t target_count;
    json_t *request; /* struct run_request */
};

void waiting_free(struct waiting *waiting);
AUTO_DEFINE(waiting)

bool waiting_write(const struct waiting *waiting, const char *path, struct error *err) MUST_USE;
struct waiting *waiting_read(const char *path, const char *id, struct error *err) MUST_USE;

/* How much longer it may wait, from 0: by the clock that only runs within the same boot, else by
   the calendar, but never longer than it was given. */
int64_t waiting_left_ms(const struct waiting *waiting, const char *boot, int64_t monotonic_ms,
                        int64_t wall_ms);

#endif
