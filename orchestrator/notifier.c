#include "orchestrator/notifier.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/memory.h"
#include "common/secret.h"
#include "orchestrator/notice.h"
#include "orchestrator/web.h"

enum {
    LOOK_EVERY_MS = 500,
    WAIT_MOST_MS = 60 * 1000,
    TIMEOUT_MS = 5000,
    LAST_MS = 5000,
    OLD_MS = 24 * 60 * 60 * 1000
};

struct notifier {
    const struct environment *environment;
    const struct clock *clock;
    struct store *store;
    char *url;
    char *secret; /* NULL: unsigned */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool over;          /* under the mutex */
    int64_t wait_ms;    /* until the next try, after one that failed; 0: none failed */
    struct error error; /* of the last try that failed */
};

static bool send_notice(const struct notifier *notifier, const struct notice *notice,
                        struct error *err)
{
    AUTO_BUFFER struct buffer body = {0};
    char hex[NOTICE_SIGNATURE_SIZE] = "";
    long status = 0;

    notice_write(notice, store_id(notifier->store), notifier->environment->policy.notify.format,
                 &body);
    if (notifier->secret != NULL && !notice_sign(notifier->secret, &body, hex, err))
        return false;
    AUTO(text)
    char *delivery =
        xasprintf("X-Fleet-Delivery: %s-%" PRId64, store_id(notifier->store), notice->seq);
    AUTO(text) char *signature = xasprintf("X-Fleet-Signature: sha256=%s", hex);
    const char *headers[] = {"Content-Type: application/json", delivery,
                             notifier->secret != NULL ? signature : NULL, NULL};
    const struct web_request request = {.url = notifier->url,
                                        .body = body.bytes,
                                        .length = body.length,
                                        .headers = headers,
                                        .timeout_ms = TIMEOUT_MS};

    if (!web_ask(&request, &status, err))
        return false;
    return (status >= 200 && status < 300) ||
           error_set(err, ERROR_CHECK, "the service answered %ld", status);
}

static bool is_old(const struct notifier *notifier, const struct notice *notice)
{
    int64_t at_ms;

    return timestamp_parse(notice->at, &at_ms) &&
           notifier->clock->wall_ms(notifier->clock) - at_ms > OLD_MS;
}

/* Tells all there is, until one fails. */
static bool tell_all(struct notifier *notifier, int64_t until_ms, struct error *err)
{
    bool found = true;

    while (found && notifier->clock->monotonic_ms(notifier->clock) < until_ms) {
        AUTO(arena) struct arena *arena = arena_new();
        struct notice notice;

        if (!store_next_notice(notifier->store, notifier->environment->name, arena, &notice, &found,
                               err))
            return false;
        if (found && ((!is_old(notifier, &notice) && !send_notice(notifier, &notice, err)) ||
                      !store_note_told(notifier->store, &notice, err)))
            return false;
    }
    return true;
}

static void note_try(struct notifier *notifier, bool ok, const struct error *err)
{
    notifier->wait_ms = ok ? 0 : notifier->wait_ms > 0 ? 2 * notifier->wait_ms : 1000;
    if (notifier->wait_ms > WAIT_MOST_MS)
        notifier->wait_ms = WAIT_MOST_MS;
    notifier->error = ok ? (struct error){0} : *err;
}

/* Returns whether the rollout is over. */
static bool wait_for_more(struct notifier *notifier)
{
    int64_t ms = notifier->wait_ms > 0 ? notifier->wait_ms : LOOK_EVERY_MS;
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&notifier->mutex);
    while (!notifier->over &&
           pthread_cond_timedwait(&notifier->changed, &notifier->mutex, &until) != ETIMEDOUT)
        continue;
    bool over = notifier->over;
    pthread_mutex_unlock(&notifier->mutex);
    return over;
}

static void *run(void *context)
{
    struct notifier *notifier = context;
    bool over;

    do {
        struct error err = {0};

        over = wait_for_more(notifier);
        int64_t until_ms =
            over ? notifier->clock->monotonic_ms(notifier->clock) + LAST_MS : INT64_MAX;
        bool ok = tell_all(notifier, until_ms, &err);
        note_try(notifier, ok, &err);
    } while (!over);
    return NULL;
}

static void notifier_free(struct notifier *notifier)
{
    if (notifier == NULL)
        return;
    store_free(notifier->store);
    free(notifier->url);
    secret_free(notifier->secret);
    pthread_mutex_destroy(&notifier->mutex);
    pthread_cond_destroy(&notifier->changed);
    free(notifier);
}
AUTO_DEFINE(notifier)

static void init_waiting(struct notifier *notifier)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&notifier->mutex, NULL);
    pthread_cond_init(&notifier->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

static bool read_secrets(struct notifier *notifier, const struct notify *notify, struct error *err)
{
    const struct secret_source url = {.file = notify->url_file};
    const struct secret_source secret = {.file = notify->secret_file};

    if (notify->url != NULL)
        notifier->url = xstrdup(notify->url);
    else if (!secret_read(&url, &notifier->url, err))
        return error_wrap(err, "notify_url_file");
    return secret_read(&secret, &notifier->secret, err) || error_wrap(err, "notify_secret_file");
}

struct notifier *notifier_begin(const struct notifier_settings *settings, struct error *err)
{
    const struct notify *notify = &settings->environment->policy.notify;

    if (notify->url == NULL && notify->url_file == NULL)
        return NULL;
    AUTO(notifier) struct notifier *notifier = xcalloc(1, sizeof *notifier);
    notifier->environment = settings->environment;
    notifier->clock = settings->clock;
    init_waiting(notifier);
    if (!read_secrets(notifier, notify, err))
        return NULL;
    notifier->store = store_open(&settings->store, settings->clock, settings->random, err);
    if (notifier->store == NULL ||
        !store_begin_notices(notifier->store, settings->environment->name, err))
        return NULL;
    if (pthread_create(&notifier->thread, NULL, run, notifier) != 0) {
        error_set(err, ERROR_INTERNAL, "no thread for notifications");
        return NULL;
    }
    return TAKE(notifier);
}

void notifier_end(struct notifier *notifier, FILE *messages)
{
    if (notifier == NULL)
        return;
    pthread_mutex_lock(&notifier->mutex);
    notifier->over = true;
    pthread_cond_signal(&notifier->changed);
    pthread_mutex_unlock(&notifier->mutex);
    pthread_join(notifier->thread, NULL);
    if (notifier->wait_ms > 0)
        fprintf(messages, "notifications of %s wait for the next rollout: %s\n",
                notifier->environment->name, notifier->error.message);
    notifier_free(notifier);
}
