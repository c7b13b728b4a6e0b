#include "agents/daemon/stream.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/buffer.h"
#include "common/memory.h"
#include "common/wire.h"

enum { LINGER_US = 3000, LINGER_BYTES = 16 * 1024 };

struct stream {
    struct stream_settings settings;
    struct stream_events events;

    /* The loop's. */
    struct evhttp_request *request;
    struct connection *connection; /* NULL once it is gone */
    struct event *timer;
    struct event *linger;
    bool started;
    bool writing; /* a chunk is on its way to the client */
    int64_t stalled_ms;

    pthread_mutex_t mutex;
    pthread_cond_t room;
    /* Under the mutex. */
    struct buffer pending;
    int status;
    bool lost;     /* the client */
    bool overflow; /* it does not read, and the worker cannot wait */
    bool ended;
    bool posted; /* a letter is on its way to the loop, or waits there for more lines */
};

static void flush(struct stream *stream);

static void arm(struct stream *stream)
{
    int64_t delay_ms = stream->settings.heartbeat_ms;
    const struct timeval delay = {delay_ms / 1000, delay_ms % 1000 * 1000};

    event_add(stream->timer, &delay);
}

static void mark_lost(struct stream *stream)
{
    pthread_mutex_lock(&stream->mutex);
    bool news = !stream->lost;

    stream->lost = true;
    pthread_cond_broadcast(&stream->room);
    pthread_mutex_unlock(&stream->mutex);
    if (news)
        stream->events.lost(stream->events.context);
}

/* evhttp's last word on the connection: the request is ours now, without one. */
static void on_connection_closed(struct evhttp_connection *evcon, void *context)
{
    (void)evcon;
    struct stream *stream = context;

    stream->connection = NULL;
    event_del(stream->timer);
    mark_lost(stream);
    flush(stream);
}

static void on_chunk_written(struct evhttp_connection *evcon, void *context)
{
    (void)evcon;
    struct stream *stream = context;

    stream->writing = false;
    stream->stalled_ms = 0;
    flush(stream);
}

static void start(struct stream *stream, int status)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(stream->request);

    stream->started = true;
    evhttp_add_header(headers, "Content-Type", "application/x-ndjson");
    evhttp_add_header(headers, "Cache-Control", "no-store");
    evhttp_send_reply_start(stream->request, status, NULL);
}

static void free_bytes(const void *bytes, size_t length, void *context)
{
    (void)bytes, (void)length;
    free(context);
}

/* Gives the bytes to evhttp; they are gone from the buffer. */
static void write_chunk(struct stream *stream, struct buffer *bytes, int status)
{
    struct evbuffer *chunk = evbuffer_new();
    size_t length = bytes->length;
    char *owned = buffer_take(bytes);

    if (!stream->started)
        start(stream, status);
    stream->writing = true;
    evbuffer_add_reference(chunk, owned, length, free_bytes, owned);
    evhttp_send_reply_chunk_with_cb(stream->request, chunk, on_chunk_written, stream);
    evbuffer_free(chunk);
    arm(stream);
}

static void free_stream(struct stream *stream)
{
    event_free(stream->timer);
    event_free(stream->linger);
    buffer_free(&stream->pending);
    pthread_cond_destroy(&stream->room);
    pthread_mutex_destroy(&stream->mutex);
    free(stream);
}

static void finish(struct stream *stream, int status, bool lost)
{
    struct stream_events events = stream->events;

    if (stream->connection != NULL) {
        evhttp_connection_set_closecb(evhttp_request_get_connection(stream->request), NULL, NULL);
        if (!stream->started)
            start(stream, status);
    }
    /* Without a connection this frees the request and no more. */
    evhttp_send_reply_end(stream->request);
    free_stream(stream);
    events.finished(events.context, status, lost);
}

/* Sends what is pending, or finishes when nothing is and the worker is done. */
static void flush(struct stream *stream)
{
    AUTO_BUFFER struct buffer bytes = {0};

    if (stream->writing && stream->connection != NULL)
        return;
    pthread_mutex_lock(&stream->mutex);
    bytes = stream->pending;
    stream->pending = (struct buffer){0};
    bool done = stream->ended && !stream->posted;
    int status = stream->status;
    bool lost = stream->lost;
    pthread_cond_broadcast(&stream->room);
    pthread_mutex_unlock(&stream->mutex);

    if (bytes.length > 0 && stream->connection != NULL)
        write_chunk(stream, &bytes, status);
    else if (done)
        finish(stream, status, lost);
}

static void deliver(struct stream *stream)
{
    pthread_mutex_lock(&stream->mutex);
    stream->posted = false;
    bool overflow = stream->overflow;
    pthread_mutex_unlock(&stream->mutex);
    if (overflow && stream->connection != NULL) {
        mark_lost(stream);
        connection_close(stream->connection);
    }
    flush(stream);
}

static void on_linger(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    deliver(context);
}

/* Many workers tell many short lines: those of a few milliseconds go out together. */
static void on_posted(void *context)
{
    static const struct timeval delay = {.tv_usec = LINGER_US};
    struct stream *stream = context;

    pthread_mutex_lock(&stream->mutex);
    bool urgent = stream->ended || stream->overflow || stream->pending.length > LINGER_BYTES;
    pthread_mutex_unlock(&stream->mutex);
    if (urgent || !stream->started)
        deliver(stream);
    else
        event_add(stream->linger, &delay);
}

/* Nothing was sent for a heartbeat's time, or the last chunk is still on its way. */
static void on_timer(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct stream *stream = context;
    AUTO_BUFFER struct buffer line = {0};

    if (stream->writing) {
        stream->stalled_ms += stream->settings.heartbeat_ms;
        if (stream->stalled_ms >= stream->settings.stall_ms)
            connection_close(stream->connection);
        arm(stream);
        return;
    }
    AUTO(json) json_t *heartbeat = reply_encode(&(struct reply){.kind = REPLY_HEARTBEAT});
    json_write_canonical(heartbeat, &line);
    buffer_append_char(&line, '\n');
    write_chunk(stream, &line, HTTP_OK);
}

struct stream *stream_new(struct evhttp_request *request, const struct stream_settings *settings,
                          const struct stream_events *events)
{
    struct stream *stream = xcalloc(1, sizeof *stream);

    stream->settings = *settings;
    stream->events = *events;
    stream->request = request;
    stream->connection = connection_of(request);
    stream->timer = evtimer_new(settings->base, on_timer, stream);
    stream->linger = evtimer_new(settings->base, on_linger, stream);
    stream->status = HTTP_OK;
    pthread_mutex_init(&stream->mutex, NULL);
    pthread_cond_init(&stream->room, NULL);
    connection_hold(stream->connection);
    evhttp_connection_set_closecb(evhttp_request_get_connection(request), on_connection_closed,
                                  stream);
    arm(stream);
    return stream;
}

/* Wakes the loop for this stream; the mutex is held. */
static void post(struct stream *stream)
{
    if (stream->posted)
        return;
    stream->posted = true;
    mailbox_post(stream->settings.mailbox, on_posted, stream);
}

void stream_set_status(struct stream *stream, int status)
{
    pthread_mutex_lock(&stream->mutex);
    stream->status = status;
    pthread_mutex_unlock(&stream->mutex);
}

bool stream_send(struct stream *stream, const char *bytes, size_t length)
{
    const struct stream_settings *settings = &stream->settings;

    pthread_mutex_lock(&stream->mutex);
    while (settings->patient && !stream->lost && stream->pending.length > settings->most_bytes)
        pthread_cond_wait(&stream->room, &stream->mutex);
    if (stream->pending.length > settings->most_bytes)
        stream->overflow = true;
    bool listening = !stream->lost && !stream->overflow;

    if (listening)
        buffer_append(&stream->pending, bytes, length);
    post(stream);
    pthread_mutex_unlock(&stream->mutex);
    return listening;
}

void stream_end(struct stream *stream)
{
    pthread_mutex_lock(&stream->mutex);
    stream->ended = true;
    post(stream);
    pthread_mutex_unlock(&stream->mutex);
}
