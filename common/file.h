/* file - whole files in and out, safely. */
#ifndef FLEET_COMMON_FILE_H
#define FLEET_COMMON_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/buffer.h"
#include "common/error.h"

/* AUTO_FD int f: closed when f leaves scope; negative is none. */
#define AUTO_FD __attribute__((cleanup(file_descriptor_close)))
void file_descriptor_close(int *descriptor);

/* Appends the file's bytes; more than limit is ERROR_IO. */
bool file_read(const char *path, size_t limit, struct buffer *out, struct error *err) MUST_USE;

/* The same for a name beneath an open directory; a symbolic link that leaves it is refused. */
bool file_read_beneath(int directory_fd, const char *name, size_t limit, struct buffer *out,
                       struct error *err) MUST_USE;

/* Calls the function with each name in a directory beneath an open one ("." for itself), in no
   order,
   "." and ".." among them; a symbolic link is not followed. */
typedef void (*file_name_function)(void *context, const char *name);
bool file_list_beneath(int directory_fd, const char *path, file_name_function function,
                       void *context, struct error *err) MUST_USE;

/* Replaces the file's content at once: a temporary file, fsync, rename, fsync of the directory. */
bool file_write(const char *path, const void *bytes, size_t length, mode_t mode,
                struct error *err) MUST_USE;

/* Like file_write, but an existing file is an error. */
bool file_create(const char *path, const void *bytes, size_t length, mode_t mode,
                 struct error *err) MUST_USE;

/* Makes a directory and those above it; an existing one is fine. */
bool file_make_directory(const char *path, mode_t mode, struct error *err) MUST_USE;

/* path itself if absolute, else beside the file base: "conf/a.ini" + "b.pem" is "conf/b.pem". */
char *file_path_beside(const char *base, const char *path) MUST_USE;

#endif
