/*
 * BEGIN IMMEDIATE is the lock of a transactional part. A part outside a transaction (VACUUM) needs
 * one that outlives its statements: flock on a file beside the database, there only while it is
 * held. It cannot be on the database file itself, since closing a descriptor of that would drop
 * SQLite's own locks (https://www.sqlite.org/howtocorrupt.html, 2.2).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agents/engines/sqlite_session.h"
#include "common/memory.h"

static char *lock_path(const struct sqlite_session *session)
{
    return xasprintf("%s-fleet-lock", session->path);
}

/* Whether the descriptor is still the file of that name: its last holder may have removed it
   between our open and our flock. */
static bool is_current(int descriptor, const char *path)
{
    struct stat ours;
    struct stat named;

    return fstat(descriptor, &ours) == 0 && stat(path, &named) == 0 &&
           ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

/* Leaves an open and locked descriptor, or -1 when somebody else has it. */
static bool try_file(const char *path, int flags, int *descriptor, struct error *err)
{
    int opened = open(path, flags | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);

    *descriptor = -1;
    if (opened < 0)
        return error_set_errno(err, errno, "cannot open the lock file %s", path);
    if (flock(opened, LOCK_EX | LOCK_NB) == 0 && is_current(opened, path)) {
        *descriptor = opened;
        return true;
    }
    close(opened);
    return true;
}

static void drop_file(const char *path, int descriptor)
{
    unlink(path);
    close(descriptor);
}

static bool lock_for_session(struct sqlite_session *session, bool *taken, struct error *err)
{
    AUTO(text) char *path = lock_path(session);

    if (session->lock_file < 0 && !try_file(path, O_CREAT, &session->lock_file, err))
        return false;
    *taken = session->lock_file >= 0;
    return true;
}

/* begin has the database's write lock already; a session's lock stands in the way all the same. */
static bool lock_for_transaction(struct sqlite_session *session, bool *taken, struct error *err)
{
    AUTO(text) char *path = lock_path(session);
    int left_behind;

    *taken = session->lock_file >= 0 || access(path, F_OK) != 0;
    if (*taken)
        return true;
    if (!try_file(path, 0, &left_behind, err)) {
        error_clear(err); /* gone since we looked, or not ours to read: the next try tells */
        return true;
    }
    *taken = left_behind >= 0;
    if (*taken)
        drop_file(path, left_behind);
    return true;
}

bool sqlite_lock(struct session *base, enum lock_span span, bool *taken, struct error *err)
{
    struct sqlite_session *session = sqlite_session_of(base);

    if (span == LOCK_SESSION)
        return lock_for_session(session, taken, err);
    return lock_for_transaction(session, taken, err);
}

bool sqlite_unlock(struct session *base, struct error *err)
{
    struct sqlite_session *session = sqlite_session_of(base);
    AUTO(text) char *path = lock_path(session);

    (void)err;
    if (session->lock_file >= 0)
        drop_file(path, session->lock_file);
    session->lock_file = -1;
    return true;
}

bool sqlite_holds_lock(struct session *base, bool *held, struct error *err)
{
    struct sqlite_session *session = sqlite_session_of(base);
    AUTO(text) char *path = lock_path(session);

    (void)err;
    *held = session->lock_file >= 0 ? is_current(session->lock_file, path)
                                    : sqlite3_get_autocommit(session->db) == 0;
    return true;
}

/* One line of /proc/locks (proc(5)): "1: POSIX  ADVISORY  WRITE 812 fd:01:1234 0 EOF". */
static bool parse_lock_line(const char *line, long *pid, unsigned *major_number,
                            unsigned *minor_number, unsigned long *inode)
{
    char mode[16];

    return sscanf(line, "%*s %*s %*s %15s %ld %x:%x:%lu", mode, pid, major_number, minor_number,
                  inode) == 5 &&
           strcmp(mode, "WRITE") == 0 && *pid > 0;
}

static long holder_of(const char *path)
{
    char line[256];
    struct stat file;
    long pid;
    unsigned major_number;
    unsigned minor_number;
    unsigned long inode;
    long found = 0;

    if (stat(path, &file) != 0)
        return 0;
    FILE *locks = fopen("/proc/locks", "re");
    if (locks == NULL)
        return 0;
    while (found == 0 && fgets(line, sizeof line, locks) != NULL)
        if (parse_lock_line(line, &pid, &major_number, &minor_number, &inode) &&
            inode == file.st_ino && major_number == major(file.st_dev) &&
            minor_number == minor(file.st_dev))
            found = pid;
    fclose(locks);
    return found;
}

static void describe_process(long pid, struct buffer *out)
{
    char path[64];
    char name[64] = "";

    snprintf(path, sizeof path, "/proc/%ld/comm", pid);
    FILE *comm = fopen(path, "re");
    if (comm != NULL) {
        if (fgets(name, sizeof name, comm) != NULL)
            name[strcspn(name, "\n")] = '\0';
        fclose(comm);
    }
    buffer_printf(out, "process %ld", pid);
    if (name[0] != '\0')
        buffer_printf(out, " (%s)", name);
    if (pid == (long)getpid())
        buffer_append_text(out, ", another session of this very process");
}

/* A writer locks the database itself, or in WAL mode the -shm file. */
void sqlite_name_blocker(struct session *base, struct buffer *out)
{
    static const char *const suffixes[] = {"", "-shm", "-fleet-lock"};
    struct sqlite_session *session = sqlite_session_of(base);

    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        AUTO(text) char *path = xasprintf("%s%s", session->path, suffixes[i]);
        long pid = holder_of(path);

        if (pid != 0) {
            describe_process(pid, out);
            return;
        }
    }
}
