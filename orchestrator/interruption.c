#include "orchestrator/interruption.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/file.h"
#include "common/memory.h"

/* What the counter is raised by: for a signal, and for the end. */
#define CAME UINT64_C(1)
#define OVER (UINT64_C(1) << 32)

static const int signals[] = {SIGINT, SIGTERM};

/* A handler gets no argument, so it finds the counter here. */
static atomic_int counter = -1;

struct interruption {
    int descriptor;
    pthread_t thread;
    void (*function)(void *context);
    void *context;
    atomic_bool came;
    struct sigaction before[COUNT_OF(signals)];
};

static void raise_counter(int descriptor, uint64_t by)
{
    int saved = errno;

    (void)!write(descriptor, &by, sizeof by);
    errno = saved;
}

static void on_signal(int number)
{
    (void)number;
    raise_counter(atomic_load(&counter), CAME);
}

static void act_by_default(void)
{
    for (size_t i = 0; i < COUNT_OF(signals); i++)
        signal(signals[i], SIG_DFL);
}

static void *watch(void *context)
{
    struct interruption *interruption = context;
    uint64_t value = 0;

    while (read(interruption->descriptor, &value, sizeof value) < 0 && errno == EINTR)
        continue;
    if (value % OVER == 0)
        return NULL;
    act_by_default();
    atomic_store(&interruption->came, true);
    interruption->function(interruption->context);
    return NULL;
}

static void catch_signals(struct interruption *interruption)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < COUNT_OF(signals); i++) {
        sigaction(signals[i], NULL, &interruption->before[i]);
        if (interruption->before[i].sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
}

static void release_signals(struct interruption *interruption)
{
    for (size_t i = 0; i < COUNT_OF(signals); i++)
        sigaction(signals[i], &interruption->before[i], NULL);
}

struct interruption *interruption_begin(void (*function)(void *context), void *context,
                                        struct error *err)
{
    struct interruption *interruption = xcalloc(1, sizeof *interruption);

    interruption->function = function;
    interruption->context = context;
    interruption->descriptor = eventfd(0, EFD_CLOEXEC);
    int code = interruption->descriptor < 0
                   ? errno
                   : pthread_create(&interruption->thread, NULL, watch, interruption);
    if (code != 0) {
        error_set_errno(err, code, "cannot watch for signals");
        file_descriptor_close(&interruption->descriptor);
        free(interruption);
        return NULL;
    }
    atomic_store(&counter, interruption->descriptor);
    catch_signals(interruption);
    return interruption;
}

void interruption_free(struct interruption *interruption)
{
    if (interruption == NULL)
        return;
    release_signals(interruption);
    raise_counter(interruption->descriptor, OVER);
    pthread_join(interruption->thread, NULL);
    atomic_store(&counter, -1);
    close(interruption->descriptor);
    free(interruption);
}

bool interruption_came(const struct interruption *interruption)
{
    return atomic_load(&interruption->came);
}
