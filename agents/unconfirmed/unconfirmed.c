#include "agents/unconfirmed/unconfirmed.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/file.h"
#include "common/log.h"
#include "common/memory.h"

enum { AGAIN_MS = 5000, LOOK_MS = 1000, BOOT_MAX = 64 };

struct unconfirmed {
    char *directory;
    const struct clock *clock;
    const struct random_source *random;
    char boot[WAITING_BOOT_SIZE];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct waiting **items;
    size_t count;
    bool ending;
};

void unconfirmed_free(struct unconfirmed *unconfirmed)
{
    if (unconfirmed == NULL)
        return;
    for (size_t i = 0; i < unconfirmed->count; i++)
        waiting_free(unconfirmed->items[i]);
    free(unconfirmed->items);
    pthread_cond_destroy(&unconfirmed->changed);
    pthread_mutex_destroy(&unconfirmed->lock);
    free(unconfirmed->directory);
    free(unconfirmed);
}

static char *path_of(const struct unconfirmed *unconfirmed, const char *id)
{
    return xasprintf("%s/%s.json", unconfirmed->directory, id);
}

static bool write_file(const struct unconfirmed *unconfirmed, const struct waiting *waiting,
                       struct error *err)
{
    AUTO(text) char *path = path_of(unconfirmed, waiting->id);

    return waiting_write(waiting, path, err);
}

static void add(struct unconfirmed *unconfirmed, struct waiting *waiting)
{
    unconfirmed->items =
        xreallocarray(unconfirmed->items, unconfirmed->count + 1, sizeof *unconfirmed->items);
    unconfirmed->items[unconfirmed->count++] = waiting;
}

/* Durably: what was confirmed must not wait again after a power cut. */
static bool remove_file(const struct unconfirmed *unconfirmed, const char *id, struct error *err)
{
    AUTO(text) char *path = path_of(unconfirmed, id);
    AUTO_FD int directory = open(unconfirmed->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (directory < 0 || unlink(path) != 0 || fsync(directory) != 0)
        return error_set_errno(err, errno, "cannot remove %s", path);
    return true;
}

static bool drop(struct unconfirmed *unconfirmed, struct waiting *waiting, struct error *err)
{
    if (!remove_file(unconfirmed, waiting->id, err))
        return false;
    for (size_t i = 0; i < unconfirmed->count; i++)
        if (unconfirmed->items[i] == waiting)
            unconfirmed->items[i] = unconfirmed->items[--unconfirmed->count];
    waiting_free(waiting);
    return true;
}

static void start_clock(const struct unconfirmed *unconfirmed, struct waiting *waiting,
                        int64_t wait_ms)
{
    waiting->deadline_ms = unconfirmed->clock->wall_ms(unconfirmed->clock) + wait_ms;
    waiting->monotonic_deadline_ms = unconfirmed->clock->monotonic_ms(unconfirmed->clock) + wait_ms;
    memcpy(waiting->boot, unconfirmed->boot, sizeof waiting->boot);
}

/* A run that died with the agent waits from now on; a way back is tried again. */
static bool take_up(struct unconfirmed *unconfirmed, struct waiting *waiting, struct error *err)
{
    if (waiting->state != WAITING_RUNS)
        return true;
    waiting->state = WAITING_CONFIRM;
    start_clock(unconfirmed, waiting, waiting->within_ms);
    return write_file(unconfirmed, waiting, err);
}

static bool read_one(struct unconfirmed *unconfirmed, const char *name, struct error *err)
{
    size_t length = strlen(name);

    if (length != UNCONFIRMED_ID_SIZE - 1 + 5 || strcmp(name + length - 5, ".json") != 0)
        return true; /* what a crash left of a file that was never whole */
    AUTO(text) char *id = xstrndup(name, length - 5);
    AUTO(text) char *path = path_of(unconfirmed, id);
    struct waiting *waiting = waiting_read(path, id, err);
    if (waiting == NULL)
        return false;
    add(unconfirmed, waiting);
    return take_up(unconfirmed, waiting, err);
}

static bool read_all(struct unconfirmed *unconfirmed, struct error *err)
{
    DIR *directory = opendir(unconfirmed->directory);
    bool ok = directory != NULL;

    if (!ok)
        return error_set(err, ERROR_IO, "cannot read %s", unconfirmed->directory);
    for (const struct dirent *entry; ok && (entry = readdir(directory)) != NULL;)
        ok = read_one(unconfirmed, entry->d_name, err);
    closedir(directory);
    return ok;
}

static bool read_boot(struct unconfirmed *unconfirmed, struct error *err)
{
    AUTO_BUFFER struct buffer boot = {0};

    if (!file_read("/proc/sys/kernel/random/boot_id", BOOT_MAX, &boot, err))
        return false;
    size_t length = strcspn(buffer_text(&boot), "\n");
    snprintf(unconfirmed->boot, sizeof unconfirmed->boot, "%.*s", (int)length, buffer_text(&boot));
    return true;
}

struct unconfirmed *unconfirmed_open(const char *directory, const struct clock *clock,
                                     const struct random_source *random, struct error *err)
{
    AUTO(unconfirmed) struct unconfirmed *unconfirmed = xcalloc(1, sizeof *unconfirmed);
    pthread_condattr_t attributes;

    unconfirmed->directory = xasprintf("%s/unconfirmed", directory);
    unconfirmed->clock = clock;
    unconfirmed->random = random;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&unconfirmed->lock, NULL);
    pthread_cond_init(&unconfirmed->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (!file_make_directory(unconfirmed->directory, 0700, err) || !read_boot(unconfirmed, err) ||
        !read_all(unconfirmed, err))
        return NULL;
    return TAKE(unconfirmed);
}

static struct waiting *find(const struct unconfirmed *unconfirmed, const char *id)
{
    for (size_t i = 0; i < unconfirmed->count; i++)
        if (strcmp(unconfirmed->items[i]->id, id) == 0)
            return unconfirmed->items[i];
    return NULL;
}

/* The target's place in it; NULL if it is not there, or waits no more. */
static char **find_target(const struct waiting *waiting, const char *target)
{
    for (size_t i = 0; i < waiting->target_count; i++)
        if (waiting->targets[i] != NULL && strcmp(waiting->targets[i], target) == 0)
            return &waiting->targets[i];
    return NULL;
}

static struct waiting *make_waiting(const struct run_request *request, const struct plan *plan,
                                    const char *operator_name, const char *id)
{
    struct waiting *waiting = xcalloc(1, sizeof *waiting);

    *waiting = (struct waiting){
        .id = xstrdup(id),
        .state = WAITING_RUNS,
        .plan = plan->digest,
        .within_ms = plan->header.policy.confirm_within_ms,
        .until_ms = plan->header.rollback_until_ms,
        .operator_name = xstrdup(operator_name),
        .targets = xcalloc(plan->target_count, sizeof *waiting->targets),
        .target_count = plan->target_count,
        .request = run_request_encode(request),
    };
    for (size_t i = 0; i < plan->target_count; i++)
        waiting->targets[i] = xstrdup(plan->targets[i].name);
    return waiting;
}

bool unconfirmed_begin(struct unconfirmed *unconfirmed, const struct run_request *request,
                       const struct plan *plan, const char *operator_name,
                       char id[UNCONFIRMED_ID_SIZE], struct error *err)
{
    random_hex(unconfirmed->random, (UNCONFIRMED_ID_SIZE - 1) / 2, id);
    AUTO(waiting) struct waiting *waiting = make_waiting(request, plan, operator_name, id);

    start_clock(unconfirmed, waiting, waiting->within_ms);
    pthread_mutex_lock(&unconfirmed->lock);
    bool ok = write_file(unconfirmed, waiting, err);
    if (ok)
        add(unconfirmed, TAKE(waiting));
    pthread_mutex_unlock(&unconfirmed->lock);
    return ok;
}

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool has_target(const struct waiting *waiting)
{
    for (size_t i = 0; i < waiting->target_count; i++)
        if (waiting->targets[i] != NULL)
            return true;
    return false;
}

/* What is left of it after some targets were taken out: a file, or nothing. */
static bool keep_rest(struct unconfirmed *unconfirmed, struct waiting *waiting, struct error *err)
{
    return has_target(waiting) ? write_file(unconfirmed, waiting, err)
                               : drop(unconfirmed, waiting, err);
}

static bool start_waiting(struct unconfirmed *unconfirmed, struct waiting *waiting,
                          const char *const *targets, size_t count, struct error *err)
{
    for (size_t i = 0; i < waiting->target_count; i++)
        if (waiting->targets[i] != NULL && !is_among(waiting->targets[i], targets, count)) {
            free(waiting->targets[i]);
            waiting->targets[i] = NULL;
        }
    waiting->state = WAITING_CONFIRM;
    start_clock(unconfirmed, waiting, waiting->within_ms);
    return keep_rest(unconfirmed, waiting, err);
}

/* What an earlier request for the same plan applied waits with the newer one. */
static bool replace_earlier(struct unconfirmed *unconfirmed, const struct waiting *newer,
                            const char *const *targets, size_t count, struct error *err)
{
    bool ok = true;

    for (size_t i = unconfirmed->count; ok && i > 0; i--) {
        struct waiting *earlier = unconfirmed->items[i - 1];
        bool changed = false;

        if (earlier == newer || earlier->state != WAITING_CONFIRM ||
            !digest_equal(&earlier->plan, &newer->plan))
            continue;
        for (size_t j = 0; j < earlier->target_count; j++)
            if (earlier->targets[j] != NULL && is_among(earlier->targets[j], targets, count)) {
                free(earlier->targets[j]);
                earlier->targets[j] = NULL;
                changed = true;
            }
        ok = !changed || keep_rest(unconfirmed, earlier, err);
    }
    return ok;
}

bool unconfirmed_wait(struct unconfirmed *unconfirmed, const char *id, const char *const *targets,
                      size_t count, struct error *err)
{
    pthread_mutex_lock(&unconfirmed->lock);
    struct waiting *waiting = find(unconfirmed, id);
    bool ok = waiting == NULL || (replace_earlier(unconfirmed, waiting, targets, count, err) &&
                                  start_waiting(unconfirmed, waiting, targets, count, err));
    pthread_cond_signal(&unconfirmed->changed);
    pthread_mutex_unlock(&unconfirmed->lock);
    return ok;
}

bool unconfirmed_may_begin(struct unconfirmed *unconfirmed, const char *target,
                           const struct digest *plan, struct error *err)
{
    bool may = true;

    pthread_mutex_lock(&unconfirmed->lock);
    for (size_t i = 0; may && i < unconfirmed->count; i++) {
        const struct waiting *waiting = unconfirmed->items[i];

        if (waiting->state == WAITING_WENT || digest_equal(&waiting->plan, plan) ||
            find_target(waiting, target) == NULL)
            continue;
        char until[TIMESTAMP_SIZE], hex[DIGEST_HEX_SIZE];
        timestamp_format(waiting->deadline_ms, until);
        digest_to_hex(&waiting->plan, hex);
        may = error_set(err, ERROR_LOCKED,
                        "the target waits until %s for the confirmation of plan %.16s, and goes "
                        "back without it: fleet confirm, or wait",
                        until, hex);
    }
    pthread_mutex_unlock(&unconfirmed->lock);
    return may;
}

static bool settle_in(struct unconfirmed *unconfirmed, struct waiting *waiting,
                      const char *const *targets, size_t count, bool *late, struct error *err)
{
    bool goes = waiting->state == WAITING_GOES || waiting->state == WAITING_WENT;
    bool changed = false;

    for (size_t i = 0; i < count; i++) {
        char **place = find_target(waiting, targets[i]);

        late[i] |= goes && place != NULL;
        if (goes || place == NULL)
            continue;
        free(*place);
        *place = NULL;
        changed = true;
    }
    return !changed || keep_rest(unconfirmed, waiting, err);
}

bool unconfirmed_settle(struct unconfirmed *unconfirmed, const struct digest *plan,
                        const char *const *targets, size_t count, bool *late, struct error *err)
{
    bool ok = true;

    memset(late, 0, count * sizeof *late);
    pthread_mutex_lock(&unconfirmed->lock);
    for (size_t i = unconfirmed->count; ok && i > 0; i--)
        if (digest_equal(&unconfirmed->items[i - 1]->plan, plan))
            ok = settle_in(unconfirmed, unconfirmed->items[i - 1], targets, count, late, err);
    pthread_mutex_unlock(&unconfirmed->lock);
    return ok;
}

static int64_t left_ms(const struct unconfirmed *unconfirmed, const struct waiting *waiting)
{
    const struct clock *clock = unconfirmed->clock;

    return waiting_left_ms(waiting, unconfirmed->boot, clock->monotonic_ms(clock),
                           clock->wall_ms(clock));
}

/* One that goes back now, durably; NULL if none does yet. */
static struct waiting *find_overdue(struct unconfirmed *unconfirmed)
{
    for (size_t i = 0; i < unconfirmed->count; i++) {
        struct waiting *waiting = unconfirmed->items[i];
        struct error err = {0};

        if ((waiting->state != WAITING_CONFIRM && waiting->state != WAITING_GOES) ||
            left_ms(unconfirmed, waiting) > 0)
            continue;
        waiting->state = WAITING_GOES;
        if (write_file(unconfirmed, waiting, &err))
            return waiting;
        log_event(LOG_LEVEL_ERROR, NULL, "what was not confirmed cannot be taken back yet: %s",
                  err.message);
        start_clock(unconfirmed, waiting, AGAIN_MS);
    }
    return NULL;
}

/* Those that are back, and of no use any more. */
static void forget_old(struct unconfirmed *unconfirmed)
{
    int64_t now_ms = unconfirmed->clock->wall_ms(unconfirmed->clock);
    struct error ignored = {0}; /* it is tried again */

    for (size_t i = unconfirmed->count; i > 0; i--)
        if (unconfirmed->items[i - 1]->state == WAITING_WENT &&
            unconfirmed->items[i - 1]->until_ms < now_ms)
            (void)!drop(unconfirmed, unconfirmed->items[i - 1], &ignored);
}

static void wait_a_while(struct unconfirmed *unconfirmed)
{
    int64_t wait_ms = LOOK_MS;
    struct timespec end;
    bool any = false;

    for (size_t i = 0; i < unconfirmed->count; i++) {
        const struct waiting *waiting = unconfirmed->items[i];

        any |= waiting->state != WAITING_WENT;
        if (waiting->state == WAITING_CONFIRM && left_ms(unconfirmed, waiting) < wait_ms)
            wait_ms = left_ms(unconfirmed, waiting);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += wait_ms * 1000000L;
    end.tv_sec += end.tv_nsec / 1000000000L;
    end.tv_nsec %= 1000000000L;
    if (any)
        pthread_cond_timedwait(&unconfirmed->changed, &unconfirmed->lock, &end);
    else
        pthread_cond_wait(&unconfirmed->changed, &unconfirmed->lock);
}

/* Its targets, those that wait no more left out. */
static const char *const *targets_of(struct waiting *waiting, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < waiting->target_count; i++) {
        char *target = waiting->targets[i];

        waiting->targets[i] = NULL;
        if (target != NULL)
            waiting->targets[(*count)++] = target;
    }
    return (const char *const *)waiting->targets;
}

bool unconfirmed_next(struct unconfirmed *unconfirmed, struct overdue *overdue)
{
    struct waiting *waiting = NULL;

    pthread_mutex_lock(&unconfirmed->lock);
    while (!unconfirmed->ending && (waiting = find_overdue(unconfirmed)) == NULL) {
        forget_old(unconfirmed);
        wait_a_while(unconfirmed);
    }
    if (waiting != NULL) {
        *overdue = (struct overdue){.id = waiting->id,
                                    .request = waiting->request,
                                    .operator_name = waiting->operator_name,
                                    .within_ms = waiting->within_ms};
        overdue->targets = targets_of(waiting, &overdue->count);
    }
    pthread_mutex_unlock(&unconfirmed->lock);
    return waiting != NULL;
}

void unconfirmed_went(struct unconfirmed *unconfirmed, const char *id, bool again)
{
    struct error err = {0};

    pthread_mutex_lock(&unconfirmed->lock);
    struct waiting *waiting = find(unconfirmed, id);
    start_clock(unconfirmed, waiting, AGAIN_MS);
    waiting->state = again ? WAITING_GOES : WAITING_WENT;
    if (!write_file(unconfirmed, waiting, &err))
        log_event(LOG_LEVEL_ERROR, NULL, "%s", err.message);
    pthread_mutex_unlock(&unconfirmed->lock);
}

void unconfirmed_end(struct unconfirmed *unconfirmed)
{
    pthread_mutex_lock(&unconfirmed->lock);
    unconfirmed->ending = true;
    pthread_cond_signal(&unconfirmed->changed);
    pthread_mutex_unlock(&unconfirmed->lock);
}
