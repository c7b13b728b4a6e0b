#include "agents/daemon/mailbox.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/memory.h"

struct letter {
    struct letter *next;
    letter_function function;
    void *context;
};

struct mailbox {
    pthread_mutex_t mutex;
    struct letter *first;
    struct letter **last;
    int fd;
    struct event *ready;
};

static struct letter *take_all(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->mutex);
    struct letter *letters = mailbox->first;

    mailbox->first = NULL;
    mailbox->last = &mailbox->first;
    pthread_mutex_unlock(&mailbox->mutex);
    return letters;
}

static void deliver(struct mailbox *mailbox)
{
    struct letter *letter = take_all(mailbox);

    while (letter != NULL) {
        struct letter *next = letter->next;

        letter->function(letter->context);
        free(letter);
        letter = next;
    }
}

static void on_ready(evutil_socket_t fd, short what, void *context)
{
    (void)what;
    eventfd_t count;

    (void)!eventfd_read(fd, &count);
    deliver(context);
}

struct mailbox *mailbox_new(struct event_base *base, struct error *err)
{
    AUTO(mailbox) struct mailbox *mailbox = xcalloc(1, sizeof *mailbox);

    pthread_mutex_init(&mailbox->mutex, NULL);
    mailbox->last = &mailbox->first;
    mailbox->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (mailbox->fd < 0) {
        error_set_errno(err, errno, "cannot make an eventfd");
        return NULL;
    }
    mailbox->ready = event_new(base, mailbox->fd, EV_READ | EV_PERSIST, on_ready, mailbox);
    if (mailbox->ready == NULL || event_add(mailbox->ready, NULL) != 0) {
        error_set(err, ERROR_INTERNAL, "the event loop refuses an eventfd");
        return NULL;
    }
    return TAKE(mailbox);
}

void mailbox_free(struct mailbox *mailbox)
{
    if (mailbox == NULL)
        return;
    deliver(mailbox);
    if (mailbox->ready != NULL)
        event_free(mailbox->ready);
    if (mailbox->fd >= 0)
        close(mailbox->fd);
    pthread_mutex_destroy(&mailbox->mutex);
    free(mailbox);
}

void mailbox_post(struct mailbox *mailbox, letter_function function, void *context)
{
    struct letter *letter = xcalloc(1, sizeof *letter);

    *letter = (struct letter){.function = function, .context = context};
    pthread_mutex_lock(&mailbox->mutex);
    bool first = mailbox->first == NULL;

    *mailbox->last = letter;
    mailbox->last = &letter->next;
    /* Written under the lock, so that the box cannot be freed in between. A full counter means
       that the loop is woken already. */
    if (first)
        (void)!eventfd_write(mailbox->fd, 1);
    pthread_mutex_unlock(&mailbox->mutex);
}
