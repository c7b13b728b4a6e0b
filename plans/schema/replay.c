#include "plans/schema/replay.h"

#include <string.h>

#include "common/list.h"
#include "plans/schema/keep.h"
#include "plans/schema/model.h"
#include "plans/schema/parser.h"
#include "plans/schema/render.h"

/* A change that was applied to the model. */
struct applied_change {
    struct change change;
    struct operation *inverses; /* one for each operation */
    const char *loss;           /* NULL if the inverses take everything back */
};

static bool mentioned(const struct migration *migration, const char *name)
{
    for (int i = 0; i < ENGINE_KIND_COUNT; i++)
        if (migration->up[i] != NULL && strcasestr(migration->up[i]->sql, name) != NULL)
            return true;
    return false;
}

static void take_raw(struct model *model, const struct migration *migration)
{
    size_t at = 0;

    model->open = true;
    for (size_t i = 0; i < model->index_count; i++)
        if (mentioned(migration, model->indexes[i]->name))
            model->indexes[i]->table = "";
    while (at < model->table_count) {
        if (mentioned(migration, model->tables[at]->name))
            model_forget(model, model->tables[at]->name);
        else
            at++;
    }
    model_forget(model, "");
}

static bool begins(const char *line, size_t length, const char *prefix)
{
    return length > strlen(prefix) && memcmp(line, prefix, strlen(prefix)) == 0;
}

/* The comments of the change itself that begin so; those that begin with but are left out. */
static bool copy_comments(const struct change *change, const char *prefix, const char *but,
                          struct buffer *out)
{
    const char *end = change->header + change->header_length;
    const char *line = change->header;
    bool found = false;

    while (line < end) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        const char *next = stop != NULL ? stop + 1 : end;
        size_t length = (size_t)(next - line);
        if (begins(line, length, prefix) && (but == NULL || !begins(line, length, but))) {
            if (out != NULL)
                buffer_append(out, line, length);
            found = true;
        }
        line = next;
    }
    return found;
}

static bool copy_directives(const struct change *change, const char *prefix, struct buffer *out)
{
    return copy_comments(change, prefix, NULL, out);
}

static const char irreversible_mark[] = "-- fleet: irreversible";

/* What is dropped is kept aside, unless the change says that it is for good. */
static bool expand(const struct model *model, const char *version,
                   const struct operation *operation, bool for_good, struct operations *expanded,
                   struct error *err)
{
    if (!for_good)
        return keep_expand(model, version, operation, expanded, err);
    *expanded =
        (struct operations){.items = arena_calloc(model->arena, 1, sizeof *operation), .count = 1};
    expanded->items[0] = *operation;
    return true;
}

static bool apply_one(struct model *model, struct applied_change *applied,
                      const struct operation *operation, struct error *err)
{
    struct change *change = &applied->change;
    const char *loss = NULL;

    change->operations =
        list_room(model->arena, change->operations, change->count, sizeof *change->operations);
    applied->inverses =
        list_room(model->arena, applied->inverses, change->count, sizeof *applied->inverses);
    change->operations[change->count] = *operation;
    if (!model_apply(model, &change->operations[change->count], &applied->inverses[change->count],
                     &loss, err))
        return false;
    change->count++;
    if (applied->loss == NULL)
        applied->loss = loss;
    return true;
}

/* The operations become those that do the change. */
static bool apply(struct model *model, const char *version, struct applied_change *applied,
                  struct error *err)
{
    struct change said = applied->change;
    bool for_good = copy_directives(&said, irreversible_mark, NULL);

    applied->change.operations = NULL;
    applied->change.count = 0;
    for (size_t i = 0; i < said.count; i++) {
        struct operations expanded = {0};
        bool done = expand(model, version, &said.operations[i], for_good, &expanded, err);

        for (size_t j = 0; done && j < expanded.count; j++)
            done = apply_one(model, applied, &expanded.items[j], err);
        if (!done) {
            err->line = said.operations[i].line;
            return false;
        }
    }
    return true;
}

static const char apart_mark[] = "-- fleet: no-transaction";

/* On SQLite a transaction holds up nobody longer than its statements would, and a table that is
   made again needs one. */
static bool runs_apart(enum engine_kind engine, const struct applied_change *applied)
{
    return engine != ENGINE_SQLITE && copy_directives(&applied->change, apart_mark, NULL);
}

/* Of the operations or, taking them back, their inverses. */
static void put_foreign_keys(enum engine_kind engine, const struct operation *operations,
                             size_t count, struct buffer *out)
{
    bool rebuilds = false;

    for (size_t i = 0; i < count; i++)
        rebuilds = rebuilds || render_rebuilds(engine, &operations[i]);
    if (rebuilds)
        buffer_append_text(out, "-- fleet: foreign-keys=off\n");
}

/* first[i] becomes the number of the first statement of operation i, and the last one past them. */
static bool render_up(enum engine_kind engine, const struct applied_change *applied,
                      struct buffer *out, size_t *first, struct error *err)
{
    const struct change *change = &applied->change;
    bool apart = runs_apart(engine, applied);
    size_t statements = 0;

    (void)copy_comments(change, "-- ", apart ? NULL : apart_mark, out);
    if (applied->loss != NULL && !copy_directives(change, irreversible_mark, NULL))
        buffer_printf(out, "-- fleet: irreversible %s\n", applied->loss);
    put_foreign_keys(engine, change->operations, change->count, out);
    for (size_t i = 0; i < change->count; i++) {
        first[i] = statements + 1;
        if (!render_operation(engine, apart ? RENDER_APART : RENDER_TOGETHER,
                              &change->operations[i], out, &statements, err)) {
            err->line = change->operations[i].line;
            return false;
        }
    }
    first[change->count] = statements + 1;
    return true;
}

/* Apart, each statement of the way up may be the last that ran, so each has its own that undoes it:
   the same one, which can come again. */
static bool render_inverse(enum engine_kind engine, bool apart, const struct operation *inverse,
                           size_t first, size_t after, struct buffer *out, struct error *err)
{
    bool repeats = apart && after - first > 1;
    enum render_mode mode = apart ? RENDER_TO_REPEAT : RENDER_TOGETHER;
    size_t statements = 0;

    if (after == first)
        return true;
    for (size_t undone = after - 1; undone > first && repeats; undone--) {
        buffer_printf(out, "-- fleet: undoes %zu\n", undone);
        if (!render_operation(engine, mode, inverse, out, &statements, err))
            return false;
    }
    buffer_printf(out, "-- fleet: undoes %zu\n", first);
    return render_operation(engine, mode, inverse, out, &statements, err);
}

static bool render_down(enum engine_kind engine, const struct applied_change *applied,
                        const size_t *first, struct buffer *out, struct error *err)
{
    bool apart = runs_apart(engine, applied);

    if (apart)
        (void)copy_directives(&applied->change, apart_mark, out);
    (void)copy_directives(&applied->change, "-- fleet: lock-timeout", out);
    (void)copy_directives(&applied->change, "-- fleet: statement-timeout", out);
    put_foreign_keys(engine, applied->inverses, applied->change.count, out);
    for (size_t i = applied->change.count; i > 0; i--)
        if (!render_inverse(engine, apart, &applied->inverses[i - 1], first[i - 1], first[i], out,
                            err))
            return false;
    return true;
}

static const struct migration_script *keep(struct arena *arena, const struct migration_script *file,
                                           const struct buffer *sql, const struct error *err)
{
    struct migration_script *script = arena_calloc(arena, 1, sizeof *script);
    bool failed = err->code != ERROR_NONE;

    *script = (struct migration_script){
        .file = file->file,
        .sql = failed ? "" : arena_copy(arena, buffer_text(sql), sql->length),
        .length = failed ? 0 : sql->length,
        .sha256 = file->sha256,
        .fault = failed ? arena_strdup(arena, err->message) : NULL,
        .fault_line = err->line,
    };
    return script;
}

static void render(struct arena *arena, const struct applied_change *applied,
                   struct migration *migration)
{
    size_t *first = arena_calloc(arena, applied->change.count + 1, sizeof *first);

    for (int i = 0; i < ENGINE_KIND_COUNT; i++) {
        AUTO_BUFFER struct buffer up = {0};
        AUTO_BUFFER struct buffer down = {0};
        struct error err = {0};
        bool rendered = render_up((enum engine_kind)i, applied, &up, first, &err);

        if (rendered && applied->loss == NULL)
            rendered = render_down((enum engine_kind)i, applied, first, &down, &err);
        migration->up[i] = keep(arena, migration->change, &up, &err);
        if (rendered && applied->loss == NULL)
            migration->down[i] = keep(arena, migration->change, &down, &err);
    }
}

static bool take_change(struct model *model, struct migration *migration, struct error *err)
{
    struct applied_change applied = {0};
    const struct migration_script *file = migration->change;

    if (!parser_read(model->arena, file->sql, file->length, &applied.change, err) ||
        !apply(model, migration->version, &applied, err))
        return false;
    render(model->arena, &applied, migration);
    return true;
}

void replay_changes(struct arena *arena, const char *directory, struct migration *items,
                    size_t count, struct diagnostics *faults)
{
    struct model model = {.arena = arena};

    for (size_t i = 0; i < count; i++) {
        struct error err = {0};

        if (items[i].change == NULL) {
            take_raw(&model, &items[i]);
        } else if (!take_change(&model, &items[i], &err)) {
            diagnostics_add(faults, err.code,
                            arena_printf(arena, "%s/%s", directory, items[i].change->file),
                            err.line, "%s", err.message);
            return;
        }
    }
}

bool replay_schema(struct arena *arena, const struct migration *items, size_t count,
                   struct model *model, const struct migration **opaque, struct error *err)
{
    *model = (struct model){.arena = arena};
    *opaque = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct migration_script *file = items[i].change;
        struct applied_change applied = {0};

        if (file == NULL && *opaque == NULL)
            *opaque = &items[i];
        if (file == NULL) {
            take_raw(model, &items[i]);
        } else if (!parser_read(arena, file->sql, file->length, &applied.change, err) ||
                   !apply(model, items[i].version, &applied, err)) {
            error_at_file(err, file->file, err->line);
            return false;
        }
    }
    return true;
}
