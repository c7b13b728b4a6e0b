#include "agents/executor_health.h"

#include <inttypes.h>
#include <string.h>

enum { QUERY_TIMEOUT_MS = 10 * 1000 };

static bool run_query(struct session *session, const char *sql, struct error *err)
{
    int64_t rows = 0;

    if (!session->engine->run_counted(session, sql, strlen(sql), &rows, err))
        return false;
    return rows == 0 || error_set(err, ERROR_CHECK,
                                  "health_sql must return no row, and returned %" PRId64, rows);
}

bool executor_health(struct session *session, const char *sql, struct error *err)
{
    const struct engine *engine = session->engine;
    struct error ignored = {0};

    session->deadline_ms = session->clock->monotonic_ms(session->clock) + QUERY_TIMEOUT_MS;
    bool ok = engine->begin_reading(session, err) && run_query(session, sql, err);
    session->deadline_ms = 0;
    return (engine->rollback(session, ok ? err : &ignored) || !ok) && ok;
}
