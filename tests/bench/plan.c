/*
 * plan - what planning costs: 500 migrations on 10,000 and 100,000 targets whose status is given.
 *
 * Targets are of three engines and share eight applied sets, from empty to 495 versions. Each run
 * is a process of its own; printed are medians of time and the peak of memory.
 *
 *   plan [RUNS]      ends with 1 if a goal is missed
 */
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/memory.h"
#include "plans/planner.h"
#include "plans/slice.h"

enum { MIGRATIONS = 500, SETS = 8, RUNS_MAX = 99, AGENT_SHARE = 500 };

enum part { PART_PLAN, PART_WRITE, PART_SIGN, PART_READ, PART_SLICE, PART_COUNT };

static const char *const part_names[PART_COUNT] = {"plan", "write", "sign", "read", "slice"};

struct measure {
    double ms[PART_COUNT];
    double goal_ms; /* plan, write and sign together */
    double peak_mb; /* until the plan is signed */
    size_t bytes;   /* of the document */
};

static const size_t applied_counts[SETS] = {495, 495, 495, 490, 480, 400, 250, 0};

static double now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double peak_mb(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static const struct migration_script *make_script(struct arena *arena, int number, const char *verb,
                                                  const char *rest)
{
    struct migration_script *script = arena_calloc(arena, 1, sizeof *script);

    script->file =
        arena_printf(arena, "%04d_table_%d.%s.sql", number, number, verb[0] == 'C' ? "up" : "down");
    script->sql = arena_printf(arena, "%s TABLE table_%d%s;\n", verb, number, rest);
    script->length = strlen(script->sql);
    script->sha256 = digest_of(script->sql, script->length);
    return script;
}

static const struct migrations *make_folder(struct arena *arena)
{
    static const char columns[] = " (\n    id BIGINT PRIMARY KEY,\n    name TEXT NOT NULL,\n"
                                  "    total NUMERIC(12, 2) DEFAULT 0,\n    created TIMESTAMP\n)";
    struct migration *items = arena_calloc(arena, MIGRATIONS, sizeof *items);
    struct migrations *folder = arena_calloc(arena, 1, sizeof *folder);

    for (int i = 0; i < MIGRATIONS; i++) {
        items[i].version = arena_printf(arena, "%04d", i + 1);
        items[i].name = arena_printf(arena, "table_%d", i + 1);
        for (int engine = 0; engine < ENGINE_KIND_COUNT; engine++) {
            items[i].up[engine] = make_script(arena, i + 1, "CREATE", columns);
            items[i].down[engine] = make_script(arena, i + 1, "DROP", "");
        }
    }
    *folder = (struct migrations){.directory = "migrations", .items = items, .count = MIGRATIONS};
    return folder;
}

static const struct applied_set *make_set(struct arena *arena, const struct migrations *folder,
                                          size_t number)
{
    struct applied_set *set = arena_calloc(arena, 1, sizeof *set);
    struct applied *items = arena_calloc(arena, MIGRATIONS, sizeof *items);

    set->id = digest_of(&number, sizeof number);
    set->items = items;
    set->count = applied_counts[number];
    for (size_t i = 0; i < set->count; i++)
        items[i] = (struct applied){.version = folder->items[i].version,
                                    .name = folder->items[i].name,
                                    .source_sha256 = folder->items[i].up[0]->sha256};
    return set;
}

static const struct target_state *make_states(struct arena *arena, const struct migrations *folder,
                                              size_t count)
{
    struct target_state *states = arena_calloc(arena, count, sizeof *states);
    const struct applied_set *sets[SETS];

    for (size_t i = 0; i < SETS; i++)
        sets[i] = make_set(arena, folder, i);
    for (size_t i = 0; i < count; i++)
        states[i] = (struct target_state){
            .name = arena_printf(arena, "orders-%06zu", i),
            .agent = arena_printf(arena, "db-%04zu", i / AGENT_SHARE),
            .engine = (enum engine_kind)(i % ENGINE_KIND_COUNT),
            .head = digest_of(&i, sizeof i),
            .applied = sets[i % SETS],
        };
    return states;
}

static struct plan *make_plan(const struct migrations *folder, const struct target_state *states,
                              size_t count)
{
    AUTO(diagnostics) struct diagnostics *problems = diagnostics_new();
    struct plan_request request = {
        .header = {.fleet = "shop",
                   .environment = "prod",
                   .author = "bench",
                   .nonce = "00000000000000000000000000000000"},
        .goal = GOAL_UP,
        .migrations = folder,
        .states = states,
        .state_count = count,
    };
    struct plan *plan = planner_plan(&request, problems);

    assert(plan != NULL && plan->target_count == count);
    return plan;
}

static double lap(double *since)
{
    double now = now_ms();
    double elapsed = now - *since;

    *since = now;
    return elapsed;
}

static void slice_for_agent(const struct plan *plan)
{
    struct error err = {0};
    size_t targets[AGENT_SHARE];

    for (size_t i = 0; i < AGENT_SHARE; i++)
        targets[i] = i;
    AUTO(json) json_t *value = slice_encode(plan, targets, AGENT_SHARE);
    AUTO(slice) struct slice *slice = slice_decode(value, &err);
    assert(slice != NULL);
}

static struct measure run(size_t count)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct migrations *folder = make_folder(arena);
    const struct target_state *states = make_states(arena, folder, count);
    AUTO_BUFFER struct buffer document = {0};
    struct error err = {0};
    struct measure measure = {0};
    AUTO(signing_key) struct signing_key *key = signing_key_generate(&err);
    double since = now_ms();
    double start = since;

    AUTO(plan) struct plan *plan = make_plan(folder, states, count);
    measure.ms[PART_PLAN] = lap(&since);
    bool is_signed = plan_sign(plan, key, "bench", &err);
    assert(is_signed);
    measure.ms[PART_SIGN] = lap(&since);
    plan_write(plan, &document);
    measure.ms[PART_WRITE] = lap(&since);
    measure.goal_ms = since - start;
    measure.peak_mb = peak_mb();
    measure.bytes = document.length;

    since = now_ms();
    AUTO(plan) struct plan *again = plan_read(document.bytes, document.length, &err);
    assert(again != NULL);
    measure.ms[PART_READ] = lap(&since);
    slice_for_agent(plan);
    measure.ms[PART_SLICE] = lap(&since);
    return measure;
}

/* In a process of its own, so that each peak of memory is its own. */
static struct measure run_apart(size_t count)
{
    struct measure measure;
    int ends[2];
    int status;

    if (pipe(ends) != 0)
        abort();
    pid_t child = fork();
    if (child == 0) {
        measure = run(count);
        _exit(write(ends[1], &measure, sizeof measure) == sizeof measure ? 0 : 1);
    }
    close(ends[1]);
    bool is_whole = read(ends[0], &measure, sizeof measure) == sizeof measure;
    close(ends[0]);
    if (waitpid(child, &status, 0) != child || status != 0 || !is_whole)
        abort();
    return measure;
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

static double median(const struct measure *runs, int count, size_t offset)
{
    double values[RUNS_MAX];

    for (int i = 0; i < count; i++)
        memcpy(&values[i], (const char *)&runs[i] + offset, sizeof values[i]);
    qsort(values, (size_t)count, sizeof values[0], by_value);
    return values[count / 2];
}

static struct measure measure_size(size_t targets, int runs)
{
    struct measure all[RUNS_MAX];
    struct measure middle = {0};

    for (int i = 0; i < runs; i++)
        all[i] = run_apart(targets);
    for (size_t part = 0; part < PART_COUNT; part++)
        middle.ms[part] = median(all, runs, offsetof(struct measure, ms) + part * sizeof(double));
    middle.goal_ms = median(all, runs, offsetof(struct measure, goal_ms));
    middle.peak_mb = median(all, runs, offsetof(struct measure, peak_mb));
    middle.bytes = all[0].bytes;
    return middle;
}

static void print_measure(size_t targets, const struct measure *measure)
{
    printf("%7zu targets: %7.1f ms, peak %6.1f MB, document %5.1f MB  (", targets, measure->goal_ms,
           measure->peak_mb, (double)measure->bytes / 1048576);
    for (size_t part = 0; part < PART_COUNT; part++)
        printf("%s%s %.1f ms", part > 0 ? ", " : "", part_names[part], measure->ms[part]);
    puts(")");
}

/* One line of the verdict; whether the goal is met. */
static bool judge(const char *what, double value, double goal, const char *unit)
{
    bool is_met = value <= goal;

    printf("%-34s %8.1f %s, goal %.0f %s: %s\n", what, value, unit, goal, unit,
           is_met ? "met" : "MISSED");
    return is_met;
}

int main(int argc, char **argv)
{
    int runs = argc > 1 ? atoi(argv[1]) : 5;
    static const size_t sizes[] = {10 * 1000, 100 * 1000};
    struct measure small;
    struct measure large;

    if (runs < 1 || runs > RUNS_MAX) {
        fprintf(stderr, "usage: plan [RUNS], 1 to %d\n", RUNS_MAX);
        return 2;
    }
    small = measure_size(sizes[0], runs);
    large = measure_size(sizes[1], runs);
    print_measure(sizes[0], &small);
    print_measure(sizes[1], &large);
    bool is_met = judge("10,000 targets, time", small.goal_ms, 500, "ms");
    is_met &= judge("10,000 targets, memory", small.peak_mb, 100, "MB");
    is_met &= judge("100,000 targets, time", large.goal_ms, 4000, "ms");
    /* Linear: ten times the targets may cost ten times the time and a little for caches. */
    is_met &=
        judge("growth of time from 10,000 to 100,000", large.goal_ms / small.goal_ms, 12, "x");
    return is_met ? 0 : 1;
}
