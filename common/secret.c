#include "common/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/process.h"

enum { SECRET_LIMIT = 64 * 1024, COMMAND_TIMEOUT_MS = 10 * 1000 };

/* Takes the bytes out of the buffer, without one newline at the end. */
static bool take_secret(struct buffer *bytes, const char *source, char **secret, struct error *err)
{
    if (memchr(buffer_text(bytes), '\0', bytes->length) != NULL)
        return error_set(err, ERROR_CONFIG, "%s holds a NUL byte, which no password can have",
                         source);
    char *text = buffer_take(bytes);
    size_t length = strlen(text);
    if (length > 0 && text[length - 1] == '\n')
        text[--length] = '\0';
    if (length > 0 && text[length - 1] == '\r')
        text[--length] = '\0';
    *secret = text;
    return true;
}

static void wipe(struct buffer *bytes)
{
    if (bytes->bytes != NULL)
        explicit_bzero(bytes->bytes, bytes->capacity);
    buffer_free(bytes);
}

static bool check_mode(const char *path, struct error *err)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return error_set_errno(err, errno, "cannot read password file %s", path);
    if ((status.st_mode & (S_IWGRP | S_IWOTH | S_IROTH)) != 0)
        return error_set(err, ERROR_CONFIG,
                         "password file %s has mode %04o, which lets others read or change it; "
                         "run chmod 0600 (or 0640) on it",
                         path, (unsigned)(status.st_mode & 07777));
    return true;
}

static bool read_from_file(const char *path, char **secret, struct error *err)
{
    __attribute__((cleanup(wipe))) struct buffer bytes = {0};

    return check_mode(path, err) && file_read(path, SECRET_LIMIT, &bytes, err) &&
           take_secret(&bytes, path, secret, err);
}

static bool read_from_variable(const char *name, char **secret, struct error *err)
{
    const char *value = getenv(name);

    if (value == NULL)
        return error_set(err, ERROR_CONFIG,
                         "the environment variable %s, which holds the password, is not set", name);
    *secret = xstrdup(value);
    return true;
}

static bool read_from_command(const char *command, char **secret, struct error *err)
{
    static const struct process_limits limits = {.timeout_ms = COMMAND_TIMEOUT_MS,
                                                 .output = SECRET_LIMIT};
    const char *const argv[] = {"/bin/sh", "-c", command, NULL};
    __attribute__((cleanup(wipe))) struct buffer bytes = {0};
    __attribute__((cleanup(wipe))) struct buffer diagnostics = {0};

    /* The command may hold a token, and what it wrote to standard error may repeat the secret; the
       message leaves both out. */
    if (!process_run(argv, &limits, &bytes, &diagnostics, err))
        return error_wrap(err, "password_command");
    return take_secret(&bytes, "what password_command printed", secret, err);
}

bool secret_read(const struct secret_source *source, char **secret, struct error *err)
{
    *secret = NULL;
    if (source->file != NULL)
        return read_from_file(source->file, secret, err);
    if (source->variable != NULL)
        return read_from_variable(source->variable, secret, err);
    if (source->command != NULL)
        return read_from_command(source->command, secret, err);
    return true;
}
