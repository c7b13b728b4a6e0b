#include "agents/daemon/thrift.h"

#include <link.h>
#include <malloc.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

void thrift_begin(void)
{
    /* A hundred threads need no hundred heaps. */
    mallopt(M_ARENA_MAX, 2);
    OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

/* Segments without PF_W are never written, relocations included: dropping them loses nothing. */
static int drop_constant_segments(struct dl_phdr_info *object, size_t size, void *context)
{
    (void)size;
    const uintptr_t page = *(const uintptr_t *)context;

    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];

        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) != 0)
            continue;
        uintptr_t from = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
        uintptr_t to = object->dlpi_addr + segment->p_vaddr + segment->p_memsz;

        (void)madvise((void *)from, to - from, MADV_DONTNEED); // NOLINT(performance-no-int-to-ptr)
    }
    return 0;
}

void thrift_let_go(void)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    malloc_trim(0);
    dl_iterate_phdr(drop_constant_segments, &page);
}
