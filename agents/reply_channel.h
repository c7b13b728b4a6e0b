/*
 * reply_channel - the one stream of replies that many workers write to.
 *
 * Gives messages to a sink one at a time, and tells each applied set once, before the first
 * target that refers to it.
 */
#ifndef FLEET_AGENTS_REPLY_CHANNEL_H
#define FLEET_AGENTS_REPLY_CHANNEL_H

#include "agents/service.h"

struct reply_channel;

struct reply_channel *reply_channel_new(reply_sink sink, void *context) MUST_USE;
void reply_channel_free(struct reply_channel *channel);
AUTO_DEFINE(reply_channel)

/* A target's status, after its set if that was not told yet. set may be NULL (with an error). */
void reply_channel_status(struct reply_channel *channel, const struct target_status *status,
                          const struct applied_set *set);
void reply_channel_rows(struct reply_channel *channel, const char *target,
                        const struct history_row *rows, size_t count);
/* Lines of its schema. */
void reply_channel_schema(struct reply_channel *channel, const char *target, const char *lines);
void reply_channel_foreign(struct reply_channel *channel, const char *target,
                           const struct foreign_history *history);
void reply_channel_examination(struct reply_channel *channel, const char *target,
                               const struct examined_part *examination);
void reply_channel_event(struct reply_channel *channel, const struct run_event *event);
/* An outcome that did not reach the orchestrator when it happened. */
void reply_channel_outcome(struct reply_channel *channel, const struct reply *outcome);

/* The last message: the error if err is not NULL, else the end. */
void reply_channel_end(struct reply_channel *channel, const struct error *err);

#endif
