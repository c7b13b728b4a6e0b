#include "orchestrator/store/liveness.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/memory.h"

enum { LEASE_NAME_SIZE = 32 };

struct liveness {
    struct leases *leases; /* NULL: of a store in a file */
    int descriptor;
    char *path;
};

void liveness_free(struct liveness *liveness)
{
    if (liveness == NULL)
        return;
    leases_free(liveness->leases);
    if (liveness->descriptor >= 0)
        close(liveness->descriptor);
    free(liveness->path);
    free(liveness);
}

static bool fail(const struct liveness *liveness, const char *what, struct error *err)
{
    return error_set_errno(err, errno, "cannot %s %s", what, liveness->path);
}

static bool open_file(struct liveness *liveness, const char *store, struct error *err)
{
    liveness->path = xasprintf("%s-running", store);
    liveness->descriptor = open(liveness->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return liveness->descriptor >= 0 || fail(liveness, "open", err);
}

struct liveness *liveness_open(const struct store_place *place, struct error *err)
{
    AUTO(liveness) struct liveness *liveness = xcalloc(1, sizeof *liveness);

    liveness->descriptor = -1;
    if (database_kind_of(place->location) == DATABASE_SQLITE)
        return open_file(liveness, place->location, err) ? TAKE(liveness) : NULL;
    liveness->leases = leases_open(place, err);
    return liveness->leases != NULL ? TAKE(liveness) : NULL;
}

static const char *lease_name(int64_t epoch, char name[LEASE_NAME_SIZE])
{
    snprintf(name, LEASE_NAME_SIZE, "rollout %" PRId64, epoch);
    return name;
}

static struct flock byte_of(int64_t epoch, short type)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = epoch, .l_len = 1};
}

bool liveness_hold(struct liveness *liveness, int64_t epoch, struct error *err)
{
    struct flock lock = byte_of(epoch, F_WRLCK);
    char name[LEASE_NAME_SIZE];

    if (liveness->leases != NULL)
        return lease_hold(liveness->leases, lease_name(epoch, name), err);
    return fcntl(liveness->descriptor, F_OFD_SETLK, &lock) == 0 || fail(liveness, "lock", err);
}

void liveness_release(struct liveness *liveness, int64_t epoch)
{
    struct flock lock = byte_of(epoch, F_UNLCK);
    char name[LEASE_NAME_SIZE];

    if (liveness->leases != NULL)
        lease_release(liveness->leases, lease_name(epoch, name));
    else
        (void)!fcntl(liveness->descriptor, F_OFD_SETLK, &lock);
}

bool liveness_is_held(struct liveness *liveness, int64_t epoch, bool *held,
                      char holder[LEASE_HOLDER_SIZE], struct error *err)
{
    struct flock lock = byte_of(epoch, F_WRLCK);
    char name[LEASE_NAME_SIZE];

    holder[0] = '\0';
    if (liveness->leases != NULL) {
        bool ok = lease_holder(liveness->leases, lease_name(epoch, name), holder, err);

        *held = holder[0] != '\0';
        return ok;
    }
    if (fcntl(liveness->descriptor, F_OFD_GETLK, &lock) != 0)
        return fail(liveness, "look at", err);
    *held = lock.l_type != F_UNLCK;
    return true;
}
