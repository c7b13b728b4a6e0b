#include "agents/reply_channel.h"

#include <pthread.h>
#include <stdlib.h>

#include "common/memory.h"

struct reply_channel {
    pthread_mutex_t mutex;
    reply_sink sink;
    void *context;
    struct digest *sets; /* that were told */
    size_t set_count;
    size_t set_room;
};

struct reply_channel *reply_channel_new(reply_sink sink, void *context)
{
    struct reply_channel *channel = xcalloc(1, sizeof *channel);

    pthread_mutex_init(&channel->mutex, NULL);
    channel->sink = sink;
    channel->context = context;
    return channel;
}

void reply_channel_free(struct reply_channel *channel)
{
    if (channel == NULL)
        return;
    pthread_mutex_destroy(&channel->mutex);
    free(channel->sets);
    free(channel);
}

static void send(struct reply_channel *channel, const struct reply *reply)
{
    pthread_mutex_lock(&channel->mutex);
    channel->sink(channel->context, reply);
    pthread_mutex_unlock(&channel->mutex);
}

/* Notes the set; false if it was told before. The mutex is held. */
static bool note_set(struct reply_channel *channel, const struct digest *id)
{
    for (size_t i = channel->set_count; i > 0; i--)
        if (digest_equal(&channel->sets[i - 1], id))
            return false;
    if (channel->set_count == channel->set_room) {
        channel->set_room = channel->set_room * 2 + 8;
        channel->sets = xreallocarray(channel->sets, channel->set_room, sizeof *channel->sets);
    }
    channel->sets[channel->set_count++] = *id;
    return true;
}

void reply_channel_status(struct reply_channel *channel, const struct target_status *status,
                          const struct applied_set *set)
{
    const struct reply target = {.kind = REPLY_TARGET, .status = *status};

    pthread_mutex_lock(&channel->mutex);
    if (set != NULL && note_set(channel, &set->id)) {
        const struct reply history = {.kind = REPLY_HISTORY, .set = *set};

        channel->sink(channel->context, &history);
    }
    channel->sink(channel->context, &target);
    pthread_mutex_unlock(&channel->mutex);
}

void reply_channel_rows(struct reply_channel *channel, const char *target,
                        const struct history_row *rows, size_t count)
{
    const struct reply reply = {
        .kind = REPLY_ROWS, .target = target, .rows = rows, .row_count = count};

    send(channel, &reply);
}

void reply_channel_schema(struct reply_channel *channel, const char *target, const char *lines)
{
    const struct reply reply = {.kind = REPLY_SCHEMA, .target = target, .lines = lines};

    send(channel, &reply);
}

void reply_channel_foreign(struct reply_channel *channel, const char *target,
                           const struct foreign_history *history)
{
    const struct reply reply = {.kind = REPLY_FOREIGN, .target = target, .foreign = *history};

    send(channel, &reply);
}

void reply_channel_examination(struct reply_channel *channel, const char *target,
                               const struct examined_part *examination)
{
    const struct reply reply = {
        .kind = REPLY_EXAMINATION, .target = target, .examination = *examination};

    send(channel, &reply);
}

void reply_channel_event(struct reply_channel *channel, const struct run_event *event)
{
    const struct reply reply = {.kind = REPLY_EVENT, .event = *event};

    send(channel, &reply);
}

void reply_channel_outcome(struct reply_channel *channel, const struct reply *outcome)
{
    send(channel, outcome);
}

void reply_channel_end(struct reply_channel *channel, const struct error *err)
{
    struct reply reply = {.kind = REPLY_END};

    if (err != NULL) {
        reply.kind = REPLY_ERROR;
        reply.error = *err;
    }
    send(channel, &reply);
}
