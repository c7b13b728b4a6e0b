/*
 * machine - preloaded into the processes of a campaign: a clock that jumps, a disk that is full or
 * broken, and a note of what a power cut would leave.
 *
 *     FLEET_MACHINE=FILE   a struct control that the campaign writes while the process runs
 *     FLEET_SYNCED=FILE    gets "INODE END" for each sync of an agent's journal: how much of it
 *                          was written before
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define JOURNAL_END "/journal"

/* As machine.py packs it. */
struct control {
    _Atomic int64_t clock_offset_s;
    _Atomic int32_t disk_error; /* an errno; 0: the disk is well */
    _Atomic int32_t disk_after; /* so many calls go well before */
    _Atomic int32_t disk_times; /* so many fail, and then it is well again */
    _Atomic int32_t disk_failed;
    char disk_path[64]; /* what the file's path contains */
};

enum call { CALL_READ, CALL_WRITE, CALL_SYNC };

static struct {
    struct control *control;
    int synced;
    _Atomic uint64_t inode; /* of the journal that was written last, and how far */
    _Atomic int64_t end;
} machine = {.synced = -1};

__attribute__((constructor)) static void machine_start(void)
{
    const char *path = getenv("FLEET_MACHINE");
    const char *synced = getenv("FLEET_SYNCED");
    int file = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (file >= 0) {
        void *map =
            mmap(NULL, sizeof *machine.control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

        machine.control = map != MAP_FAILED ? map : NULL;
        close(file);
    }
    if (synced != NULL)
        machine.synced = open(synced, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* The function that this one stands before. */
static void *next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (found == NULL)
        abort();
    return found;
}

static void path_of(int file, char *path, size_t size)
{
    char link[32];

    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, size - 1);
    path[length > 0 ? length : 0] = '\0';
}

/* A full disk only refuses what makes a file longer. */
static bool is_refused(int error, enum call call, int file, off_t end)
{
    struct stat status;

    if (error != ENOSPC)
        return true;
    return call == CALL_WRITE && fstat(file, &status) == 0 && end > status.st_size;
}

static bool fails(enum call call, int file, off_t end)
{
    struct control *control = machine.control;
    int error = control != NULL ? atomic_load(&control->disk_error) : 0;
    int before = errno;
    char path[4096];

    if (error == 0)
        return false;
    path_of(file, path, sizeof path);
    errno = before;
    if (strstr(path, control->disk_path) == NULL || !is_refused(error, call, file, end) ||
        atomic_fetch_sub(&control->disk_after, 1) > 0 ||
        atomic_fetch_sub(&control->disk_times, 1) <= 0)
        return false;
    atomic_fetch_add(&control->disk_failed, 1);
    errno = error;
    return true;
}

static void note_write(int file, off_t end)
{
    struct stat status;
    char path[4096];

    if (machine.synced < 0)
        return;
    path_of(file, path, sizeof path);
    if (strstr(path, JOURNAL_END) == NULL || fstat(file, &status) != 0)
        return;
    if (atomic_exchange(&machine.inode, status.st_ino) != status.st_ino || machine.end < end)
        atomic_store(&machine.end, end);
}

static void note_sync(int file, int64_t end)
{
    struct stat status;
    char line[64];

    if (machine.synced < 0 || fstat(file, &status) != 0 || status.st_ino != machine.inode)
        return;
    int length =
        snprintf(line, sizeof line, "%" PRIu64 " %" PRId64 "\n", (uint64_t)status.st_ino, end);
    (void)!syscall(SYS_write, machine.synced, line, (size_t)length);
}

static ssize_t positioned(const char *name, int file, const void *bytes, size_t length,
                          off_t offset)
{
    ssize_t (*real)(int, const void *, size_t, off_t) =
        (ssize_t(*)(int, const void *, size_t, off_t))next(name);

    if (fails(CALL_WRITE, file, offset + (off_t)length))
        return -1;
    ssize_t wrote = real(file, bytes, length, offset);
    if (wrote > 0)
        note_write(file, offset + wrote);
    return wrote;
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset)
{
    return positioned("pwrite", file, bytes, length, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off_t offset)
{
    return positioned("pwrite64", file, bytes, length, offset);
}

ssize_t write(int file, const void *bytes, size_t length)
{
    ssize_t (*real)(int, const void *, size_t) =
        (ssize_t(*)(int, const void *, size_t))next("write");

    if (machine.control != NULL && atomic_load(&machine.control->disk_error) != 0 &&
        fails(CALL_WRITE, file, lseek(file, 0, SEEK_CUR) + (off_t)length))
        return -1;
    return real(file, bytes, length);
}

ssize_t read(int file, void *bytes, size_t length)
{
    ssize_t (*real)(int, void *, size_t) = (ssize_t(*)(int, void *, size_t))next("read");

    return fails(CALL_READ, file, 0) ? -1 : real(file, bytes, length);
}

ssize_t pread64(int file, void *bytes, size_t length, off_t offset)
{
    ssize_t (*real)(int, void *, size_t, off_t) =
        (ssize_t(*)(int, void *, size_t, off_t))next("pread64");

    return fails(CALL_READ, file, 0) ? -1 : real(file, bytes, length, offset);
}

/* Gives the error itself, not errno. */
int posix_fallocate(int file, off_t offset, off_t length)
{
    int (*real)(int, off_t, off_t) = (int (*)(int, off_t, off_t))next("posix_fallocate");

    return fails(CALL_WRITE, file, offset + length) ? errno : real(file, offset, length);
}

static int sync_by(const char *name, int file)
{
    int (*real)(int) = (int (*)(int))next(name);
    int64_t end = atomic_load(&machine.end);

    if (fails(CALL_SYNC, file, 0))
        return -1;
    int result = real(file);
    if (result == 0)
        note_sync(file, end);
    return result;
}

int fsync(int file)
{
    return sync_by("fsync", file);
}

int fdatasync(int file)
{
    return sync_by("fdatasync", file);
}

static int64_t jump_s(void)
{
    return machine.control != NULL ? atomic_load(&machine.control->clock_offset_s) : 0;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
    if (syscall(SYS_clock_gettime, id, now) != 0)
        return -1;
    if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)
        now->tv_sec += jump_s();
    return 0;
}

int gettimeofday(struct timeval *now, void *zone)
{
    (void)zone;
    struct timespec precise;

    clock_gettime(CLOCK_REALTIME, &precise);
    *now = (struct timeval){precise.tv_sec, precise.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *result)
{
    struct timespec now;

    syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
    now.tv_sec += jump_s();
    if (result != NULL)
        *result = now.tv_sec;
    return now.tv_sec;
}
