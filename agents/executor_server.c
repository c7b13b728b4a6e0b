#include <inttypes.h>

#include "agents/executor_parts.h"

static bool refuse_other(const struct plan_target *target, const struct server_info *info,
                         struct error *err)
{
    return error_set(
        err, ERROR_STALE,
        "the database is another one than the plan was made for (failover or restore): "
        "it is %s, timeline %" PRId64 ", the plan has %s, timeline %" PRId64 "; plan again",
        info->identity, info->timeline, target->identity, target->timeline);
}

static bool refuse_release(const struct plan_target *target, const struct server_info *info,
                           struct error *err)
{
    return error_set(err, ERROR_STALE,
                     "the server was upgraded since the plan was made: it is %s, the plan was made "
                     "for %s; plan again",
                     info->version, target->release);
}

bool server_check(const struct run *run, struct session *session, struct error *err)
{
    const struct plan_target *target = run->job->target;
    struct server_info info = {0};

    if (!session->engine->server(session, &info, err))
        return error_wrap(err, "cannot ask which server this is");
    if (info.read_only)
        return error_set(err, ERROR_UNSUPPORTED,
                         "the server is a replica or read-only, nothing was run; let the target's "
                         "url lead to the primary, or make it writable");
    if (!plan_target_is_on(target, info.identity, info.timeline))
        return refuse_other(target, &info, err);
    return plan_target_fits_version(target, info.version) || refuse_release(target, &info, err);
}
