#include "orchestrator/plan_view.h"

#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/memory.h"
#include "plans/cohort.h"

static void print_step(const struct plan_step *step, const struct plan_view *view,
                       const struct terminal *terminal)
{
    FILE *out = terminal->out;
    bool color = terminal->color_out;
    const char *separator = step->version[0] != '\0' ? " " : "";

    fprintf(out, "    %-8s %s%s", direction_name(step->direction), step->version, separator);
    terminal_put_untrusted(out, step->name, false);
    if (step->no_way_back != NULL) {
        fprintf(out, "  %sno way back:%s ", terminal_style(color, STYLE_WARN),
                terminal_style(color, STYLE_PLAIN));
        terminal_put_untrusted(out, step->no_way_back, false);
    }
    fputc('\n', out);
    if (!view->sql || step->run.script == NULL)
        return;
    AUTO(text) char *sql = xstrndup(step->run.script->sql, step->run.script->length);
    fputs(terminal_style(color, STYLE_DIM), out);
    for (char *save = NULL, *line = strtok_r(sql, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        line[strcspn(line, "\r")] = '\0';
        fputs("      | ", out);
        terminal_put_untrusted(out, line, false);
        fputc('\n', out);
    }
    fputs(terminal_style(color, STYLE_PLAIN), out);
}

static void print_names(const struct cohort *cohort, FILE *out)
{
    size_t shown = 0;

    for (; shown < COHORT_NAMES && cohort->first[shown] != NULL; shown++)
        fprintf(out, "%s%s", shown > 0 ? ", " : "", cohort->first[shown]->name);
    if (cohort->target_count > shown)
        fprintf(out, ", and %zu more", cohort->target_count - shown);
}

/* Before the step that it is about; one that is given up runs nothing more. */
static void print_repair(const struct repair *repair, const struct plan_recipe *recipe, FILE *out)
{
    static const char *const before[REPAIR_VERDICT_COUNT] = {
        [REPAIR_DONE] = "statement",
        [REPAIR_UNDONE] = "statement",
        [REPAIR_CONTINUE] = "all before statement",
        [REPAIR_TAKEN_BACK] = "all was undone by hand; nothing runs",
    };
    static const char *const after[REPAIR_VERDICT_COUNT] = {
        [REPAIR_DONE] = "has run; the rest of the step runs",
        [REPAIR_UNDONE] = "has not run; it runs, and the rest of the step",
        [REPAIR_CONTINUE] = "has run; the rest of the step runs",
    };
    const struct plan_step *step = &recipe->steps[0];

    fprintf(out, "    %-8s %s%s", direction_name(DIRECTION_REPAIR), step->version,
            step->version[0] != '\0' ? " " : "");
    terminal_put_untrusted(out, step->name, false);
    fprintf(out, ": %s", before[repair->verdict]);
    if (after[repair->verdict] != NULL)
        fprintf(out, " %d %s", repair->statement, after[repair->verdict]);
    fputc('\n', out);
}

static void print_cohort(const struct cohort *cohort, size_t number, const struct plan_view *view,
                         const struct terminal *terminal)
{
    const struct plan_recipe *recipe = cohort->recipe;
    FILE *out = terminal->out;

    fprintf(out, "\n  %srecipe %zu%s  %s, %zu %s, %zu %s%s: ",
            terminal_style(terminal->color_out, STYLE_BOLD), number,
            terminal_style(terminal->color_out, STYLE_PLAIN), engine_kind_name(recipe->engine),
            recipe->step_count, recipe->step_count == 1 ? "step" : "steps", cohort->target_count,
            cohort->target_count == 1 ? "target" : "targets",
            cohort->is_outlier ? ", outlier" : "");
    print_names(cohort, out);
    fputc('\n', out);
    const struct repair *repair = cohort->first[0] != NULL ? cohort->first[0]->repair : NULL;
    if (repair != NULL)
        print_repair(repair, recipe, out);
    if (repair != NULL && repair->verdict == REPAIR_TAKEN_BACK)
        return;
    for (size_t i = 0; i < recipe->step_count; i++)
        print_step(&recipe->steps[i], view, terminal);
}

static const char *idle_words(const struct plan_view *view)
{
    return view->idle != NULL ? view->idle : "up to date";
}

static void print_nothing(const struct plan *plan, const struct plan_view *view, FILE *out)
{
    fprintf(out, "%s: nothing to do; %zu %s %s\n", plan->header.environment, view->up_to_date,
            view->up_to_date == 1 ? "target is" : "targets are", idle_words(view));
}

/* What is signed beside the steps, where there is such. */
static void print_policy(const char *what, const char *text, FILE *out)
{
    if (text == NULL || text[0] == '\0')
        return;
    fprintf(out, "%s: ", what);
    terminal_put_untrusted(out, text, false);
    fputc('\n', out);
}

void plan_view_print(const struct plan *plan, const struct plan_view *view,
                     const struct terminal *terminal)
{
    AUTO_COHORTS struct cohorts cohorts = {0};
    AUTO_BUFFER struct buffer summary = {0};
    FILE *out = terminal->out;
    char digest[DIGEST_HEX_SIZE];

    if (plan->target_count == 0) {
        print_nothing(plan, view, out);
        return;
    }
    cohorts_find(plan, &cohorts);
    cohorts_describe(&cohorts, &summary);
    digest_to_hex(&plan->digest, digest);
    fprintf(out, "%s%s%s: %s", terminal_style(terminal->color_out, STYLE_BOLD),
            plan->header.environment, terminal_style(terminal->color_out, STYLE_PLAIN),
            buffer_text(&summary));
    if (view->up_to_date > 0)
        fprintf(out, "; %zu %s", view->up_to_date, idle_words(view));
    fprintf(out, "\nplan %.16s, %s\n", digest, plan->signature_count > 0 ? "signed" : "not signed");
    print_policy("window", plan->header.policy.window, out);
    print_policy("health", plan->header.policy.health_sql, out);
    if (plan->header.policy.confirm_within_ms > 0) {
        char within[32];

        duration_format(plan->header.policy.confirm_within_ms, within);
        fprintf(out, "goes back by itself unless it is confirmed within %s\n", within);
    }
    for (size_t i = 0; i < cohorts.count; i++)
        print_cohort(&cohorts.items[i], i + 1, view, terminal);
    fputc('\n', out);
}

static json_t *step_to_json(const struct plan_step *step, const struct plan_view *view)
{
    json_t *object = json_object();

    json_object_set_new(object, "direction", json_string(direction_name(step->direction)));
    json_object_set_new(object, "version", json_text(step->version));
    json_object_set_new(object, "name", json_text(step->name));
    json_object_set_new(object, "source_sha256", json_hex(&step->source_sha256));
    json_object_set_new(object, "way_back", json_boolean(step->no_way_back == NULL));
    if (view->sql && step->run.script != NULL)
        json_object_set_new(object, "sql", json_text(step->run.script->sql));
    return object;
}

static json_t *recipe_to_json(const struct plan *plan, const struct plan_recipe *recipe,
                              const struct plan_view *view)
{
    json_t *object = json_object();
    json_t *steps = json_array();
    json_t *targets = json_array();

    for (size_t i = 0; i < recipe->step_count; i++)
        json_array_append_new(steps, step_to_json(&recipe->steps[i], view));
    for (size_t i = 0; i < plan->target_count; i++)
        if (plan->targets[i].recipe == recipe)
            json_array_append_new(targets, json_text(plan->targets[i].name));
    json_object_set_new(object, "digest", json_hex(&recipe->digest));
    json_object_set_new(object, "engine", json_string(engine_kind_name(recipe->engine)));
    json_object_set_new(object, "steps", steps);
    json_object_set_new(object, "targets", targets);
    return object;
}

void plan_view_print_json(const struct plan *plan, const struct plan_view *view,
                          const struct terminal *terminal)
{
    AUTO(json) json_t *document = json_object();
    AUTO_BUFFER struct buffer text = {0};
    json_t *recipes = json_array();

    for (size_t i = 0; i < plan->recipe_count; i++)
        json_array_append_new(recipes, recipe_to_json(plan, &plan->recipes[i], view));
    json_object_set_new(document, "format", json_integer(1));
    json_object_set_new(document, "environment", json_text(plan->header.environment));
    json_object_set_new(document, "digest", json_hex(&plan->digest));
    json_object_set_new(document, "targets", json_integer((json_int_t)plan->target_count));
    json_object_set_new(document, "up_to_date", json_integer((json_int_t)view->up_to_date));
    json_object_set_new(document, "recipes", recipes);
    json_write_pretty(document, &text);
    fwrite(text.bytes, 1, text.length, terminal->out);
}
