#include "common/file.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/memory.h"

void file_descriptor_close(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

static bool read_all(int descriptor, const char *path, size_t limit, struct buffer *out,
                     struct error *err)
{
    char block[16 * 1024];
    size_t total = 0;

    for (;;) {
        ssize_t got = read(descriptor, block, sizeof block);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(err, errno, "cannot read %s", path);
        if (got == 0)
            return true;
        total += (size_t)got;
        if (total > limit)
            return error_set(err, ERROR_IO, "%s is larger than %zu bytes", path, limit);
        buffer_append(out, block, (size_t)got);
    }
}

bool file_read(const char *path, size_t limit, struct buffer *out, struct error *err)
{
    AUTO_FD int descriptor = open(path, O_RDONLY | O_CLOEXEC);

    if (descriptor < 0)
        return error_set_errno(err, errno, "cannot read %s", path);
    return read_all(descriptor, path, limit, out, err);
}

/* For kernels and sandboxes without openat2: no part of the name may be a link, or "..". */
static int open_without_links(int directory_fd, const char *name)
{
    char part[NAME_MAX + 1];
    AUTO_FD int at = -1;

    for (;;) {
        size_t length = strcspn(name, "/");

        if (length == 0 || length > NAME_MAX)
            return errno = length == 0 ? EXDEV : ENAMETOOLONG, -1;
        memcpy(part, name, length);
        part[length] = '\0';
        if (strcmp(part, "..") == 0)
            return errno = EXDEV, -1;
        bool last = name[length] == '\0';
        int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | (last ? O_NONBLOCK : O_DIRECTORY);
        int next = openat(at >= 0 ? at : directory_fd, part, flags);
        if (last || next < 0)
            return next;
        file_descriptor_close(&at);
        at = next;
        name += length + 1;
    }
}

static int open_beneath(int directory_fd, const char *name)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK, .resolve = RESOLVE_BENEATH};
    long opened = syscall(SYS_openat2, directory_fd, name, &how, sizeof how);

    if (opened < 0 && (errno == ENOSYS || errno == EPERM))
        return open_without_links(directory_fd, name);
    return (int)opened;
}

bool file_read_beneath(int directory_fd, const char *name, size_t limit, struct buffer *out,
                       struct error *err)
{
    AUTO_FD int descriptor = open_beneath(directory_fd, name);
    struct stat status;

    if (descriptor < 0 && (errno == EXDEV || errno == ELOOP))
        return error_set(err, ERROR_IO, "%s leads out of its directory", name);
    if (descriptor < 0 || fstat(descriptor, &status) != 0)
        return error_set_errno(err, errno, "cannot read %s", name);
    if (!S_ISREG(status.st_mode))
        return error_set(err, ERROR_IO, "%s is not a regular file", name);
    return read_all(descriptor, name, limit, out, err);
}

bool file_list_beneath(int directory_fd, const char *path, file_name_function function,
                       void *context, struct error *err)
{
    int descriptor = openat(directory_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *stream = descriptor >= 0 ? fdopendir(descriptor) : NULL;

    if (stream == NULL) {
        error_set_errno(err, errno, "cannot read the folder");
        file_descriptor_close(&descriptor);
        return false;
    }
    errno = 0;
    for (struct dirent *entry; (entry = readdir(stream)) != NULL; errno = 0)
        function(context, entry->d_name);
    bool whole = errno == 0 || error_set_errno(err, errno, "cannot read the folder to its end");
    closedir(stream);
    return whole;
}

static bool write_all(int descriptor, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t put = write(descriptor, bytes, length);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        bytes += put;
        length -= (size_t)put;
    }
    return true;
}

static bool sync_directory_of(const char *path, struct error *err)
{
    AUTO(text) char *directory = file_path_beside(path, ".");
    AUTO_FD int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (descriptor < 0 || fsync(descriptor) != 0)
        return error_set_errno(err, errno, "cannot sync %s", directory);
    return true;
}

/* Makes a file beside path with these bytes, on disk; its name goes to temporary. */
static bool write_temporary(const char *temporary_template, char **temporary, const void *bytes,
                            size_t length, mode_t mode, struct error *err)
{
    AUTO(text) char *name = xstrdup(temporary_template);
    AUTO_FD int descriptor = mkostemp(name, O_CLOEXEC);

    if (descriptor < 0)
        return error_set_errno(err, errno, "cannot create %s", name);
    if (!write_all(descriptor, bytes, length) || fchmod(descriptor, mode) != 0 ||
        fsync(descriptor) != 0) {
        error_set_errno(err, errno, "cannot write %s", name);
        unlink(name);
        return false;
    }
    *temporary = TAKE(name);
    return true;
}

/* link refuses an existing name where rename would replace it. */
static bool put_in_place(const char *temporary, const char *path, bool replace, struct error *err)
{
    assert(temporary != NULL);
    int failed = replace ? rename(temporary, path) : link(temporary, path);
    int reason = errno;

    if (failed != 0 || !replace)
        unlink(temporary);
    if (failed != 0 && reason == EEXIST)
        return error_set(err, ERROR_IO, "%s exists already", path);
    if (failed != 0)
        return error_set_errno(err, reason, "cannot write %s", path);
    return sync_directory_of(path, err);
}

static bool write_file(const char *path, const void *bytes, size_t length, mode_t mode,
                       bool replace, struct error *err)
{
    AUTO(text) char *template = xasprintf("%s.XXXXXX", path);
    AUTO(text) char *temporary = NULL;

    return write_temporary(template, &temporary, bytes, length, mode, err) &&
           put_in_place(temporary, path, replace, err);
}

bool file_write(const char *path, const void *bytes, size_t length, mode_t mode, struct error *err)
{
    return write_file(path, bytes, length, mode, true, err);
}

bool file_create(const char *path, const void *bytes, size_t length, mode_t mode, struct error *err)
{
    return write_file(path, bytes, length, mode, false, err);
}

static bool make_one(const char *path, mode_t mode, struct error *err)
{
    struct stat status;

    if (mkdir(path, mode) == 0)
        return true;
    int reason = errno;
    if (reason == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return true;
    return error_set_errno(err, reason == EEXIST ? ENOTDIR : reason, "cannot make directory %s",
                           path);
}

bool file_make_directory(const char *path, mode_t mode, struct error *err)
{
    AUTO(text) char *partial = xstrdup(path);

    for (char *slash = strchr(partial + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (!make_one(partial, mode, err))
            return false;
        *slash = '/';
    }
    return make_one(path, mode, err);
}

char *file_path_beside(const char *base, const char *path)
{
    const char *slash = strrchr(base, '/');

    if (path[0] == '/' || slash == NULL)
        return xstrdup(path);
    return xasprintf("%.*s/%s", (int)(slash - base), base, path);
}
