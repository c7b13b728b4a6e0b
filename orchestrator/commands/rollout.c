/* fleet rollout - the rollouts that the store knows, and what operators ask of them. */
#include <string.h>
#include <time.h>

#include "common/name_index.h"
#include "orchestrator/commands/all.h"
#include "orchestrator/report.h"
#include "orchestrator/resuming.h"

enum { LIST_MOST = 50, SHORT_ID = 12, NAP_MS = 200 };

static const struct report_column list_columns[] = {
    {.key = "rollout", .title = "ROLLOUT"},
    {.key = "environment", .title = "ENV"},
    {.key = "state", .title = "STATE"},
    {.key = "direction", .title = "WAY"},
    {.key = "done", .title = "DONE", .is_number = true},
    {.key = "unknown", .title = "UNKNOWN", .is_number = true},
    {.key = "jobs", .title = "TARGETS", .is_number = true},
    {.key = "operator", .title = "BY"},
    {.key = "started_at", .title = "BEGAN"},
    {.key = "ended_at", .title = "ENDED"},
    {.key = "first", .title = "GOES ON WITH"},
    {.key = "id", .title = "ID", .only_data = true},
};

static const struct report_column show_columns[] = {
    {.key = "target", .title = "TARGET"},
    {.key = "state", .title = "STATE"},
    {.key = "code", .title = "CODE"},
    {.key = "error", .title = "ERROR"},
};

static enum style style_of(const char *state)
{
    static const char *const bad[] = {"failed", "halted", "interrupted", "stopped"};

    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (strcmp(state, bad[i]) == 0)
            return STYLE_BAD;
    return strcmp(state, "paused") == 0 ? STYLE_WARN : STYLE_PLAIN;
}

static void report_short(struct report *report, const char *id)
{
    char text[SHORT_ID + 1];

    snprintf(text, sizeof text, "%s", id);
    report_text(report, text, STYLE_NAME);
}

static void report_rollout(struct report *report, const struct listed_rollout *listed)
{
    const struct course_rollout *rollout = &listed->rollout;

    report_row(report);
    report_short(report, rollout->id);
    report_text(report, listed->environment, STYLE_PLAIN);
    report_text(report, rollout->state, style_of(rollout->state));
    report_text(report, rollout->back ? "back" : "there", STYLE_PLAIN);
    report_number(report, (int64_t)listed->done);
    report_number(report, (int64_t)listed->unknown);
    report_number(report, (int64_t)listed->jobs);
    report_text(report, rollout->operator_name, STYLE_PLAIN);
    report_text(report, rollout->started_at, STYLE_PLAIN);
    report_text(report, rollout->ended_at, STYLE_PLAIN);
    if (strcmp(listed->first, rollout->id) == 0)
        report_text(report, NULL, STYLE_PLAIN);
    else
        report_short(report, listed->first);
    report_text(report, rollout->id, STYLE_PLAIN);
}

/* Those whose command was killed are closed first, so that none is said to run that does not. */
static bool read_list(struct store *store, struct arena *arena,
                      const struct listed_rollout **rollouts, size_t *count, struct error *err)
{
    const struct interrupted_rollout *closed;
    size_t closed_count;

    return store_close_interrupted(store, arena, &closed, &closed_count, err) &&
           store_list_rollouts(store, LIST_MOST, arena, rollouts, count, err);
}

static int run_list(const struct invocation *invocation, struct error *err)
{
    AUTO(report) struct report *report = report_new(list_columns, COUNT_OF(list_columns));
    AUTO(arena) struct arena *arena = arena_new();
    const struct listed_rollout *rollouts;
    enum report_form form;
    size_t count;
    int status;

    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    if (!report_form_from_name(arguments_value(invocation->arguments, "output"), &form, err) ||
        !arguments_expect(invocation->arguments, 0, 1, "ENV", err))
        return STATUS_USAGE;
    const char *environment = arguments_operand(invocation->arguments, 0);
    struct store *store = workspace_store(workspace, err);
    if (store == NULL || !read_list(store, arena, &rollouts, &count, err))
        return STATUS_FAILED;
    for (size_t i = 0; i < count; i++)
        if (environment == NULL || strcmp(rollouts[i].environment, environment) == 0)
            report_rollout(report, &rollouts[i]);
    report_print(report, "rollouts", form, invocation->terminal);
    return STATUS_DONE;
}

/* The newest of an environment, or the one whose id begins so. */
static const struct listed_rollout *find_rollout(const struct listed_rollout *rollouts,
                                                 size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rollouts[i].environment, word) == 0 ||
            (strlen(word) >= 4 && strncmp(rollouts[i].rollout.id, word, strlen(word)) == 0))
            return &rollouts[i];
    return NULL;
}

/* Each target with what became of it last, in all that belongs to the rollout. */
static void report_jobs(struct report *report, const struct course_job *jobs, size_t count)
{
    AUTO(name_index) struct name_index *seen = name_index_new(count);

    for (size_t i = count; i-- > 0;) {
        const struct course_job *job = &jobs[i];

        if (name_index_add(seen, job->target, job) != NULL)
            continue;
        report_row(report);
        report_text(report, job->target, STYLE_NAME);
        report_text(report, job->state, STYLE_PLAIN);
        report_text(report, job->code != ERROR_NONE ? error_code_name(job->code) : NULL,
                    STYLE_PLAIN);
        report_text(report, job->message[0] != '\0' ? job->message : NULL, STYLE_PLAIN);
    }
}

static int show(struct workspace *workspace, const struct invocation *invocation, const char *word,
                enum report_form form, struct error *err)
{
    AUTO(report) struct report *head = report_new(list_columns, COUNT_OF(list_columns));
    AUTO(report) struct report *report = report_new(show_columns, COUNT_OF(show_columns));
    AUTO(arena) struct arena *arena = arena_new();
    struct store *store = workspace_store(workspace, err);
    const struct listed_rollout *rollouts;
    const struct course_job *jobs;
    size_t count, job_count;

    if (store == NULL || !read_list(store, arena, &rollouts, &count, err))
        return STATUS_FAILED;
    const struct listed_rollout *found = find_rollout(rollouts, count, word);
    if (found == NULL) {
        error_set(err, ERROR_USAGE, "the store has no rollout %s among its newest", word);
        return STATUS_USAGE;
    }
    if (!store_read_course_jobs(store, found->first, arena, &jobs, &job_count, err))
        return STATUS_FAILED;
    for (size_t i = count; i-- > 0;)
        if (strcmp(rollouts[i].first, found->first) == 0)
            report_rollout(head, &rollouts[i]);
    report_jobs(report, jobs, job_count);
    if (form == REPORT_TABLE) {
        report_print(head, "rollouts", form, invocation->terminal);
        fputc('\n', invocation->terminal->out);
    }
    report_print(report, "targets", form, invocation->terminal);
    return STATUS_DONE;
}

static int run_show(const struct invocation *invocation, struct error *err)
{
    enum report_form form;
    int status;

    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    if (!report_form_from_name(arguments_value(invocation->arguments, "output"), &form, err) ||
        !arguments_expect(invocation->arguments, 1, 1, "ENV or ROLLOUT", err))
        return STATUS_USAGE;
    return show(workspace, invocation, arguments_operand(invocation->arguments, 0), form, err);
}

static bool ask(struct workspace *workspace, const char *environment, enum rollout_request request,
                struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct store *store = workspace_store(workspace, err);
    const struct interrupted_rollout *closed;
    size_t count;

    return store != NULL && store_close_interrupted(store, arena, &closed, &count, err) &&
           store_ask(store, environment, request, workspace_operator(workspace), err);
}

static int run_pause(const struct invocation *invocation, struct error *err)
{
    const char *environment;
    int status;

    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    if (!workspace_environment(workspace, &environment, err))
        return STATUS_USAGE;
    if (!ask(workspace, environment, REQUEST_PAUSE, err))
        return STATUS_FAILED;
    fprintf(invocation->terminal->out,
            "asked: what runs in %s is finished, nothing else begins; fleet rollout continue goes "
            "on\n",
            environment);
    return STATUS_DONE;
}

static int run_continue(const struct invocation *invocation, struct error *err)
{
    struct resuming_wish wish = {.at_once = true};
    int status;

    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    if (!workspace_environment(workspace, &wish.environment, err))
        return STATUS_USAGE;
    return resuming_run(workspace, invocation, &wish, err);
}

static bool read_newest(struct store *store, const char *environment, struct arena *arena,
                        struct course *course, struct error *err)
{
    const struct interrupted_rollout *closed;
    size_t count;

    if (!store_close_interrupted(store, arena, &closed, &count, err) ||
        !store_read_course(store, environment, arena, course, err))
        return false;
    return course->count > 0 ||
           error_set(err, ERROR_STALE, "the store has no rollout of %s", environment);
}

static bool is_running(const struct course *course)
{
    return strcmp(course->rollouts[course->count - 1].state, "running") == 0;
}

/* One that runs is asked to stop, and says itself that it was aborted; waits for that if asked to.
 */
static bool stop_running(struct workspace *workspace, const char *environment, bool waits,
                         const struct terminal *terminal, struct course *course,
                         struct arena *arena, struct error *err)
{
    struct store *store = workspace_store(workspace, err);

    if (store == NULL || !read_newest(store, environment, arena, course, err))
        return false;
    if (!is_running(course))
        return true;
    if (!store_ask(store, environment, REQUEST_ABORT, workspace_operator(workspace), err))
        return false;
    fprintf(terminal->out, "asked: what runs in %s is finished, nothing else begins\n",
            environment);
    fflush(terminal->out);
    while (waits && is_running(course)) {
        nanosleep(&(struct timespec){.tv_nsec = NAP_MS * 1000000L}, NULL);
        if (!read_newest(store, environment, arena, course, err))
            return false;
    }
    return true;
}

static bool give_up(struct workspace *workspace, const char *environment,
                    const struct course *course, const struct terminal *terminal, struct error *err)
{
    const struct course_rollout *last = &course->rollouts[course->count - 1];
    struct store *store = workspace_store(workspace, err);

    if (strcmp(last->state, "applied") == 0 || strcmp(last->state, "rolled_back") == 0)
        return error_set(err, ERROR_STALE, "rollout %.12s of %s is at its end: %s", last->id,
                         environment, last->state);
    fprintf(terminal->out, "rollout %.12s of %s is aborted\n", last->id, environment);
    return store != NULL &&
           store_abort(store, course, environment, workspace_operator(workspace), err);
}

static int run_abort(const struct invocation *invocation, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    bool back = arguments_has(invocation->arguments, "rollback");
    struct resuming_wish wish = {.back = true};
    struct course course;
    int status;

    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    if (!workspace_environment(workspace, &wish.environment, err))
        return STATUS_USAGE;
    if (!stop_running(workspace, wish.environment, back, invocation->terminal, &course, arena, err))
        return STATUS_FAILED;
    if (back)
        return resuming_run(workspace, invocation, &wish, err);
    return is_running(&course) ||
                   give_up(workspace, wish.environment, &course, invocation->terminal, err)
               ? STATUS_DONE
               : STATUS_FAILED;
}

static const struct option_spec continue_options[] = {
    {"yes", 'y', NULL, false, "do not ask"},
    {"workers", 0, NULL, false, "fleet worker calls the agents"},
};

static const struct option_spec abort_options[] = {
    {"yes", 'y', NULL, false, "do not ask"},
    {"workers", 0, NULL, false, "fleet worker calls the agents"},
    {"rollback", 0, NULL, false, "take back what it applied, the newest wave first"},
};

const struct command command_rollout_list = {
    .name = "rollout list",
    .operands = "[ENV]",
    .summary = "List the newest rollouts, and what became of them",
    .takes = TAKES_INVENTORY | TAKES_OUTPUT,
    .run = run_list,
};

const struct command command_rollout_show = {
    .name = "rollout show",
    .operands = "ENV | ROLLOUT",
    .summary = "Show what a rollout came to on each target",
    .details = "With an environment the newest one. What went on with it or took it back counts.",
    .takes = TAKES_INVENTORY | TAKES_OUTPUT,
    .run = run_show,
};

const struct command command_rollout_pause = {
    .name = "rollout pause",
    .operands = "[ENV]",
    .summary = "Let what runs come to its end and begin nothing else, from anywhere",
    .takes = TAKES_INVENTORY,
    .run = run_pause,
};

const struct command command_rollout_continue = {
    .name = "rollout continue",
    .operands = "[ENV]",
    .summary = "Open a manual gate, or go on with what was paused, without another soak",
    .takes = TAKES_INVENTORY | TAKES_OUTPUT | TAKES_WORKERS,
    .options = continue_options,
    .option_count = COUNT_OF(continue_options),
    .run = run_continue,
};

const struct command command_rollout_abort = {
    .name = "rollout abort",
    .operands = "[ENV]",
    .summary = "Give a rollout up for good; --rollback takes it back",
    .details = "One that runs is asked to stop first; --rollback waits for that.",
    .takes = TAKES_INVENTORY | TAKES_OUTPUT | TAKES_WORKERS,
    .options = abort_options,
    .option_count = COUNT_OF(abort_options),
    .run = run_abort,
};
