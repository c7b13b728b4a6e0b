/* fleet worker - sends to agents what commands on other machines conduct. */
#include <stdlib.h>

#include "orchestrator/commands/all.h"
#include "orchestrator/interruption.h"
#include "orchestrator/workers/worker.h"
#include "orchestrator/workspace.h"

enum { PARALLEL = 16 };

struct ending {
    const struct terminal *terminal;
    const struct interruption *interruption;
};

static void say_ending(void *context)
{
    const struct ending *ending = context;

    fputs("ending: what is under way comes to its end; once more leaves at once\n",
          ending->terminal->messages);
    fflush(ending->terminal->messages);
}

static bool stop_asked(void *context)
{
    const struct ending *ending = context;

    return interruption_came(ending->interruption);
}

static bool read_parallel(const struct arguments *arguments, size_t *parallel, struct error *err)
{
    const char *text = arguments_value(arguments, "parallel");
    char *end = NULL;
    long value = text != NULL ? strtol(text, &end, 10) : PARALLEL;

    if (text != NULL && (*text == '\0' || *end != '\0' || value < 1 || value > WORKER_PARALLEL_MAX))
        return error_set(err, ERROR_USAGE, "--parallel takes a number from 1 to %d",
                         WORKER_PARALLEL_MAX);
    *parallel = (size_t)value;
    return true;
}

static int work(struct workspace *workspace, const struct invocation *invocation, size_t parallel,
                struct error *err)
{
    struct ending ending = {.terminal = invocation->terminal};
    struct tls_files files;
    struct store *store = NULL;

    if (workspace_tls_files(workspace, &files, err))
        store = workspace_store(workspace, err);
    if (store == NULL)
        return STATUS_FAILED;
    AUTO(interruption)
    struct interruption *interruption = interruption_begin(say_ending, &ending, err);
    if (interruption == NULL)
        return STATUS_FAILED;
    ending.interruption = interruption;
    const struct worker_settings settings = {.store = store,
                                             .place = workspace_store_place(workspace),
                                             .inventory = workspace_inventory(workspace),
                                             .files = files,
                                             .clock = invocation->clock,
                                             .random = invocation->random,
                                             .parallel = parallel,
                                             .messages = invocation->terminal->messages,
                                             .stop_asked = stop_asked,
                                             .context = &ending};
    fprintf(invocation->terminal->out, "works for %s, %zu agents at once\n",
            settings.place.location, parallel);
    fflush(invocation->terminal->out);
    return worker_run(&settings, err) ? STATUS_DONE : STATUS_FAILED;
}

static int run_worker(const struct invocation *invocation, struct error *err)
{
    size_t parallel = 0;
    int status;

    if (!read_parallel(invocation->arguments, &parallel, err))
        return STATUS_USAGE;
    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    if (!workspace_check_shared(workspace, err))
        return STATUS_USAGE;
    return work(workspace, invocation, parallel, err);
}

static const struct option_spec options[] = {
    {"parallel", 0, "N", false, "agents at once, 1 to 256; 16 by default"},
};

const struct command command_worker = {
    .name = "worker",
    .operands = "",
    .summary = "Send to agents what fleet apply --workers conducts elsewhere",
    .details =
        "The store is in PostgreSQL (state = postgresql://...), and the machines that share\n"
        "it share the work: each worker takes what nobody has taken. One that dies loses\n"
        "only that: another asks its agents what came of it, and goes on. The histories\n"
        "of targets name the operator of the worker's certificate as who applied.\n"
        "Ctrl-C or SIGTERM let it finish what is under way.",
    .takes = TAKES_INVENTORY,
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run_worker,
};
