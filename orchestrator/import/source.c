#include "orchestrator/import/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/list.h"
#include "common/memory.h"

enum { FILE_SIZE_MAX = 8 * 1024 * 1024, DEPTH_MAX = 8 };

static const struct {
    const char *name;
    int engine;
} engine_names[] = {
    {"postgresql", ENGINE_POSTGRESQL},
    {"postgres", ENGINE_POSTGRESQL},
    {"pgsql", ENGINE_POSTGRESQL},
    {"pg", ENGINE_POSTGRESQL},
    {"mysql", ENGINE_MYSQL},
    {"mariadb", ENGINE_MYSQL},
    {"sqlite", ENGINE_SQLITE},
    {"sqlite3", ENGINE_SQLITE},
    {"cockroach", OTHER_ENGINE},
    {"cockroachdb", OTHER_ENGINE},
    {"clickhouse", OTHER_ENGINE},
    {"db2", OTHER_ENGINE},
    {"derby", OTHER_ENGINE},
    {"firebird", OTHER_ENGINE},
    {"h2", OTHER_ENGINE},
    {"hsqldb", OTHER_ENGINE},
    {"mssql", OTHER_ENGINE},
    {"oracle", OTHER_ENGINE},
    {"redshift", OTHER_ENGINE},
    {"snowflake", OTHER_ENGINE},
    {"spanner", OTHER_ENGINE},
    {"sqlserver", OTHER_ENGINE},
    {"yugabytedb", OTHER_ENGINE},
};

/* What some tool reads; anything else is listed by name only. */
static const char *const endings[] = {".sql", ".toml", ".plan", ".conf"};

struct walk {
    struct arena *arena;
    const char *directory;
    int descriptor;
    struct diagnostics *faults;
    struct source_file *files;
    size_t count;
};

bool source_engine_from_name(const char *name, size_t length, int *engine)
{
    for (size_t i = 0; i < COUNT_OF(engine_names); i++) {
        if (strlen(engine_names[i].name) == length &&
            strncasecmp(engine_names[i].name, name, length) == 0) {
            *engine = engine_names[i].engine;
            return true;
        }
    }
    return false;
}

void source_take_engine(char *name, int *engine)
{
    char *dot = strrchr(name, '.');

    if (dot != NULL && source_engine_from_name(dot + 1, strlen(dot + 1), engine))
        *dot = '\0';
}

const char *source_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static bool is_read(const char *path)
{
    size_t length = strlen(path);

    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        size_t size = strlen(endings[i]);

        if (length >= size && strcmp(path + length - size, endings[i]) == 0)
            return true;
    }
    return false;
}

static void add_fault(const struct walk *walk, const char *path, struct error *err)
{
    AUTO(text) char *full = xasprintf("%s/%s", walk->directory, path);

    error_at_file(err, full, 0);
    diagnostics_add_error(walk->faults, err);
}

static void add_file(struct walk *walk, const char *path)
{
    struct buffer bytes AUTO_BUFFER = {0};
    struct error err = {0};
    struct source_file file = {.path = path, .inner = path, .engine = EVERY_ENGINE};
    const char *slash = strchr(path, '/');

    if (is_read(path)) {
        if (!file_read_beneath(walk->descriptor, path, FILE_SIZE_MAX, &bytes, &err)) {
            add_fault(walk, path, &err);
            return;
        }
        file.bytes = arena_copy(walk->arena, buffer_text(&bytes), bytes.length);
        file.length = bytes.length;
    }
    if (slash != NULL && source_engine_from_name(path, (size_t)(slash - path), &file.engine))
        file.inner = slash + 1;
    walk->files = list_room(walk->arena, walk->files, walk->count, sizeof *walk->files);
    walk->files[walk->count++] = file;
}

static void walk_directory(struct walk *walk, const char *path, int depth);

/* Where names are found: a directory's path in the source, "" for the source itself. */
struct place {
    struct walk *walk;
    const char *below;
    int depth;
};

static void visit(void *context, const char *name)
{
    const struct place *place = context;
    struct walk *walk = place->walk;
    const char *below = place->below;
    struct stat status;

    if (name[0] == '.')
        return;
    const char *path = *below != '\0' ? arena_printf(walk->arena, "%s/%s", below, name)
                                      : arena_strdup(walk->arena, name);
    bool known = fstatat(walk->descriptor, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
    if (!known || !S_ISDIR(status.st_mode))
        add_file(walk, path);
    else if (place->depth < DEPTH_MAX)
        walk_directory(walk, path, place->depth + 1);
}

static void walk_directory(struct walk *walk, const char *path, int depth)
{
    struct place place = {walk, path, depth};
    struct error err = {0};

    if (!file_list_beneath(walk->descriptor, *path != '\0' ? path : ".", visit, &place, &err))
        add_fault(walk, path, &err);
}

static int compare_paths(const void *a, const void *b)
{
    const struct source_file *left = a;
    const struct source_file *right = b;

    return strcmp(left->path, right->path);
}

void source_read(struct arena *arena, const char *directory, struct source *source,
                 struct diagnostics *faults)
{
    AUTO_FD int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct walk walk = {
        .arena = arena, .directory = directory, .descriptor = descriptor, .faults = faults};
    struct error err = {0};

    *source = (struct source){0};
    if (descriptor < 0) {
        error_set_errno(&err, errno, "cannot open the folder to import");
        error_at_file(&err, directory, 0);
        diagnostics_add_error(faults, &err);
        return;
    }
    walk_directory(&walk, "", 0);
    source->files = walk.files;
    source->count = walk.count;
    if (walk.count > 0)
        qsort(walk.files, walk.count, sizeof *walk.files, compare_paths);
}

struct source_file *source_find(const struct source *source, int engine, const char *inner)
{
    for (size_t i = 0; i < source->count; i++) {
        struct source_file *file = &source->files[i];

        if (file->engine == engine && strcmp(file->inner, inner) == 0)
            return file;
    }
    return NULL;
}
