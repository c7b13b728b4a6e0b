#include "orchestrator/plan_view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"

enum { NAMES_SHOWN = 3, OUTLIER_SHARE = 10 };

/* The targets of one recipe. */
struct cohort {
    const struct plan_recipe *recipe;
    size_t count;
    const char *names[NAMES_SHOWN];
};

static int by_size(const void *a, const void *b)
{
    size_t left = ((const struct cohort *)a)->count;
    size_t right = ((const struct cohort *)b)->count;

    return left < right ? 1 : left > right ? -1 : 0;
}

static struct cohort *find_cohorts(const struct plan *plan)
{
    struct cohort *cohorts = xcalloc(plan->recipe_count, sizeof *cohorts);

    for (size_t i = 0; i < plan->target_count; i++) {
        struct cohort *cohort = &cohorts[plan->targets[i].recipe - plan->recipes];

        cohort->recipe = plan->targets[i].recipe;
        if (cohort->count < NAMES_SHOWN)
            cohort->names[cohort->count] = plan->targets[i].name;
        cohort->count++;
    }
    qsort(cohorts, plan->recipe_count, sizeof *cohorts, by_size);
    return cohorts;
}

static bool has_undo(const struct plan_step *step)
{
    return step->undo.script != NULL || step->direction == DIRECTION_BASELINE;
}

static void print_step(const struct plan_step *step, const struct plan_view *view,
                       const struct terminal *terminal)
{
    FILE *out = terminal->out;
    bool color = terminal->color_out;
    const char *separator = step->version[0] != '\0' ? " " : "";

    fprintf(out, "    %-8s %s%s", direction_name(step->direction), step->version, separator);
    terminal_put_untrusted(out, step->name, false);
    if (!has_undo(step))
        fprintf(out, "  %sno way back%s", terminal_style(color, STYLE_WARN),
                terminal_style(color, STYLE_PLAIN));
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
    size_t shown = cohort->count < NAMES_SHOWN ? cohort->count : NAMES_SHOWN;

    for (size_t i = 0; i < shown; i++)
        fprintf(out, "%s%s", i > 0 ? ", " : "", cohort->names[i]);
    if (cohort->count > shown)
        fprintf(out, ", and %zu more", cohort->count - shown);
}

static void print_cohort(const struct cohort *cohort, size_t number, const struct plan_view *view,
                         const struct terminal *terminal)
{
    const struct plan_recipe *recipe = cohort->recipe;
    FILE *out = terminal->out;
    char digest[DIGEST_HEX_SIZE];

    digest_to_hex(&recipe->digest, digest);
    fprintf(out, "\n  %srecipe %zu%s  %s, %zu %s, %zu %s: ",
            terminal_style(terminal->color_out, STYLE_BOLD), number,
            terminal_style(terminal->color_out, STYLE_PLAIN), engine_kind_name(recipe->engine),
            recipe->step_count, recipe->step_count == 1 ? "step" : "steps", cohort->count,
            cohort->count == 1 ? "target" : "targets");
    print_names(cohort, out);
    fputc('\n', out);
    for (size_t i = 0; i < recipe->step_count; i++)
        print_step(&recipe->steps[i], view, terminal);
}

/* A cohort that is far smaller than the largest is worth a second look. */
static size_t count_outliers(const struct cohort *cohorts, size_t count)
{
    size_t outliers = 0;

    for (size_t i = 1; i < count; i++)
        if (cohorts[i].count * OUTLIER_SHARE <= cohorts[0].count)
            outliers += cohorts[i].count;
    return outliers;
}

void plan_view_print(const struct plan *plan, const struct plan_view *view,
                     const struct terminal *terminal)
{
    FILE *out = terminal->out;
    char digest[DIGEST_HEX_SIZE];

    if (plan->target_count == 0) {
        fprintf(out, "%s: nothing to do; %zu %s up to date\n", plan->header.environment,
                view->up_to_date, view->up_to_date == 1 ? "target is" : "targets are");
        return;
    }
    struct cohort *cohorts = find_cohorts(plan);
    size_t outliers = count_outliers(cohorts, plan->recipe_count);
    digest_to_hex(&plan->digest, digest);
    fprintf(out, "%s%s%s: %zu %s, %zu %s", terminal_style(terminal->color_out, STYLE_BOLD),
            plan->header.environment, terminal_style(terminal->color_out, STYLE_PLAIN),
            plan->target_count, plan->target_count == 1 ? "target" : "targets", plan->recipe_count,
            plan->recipe_count == 1 ? "recipe" : "recipes");
    if (outliers > 0)
        fprintf(out, ", %zu %s", outliers, outliers == 1 ? "outlier" : "outliers");
    if (view->up_to_date > 0)
        fprintf(out, "; %zu up to date", view->up_to_date);
    fprintf(out, "\nplan %.16s, %s\n", digest, plan->signature_count > 0 ? "signed" : "not signed");
    for (size_t i = 0; i < plan->recipe_count; i++)
        print_cohort(&cohorts[i], i + 1, view, terminal);
    fputc('\n', out);
    free(cohorts);
}

static json_t *step_to_json(const struct plan_step *step, const struct plan_view *view)
{
    json_t *object = json_object();

    json_object_set_new(object, "direction", json_string(direction_name(step->direction)));
    json_object_set_new(object, "version", json_text(step->version));
    json_object_set_new(object, "name", json_text(step->name));
    json_object_set_new(object, "source_sha256", json_hex(&step->source_sha256));
    json_object_set_new(object, "way_back", json_boolean(has_undo(step)));
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
