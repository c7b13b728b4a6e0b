#include "plans/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/list.h"

static const char sum_name[] = "fleet.sum";
static const char repeatable_folder[] = "repeatable";

struct walk {
    struct arena *arena;
    const char *directory;
    int descriptor; /* of the directory */
    struct diagnostics *faults;
    struct folder_file *files;
    size_t count;
};

static const char *full_path(const struct walk *walk, const char *path)
{
    return arena_printf(walk->arena, "%s/%s", walk->directory, path);
}

static bool is_ignored(const char *name)
{
    return name[0] == '.' || strncmp(name, "README", 6) == 0 || strcmp(name, sum_name) == 0 ||
           strcmp(name, "fleet-import.json") == 0;
}

static void add_fault(const struct walk *walk, const char *path, struct error *err)
{
    error_at_file(err, full_path(walk, path), 0);
    diagnostics_add_error(walk->faults, err);
}

static void read_migration(struct walk *walk, const char *path, bool repeatable)
{
    const char *slash = strrchr(path, '/');
    struct folder_file file = {.repeatable = repeatable};
    struct buffer bytes AUTO_BUFFER = {0};
    struct error err = {0};

    if (!migration_file_name_read(slash != NULL ? slash + 1 : path, repeatable, &file.parts,
                                  &err) ||
        !file_read_beneath(walk->descriptor, path, SCRIPT_SIZE_MAX, &bytes, &err)) {
        add_fault(walk, path, &err);
        return;
    }
    file.script = (struct migration_script){
        .file = arena_strdup(walk->arena, path),
        .sql = arena_copy(walk->arena, buffer_text(&bytes), bytes.length),
        .length = bytes.length,
        .sha256 = digest_of(buffer_text(&bytes), bytes.length),
    };
    walk->files = list_room(walk->arena, walk->files, walk->count, sizeof *walk->files);
    walk->files[walk->count++] = file;
}

static bool is_directory(const struct walk *walk, const char *path)
{
    struct stat status;

    return fstatat(walk->descriptor, path, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(status.st_mode);
}

static void walk_directory(struct walk *walk, const char *below);

/* Where names are found: below is the directory's path in the folder, "" for the folder itself. */
struct place {
    struct walk *walk;
    const char *below;
};

static void visit(void *context, const char *name)
{
    const struct place *place = context;
    struct walk *walk = place->walk;
    const char *below = place->below;
    bool repeatable = *below != '\0';
    const char *path = repeatable ? arena_printf(walk->arena, "%s/%s", below, name) : name;

    if (is_ignored(name))
        return;
    if (!is_directory(walk, path))
        read_migration(walk, path, repeatable);
    else if (strcmp(path, repeatable_folder) == 0)
        walk_directory(walk, path);
    else
        diagnostics_add(walk->faults, ERROR_CONFIG, full_path(walk, path), 0,
                        "a folder here can only be \"%s\"; fleet import reads the folders of other "
                        "tools",
                        repeatable_folder);
}

static void walk_directory(struct walk *walk, const char *below)
{
    struct place place = {walk, below};
    struct error err = {0};

    if (!file_list_beneath(walk->descriptor, *below != '\0' ? below : ".", visit, &place, &err))
        add_fault(walk, below, &err);
}

static void read_sum(struct walk *walk, struct folder *folder)
{
    struct buffer bytes AUTO_BUFFER = {0};
    struct error err = {0};
    struct stat status;

    if (fstatat(walk->descriptor, sum_name, &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT) {
        if (walk->count > 0)
            diagnostics_add(walk->faults, ERROR_CONFIG, full_path(walk, sum_name), 0,
                            "the file is missing; run fleet sum");
        return;
    }
    if (!file_read_beneath(walk->descriptor, sum_name, SCRIPT_SIZE_MAX, &bytes, &err)) {
        add_fault(walk, sum_name, &err);
        return;
    }
    folder->has_sum = sum_read(walk->arena, full_path(walk, sum_name), buffer_text(&bytes),
                               bytes.length, &folder->sum, walk->faults);
}

static int compare_files(const void *a, const void *b)
{
    const struct folder_file *left = a;
    const struct folder_file *right = b;

    return strcmp(left->script.file, right->script.file);
}

void folder_read(struct arena *arena, const char *directory, enum sum_check check,
                 struct folder *folder, struct diagnostics *faults)
{
    AUTO_FD int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct walk walk = {
        .arena = arena, .directory = directory, .descriptor = descriptor, .faults = faults};
    struct error err = {0};

    *folder = (struct folder){0};
    if (descriptor < 0) {
        error_set_errno(&err, errno, "cannot open the folder of migrations");
        error_at_file(&err, directory, 0);
        diagnostics_add_error(faults, &err);
        return;
    }
    walk_directory(&walk, "");
    if (walk.count > 0)
        qsort(walk.files, walk.count, sizeof *walk.files, compare_files);
    folder->files = walk.files;
    folder->count = walk.count;
    if (check == SUM_REQUIRED)
        read_sum(&walk, folder);
}

static const char *fault_of(const struct folder *folder, const struct migration_script *script)
{
    const struct sum_entry *entry = sum_find(&folder->sum, script->file);

    if (entry == NULL)
        return "not in fleet.sum; run fleet sum";
    if (!digest_equal(&entry->sha256, &script->sha256))
        return "edited since it was pinned in fleet.sum; restore it, or run fleet sum if no target "
               "has it yet";
    return NULL;
}

static int compare_path(const void *key, const void *element)
{
    const struct folder_file *file = element;

    return strcmp(key, file->script.file);
}

static bool has_file(const struct folder *folder, const char *path)
{
    return folder->count > 0 &&
           bsearch(path, folder->files, folder->count, sizeof *folder->files, compare_path) != NULL;
}

void folder_check_sum(const char *directory, const struct folder *folder,
                      struct diagnostics *faults)
{
    struct buffer path AUTO_BUFFER = {0};

    if (!folder->has_sum)
        return;
    for (size_t i = 0; i < folder->count; i++) {
        const struct migration_script *script = &folder->files[i].script;
        const char *fault = fault_of(folder, script);

        buffer_clear(&path);
        buffer_printf(&path, "%s/%s", directory, script->file);
        if (fault != NULL)
            diagnostics_add(faults, ERROR_CONFIG, buffer_text(&path), 0, "%s", fault);
    }
    buffer_clear(&path);
    buffer_printf(&path, "%s/%s", directory, sum_name);
    for (size_t i = 0; i < folder->sum.count; i++) {
        const struct sum_entry *entry = &folder->sum.entries[i];

        if (!has_file(folder, entry->path))
            diagnostics_add(faults, ERROR_CONFIG, buffer_text(&path), entry->line,
                            "%s is pinned here and missing in the folder; restore it, or run fleet "
                            "sum if no target has it",
                            entry->path);
    }
}
