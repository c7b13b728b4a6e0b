#include "common/process.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "common/memory.h"

enum { DIAGNOSTICS_LIMIT = 4096, EXIT_POLL_MS = 5 };

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Those to add, then ours but for names that were added. */
static char **join_variables(const char *const *added)
{
    size_t count = 0, ours = 0, kept = 0;

    while (added != NULL && added[count] != NULL)
        count++;
    while (environ[ours] != NULL)
        ours++;
    char **joined = xcalloc(count + ours + 1, sizeof *joined);
    for (size_t i = 0; i < count; i++)
        memcpy(&joined[i], &added[i], sizeof *joined); /* POSIX wants them without const */
    for (size_t i = 0; i < ours; i++) {
        bool is_added = false;

        for (size_t a = 0; a < count; a++)
            is_added = is_added || strncmp(environ[i], added[a], strcspn(added[a], "=") + 1) == 0;
        if (!is_added)
            joined[count + kept++] = environ[i];
    }
    return joined;
}

/* A child in its own process group, with default signals, that writes to the two pipes. */
static int spawn(const char *const *argv, const char *const *variables, int output, int diagnostics,
                 pid_t *child)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    char *arguments[16] = {0};

    assert(argv[0] != NULL);
    for (size_t i = 0; argv[i] != NULL; i++) {
        assert(i + 1 < COUNT_OF(arguments));
        memcpy(&arguments[i], &argv[i], sizeof arguments[i]); /* POSIX wants them without const */
    }
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, diagnostics, STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP);
    char **environment = join_variables(variables);
    int failed = posix_spawn(child, argv[0], &files, &attributes, arguments, environment);
    free(environment);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

/* Moves what the pipe holds; past limit bytes are dropped. poll skips a pipe that has ended. */
static void drain(struct pollfd *pipe_end, struct buffer *into, size_t limit)
{
    char block[16 * 1024];

    if (pipe_end->revents == 0)
        return;
    ssize_t got = read(pipe_end->fd, block, sizeof block);
    if (got > 0) {
        size_t room = limit - into->length;

        buffer_append(into, block, (size_t)got < room ? (size_t)got : room);
    } else if (got == 0 || errno != EINTR) {
        pipe_end->fd = -1;
    }
}

struct run {
    const char *program;
    const struct process_limits *limits;
    int64_t deadline_ms;
    pid_t child;
};

static bool past_deadline(const struct run *run, struct error *err)
{
    return error_set(err, ERROR_TIMEOUT, "%s did not end within %d s", run->program,
                     run->limits->timeout_ms / 1000);
}

/* Reads both pipes to their ends. */
static bool collect(const struct run *run, struct pollfd pipes[2], struct buffer *output,
                    struct buffer *diagnostics, struct error *err)
{
    while (pipes[0].fd >= 0 || pipes[1].fd >= 0) {
        int64_t left = run->deadline_ms - now_ms();

        if (left <= 0)
            return past_deadline(run, err);
        if (poll(pipes, 2, (int)left) < 0 && errno != EINTR)
            return error_set_errno(err, errno, "cannot wait for %s", run->program);
        drain(&pipes[0], output, run->limits->output + 1);
        drain(&pipes[1], diagnostics, DIAGNOSTICS_LIMIT);
        if (output->length > run->limits->output)
            return error_set(err, ERROR_IO, "%s printed more than %zu bytes", run->program,
                             run->limits->output);
    }
    return true;
}

/* A program that closed its output may still run: its status is waited for until the deadline. */
static bool await_exit(const struct run *run, int *status, struct error *err)
{
    for (;;) {
        pid_t ended = waitpid(run->child, status, WNOHANG);

        if (ended == run->child)
            return true;
        if (ended < 0 && errno != EINTR)
            return error_set_errno(err, errno, "cannot wait for %s", run->program);
        if (now_ms() >= run->deadline_ms)
            return past_deadline(run, err);
        poll(NULL, 0, EXIT_POLL_MS);
    }
}

static bool check_status(const struct run *run, int status, struct error *err)
{
    if (WIFSIGNALED(status))
        return error_set(err, ERROR_IO, "%s was ended by signal %d", run->program,
                         WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        return error_set(err, ERROR_IO, "%s ended with status %d", run->program,
                         WEXITSTATUS(status));
    return true;
}

static bool open_pipe(int *read_end, int *write_end, struct error *err)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set_errno(err, errno, "cannot make a pipe");
    *read_end = ends[0];
    *write_end = ends[1];
    return true;
}

bool process_run(const char *const *argv, const struct process_limits *limits,
                 struct buffer *output, struct buffer *diagnostics, struct error *err)
{
    struct run run = {argv[0], limits, now_ms() + limits->timeout_ms, 0};
    AUTO_FD int from_output = -1;
    AUTO_FD int to_output = -1;
    AUTO_FD int from_diagnostics = -1;
    AUTO_FD int to_diagnostics = -1;
    AUTO_BUFFER struct buffer collected = {0};
    int status = 0;

    if (!open_pipe(&from_output, &to_output, err) ||
        !open_pipe(&from_diagnostics, &to_diagnostics, err))
        return false;
    int failed = spawn(argv, limits->variables, to_output, to_diagnostics, &run.child);
    if (failed != 0)
        return error_set_errno(err, failed, "cannot run %s", argv[0]);
    file_descriptor_close(&to_output);
    file_descriptor_close(&to_diagnostics);
    struct pollfd pipes[2] = {{from_output, POLLIN, 0}, {from_diagnostics, POLLIN, 0}};
    bool ok = collect(&run, pipes, &collected, diagnostics, err) && await_exit(&run, &status, err);
    if (!ok) {
        kill(-run.child, SIGKILL);
        while (waitpid(run.child, &status, 0) < 0 && errno == EINTR)
            continue;
    }
    ok = ok && check_status(&run, status, err);
    if (ok)
        buffer_append(output, buffer_text(&collected), collected.length);
    if (collected.bytes != NULL)
        explicit_bzero(collected.bytes, collected.capacity); /* it may be a password */
    return ok;
}
