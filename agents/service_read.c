/* The service's read-only half: what targets look like, their histories, and untold outcomes. */
#include <string.h>

#include "agents/executor.h"
#include "agents/foreign_rows.h"
#include "agents/service_parts.h"

/* A target that does not answer for this long is reported with an error. */
enum { READ_DEADLINE_MS = 60 * 1000, ROWS_PER_MESSAGE = 4096, SCHEMA_BYTES_PER_MESSAGE = 1 << 20 };

/* Reads with a session of the target. A kept session may have been lost in the meantime: then, and
   only then, it is tried again with a new one. */
static bool read_target(const struct reading *reading, const struct agent_target *target,
                        reader read, struct arena *arena, struct error *err)
{
    struct session_cache *cache = reading->service->cache;
    const struct clock *clock = reading->service->settings.clock;
    bool kept = true;
    bool done = false;

    while (kept && !done) {
        error_clear(err);
        struct session *session = session_cache_take(cache, target, &kept, err);

        if (session == NULL)
            return false;
        session->deadline_ms = clock->monotonic_ms(clock) + READ_DEADLINE_MS;
        done = read(reading, session, arena, err);
        kept = kept && session->broken;
        session_cache_put(cache, session, reading->use);
    }
    return done;
}

static const char *target_name(const struct reading *reading, size_t index)
{
    const struct status_request *request = reading->request;

    return request->target_count > 0 ? request->targets[index]
                                     : reading->service->settings.targets[index].name;
}

void reading_item(const struct reading *reading, size_t index, reader read)
{
    const char *name = target_name(reading, index);
    const struct agent_target *target = service_target(reading->service, name);
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = {0};
    struct target_status status = {
        .target = name, .server = "", .identity = "", .store = "", .at_work = ""};

    if (target == NULL)
        service_refuse_foreign(reading->service, name, &err);
    else if (read_target(reading, target, read, arena, &err))
        return;
    else
        status.engine = target->engine;
    error_at_target(&err, name);
    status.error = &err;
    reply_channel_status(reading->channel, &status, NULL);
}

/* What was accepted counts as seen, also if it never got as far as the target's fence. */
static void raise_epoch(const struct reading *reading, struct target_status *status)
{
    struct journal *journal = reading->service->settings.journal;
    int64_t accepted = journal != NULL ? journal_epoch(journal, status->target) : 0;

    if (accepted > status->epoch)
        status->epoch = accepted;
}

static void note_work(const struct reading *reading, const struct agent_target *target,
                      struct arena *arena, struct target_status *status)
{
    const struct service *service = reading->service;
    size_t index = (size_t)(target - service->settings.targets);

    status->at_work = runs_holder(service->runs, index, arena);
}

static bool read_status(const struct reading *reading, struct session *session, struct arena *arena,
                        struct error *err)
{
    const struct status_request *request = reading->request;
    struct foreign_history foreign = {0};
    struct target_status status = {0};
    struct applied_set set = {0};

    if (!executor_status(session, request->fingerprint, arena, &status, &set, err))
        return false;
    raise_epoch(reading, &status);
    note_work(reading, session->target, arena, &status);
    if (request->foreign != NULL) {
        if (!foreign_rows_read(session, request->foreign, arena, &foreign, err))
            return false;
        reply_channel_foreign(reading->channel, status.target, &foreign);
    }
    reply_channel_status(reading->channel, &status, &set);
    return true;
}

static bool read_history(const struct reading *reading, struct session *session,
                         struct arena *arena, struct error *err)
{
    const char *name = session->target->name;
    const struct history_row *rows;
    size_t count;

    if (!executor_history(session, arena, &rows, &count, err))
        return false;
    do {
        size_t some = count < ROWS_PER_MESSAGE ? count : ROWS_PER_MESSAGE;

        reply_channel_rows(reading->channel, name, rows, some);
        rows += some;
        count -= some;
    } while (count > 0);
    return true;
}

/* How many bytes the next message has of these lines: it ends after a newline. */
static size_t next_message(const char *lines, size_t length)
{
    if (length <= SCHEMA_BYTES_PER_MESSAGE)
        return length;
    const char *newline =
        memchr(lines + SCHEMA_BYTES_PER_MESSAGE, '\n', length - SCHEMA_BYTES_PER_MESSAGE);
    return newline != NULL ? (size_t)(newline + 1 - lines) : length;
}

static bool read_schema(const struct reading *reading, struct session *session, struct arena *arena,
                        struct error *err)
{
    AUTO_BUFFER struct buffer lines = {0};
    size_t told = 0;

    if (!session->engine->introspect(session, &lines, err))
        return false;
    do { /* a schema without a line is told, too */
        size_t length = next_message(buffer_text(&lines) + told, lines.length - told);

        reply_channel_schema(reading->channel, session->target->name,
                             arena_copy(arena, buffer_text(&lines) + told, length));
        told += length;
    } while (told < lines.length);
    return true;
}

static void status_item(void *context, size_t index)
{
    reading_item(context, index, read_status);
}

static void history_item(void *context, size_t index)
{
    reading_item(context, index, read_history);
}

static void schema_item(void *context, size_t index)
{
    reading_item(context, index, read_schema);
}

static void tell_outcome(void *context, const struct reply *outcome)
{
    reply_channel_outcome(context, outcome);
}

static void read_all(struct service *service, const struct status_request *request,
                     worker_item item, reply_sink sink, void *context)
{
    AUTO(reply_channel) struct reply_channel *channel = reply_channel_new(sink, context);
    struct reading reading = {service, request, channel, NULL, SESSION_READ_ONLY};
    struct journal *journal = service->settings.journal;
    size_t count =
        request->target_count > 0 ? request->target_count : service->settings.target_count;

    if (journal != NULL && request->outcomes != NULL)
        journal_hand_over(journal, request->outcomes, tell_outcome, channel);
    worker_pool_for_each(service->pool, count, (size_t)service->settings.workers, item, &reading);
    reply_channel_end(channel, NULL);
}

void service_status(struct service *service, const struct status_request *request, reply_sink sink,
                    void *context)
{
    read_all(service, request, status_item, sink, context);
}

void service_history(struct service *service, const struct status_request *request, reply_sink sink,
                     void *context)
{
    read_all(service, request, history_item, sink, context);
}

void service_schema(struct service *service, const struct status_request *request, reply_sink sink,
                    void *context)
{
    read_all(service, request, schema_item, sink, context);
}
