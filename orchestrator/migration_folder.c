#include "orchestrator/migration_folder.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"

/* 2026-03-01T08:30:00.250Z is version 20260301083000. */
static void version_of_now(const struct clock *clock, char version[VERSION_SIZE])
{
    char text[TIMESTAMP_SIZE];
    size_t used = 0;

    timestamp_format(clock->wall_ms(clock), text);
    for (size_t i = 0; text[i] != '.'; i++)
        if (text[i] >= '0' && text[i] <= '9')
            version[used++] = text[i];
    version[used] = '\0';
}

/* Adds one to a string of digits. */
static void increment(char version[VERSION_SIZE])
{
    size_t i = strlen(version);

    while (i > 0 && version[i - 1] == '9')
        version[--i] = '0';
    if (i > 0) {
        version[i - 1]++;
        return;
    }
    memmove(version + 1, version, strlen(version) + 1);
    version[0] = '1';
}

bool migration_folder_each(const char *directory, migration_file_function function, void *context,
                           struct error *err)
{
    struct migration_file_name parts;
    DIR *stream = opendir(directory);
    bool ok = true;

    if (stream == NULL)
        return error_set_errno(err, errno, "cannot open the folder %s", directory);
    for (struct dirent *entry; ok && (entry = readdir(stream)) != NULL;)
        if (migration_file_name_parse(entry->d_name, &parts))
            ok = function(context, entry->d_name, &parts, err);
    closedir(stream);
    return ok;
}

static bool keep_newest(void *context, const char *file, const struct migration_file_name *parts,
                        struct error *err)
{
    char *newest = context;

    (void)file, (void)err;
    if (version_compare(parts->version, newest) > 0)
        memcpy(newest, parts->version, VERSION_SIZE);
    return true;
}

bool migration_folder_next(const char *directory, const struct clock *clock,
                           char version[VERSION_SIZE], struct error *err)
{
    char newest[VERSION_SIZE] = "0";

    if (!migration_folder_each(directory, keep_newest, newest, err))
        return false;
    version_of_now(clock, version);
    if (version_compare(version, newest) <= 0) {
        if (strlen(newest) + 1 >= VERSION_SIZE)
            return error_set(err, ERROR_CONFIG, "no version is left after %s", newest);
        memcpy(version, newest, VERSION_SIZE);
        increment(version);
    }
    return true;
}

bool migration_folder_add_change(const char *directory, const struct clock *clock, const char *name,
                                 const struct buffer *text, char **path, struct error *err)
{
    struct migration_file_name parts;
    char version[VERSION_SIZE];

    if (!migration_folder_next(directory, clock, version, err))
        return false;
    AUTO(text) char *file = xasprintf("%s_%s.change.sql", version, name);
    if (!migration_file_name_parse(file, &parts) || strcmp(parts.name, name) != 0)
        return error_set(err, ERROR_USAGE,
                         "\"%s\" cannot be a migration's name: use letters, digits, _ and -", name);
    *path = xasprintf("%s/%s", directory, file);
    return file_create(*path, text->bytes, text->length, 0644, err);
}
