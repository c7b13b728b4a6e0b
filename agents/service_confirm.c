/* The service's part in confirm_within: confirmations, and the way back of what has none. */
#include <stdlib.h>
#include <string.h>

#include "agents/service_parts.h"
#include "common/log.h"
#include "common/memory.h"

static const char *const *names_of(const struct slice *slice)
{
    const char **names = arena_calloc(slice->plan.arena, slice->plan.target_count, sizeof *names);

    for (size_t i = 0; i < slice->plan.target_count; i++)
        names[i] = slice->plan.targets[i].name;
    return names;
}

static void tell_late(struct reply_channel *channel, const char *target)
{
    struct error err = {0};

    error_set(&err, ERROR_STALE, "no confirmation came in time: the plan is taken back there");
    error_at_target(&err, target);
    const struct target_status status = {.target = target, .error = &err};
    reply_channel_status(channel, &status, NULL);
}

static bool confirm(struct service *service, const struct slice *slice,
                    struct reply_channel *channel, struct error *err)
{
    size_t count = slice->plan.target_count;
    const char *const *names = names_of(slice);
    bool *late = arena_calloc(slice->plan.arena, count, sizeof *late);

    if (service->settings.unconfirmed == NULL)
        return true;
    if (!unconfirmed_settle(service->settings.unconfirmed, &slice->plan.digest, names, count, late,
                            err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (late[i])
            tell_late(channel, names[i]);
    return true;
}

void service_confirm(struct service *service, const struct examine_request *request,
                     reply_sink sink, void *context)
{
    AUTO(reply_channel) struct reply_channel *channel = reply_channel_new(sink, context);
    struct error err = {0};
    AUTO(slice) struct slice *slice = slice_decode(request->slice, &err);
    bool ok = slice != NULL && service_verify(service, slice, SLICE_TO_LOOK, &err) &&
              confirm(service, slice, channel, &err);

    reply_channel_end(channel, ok ? NULL : &err);
}

/* What becomes of a way back. */
struct way_back {
    const struct overdue *overdue;
    bool again;
};

static void on_reply(void *context, const struct reply *reply)
{
    struct way_back *way_back = context;
    const struct run_event *event = &reply->event;
    const struct error *err = reply->kind == REPLY_ERROR ? &reply->error : event->error;

    if (reply->kind != REPLY_ERROR &&
        (reply->kind != REPLY_EVENT || event->kind != RUN_JOB || event->job == JOB_STARTED))
        return;
    if (reply->kind == REPLY_EVENT && event->job == JOB_ROLLED_BACK)
        log_event(LOG_LEVEL_WARNING, (const struct log_field[]){{"target", event->target}, {NULL}},
                  "was not confirmed in time and is taken back");
    else
        log_event(LOG_LEVEL_ERROR,
                  (const struct log_field[]){
                      {"target", reply->kind == REPLY_EVENT ? event->target : "all"},
                      {err != NULL ? "error" : NULL, err != NULL ? err->message : NULL},
                      {NULL}},
                  "was not confirmed in time and is not taken back");
    way_back->again |=
        (reply->kind == REPLY_EVENT && event->job == JOB_SKIPPED) ||
        (err != NULL && error_is_transient(err->code) && event->job != JOB_ROLLED_BACK);
}

static void take_back(struct service *service, const struct overdue *overdue)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct way_back way_back = {.overdue = overdue};
    struct run_request request;
    struct error err = {0}, reason = {0};
    char within[32];

    duration_format(overdue->within_ms, within);
    error_set(&reason, ERROR_TIMEOUT, "no confirmation came within %s", within);
    const struct run_selection selection = {overdue->targets, overdue->count, &reason};
    if (run_request_decode(overdue->request, arena, &request, &err)) {
        request.back = true;
        service_run_selected(service, &request, overdue->operator_name, &selection, on_reply,
                             &way_back);
    } else {
        log_event(LOG_LEVEL_ERROR, NULL, "what was not confirmed cannot be taken back: %s",
                  err.message);
    }
    unconfirmed_went(service->settings.unconfirmed, overdue->id, way_back.again);
}

static void *work(void *context)
{
    struct service *service = context;
    struct overdue overdue;

    while (unconfirmed_next(service->settings.unconfirmed, &overdue))
        take_back(service, &overdue);
    return NULL;
}

bool service_begin_ways_back(struct service *service, struct error *err)
{
    if (service->settings.unconfirmed == NULL)
        return true;
    int code = pthread_create(&service->ways_back, NULL, work, service);

    service->has_ways_back = code == 0;
    return service->has_ways_back || error_set_errno(err, code, "cannot start a thread");
}

void service_end_ways_back(struct service *service)
{
    if (!service->has_ways_back)
        return;
    unconfirmed_end(service->settings.unconfirmed);
    pthread_join(service->ways_back, NULL);
}
