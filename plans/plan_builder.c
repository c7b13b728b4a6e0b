#include "plans/plan_builder.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "plans/digest_table.h"
#include "plans/plan_encode.h"

struct kept_script {
    struct plan_script script;
    bool is_used; /* by a recipe; others stay out of the plan */
};

struct plan_builder {
    struct arena *arena;
    struct kept_script **scripts;
    size_t script_count;
    struct digest_table *script_numbers;
    struct plan_recipe **recipes;
    size_t recipe_count;
    struct digest_table *recipe_numbers;
};

struct plan_builder *plan_builder_new(void)
{
    struct plan_builder *builder = xcalloc(1, sizeof *builder);

    builder->arena = arena_new();
    builder->script_numbers = digest_table_new();
    builder->recipe_numbers = digest_table_new();
    return builder;
}

void plan_builder_free(struct plan_builder *builder)
{
    if (builder == NULL)
        return;
    arena_free(builder->arena);
    free(builder->scripts);
    digest_table_free(builder->script_numbers);
    free(builder->recipes);
    digest_table_free(builder->recipe_numbers);
    free(builder);
}

struct arena *plan_builder_arena(struct plan_builder *builder)
{
    return builder->arena;
}

/* A list of pointers that doubles whenever its length is a power of two. */
static void *room_for_one_more(void *list, size_t count)
{
    bool is_full = (count & (count - 1)) == 0;

    return is_full ? xreallocarray(list, count > 0 ? 2 * count : 1, sizeof(void *)) : list;
}

const struct plan_script *plan_builder_script(struct plan_builder *builder, const char *sql,
                                              size_t length)
{
    struct digest sha256 = digest_of(sql, length);
    size_t number = digest_table_intern(builder->script_numbers, &sha256, builder->script_count);

    if (number == builder->script_count) {
        struct kept_script *kept = arena_calloc(builder->arena, 1, sizeof *kept);

        kept->script =
            (struct plan_script){sha256, arena_copy(builder->arena, sql, length), length};
        builder->scripts = room_for_one_more(builder->scripts, builder->script_count);
        builder->scripts[builder->script_count++] = kept;
    }
    return &builder->scripts[number]->script;
}

static void use_script(struct plan_builder *builder, const struct plan_script *script)
{
    size_t number;

    if (script != NULL && digest_table_find(builder->script_numbers, &script->sha256, &number))
        builder->scripts[number]->is_used = true;
}

static struct plan_recipe *keep_recipe(struct plan_builder *builder,
                                       const struct plan_recipe *recipe)
{
    struct plan_recipe *kept = arena_calloc(builder->arena, 1, sizeof *kept);
    struct plan_step *steps = arena_calloc(builder->arena, recipe->step_count, sizeof *steps);

    for (size_t i = 0; i < recipe->step_count; i++) {
        steps[i] = recipe->steps[i];
        use_script(builder, steps[i].run.script);
        use_script(builder, steps[i].undo.script);
    }
    *kept = *recipe;
    kept->steps = steps;
    return kept;
}

const struct plan_recipe *plan_builder_recipe(struct plan_builder *builder, enum engine_kind engine,
                                              const struct plan_step *steps, size_t count)
{
    struct plan_recipe recipe = {.engine = engine, .steps = steps, .step_count = count};

    recipe.digest = plan_recipe_digest(&recipe);
    size_t number =
        digest_table_intern(builder->recipe_numbers, &recipe.digest, builder->recipe_count);
    if (number == builder->recipe_count) {
        builder->recipes = room_for_one_more(builder->recipes, builder->recipe_count);
        builder->recipes[builder->recipe_count++] = keep_recipe(builder, &recipe);
    }
    return builder->recipes[number];
}

static int by_script(const void *a, const void *b)
{
    const struct kept_script *const *left = a;
    const struct kept_script *const *right = b;

    return digest_compare(&(*left)->script.sha256, &(*right)->script.sha256);
}

static int by_recipe(const void *a, const void *b)
{
    const struct plan_recipe *const *left = a;
    const struct plan_recipe *const *right = b;

    return digest_compare(&(*left)->digest, &(*right)->digest);
}

static int by_target(const void *a, const void *b)
{
    const struct plan_target *left = a;
    const struct plan_target *right = b;

    return strcmp(left->name, right->name);
}

static void place_scripts(struct plan_builder *builder, struct plan *plan)
{
    const struct plan_script **scripts =
        arena_calloc(plan->arena, builder->script_count, sizeof *scripts);

    if (builder->script_count > 0)
        qsort(builder->scripts, builder->script_count, sizeof(void *), by_script);
    for (size_t i = 0; i < builder->script_count; i++)
        if (builder->scripts[i]->is_used)
            scripts[plan->script_count++] = &builder->scripts[i]->script;
    plan->scripts = scripts;
}

static void place_recipes(struct plan_builder *builder, struct plan *plan)
{
    struct plan_recipe *recipes = arena_calloc(plan->arena, builder->recipe_count, sizeof *recipes);

    if (builder->recipe_count > 0)
        qsort(builder->recipes, builder->recipe_count, sizeof(void *), by_recipe);
    for (size_t i = 0; i < builder->recipe_count; i++)
        recipes[i] = *builder->recipes[i];
    plan->recipes = recipes;
    plan->recipe_count = builder->recipe_count;
}

/* Where each recipe stands in the plan. */
static struct digest_table *rank_recipes(const struct plan *plan)
{
    struct digest_table *ranks = digest_table_new();

    for (size_t i = 0; i < plan->recipe_count; i++)
        digest_table_intern(ranks, &plan->recipes[i].digest, i);
    return ranks;
}

static const struct repair *copy_repair(struct arena *arena, const struct repair *repair)
{
    struct repair *copy = arena_calloc(arena, 1, sizeof *copy);

    *copy = *repair;
    return copy;
}

static void place_targets(struct plan *plan, const struct plan_target *targets, size_t count)
{
    AUTO(digest_table) struct digest_table *ranks = rank_recipes(plan);
    struct plan_target *placed = arena_calloc(plan->arena, count, sizeof *placed);
    const char *agent = "";

    for (size_t i = 0; i < count; i++) {
        size_t rank;

        if (!digest_table_find(ranks, &targets[i].recipe->digest, &rank))
            abort();
        placed[i] = targets[i];
        placed[i].recipe = &plan->recipes[rank];
        placed[i].name = arena_strdup(plan->arena, targets[i].name);
        if (targets[i].identity != NULL)
            placed[i].identity = arena_strdup(plan->arena, targets[i].identity);
        if (targets[i].release != NULL)
            placed[i].release = arena_strdup(plan->arena, targets[i].release);
        if (targets[i].repair != NULL)
            placed[i].repair = copy_repair(plan->arena, targets[i].repair);
        if (strcmp(agent, targets[i].agent) != 0)
            agent = arena_strdup(plan->arena, targets[i].agent);
        placed[i].agent = agent;
    }
    if (count > 0)
        qsort(placed, count, sizeof *placed, by_target);
    for (size_t i = 1; i < count; i++)
        assert(strcmp(placed[i - 1].name, placed[i].name) != 0);
    plan->targets = placed;
    plan->target_count = count;
}

static struct plan_header copy_header(struct arena *arena, const struct plan_header *header)
{
    struct plan_header copy = *header;

    copy.fleet = arena_strdup(arena, header->fleet);
    copy.environment = arena_strdup(arena, header->environment);
    copy.author = arena_strdup(arena, header->author);
    copy.nonce = arena_strdup(arena, header->nonce);
    if (header->policy.window != NULL)
        copy.policy.window = arena_strdup(arena, header->policy.window);
    if (header->policy.health_sql != NULL)
        copy.policy.health_sql = arena_strdup(arena, header->policy.health_sql);
    return copy;
}

struct plan *plan_builder_seal(struct plan_builder *builder, const struct plan_header *header,
                               const struct plan_target *targets, size_t count)
{
    struct plan *plan = xcalloc(1, sizeof *plan);

    plan->arena = TAKE(builder->arena);
    plan->header = copy_header(plan->arena, header);
    place_scripts(builder, plan);
    place_recipes(builder, plan);
    place_targets(plan, targets, count);
    plan_seal(plan);
    return plan;
}
