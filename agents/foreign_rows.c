#include "agents/foreign_rows.h"

#include <string.h>

#include "common/list.h"
#include "plans/foreign_history.h"

struct collecting {
    struct arena *arena;
    struct foreign_row *rows;
    size_t count;
    bool malformed;
    bool too_many;
};

static bool note_presence(void *context, size_t columns, const char *const *values)
{
    bool *present = context;

    (void)columns, (void)values;
    *present = true;
    return true;
}

/* What another program wrote is taken only if it has the form that the wire carries. */
static bool collect(void *context, size_t columns, const char *const *values)
{
    struct collecting *collecting = context;
    enum foreign_state state;

    collecting->malformed = columns != 2 || values[0] == NULL || values[1] == NULL ||
                            strlen(values[0]) > FOREIGN_VERSION_MAX ||
                            !foreign_state_from_name(values[1], &state);
    collecting->too_many = collecting->count == FOREIGN_ROWS_MAX;
    if (collecting->malformed || collecting->too_many)
        return false;
    const char *version = arena_strdup(collecting->arena, values[0]);
    collecting->rows =
        list_room(collecting->arena, collecting->rows, collecting->count, sizeof *collecting->rows);
    collecting->rows[collecting->count++] = (struct foreign_row){version, state};
    return true;
}

static bool probe(struct session *session, const struct foreign_place *place, bool *present,
                  struct error *err)
{
    const struct engine *engine = session->engine;
    const char *const parameters[] = {place->schema, place->table};

    *present = false;
    return engine->query(session, foreign_history_probe(engine->kind), parameters, 2, note_presence,
                         present, err);
}

static bool read_rows(struct session *session, const char *query, struct collecting *collecting,
                      struct error *err)
{
    if (!session->engine->query(session, query, NULL, 0, collect, collecting, err))
        return false;
    if (collecting->malformed)
        return error_set(err, ERROR_CONFLICT, "row %zu has no version of the tool",
                         collecting->count + 1);
    if (collecting->too_many)
        return error_set(err, ERROR_UNSUPPORTED, "it has more than %d rows", FOREIGN_ROWS_MAX);
    return true;
}

bool foreign_rows_read(struct session *session, const struct foreign_request *request,
                       struct arena *arena, struct foreign_history *history, struct error *err)
{
    enum engine_kind kind = session->engine->kind;
    struct collecting collecting = {.arena = arena};
    struct foreign_place place;

    *history = (struct foreign_history){0};
    if (!foreign_history_place(request, kind, &place, err))
        return false;
    AUTO(text) char *query = foreign_history_query(request->tool, kind, &place);
    if (!probe(session, &place, &history->present, err) ||
        (history->present && !read_rows(session, query, &collecting, err)))
        return error_wrap(err, "cannot read %s's history in table %s",
                          foreign_tool_name(request->tool), place.table);
    history->rows = collecting.rows;
    history->row_count = collecting.count;
    return true;
}
