#include "orchestrator/detaching.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/file.h"
#include "common/memory.h"

extern char **environ;

enum { NAP_MS = 50, NAME_DIGITS = 16, LOG_MAX = 16 * 1024 * 1024 };

struct detached {
    struct arena *arena;
    const char *plan; /* paths */
    const char *log;
    struct digest digest;
    const char *environment;
    pid_t process;
};

/* Beside the store, or where it would be. */
static const char *directory_for(const struct inventory *inventory, struct arena *arena)
{
    const char *slash = strrchr(inventory->state, '/');

    if (database_kind_of(inventory->state) != DATABASE_SQLITE)
        return arena_printf(arena, "%s/.fleet/detached", inventory->directory);
    return slash != NULL ? arena_printf(arena, "%.*s/detached", (int)(slash - inventory->state),
                                        inventory->state)
                         : "detached";
}

static bool write_files(struct workspace *workspace, const struct plan *plan,
                        struct detached *detached, struct error *err)
{
    AUTO_BUFFER struct buffer document = {0};
    const char *directory = directory_for(workspace_inventory(workspace), detached->arena);
    char digest[DIGEST_HEX_SIZE];

    digest_to_hex(&plan->digest, digest);
    detached->plan = arena_printf(detached->arena, "%s/%.*s.plan", directory, NAME_DIGITS, digest);
    detached->log = arena_printf(detached->arena, "%s/%.*s.log", directory, NAME_DIGITS, digest);
    plan_write(plan, &document);
    return file_make_directory(directory, 0700, err) &&
           file_write(detached->plan, document.bytes, document.length, 0600, err);
}

/* Nothing of the terminal stays with it. */
static bool spawn_apart(struct detached *detached, const char *const *words, struct error *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, detached->log,
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    int failed = posix_spawn(&detached->process, "/proc/self/exe", &actions, &attributes,
                             (char *const *)(uintptr_t)words, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failed == 0 ||
           error_set(err, ERROR_IO, "the command cannot be started: %s", strerror(failed));
}

/* Whether a rollout of the plan runs by now. */
static bool find_running(struct store *store, const struct detached *detached, const char **rollout,
                         struct error *err)
{
    struct course course;

    *rollout = NULL;
    if (!store_read_course(store, detached->environment, detached->arena, &course, err))
        return false;
    if (course.count > 0 && digest_equal(&course.plan, &detached->digest) &&
        strcmp(course.rollouts[course.count - 1].state, "running") == 0)
        *rollout = course.rollouts[course.count - 1].id;
    return true;
}

/* It came to an end before anybody could look away: then this is as if it had run here. */
static int tell_end(const struct detached *detached, int status, const struct terminal *terminal,
                    struct error *err)
{
    AUTO_BUFFER struct buffer said = {0};

    if (!file_read(detached->log, LOG_MAX, &said, err))
        return STATUS_FAILED;
    fputs(buffer_text(&said), terminal->out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_FAILED;
}

static int wait_for_it(struct store *store, const struct detached *detached,
                       const struct terminal *terminal, struct error *err)
{
    const char *rollout = NULL;
    int status;

    for (;;) {
        if (waitpid(detached->process, &status, WNOHANG) == detached->process)
            return tell_end(detached, status, terminal, err);
        if (!find_running(store, detached, &rollout, err))
            return STATUS_FAILED;
        if (rollout != NULL)
            break;
        nanosleep(&(struct timespec){.tv_nsec = NAP_MS * 1000000L}, NULL);
    }
    fprintf(terminal->out,
            "rollout %.12s of %s runs on its own, as process %ld; what it says goes to %s\n",
            rollout, detached->environment, (long)detached->process, detached->log);
    return STATUS_DONE;
}

int detach_plan(struct workspace *workspace, const struct invocation *invocation,
                const struct plan *plan, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct detached detached = {
        .arena = arena, .digest = plan->digest, .environment = plan->header.environment};
    const char *inventory = arguments_value(invocation->arguments, "inventory");
    bool workers = arguments_has(invocation->arguments, "workers");
    struct store *store = workspace_store(workspace, err);

    if (store == NULL || !write_files(workspace, plan, &detached, err))
        return STATUS_FAILED;
    const char *const words[] = {"fleet",
                                 "apply",
                                 detached.plan,
                                 "--yes",
                                 workers ? "--workers" : "--yes",
                                 inventory != NULL ? "--inventory" : NULL,
                                 inventory,
                                 NULL};
    if (!spawn_apart(&detached, words, err))
        return STATUS_FAILED;
    return wait_for_it(store, &detached, invocation->terminal, err);
}
