#include "inventory/sources.h"

#include <errno.h>
#include <glob.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/process.h"

enum {
    FILE_LIMIT = 64 * 1024 * 1024,
    PROGRAM_TIMEOUT_MS = 30 * 1000,
    FILES_LIMIT = 4096,
    DEPTH_LIMIT = 16,
};

/* One file on the way from the top to the one that is read now. */
struct level {
    const struct level *above;
    const char *path;
    int depth;
    dev_t device;
    ino_t inode;
};

struct seen {
    dev_t device;
    ino_t inode;
};

struct gathering {
    struct arena *arena;
    struct sources *sources;
    struct diagnostics *faults;
    struct hasher *hasher;
    struct seen *seen; /* one for each of sources->documents */
};

/* The place of an include; line 0 for the top file. */
struct origin {
    const char *file;
    int line;
};

static void add_fault(struct gathering *gathering, const struct origin *origin,
                      const struct error *err)
{
    struct error placed = *err;

    placed.code = ERROR_CONFIG;
    if (origin->line > 0)
        error_at_file(&placed, origin->file, origin->line);
    diagnostics_add_error(gathering->faults, &placed);
}

static bool run_program(const char *path, struct buffer *text, struct error *err)
{
    static const struct process_limits limits = {.timeout_ms = PROGRAM_TIMEOUT_MS,
                                                 .output = FILE_LIMIT};
    const char *const argv[] = {path, NULL};
    AUTO_BUFFER struct buffer diagnostics = {0};

    if (process_run(argv, &limits, text, &diagnostics, err))
        return true;
    error_wrap(err, "the inventory %s is a program", path);
    size_t length = diagnostics.length;
    while (length > 0 && diagnostics.bytes[length - 1] == '\n')
        length--;
    if (length > 0) {
        struct error failed = *err;

        error_clear(err);
        error_set(err, failed.code, "%s; it wrote: %.*s", failed.message, (int)length,
                  diagnostics.bytes);
    }
    return false;
}

static bool read_text(const char *path, const struct stat *status, struct buffer *text,
                      struct error *err)
{
    if (!S_ISREG(status->st_mode))
        return error_set(err, ERROR_CONFIG, "%s is not a regular file", path);
    if (access(path, X_OK) == 0)
        return run_program(path, text, err);
    return file_read(path, FILE_LIMIT, text, err);
}

/* Whether the file may be read now: not again, not within itself, not too deep. */
static bool check_new(const struct gathering *gathering, const struct level *level,
                      struct error *err)
{
    for (const struct level *above = level->above; above != NULL; above = above->above)
        if (above->device == level->device && above->inode == level->inode)
            return error_set(err, ERROR_CONFIG, "%s includes itself, through %s", above->path,
                             level->above->path);
    for (size_t i = 0; i < gathering->sources->count; i++)
        if (gathering->seen[i].device == level->device && gathering->seen[i].inode == level->inode)
            return error_set(err, ERROR_CONFIG, "%s is included twice", level->path);
    if (level->depth > DEPTH_LIMIT)
        return error_set(err, ERROR_CONFIG, "includes are nested deeper than %d", DEPTH_LIMIT);
    if (gathering->sources->count == FILES_LIMIT)
        return error_set(err, ERROR_CONFIG, "there are more than %d files", FILES_LIMIT);
    return true;
}

static struct ini_document *add_document(struct gathering *gathering, const struct level *level,
                                         const struct buffer *text)
{
    struct sources *sources = gathering->sources;
    struct ini_document *document =
        ini_read(gathering->arena, level->path, buffer_text(text), text->length, gathering->faults);

    hasher_add(gathering->hasher, buffer_text(text), text->length);
    gathering->seen[sources->count] = (struct seen){level->device, level->inode};
    sources->documents[sources->count++] = document;
    return document;
}

static void read_file(struct gathering *gathering, const char *path, const struct level *above,
                      const struct origin *origin);

static void include(struct gathering *gathering, const struct level *level,
                    const struct origin *origin, const char *pattern)
{
    AUTO(text) char *resolved = file_path_beside(origin->file, pattern);
    glob_t found = {0};
    struct error err = {0};

    if (glob(resolved, GLOB_ERR, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++)
            read_file(gathering, found.gl_pathv[i], level, origin);
    } else {
        error_set(&err, ERROR_CONFIG, "include: no file matches '%s'", resolved);
        add_fault(gathering, origin, &err);
    }
    globfree(&found);
}

static void read_includes(struct gathering *gathering, const struct level *level,
                          const struct ini_document *document)
{
    for (size_t i = 0; i < document->count; i++) {
        const struct ini_section *section = &document->sections[i];

        if (section->name[0] != '\0' && strcmp(section->name, "fleet") != 0)
            continue;
        for (size_t j = 0; j < section->count; j++) {
            const struct ini_entry *entry = &section->entries[j];
            const struct origin origin = {document->file, entry->line};

            if (strcmp(entry->key, "include") == 0 && entry->value[0] != '\0')
                include(gathering, level, &origin, entry->value);
        }
    }
}

static void read_file(struct gathering *gathering, const char *path, const struct level *above,
                      const struct origin *origin)
{
    struct level level = {.above = above, .path = path, .depth = above ? above->depth + 1 : 0};
    struct stat status;
    struct error err = {0};
    AUTO_BUFFER struct buffer text = {0};

    if (stat(path, &status) != 0) {
        error_set_errno(&err, errno, "cannot read %s", path);
        add_fault(gathering, origin, &err);
        return;
    }
    level.device = status.st_dev;
    level.inode = status.st_ino;
    if (!check_new(gathering, &level, &err) || !read_text(path, &status, &text, &err)) {
        add_fault(gathering, origin, &err);
        return;
    }
    read_includes(gathering, &level, add_document(gathering, &level, &text));
}

void sources_read(const char *path, struct arena *arena, struct sources *sources,
                  struct diagnostics *faults)
{
    AUTO(hasher) struct hasher *hasher = hasher_new();
    struct gathering gathering = {arena, sources, faults, hasher, NULL};
    const struct origin top = {path, 0};

    *sources = (struct sources){0};
    sources->documents = arena_calloc(arena, FILES_LIMIT, sizeof(struct ini_document *));
    gathering.seen = arena_calloc(arena, FILES_LIMIT, sizeof *gathering.seen);
    read_file(&gathering, path, NULL, &top);
    sources->digest = hasher_finish(hasher);
}
