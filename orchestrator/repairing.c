#include "orchestrator/repairing.h"

#include <limits.h>
#include <string.h>

#include "common/file.h"
#include "orchestrator/applying.h"
#include "orchestrator/stoppage_view.h"
#include "plans/plan_builder.h"

bool repairing_is_asked(const struct arguments *arguments)
{
    return arguments_value(arguments, "verdict") != NULL ||
           arguments_value(arguments, "statement") != NULL ||
           arguments_value(arguments, "continue-from") != NULL ||
           arguments_has(arguments, "taken-back");
}

static bool read_verdict(const struct arguments *arguments, struct repair *repair,
                         struct error *err)
{
    const char *verdict = arguments_value(arguments, "verdict");
    long statement;

    if (!arguments_number(arguments, "statement", 1, INT_MAX, 0, &statement, err))
        return false;
    if (verdict == NULL || statement == 0)
        return error_set(err, ERROR_USAGE, "--statement and --verdict go together");
    repair->statement = (int)statement;
    repair->verdict = REPAIR_DONE;
    if (strcmp(verdict, "undone") == 0)
        repair->verdict = REPAIR_UNDONE;
    else if (strcmp(verdict, "done") != 0)
        return error_set(err, ERROR_USAGE, "--verdict %s: it is done or undone", verdict);
    return true;
}

static bool read_order(const struct arguments *arguments, struct repair *repair, struct error *err)
{
    bool verdict = arguments_value(arguments, "verdict") != NULL ||
                   arguments_value(arguments, "statement") != NULL;
    bool from = arguments_value(arguments, "continue-from") != NULL;
    bool back = arguments_has(arguments, "taken-back");
    long number;

    if (verdict + from + back != 1)
        return error_set(err, ERROR_USAGE,
                         "--verdict, --continue-from and --taken-back exclude each other");
    if (verdict)
        return read_verdict(arguments, repair, err);
    if (!arguments_number(arguments, "continue-from", 1, INT_MAX, 0, &number, err))
        return false;
    repair->statement = (int)number;
    repair->verdict = back ? REPAIR_TAKEN_BACK : REPAIR_CONTINUE;
    return true;
}

/* The agent checks it again, on the target. */
static bool check_order(const struct stoppage *stoppage, const struct repair *repair,
                        struct error *err)
{
    const struct examined_part *part = &stoppage->part;
    bool says = repair->verdict == REPAIR_DONE || repair->verdict == REPAIR_UNDONE;

    if (stoppage->kind == STOP_UNREAD) {
        *err = stoppage->error;
        return error_wrap(err, "nothing can be settled on it");
    }
    if (stoppage->kind == STOP_AT_WORK)
        return error_set(err, ERROR_LOCKED, "somebody is at work on it: wait until that has ended");
    if (says && part->statement == 0)
        return error_set(err, ERROR_CONFLICT, "no statement is in question: apply goes on");
    if (says && part->statement != repair->statement)
        return error_set(err, ERROR_CONFLICT, "statement %d is not in question, but %d is",
                         repair->statement, part->statement);
    if (part->back && repair->verdict == REPAIR_UNDONE)
        return error_set(err, ERROR_CONFLICT,
                         "the way back of statement %d was cut off: run it by hand and say done, "
                         "or choose another way",
                         part->statement);
    if (repair->verdict == REPAIR_CONTINUE && (size_t)repair->statement > part->count + 1)
        return error_set(err, ERROR_CONFLICT, "the script has %zu statements", part->count);
    return true;
}

static void copy_part(struct plan_builder *builder, const struct plan_part *from,
                      struct plan_part *to)
{
    *to = (struct plan_part){0};
    if (from->script == NULL)
        return;
    to->file = arena_strdup(plan_builder_arena(builder), from->file);
    to->script = plan_builder_script(builder, from->script->sql, from->script->length);
}

static const struct plan_recipe *copy_recipe(struct plan_builder *builder,
                                             const struct stoppage *stoppage)
{
    struct arena *arena = plan_builder_arena(builder);
    struct plan_step step = stoppage->step;

    step.version = arena_strdup(arena, step.version);
    step.name = arena_strdup(arena, step.name);
    if (step.no_way_back != NULL)
        step.no_way_back = arena_strdup(arena, step.no_way_back);
    copy_part(builder, &stoppage->step.run, &step.run);
    copy_part(builder, &stoppage->step.undo, &step.undo);
    return plan_builder_recipe(builder, stoppage->item->target->engine, &step, 1);
}

/* What the plan that began it was allowed stays allowed for its rest. */
static struct plan *make_plan(struct workspace *workspace, const struct invocation *invocation,
                              const struct stoppage *stoppage, const struct repair *repair)
{
    AUTO(plan_builder) struct plan_builder *builder = plan_builder_new();
    const struct target_state state = survey_state(stoppage->item);
    struct plan_header header = draft_header(
        workspace, invocation, stoppage->item->target->environment, 0, plan_builder_arena(builder));
    const struct plan_target target = {
        .name = state.name,
        .agent = state.agent,
        .engine = state.engine,
        .head = state.head,
        .identity = state.identity,
        .timeline = state.timeline,
        .recipe = copy_recipe(builder, stoppage),
        .repair = repair,
    };

    header.policy = stoppage->plan->header.policy;
    return plan_builder_seal(builder, &header, &target, 1);
}

/* "up 003_split, statement 3: done". */
static char *describe(struct arena *arena, const struct stoppage *stoppage,
                      const struct repair *repair)
{
    const struct plan_step *step = &stoppage->step;
    const char *name = arena_printf(arena, "%s %s%s%s", direction_name(step->direction),
                                    step->version, step->version[0] != '\0' ? "_" : "", step->name);

    if (repair->verdict == REPAIR_TAKEN_BACK)
        return arena_printf(arena, "%s: taken back by hand", name);
    if (repair->verdict == REPAIR_CONTINUE)
        return arena_printf(arena, "%s: continue from statement %d", name, repair->statement);
    return arena_printf(arena, "%s, statement %d of %zu: %s", name, repair->statement,
                        stoppage->part.count, repair_verdict_name(repair->verdict));
}

static int write_order(const struct plan *plan, const char *path, const struct terminal *terminal,
                       struct error *err)
{
    AUTO_BUFFER struct buffer document = {0};

    plan_write(plan, &document);
    if (!file_write(path, document.bytes, document.length, 0600, err))
        return STATUS_FAILED;
    fprintf(terminal->messages, "wrote %s; carry it out with: fleet apply %s\n", path, path);
    return STATUS_DONE;
}

static int carry_out(struct workspace *workspace, const struct invocation *invocation,
                     const struct survey *survey, const struct stoppage *stoppage,
                     struct repair *repair, struct error *err)
{
    const char *form = arguments_value(invocation->arguments, "output");
    const char *file = arguments_value(invocation->arguments, "out");
    AUTO(arena) struct arena *arena = arena_new();

    repair->intents = stoppage->part.intents;
    if (!check_order(stoppage, repair, err)) {
        error_at_target(err, stoppage->item->target->name);
        return STATUS_FAILED;
    }
    AUTO(plan) struct plan *plan = make_plan(workspace, invocation, stoppage, repair);
    if (!draft_sign(workspace, plan, err))
        return STATUS_FAILED;
    if (file != NULL)
        return write_order(plan, file, invocation->terminal, err);
    if (form == NULL || strcmp(form, "table") == 0)
        stoppage_print(stoppage, invocation->terminal);
    const struct applying applying = {
        .plan = plan,
        .environment = stoppage->item->target->environment,
        .survey = survey,
        .verb = describe(arena, stoppage, repair),
        .reason = describe(arena, stoppage, repair),
    };
    return applying_run(workspace, invocation, &applying, err);
}

int repairing_run(struct workspace *workspace, const struct invocation *invocation,
                  const struct selection *selection, struct error *err)
{
    struct repair repair = {0};

    if (!read_order(invocation->arguments, &repair, err))
        return STATUS_USAGE;
    if (selection->count != 1) {
        error_set(err, ERROR_USAGE,
                  "%zu targets are selected: what was done by hand is said of one, with --target",
                  selection->count);
        return STATUS_USAGE;
    }
    AUTO(survey) struct survey *survey = workspace_survey(workspace, selection, NULL, err);
    if (survey == NULL)
        return STATUS_FAILED;
    if (!survey->items[0].reached) {
        *err = survey->items[0].error;
        return STATUS_FAILED;
    }
    AUTO(stoppages) struct stoppages *stoppages = stoppages_take(workspace, survey, err);
    if (stoppages == NULL)
        return STATUS_FAILED;
    if (stoppages->count == 0) {
        error_set(err, ERROR_CONFLICT, "target %s does not stand inside a step",
                  selection->targets[0]->name);
        return STATUS_FAILED;
    }
    return carry_out(workspace, invocation, survey, &stoppages->items[0], &repair, err);
}
