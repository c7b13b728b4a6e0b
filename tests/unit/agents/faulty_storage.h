/* faulty_storage - the system's storage, of which a chosen call fails. */
#ifndef FLEET_TESTS_FAULTY_STORAGE_H
#define FLEET_TESTS_FAULTY_STORAGE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "agents/journal/storage.h"

/* The system's storage, of which calls fail: the nth, or it and all that follow, as for a process
   that died there. */
struct faulty_storage {
    struct storage storage;
    atomic_int calls, syncs;
    int fails_at; /* from 1; 0: none */
    bool dies;
    int number;
};

void faulty_storage_make(struct faulty_storage *faulty, int fails_at, bool dies, int number);

#endif
