/*
 * mailbox - how other threads reach the event loop: they post a function, the loop calls it.
 *
 * Nothing of libevent is touched from outside the loop's thread but through here.
 */
#ifndef FLEET_AGENTS_DAEMON_MAILBOX_H
#define FLEET_AGENTS_DAEMON_MAILBOX_H

#include <event2/event.h>

#include "common/error.h"

struct mailbox;

struct mailbox *mailbox_new(struct event_base *base, struct error *err) MUST_USE;
/* What was posted and not yet called is called now. */
void mailbox_free(struct mailbox *mailbox);
AUTO_DEFINE(mailbox)

typedef void (*letter_function)(void *context);

/* From any thread. The functions are called in the order of their posting. */
void mailbox_post(struct mailbox *mailbox, letter_function function, void *context);

#endif
