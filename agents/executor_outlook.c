#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>

#include "agents/executor_parts.h"

#define MEBIBYTE INT64_C(1048576)

/* Those of a part, a table as often as statements ask something of it. */
struct outlooks {
    struct outlook *items;
    size_t count;
};

static bool has_name(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* A table that the part makes itself has no rows yet, and nobody else knows it. */
static struct outlooks find_outlooks(const struct run *run, const struct work *work)
{
    enum engine_kind engine = run->session->engine->kind;
    const char **made = arena_calloc(run->arena, work->count, sizeof *made);
    struct outlooks found = {.items = arena_calloc(run->arena, work->count, sizeof *found.items)};
    size_t made_count = 0;

    for (size_t i = 0; i < work->count; i++) {
        const struct statement *statement = &work->statements[i];
        struct outlook outlook = outlook_of(run->arena, engine, statement->sql, statement->length);
        const char *table = table_made_by(run->arena, engine, statement->sql, statement->length);

        if (table != NULL)
            made[made_count++] = table;
        bool asks =
            outlook.room != ROOM_NONE || (outlook.wait != WAIT_NONE && run->session->saw_lingering);
        if (asks && outlook.table != NULL && !has_name(made, made_count, outlook.table))
            found.items[found.count++] = outlook;
    }
    return found;
}

/* -1 when it cannot be known. */
static int64_t free_bytes(const char *directory)
{
    struct statvfs status;

    if (statvfs(directory, &status) != 0)
        return -1;
    return (int64_t)status.f_bavail * (int64_t)status.f_frsize;
}

static int64_t bytes_in(const struct outlooks *outlooks, const char *directory)
{
    int64_t sum = 0;

    for (size_t i = 0; i < outlooks->count; i++)
        if (outlooks->items[i].directory != NULL &&
            strcmp(outlooks->items[i].directory, directory) == 0)
            sum += outlook_bytes(&outlooks->items[i]);
    return sum;
}

static bool check_room(const struct outlooks *outlooks, struct error *err)
{
    for (size_t i = 0; i < outlooks->count; i++) {
        const char *directory = outlooks->items[i].directory;

        if (directory == NULL || outlook_bytes(&outlooks->items[i]) == 0)
            continue;
        int64_t needed = bytes_in(outlooks, directory);
        int64_t left = free_bytes(directory);
        if (left >= 0 && left < needed)
            return error_set(err, ERROR_UNSUPPORTED,
                             "not enough room: the step may write %s again, %" PRId64
                             " MiB in all, and %s has %" PRId64
                             " MiB left; make room, or set space_check = off for the agent",
                             outlooks->items[i].table, needed / MEBIBYTE, directory,
                             left / MEBIBYTE);
    }
    return true;
}

bool outlook_check(struct run *run, const struct work *work, struct error *err)
{
    AUTO_BUFFER struct buffer lingering = {0};
    const struct executor_limits *limits = run->limits;

    if (work->back || work->repairs || (limits->any_space && limits->long_transaction_ms == 0))
        return true;
    struct outlooks outlooks = find_outlooks(run, work);
    if (outlooks.count == 0)
        return true;
    if (!run->session->engine->foresee(run->session, run->arena, outlooks.items, outlooks.count,
                                       &lingering, err))
        return error_wrap(err, "cannot foresee what the step meets");
    if (lingering.length > 0)
        return error_set(err, ERROR_LOCKED, "the step would wait for %s", buffer_text(&lingering));
    return limits->any_space || check_room(&outlooks, err);
}
