/* The service's answer to what is open on a target: looked at, not touched. */
#include "agents/executor_examine.h"
#include "agents/service_parts.h"

static bool examine(const struct reading *reading, struct session *session, struct arena *arena,
                    struct error *err)
{
    const struct plan *plan = &reading->slice->plan;
    const struct job job = {.plan = plan, .target = plan_find_target(plan, session->target->name)};
    struct examined_part examination;

    if (job.target == NULL)
        return error_set(err, ERROR_VERIFY, "the plan's targets are out of order");
    if (job.target->engine != session->target->engine)
        return error_set(err, ERROR_VERIFY, "the plan is for %s, this agent has the target on %s",
                         engine_kind_name(job.target->engine),
                         engine_kind_name(session->target->engine));
    if (!executor_examine(session, &job, arena, &examination, err))
        return false;
    reply_channel_examination(reading->channel, job.target->name, &examination);
    return true;
}

static void examine_item(void *context, size_t index)
{
    reading_item(context, index, examine);
}

void service_read_slice(struct service *service, const struct examine_request *request,
                        const struct slice_reading *how, reply_sink sink, void *context)
{
    AUTO(reply_channel) struct reply_channel *channel = reply_channel_new(sink, context);
    struct error err = {0};
    AUTO(slice) struct slice *slice = slice_decode(request->slice, &err);

    if (slice == NULL || !service_verify(service, slice, how->use, &err)) {
        reply_channel_end(channel, &err);
        return;
    }
    size_t count = slice->plan.target_count;
    const char **names = arena_calloc(slice->plan.arena, count, sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = slice->plan.targets[i].name;
    const struct status_request targets = {.targets = names, .target_count = count};
    struct reading reading = {service, &targets, channel, slice, how->session};
    worker_pool_for_each(service->pool, count, (size_t)service->settings.workers, how->read_item,
                         &reading);
    reply_channel_end(channel, NULL);
}

/* Signed by enough persons, as for a run; how long ago does not matter. */
void service_examine(struct service *service, const struct examine_request *request,
                     reply_sink sink, void *context)
{
    service_read_slice(service, request,
                       &(struct slice_reading){SLICE_TO_LOOK, examine_item, SESSION_READ_ONLY},
                       sink, context);
}
