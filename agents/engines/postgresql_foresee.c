/* How large tables are, and whose transactions hold them; in one question. */
#include <inttypes.h>
#include <stdlib.h>

#include "agents/engines/postgresql_session.h"
#include "embedded.h"

/* Parameters of one question: what more tables ask for is not foreseen. */
enum { TABLES_MAX = 32 };

/* Longer than any server runs. */
#define NEVER_MS INT64_C(4000000000000)

static const char *const waits[] = {
    [WAIT_NONE] = "none",
    [WAIT_WRITERS] = "writers",
    [WAIT_EVERYBODY] = "everybody",
    [WAIT_SNAPSHOTS] = "snapshots",
};

struct finding {
    struct arena *arena;
    struct outlook *outlooks;
    size_t count;
    bool on_this_host;
    struct buffer *lingering;
};

static bool take_finding(void *context, size_t columns, const char *const *values)
{
    const struct finding *finding = context;

    (void)columns;
    if (values[0] == NULL) {
        buffer_printf(finding->lingering, "%s%s", finding->lingering->length > 0 ? "; " : "",
                      values[3]);
        return true;
    }
    size_t n = strtoul(values[0], NULL, 10);
    if (n >= finding->count)
        return false;
    struct outlook *outlook = &finding->outlooks[n];
    outlook->table_bytes = values[1] != NULL ? strtoll(values[1], NULL, 10) : 0;
    outlook->index_bytes = values[2] != NULL ? strtoll(values[2], NULL, 10) : 0;
    if (finding->on_this_host && values[3] != NULL)
        outlook->directory = arena_strdup(finding->arena, values[3]);
    return true;
}

/* A socket of the file system leads to a server on this host, unless a pooler answers on it. */
static bool is_on_this_host(const struct postgresql_session *session)
{
    const char *host = PQhost(session->connection);

    return !session->pooled && host != NULL && host[0] == '/';
}

bool postgresql_foresee(struct session *base, struct arena *arena, struct outlook *outlooks,
                        size_t count, struct buffer *lingering, struct error *err)
{
    struct postgresql_session *session = postgresql_session_of(base);
    const char *names[TABLES_MAX];
    AUTO_BUFFER struct buffer sql = {0};
    struct finding finding = {
        .arena = arena,
        .outlooks = outlooks,
        .count = count < TABLES_MAX ? count : TABLES_MAX,
        .on_this_host = is_on_this_host(session),
        .lingering = lingering,
    };

    buffer_printf(&sql, "WITH patience (age) AS (VALUES (interval '%" PRId64 " ms')),",
                  base->long_transaction_ms > 0 ? base->long_transaction_ms : NEVER_MS);
    buffer_append_text(&sql, " wanted (n, wait, name) AS (VALUES ");
    for (size_t i = 0; i < finding.count; i++) {
        names[i] = outlooks[i].table;
        buffer_printf(&sql, "%s(%zu, '%s', $%zu::text)", i > 0 ? ", " : "", i,
                      waits[outlooks[i].wait], i + 1);
    }
    buffer_append_char(&sql, ')');
    buffer_append_text(&sql, text_postgresql_foresee);
    return postgresql_query(base, buffer_text(&sql), names, finding.count, take_finding, &finding,
                            err);
}
