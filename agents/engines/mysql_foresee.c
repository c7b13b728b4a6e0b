/* How large tables are. Who holds their metadata locks the server does not say by itself. */
#include <stdlib.h>
#include <string.h>

#include "agents/engines/mysql_session.h"
#include "common/memory.h"

/* Two parameters each: what more tables ask for is not foreseen. */
enum { TABLES_MAX = 16 };

struct finding {
    struct arena *arena;
    struct outlook *outlooks;
    size_t count;
    bool on_this_host;
};

static bool take_finding(void *context, size_t columns, const char *const *values)
{
    const struct finding *finding = context;
    size_t n = values[0] != NULL ? strtoul(values[0], NULL, 10) : finding->count;

    (void)columns;
    if (n >= finding->count)
        return false;
    struct outlook *outlook = &finding->outlooks[n];
    outlook->table_bytes = values[1] != NULL ? strtoll(values[1], NULL, 10) : 0;
    outlook->index_bytes = values[2] != NULL ? strtoll(values[2], NULL, 10) : 0;
    if (finding->on_this_host && values[3] != NULL)
        outlook->directory = arena_strdup(finding->arena, values[3]);
    return true;
}

/* One part of a name, without its quotes; *name moves past it and the point behind it. */
static const char *next_part(struct arena *arena, const char **name)
{
    const char *at = *name;
    bool quoted = *at == '`' || *at == '"';
    char quote = quoted ? *at++ : '.';
    AUTO_BUFFER struct buffer part = {0};

    for (; *at != '\0' && (*at != quote || (quoted && at[1] == quote)); at++) {
        at += *at == quote ? 1 : 0;
        buffer_append_char(&part, *at);
    }
    at += quoted && *at != '\0' ? 1 : 0;
    *name = at + (*at == '.' ? 1 : 0);
    return arena_strdup(arena, buffer_text(&part));
}

static void split_name(struct arena *arena, const char *name, const char *database,
                       const char **parts)
{
    const char *first = next_part(arena, &name);
    bool qualified = *name != '\0';

    parts[0] = qualified ? first : database;
    parts[1] = qualified ? next_part(arena, &name) : first;
}

bool mysql_foresee(struct session *base, struct arena *arena, struct outlook *outlooks,
                   size_t count, struct buffer *lingering, struct error *err)
{
    const struct mysql_session *session = mysql_session_of(base);
    const char *names[2 * TABLES_MAX];
    AUTO_BUFFER struct buffer sql = {0};
    struct finding finding = {
        .arena = arena,
        .outlooks = outlooks,
        .count = count < TABLES_MAX ? count : TABLES_MAX,
        .on_this_host = session->address.socket != NULL,
    };

    (void)lingering;
    for (size_t i = 0; i < finding.count; i++) {
        split_name(arena, outlooks[i].table, session->address.database, &names[2 * i]);
        buffer_printf(&sql,
                      "%sSELECT %zu, data_length, index_length, @@datadir"
                      " FROM information_schema.tables"
                      " WHERE table_schema = $%zu AND table_name = $%zu",
                      i > 0 ? " UNION ALL " : "", i, 2 * i + 1, 2 * i + 2);
    }
    return mysql_query_ours(base, buffer_text(&sql), names, 2 * finding.count, take_finding,
                            &finding, err);
}
