#include "orchestrator/resuming.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "common/buffer.h"
#include "orchestrator/conduct.h"
#include "orchestrator/resumption.h"
#include "plans/plan_policy.h"

enum { NAP_MS = 200 };

/* All that is gone on with. */
struct resuming {
    struct arena *arena;
    const struct resuming_wish *wish;
    const char *environment;
    struct course course;
    struct plan *plan;
    struct survey *survey;
    struct rollout_terms terms;
    struct rollout_state state;
    enum rollout_action action; /* that it begins with */
};

static void resuming_free(struct resuming *resuming)
{
    rollout_state_free(&resuming->state);
    survey_free(resuming->survey);
    plan_free(resuming->plan);
    arena_free(resuming->arena);
}

static const struct course_rollout *newest(const struct resuming *resuming)
{
    return &resuming->course.rollouts[resuming->course.count - 1];
}

static bool check_course(const struct resuming *resuming, struct error *err)
{
    const struct course_rollout *last = newest(resuming);

    if (strcmp(last->state, "running") == 0)
        return error_set(
            err, ERROR_LOCKED,
            "rollout %.12s of %s, begun by %s at %s, is running: wait for its end, or stop it "
            "with fleet rollout pause",
            last->id, resuming->environment, last->operator_name, last->started_at);
    if (strcmp(last->state, "aborted") == 0 && !resuming->wish->back)
        return error_set(err, ERROR_STALE,
                         "rollout %.12s of %s was aborted: fleet apply makes a new plan", last->id,
                         resuming->environment);
    if (resuming->wish->back &&
        (strcmp(last->state, "applied") == 0 || strcmp(last->state, "rolled_back") == 0))
        return error_set(err, ERROR_STALE, "rollout %.12s of %s is at its end: %s", last->id,
                         resuming->environment, last->state);
    if (resuming->course.terms == NULL)
        return error_set(err, ERROR_UNSUPPORTED,
                         "rollout %.12s was begun by a release that kept no terms: fleet apply "
                         "makes a new plan for what is left",
                         last->id);
    return true;
}

/* As it stands now: one whose process is gone does not run any more. */
static bool read_course(struct workspace *workspace, struct resuming *resuming, struct error *err)
{
    struct store *store = workspace_store(workspace, err);
    const struct interrupted_rollout *closed;
    size_t count;

    if (store == NULL || !store_close_interrupted(store, resuming->arena, &closed, &count, err) ||
        !store_read_course(store, resuming->environment, resuming->arena, &resuming->course, err))
        return false;
    if (resuming->course.count == 0)
        return error_set(err, ERROR_USAGE, "the store has no rollout of %s: nothing to go on with",
                         resuming->environment);
    return check_course(resuming, err);
}

static bool read_plan(struct workspace *workspace, struct resuming *resuming, struct error *err)
{
    AUTO_BUFFER struct buffer document = {0};
    struct store *store = workspace_store(workspace, err);
    bool found = false;

    if (store == NULL || !store_read_plan(store, &resuming->course.plan, &document, &found, err))
        return false;
    if (!found)
        return error_set(err, ERROR_VERIFY, "the store has no plan of that rollout");
    resuming->plan = plan_read(document.bytes, document.length, err);
    return resuming->plan != NULL;
}

static bool is_of_course(const struct course *course, const char *rollout)
{
    for (size_t i = 0; rollout != NULL && i < course->count; i++)
        if (strcmp(course->rollouts[i].id, rollout) == 0)
            return true;
    return false;
}

/* A target on which an agent still does what the rollout asked for; NULL: there is none. */
static const struct surveyed *find_at_work(const struct resuming *resuming)
{
    for (size_t i = 0; i < resuming->survey->count; i++)
        if (is_of_course(&resuming->course, resuming->survey->items[i].status.at_work))
            return &resuming->survey->items[i];
    return NULL;
}

/* Hears what agents have to tell of it; jobs that they have under way come to their end first. */
static bool look(struct workspace *workspace, struct resuming *resuming,
                 const struct terminal *terminal, struct error *err)
{
    AUTO_SELECTION struct selection selection = {0};
    const struct surveyed *at_work = NULL;
    const char *told = "";

    if (!workspace_select_planned(workspace, resuming->plan, &selection, err))
        return false;
    do {
        if (at_work != NULL && strcmp(told, at_work->target->name) != 0) {
            told = at_work->target->name;
            fprintf(terminal->messages, "%s: its agent is still at work; waits for its end\n",
                    told);
            fflush(terminal->messages);
        }
        if (at_work != NULL)
            nanosleep(&(struct timespec){.tv_nsec = NAP_MS * 1000000L}, NULL);
        survey_free(resuming->survey);
        resuming->survey = workspace_survey(workspace, &selection, NULL, err);
        if (resuming->survey == NULL || !read_course(workspace, resuming, err))
            return false;
        at_work = find_at_work(resuming);
    } while (at_work != NULL);
    return true;
}

static bool adopt(struct workspace *workspace, struct resuming *resuming, struct error *err)
{
    const struct course *course = &resuming->course;
    struct store *store = workspace_store(workspace, err);
    const struct course_job *jobs;
    size_t count;

    if (store == NULL ||
        !rollout_terms_read(course->terms, resuming->plan->target_count, resuming->arena,
                            &resuming->terms, err) ||
        !rollout_prepare(resuming->plan, workspace_inventory(workspace), &resuming->terms,
                         &resuming->state, err) ||
        !store_read_course_jobs(store, course->rollouts[0].id, resuming->arena, &jobs, &count, err))
        return false;
    if (resuming->wish->back)
        resuming->terms.on_failure = FAILURE_ROLLBACK_ALL;
    resuming->state.back_begun = resuming->wish->back;
    if (!resumption_adopt(course, jobs, count, &resuming->state, err))
        return false;
    resuming->action = rollout_adopt_end(&resuming->state);
    return true;
}

/* Agents would refuse it as well, each for itself. */
static bool check_time(const struct resuming *resuming, const struct clock *clock,
                       struct error *err)
{
    const struct plan_header *header = &resuming->plan->header;
    bool back = resuming->action == ACTION_TAKE_BACK;
    int64_t until_ms = back ? header->rollback_until_ms : header->finish_by_ms;
    char until[TIMESTAMP_SIZE];

    if (clock->wall_ms(clock) <= until_ms)
        return back || plan_policy_may_begin(&header->policy, clock, err);
    timestamp_format(until_ms, until);
    return error_set(err, ERROR_VERIFY, "the plan had to be %s by %s: %s",
                     back ? "taken back" : "finished", until,
                     back ? "fleet rollback plans that anew" : "fleet apply makes a new one");
}

static void print_course(const struct resuming *resuming, const struct terminal *terminal)
{
    const struct course_rollout *first = &resuming->course.rollouts[0];
    const struct rollout_state *state = &resuming->state;

    fprintf(terminal->out, "rollout %.12s of %s, begun by %s at %s, %s: %zu of %zu applied",
            first->id, resuming->environment, first->operator_name, first->started_at,
            newest(resuming)->state, state->applied, state->count);
    if (state->failed > 0)
        fprintf(terminal->out, ", %zu failed", state->failed);
    if (state->taken_back > 0)
        fprintf(terminal->out, ", %zu taken back", state->taken_back);
    fputc('\n', terminal->out);
    if (resuming->action == ACTION_END)
        fputs("nothing is left to go on with; fleet apply makes a new plan\n", terminal->out);
    else
        fprintf(terminal->out, "goes on %s wave %zu of %zu\n",
                resuming->action == ACTION_TAKE_BACK ? "taking back from" : "with", state->wave + 1,
                state->wave_count);
}

/* The status is what the command that was cut off would have ended with. */
static int tell_end(struct resuming *resuming, const struct rollout_subject *subject,
                    enum report_form form, const struct terminal *terminal)
{
    (void)rollout_step(&resuming->state, &(struct rollout_event){.kind = ROLLOUT_BEGIN});
    if (form != REPORT_TABLE)
        rollout_report_print_data(subject, &resuming->state, form, terminal);
    return rollout_report_status(subject, &resuming->state, false);
}

static int go_on(struct workspace *workspace, const struct invocation *invocation,
                 struct resuming *resuming, enum report_form form, struct error *err)
{
    char question[160];
    const struct conduct conduct = {
        .subject = {.plan = resuming->plan, .survey = resuming->survey, .is_resumed = true},
        .terms = &resuming->terms,
        .first = resuming->course.rollouts[0].id,
        .at_once = resuming->wish->at_once,
        .form = form,
    };

    if (form == REPORT_TABLE)
        print_course(resuming, invocation->terminal);
    if (resuming->action == ACTION_END)
        return tell_end(resuming, &conduct.subject, form, invocation->terminal);
    snprintf(question, sizeof question, "Go on in %s?", resuming->environment);
    if (!check_time(resuming, invocation->clock, err) || !command_ask(invocation, question, err))
        return STATUS_FAILED;
    return conduct_run(workspace, invocation, &conduct, &resuming->state, err);
}

int resuming_run(struct workspace *workspace, const struct invocation *invocation,
                 const struct resuming_wish *wish, struct error *err)
{
    __attribute__((cleanup(resuming_free))) struct resuming resuming = {
        .arena = arena_new(), .wish = wish, .environment = wish->environment};
    enum report_form form;

    if (!report_form_from_name(arguments_value(invocation->arguments, "output"), &form, err))
        return STATUS_USAGE;
    if (!read_course(workspace, &resuming, err) || !read_plan(workspace, &resuming, err) ||
        !look(workspace, &resuming, invocation->terminal, err) || !adopt(workspace, &resuming, err))
        return STATUS_FAILED;
    return go_on(workspace, invocation, &resuming, form, err);
}
