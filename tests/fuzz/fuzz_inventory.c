/* Any bytes as fleet.ini: no crash, and a document or a fault with a place. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inventory/inventory.h"
#include "inventory/selector.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* include = GLOB is left out: it would read this machine's files. */
static bool includes(const uint8_t *bytes, size_t length)
{
    return memmem(bytes, length, "include", strlen("include")) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static int file = -1;
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    char path[64];

    if (file < 0) {
        file = memfd_create("fleet.ini", 0);
        if (file < 0 || fchmod(file, 0600) != 0) /* an executable one would be run */
            abort();
    }
    if (includes(bytes, length) || ftruncate(file, 0) != 0 ||
        pwrite(file, bytes, length, 0) != (ssize_t)length)
        return 0;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    AUTO(inventory) const struct inventory *inventory = inventory_load(path, faults);
    assert((inventory != NULL) == (diagnostics_count(faults) == 0));
    if (inventory == NULL)
        return 0;
    for (size_t i = 0; i < inventory->target_count && i < 100; i++)
        assert(inventory_target(inventory, inventory->targets[i].name) == &inventory->targets[i]);
    return 0;
}
