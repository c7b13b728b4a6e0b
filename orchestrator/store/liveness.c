#include "orchestrator/store/liveness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/memory.h"

struct liveness {
    int descriptor;
    char *path;
};

void liveness_free(struct liveness *liveness)
{
    if (liveness == NULL)
        return;
    if (liveness->descriptor >= 0)
        close(liveness->descriptor);
    free(liveness->path);
    free(liveness);
}

static bool fail(const struct liveness *liveness, const char *what, struct error *err)
{
    return error_set_errno(err, errno, "cannot %s %s", what, liveness->path);
}

struct liveness *liveness_open(const char *store, struct error *err)
{
    AUTO(liveness) struct liveness *liveness = xcalloc(1, sizeof *liveness);

    liveness->path = xasprintf("%s-running", store);
    liveness->descriptor = open(liveness->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (liveness->descriptor < 0) {
        fail(liveness, "open", err);
        return NULL;
    }
    return TAKE(liveness);
}

static struct flock byte_of(int64_t epoch, short type)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = epoch, .l_len = 1};
}

bool liveness_hold(struct liveness *liveness, int64_t epoch, struct error *err)
{
    struct flock lock = byte_of(epoch, F_WRLCK);

    return fcntl(liveness->descriptor, F_OFD_SETLK, &lock) == 0 || fail(liveness, "lock", err);
}

void liveness_release(struct liveness *liveness, int64_t epoch)
{
    struct flock lock = byte_of(epoch, F_UNLCK);

    (void)!fcntl(liveness->descriptor, F_OFD_SETLK, &lock);
}

bool liveness_is_held(struct liveness *liveness, int64_t epoch, bool *held, struct error *err)
{
    struct flock lock = byte_of(epoch, F_WRLCK);

    if (fcntl(liveness->descriptor, F_OFD_GETLK, &lock) != 0)
        return fail(liveness, "look at", err);
    *held = lock.l_type != F_UNLCK;
    return true;
}
