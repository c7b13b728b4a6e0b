#include "orchestrator/conduct.h"

#include <stdio.h>
#include <time.h>

#include "orchestrator/interruption.h"
#include "orchestrator/notifier.h"
#include "orchestrator/progress.h"

enum { NAP_MS = 50 };

/* The first Ctrl-C or SIGTERM, and what it reaches. */
struct halting {
    struct dispatcher *dispatcher;
    const struct terminal *terminal;
    const struct interruption *interruption;
};

static void halt(void *context)
{
    const struct halting *halting = context;

    dispatcher_interrupt(halting->dispatcher);
    fprintf(halting->terminal->messages,
            "%sstopping: what runs is finished, nothing else begins; "
            "once more leaves at once\n",
            halting->terminal->live ? "\n" : "");
    fflush(halting->terminal->messages);
}

static bool stop_asked(void *context)
{
    const struct halting *halting = context;

    return interruption_came(halting->interruption);
}

/* In short naps, so that a stop is seen soon. */
static void pause_between_waves(void *context, int64_t ms)
{
    for (int64_t left = ms; left > 0 && !stop_asked(context); left -= NAP_MS) {
        int64_t this_ms = left < NAP_MS ? left : NAP_MS;

        nanosleep(&(struct timespec){.tv_nsec = this_ms * 1000000L}, NULL);
    }
}

/* A rollout in one wave is not worth a line. */
static void print_waves(const struct rollout_state *state, const struct terminal *terminal)
{
    size_t place = 0;

    if (state->wave_count < 2)
        return;
    fprintf(terminal->out, "%zu waves:", state->wave_count);
    for (size_t wave = 0; wave < state->wave_count; wave++) {
        size_t count = 0;

        for (size_t i = 0; i < state->count; i++)
            count += state->jobs[i].wave == wave;
        fprintf(terminal->out, "%s %zu", place++ > 0 ? "," : "", count);
    }
    fputs(" targets\n", terminal->out);
}

static void report(const struct conduct *conduct, const struct rollout_state *state,
                   bool interrupted, int64_t took_ms, const struct terminal *terminal)
{
    if (conduct->form != REPORT_TABLE)
        rollout_report_print_data(&conduct->subject, state, conduct->form, terminal);
    else
        rollout_report_print_summary(state, interrupted, took_ms, terminal);
}

/* Whoever is to be told of it meanwhile; NULL without an error if nobody is. */
static struct notifier *begin_telling(struct workspace *workspace,
                                      const struct invocation *invocation, const struct plan *plan,
                                      struct error *err)
{
    const struct inventory *inventory = workspace_inventory(workspace);
    const struct notifier_settings settings = {
        .store = workspace_store_place(workspace),
        .environment = inventory_environment(inventory, plan->header.environment),
        .clock = invocation->clock,
        .random = invocation->random};

    return notifier_begin(&settings, err);
}

int conduct_run(struct workspace *workspace, const struct invocation *invocation,
                const struct conduct *conduct, struct rollout_state *state, struct error *err)
{
    struct progress progress;
    struct store *store = workspace_store(workspace, err);
    struct dispatcher *dispatcher =
        store != NULL ? workspace_dispatcher(workspace, NULL, err) : NULL;

    if (dispatcher == NULL)
        return STATUS_FAILED;
    struct halting halting = {dispatcher, invocation->terminal, NULL};
    AUTO(interruption)
    struct interruption *interruption = interruption_begin(halt, &halting, err);
    if (interruption == NULL)
        return STATUS_FAILED;
    halting.interruption = interruption;
    struct notifier *notifier = begin_telling(workspace, invocation, conduct->subject.plan, err);
    if (notifier == NULL && err->code != ERROR_NONE)
        return STATUS_FAILED;
    progress_start(&progress, invocation->terminal, invocation->clock, conduct->terms->soak_ms,
                   conduct->form != REPORT_TABLE);
    const struct rollout_settings settings = {
        .plan = conduct->subject.plan,
        .inventory = workspace_inventory(workspace),
        .terms = conduct->terms,
        .first = conduct->first,
        .at_once = conduct->at_once,
        .dispatcher = dispatcher,
        .store = store,
        .clock = invocation->clock,
        .operator_name = workspace_operator(workspace),
        .epoch_seen = conduct->subject.survey->epoch_seen,
        .control = {stop_asked, pause_between_waves, &halting},
        .observer = progress_observe,
        .announce = progress_announce,
        .context = &progress,
    };
    if (conduct->form == REPORT_TABLE)
        print_waves(state, invocation->terminal);
    bool ok = rollout_run(&settings, state, err);
    progress_end(&progress);
    notifier_end(notifier, invocation->terminal->messages);
    bool interrupted = interruption_came(interruption) || state->stop_asked;
    report(conduct, state, interrupted,
           invocation->clock->monotonic_ms(invocation->clock) - progress.began_ms,
           invocation->terminal);
    return ok ? rollout_report_status(&conduct->subject, state, interrupted) : STATUS_FAILED;
}
