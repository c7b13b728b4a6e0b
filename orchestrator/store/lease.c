#include "orchestrator/store/lease.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/random.h"

enum { KEEPER_SIZE = 33 };

struct leases {
    struct database *database; /* used under the lock */
    char keeper[KEEPER_SIZE];  /* this process, among all that ever were */
    char holder[LEASE_HOLDER_SIZE];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    bool in_thread;
    bool ending;
};

/* A server that is away is asked again the next time; what that takes too long for is lost. */
static void renew(struct leases *leases)
{
    struct error ignored = {0};

    (void)!database_run(leases->database, &ignored,
                        "UPDATE lease SET expires_at = now() + ? * interval '1 millisecond'"
                        " WHERE keeper = ?",
                        "it", (int64_t)LEASE_MS, leases->keeper);
}

static void *keep(void *context)
{
    struct leases *leases = context;
    struct timespec next;

    clock_gettime(CLOCK_MONOTONIC, &next);
    pthread_mutex_lock(&leases->lock);
    while (!leases->ending) {
        next.tv_sec += LEASE_RENEW_MS / 1000;
        while (!leases->ending &&
               pthread_cond_timedwait(&leases->changed, &leases->lock, &next) == 0) {
        }
        if (!leases->ending)
            renew(leases);
    }
    pthread_mutex_unlock(&leases->lock);
    return NULL;
}

static bool start_thread(struct leases *leases, struct error *err)
{
    int code = pthread_create(&leases->thread, NULL, keep, leases);

    leases->in_thread = code == 0;
    return leases->in_thread || error_set_errno(err, code, "cannot start a thread");
}

struct leases *leases_open(const struct store_place *place, struct error *err)
{
    AUTO(leases) struct leases *leases = xcalloc(1, sizeof *leases);
    const struct random_source *random = random_system();
    pthread_condattr_t attributes;
    char host[64] = "";

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&leases->lock, NULL);
    pthread_cond_init(&leases->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    gethostname(host, sizeof host - 1);
    random_hex(random, (KEEPER_SIZE - 1) / 2, leases->keeper);
    snprintf(leases->holder, sizeof leases->holder, "%s, process %ld", host, (long)getpid());
    leases->database = database_open(place, err);
    if (leases->database == NULL || !start_thread(leases, err))
        return NULL;
    return TAKE(leases);
}

static void end_thread(struct leases *leases)
{
    pthread_mutex_lock(&leases->lock);
    leases->ending = true;
    pthread_cond_signal(&leases->changed);
    pthread_mutex_unlock(&leases->lock);
    pthread_join(leases->thread, NULL);
}

void leases_free(struct leases *leases)
{
    struct error ignored = {0};

    if (leases == NULL)
        return;
    if (leases->in_thread) {
        end_thread(leases);
        (void)!database_run(leases->database, &ignored, "DELETE FROM lease WHERE keeper = ?", "t",
                            leases->keeper);
    }
    database_free(leases->database);
    pthread_cond_destroy(&leases->changed);
    pthread_mutex_destroy(&leases->lock);
    free(leases);
}

static bool take_text(void *context, const struct database_row *row)
{
    snprintf(context, LEASE_HOLDER_SIZE, "%s", row_text(row, 0));
    return false;
}

static bool find_holder(struct leases *leases, const char *name, char holder[LEASE_HOLDER_SIZE],
                        struct error *err)
{
    holder[0] = '\0';
    return database_query(leases->database, err, take_text, holder,
                          "SELECT holder FROM lease WHERE name = ? AND keeper <> ?"
                          " AND expires_at > now()",
                          "tt", name, leases->keeper);
}

static bool hold(struct leases *leases, const char *name, struct error *err)
{
    char taken[LEASE_HOLDER_SIZE] = "", other[LEASE_HOLDER_SIZE];

    if (!database_query(leases->database, err, take_text, taken,
                        "INSERT INTO lease VALUES (?, ?, ?, now() + ? * interval '1 millisecond')"
                        " ON CONFLICT (name) DO UPDATE SET keeper = excluded.keeper,"
                        " holder = excluded.holder, expires_at = excluded.expires_at"
                        " WHERE lease.expires_at <= now() OR lease.keeper = excluded.keeper"
                        " RETURNING name",
                        "ttti", name, leases->keeper, leases->holder, (int64_t)LEASE_MS))
        return false;
    if (taken[0] != '\0')
        return true;
    return find_holder(leases, name, other, err) &&
           error_set(err, ERROR_LOCKED, "%s is held by %s", name, other);
}

bool lease_hold(struct leases *leases, const char *name, struct error *err)
{
    pthread_mutex_lock(&leases->lock);
    bool ok = hold(leases, name, err);
    pthread_mutex_unlock(&leases->lock);
    return ok;
}

void lease_release(struct leases *leases, const char *name)
{
    struct error ignored = {0};

    pthread_mutex_lock(&leases->lock);
    (void)!database_run(leases->database, &ignored,
                        "DELETE FROM lease WHERE name = ? AND keeper = ?", "tt", name,
                        leases->keeper);
    pthread_mutex_unlock(&leases->lock);
}

bool lease_holder(struct leases *leases, const char *name, char holder[LEASE_HOLDER_SIZE],
                  struct error *err)
{
    pthread_mutex_lock(&leases->lock);
    bool ok = find_holder(leases, name, holder, err);
    pthread_mutex_unlock(&leases->lock);
    return ok;
}
