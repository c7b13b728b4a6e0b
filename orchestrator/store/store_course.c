/* The store's part about rollouts that are gone on with; store.h documents it. */
#include <string.h>

#include "common/list.h"
#include "orchestrator/store/store_private.h"

bool store_enter_course(struct store *store, const struct rollout_record *rollout,
                        struct error *err)
{
    return database_run(
        store->database, err,
        "INSERT INTO course (rollout, first, back, terms, waves_sent) VALUES (?, ?, ?, ?, 1)",
        "ttit", rollout->id, rollout->first != NULL ? rollout->first : rollout->id,
        (int64_t)rollout->back,
        rollout->first == NULL && rollout->terms != NULL ? rollout->terms : "");
}

bool store_note_wave(struct store *store, const struct rollout_record *rollout, size_t number,
                     struct error *err)
{
    return database_run(store->database, err,
                        "UPDATE course SET waves_sent = ? WHERE waves_sent < ? AND rollout = ?",
                        "iit", (int64_t)number, (int64_t)number,
                        rollout->first != NULL ? rollout->first : rollout->id);
}

struct newest {
    struct arena *arena;
    struct course *course;
    const char *first;
    bool malformed;
};

static bool take_newest(void *context, const struct database_row *row)
{
    struct newest *newest = context;
    const char *terms = row_text(row, 1);

    newest->first = arena_strdup(newest->arena, row_text(row, 0));
    newest->course->terms = terms[0] != '\0' ? arena_strdup(newest->arena, terms) : NULL;
    newest->course->waves_sent = (size_t)row_integer(row, 2);
    newest->malformed = !digest_from_hex(row_text(row, 3), &newest->course->plan);
    return false;
}

struct reading {
    struct arena *arena;
    struct course_rollout *rollouts;
    struct course_job *jobs;
    size_t count;
};

static bool take_rollout(void *context, const struct database_row *row)
{
    struct reading *reading = context;
    const char *ended_at = row_text(row, 4);

    reading->rollouts =
        list_room(reading->arena, reading->rollouts, reading->count, sizeof *reading->rollouts);
    reading->rollouts[reading->count++] = (struct course_rollout){
        .id = arena_strdup(reading->arena, row_text(row, 0)),
        .state = arena_strdup(reading->arena, row_text(row, 1)),
        .operator_name = arena_strdup(reading->arena, row_text(row, 2)),
        .started_at = arena_strdup(reading->arena, row_text(row, 3)),
        .ended_at = ended_at[0] != '\0' ? arena_strdup(reading->arena, ended_at) : NULL,
        .epoch = row_integer(row, 5),
        .back = row_integer(row, 6) != 0,
    };
    return true;
}

bool store_read_course(struct store *store, const char *environment, struct arena *arena,
                       struct course *course, struct error *err)
{
    struct newest newest = {.arena = arena, .course = course};
    struct reading reading = {.arena = arena};

    *course = (struct course){0};
    if (!database_query(store->database, err, take_newest, &newest,
                        "SELECT r.id, coalesce(f.terms, ''), coalesce(f.waves_sent, 1), r.plan"
                        " FROM rollout n LEFT JOIN course c ON c.rollout = n.id"
                        " LEFT JOIN course f ON f.rollout = c.first"
                        " JOIN rollout r ON r.id = coalesce(c.first, n.id)"
                        " WHERE n.environment = ? ORDER BY n.epoch DESC LIMIT 1",
                        "t", environment))
        return false;
    if (newest.first == NULL)
        return true;
    if (newest.malformed)
        return error_set(err, ERROR_VERIFY, "store: a plan's digest is not one");
    bool ok = database_query(store->database, err, take_rollout, &reading,
                             "SELECT r.id, r.state, r.operator, r.started_at,"
                             " coalesce(r.ended_at, ''), r.epoch, coalesce(c.back, 0)"
                             " FROM rollout r LEFT JOIN course c ON c.rollout = r.id"
                             " WHERE r.id = ? OR c.first = ? ORDER BY r.epoch",
                             "tt", newest.first, newest.first);
    course->rollouts = reading.rollouts;
    course->count = reading.count;
    return ok;
}

static bool take_job(void *context, const struct database_row *row)
{
    struct reading *reading = context;
    const char *code = row_text(row, 2);

    reading->jobs = list_room(reading->arena, reading->jobs, reading->count, sizeof *reading->jobs);
    reading->jobs[reading->count++] = (struct course_job){
        .target = arena_strdup(reading->arena, row_text(row, 0)),
        .state = arena_strdup(reading->arena, row_text(row, 1)),
        .code = code[0] != '\0' ? error_code_from_name(code) : ERROR_NONE,
        .message = arena_strdup(reading->arena, row_text(row, 3)),
        .back = row_integer(row, 4) != 0,
    };
    return true;
}

bool store_read_course_jobs(struct store *store, const char *first, struct arena *arena,
                            const struct course_job **jobs, size_t *count, struct error *err)
{
    struct reading reading = {.arena = arena};
    bool ok =
        database_query(store->database, err, take_job, &reading,
                       "SELECT j.target, j.state, j.code, j.message, c.back FROM course c"
                       " JOIN rollout r ON r.id = c.rollout JOIN job j ON j.rollout = r.id"
                       " WHERE c.first = ? ORDER BY r.epoch, coalesce(j.ended_at, ''), j.target",
                       "t", first);

    *jobs = reading.jobs;
    *count = reading.count;
    return ok;
}
