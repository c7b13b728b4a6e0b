/*
 * rollout - what a rollout itself costs: waves, events, outcomes into the store; no agent, no
 * database.
 *
 * A fleet of 10,000 and of 100,000 targets on 100 agents, in four waves, three migrations each. In
 * the dispatcher's place stands one that answers at once what well agents would: a job's beginning,
 * its steps, its end, the agents in turn. Each size is a process of its own.
 *
 *   rollout      ends with 1 if a goal is missed
 */
#include <assert.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "common/file.h"
#include "common/memory.h"
#include "orchestrator/rollout.h"
#include "plans/planner.h"

enum { AGENTS = 100, MIGRATIONS = 3, EVENTS = 2 * MIGRATIONS + 2 };

static const char policy_text[] =
    "[fleet]\nname = shop\nstate = state.db\n"
    "[env:prod]\nwaves = 1, 1%, 10%, 100%\nmax_parallel = 1000\nmax_failures = 1%\n";

struct measure {
    double cpu_ms;
    double wall_ms;
    double before_mb; /* inventory, plan and states, before the rollout */
    double peak_mb;
    size_t applied;
};

/* An agent's answer under way. */
struct answer {
    const json_t *targets;
    size_t next; /* event */
};

static struct run_event event_at(const struct answer *answer)
{
    static const char *const versions[MIGRATIONS] = {"001", "002", "003"};
    const json_t *item = json_array_get(answer->targets, answer->next / EVENTS);
    const json_t *target = json_object_get(item, "target");
    size_t at = answer->next % EVENTS;
    struct run_event event = {.target = json_string_value(json_object_get(target, "name")),
                              .kind = RUN_JOB,
                              .job = at == 0 ? JOB_STARTED : JOB_APPLIED};

    assert(event.target != NULL);
    if (at == 0 || at == EVENTS - 1)
        return event;
    event.kind = RUN_STEP;
    event.step = at % 2 == 1 ? STEP_STARTED : STEP_DONE;
    event.version = versions[(at - 1) / 2];
    event.name = "table";
    event.direction = DIRECTION_UP;
    return event;
}

bool dispatcher_run(struct dispatcher *dispatcher, const struct call *calls, size_t count,
                    call_reply_function function, void *context, struct error *err)
{
    struct answer *answers = xcalloc(count, sizeof *answers);
    size_t open = count;

    (void)dispatcher;
    (void)err;
    for (size_t i = 0; i < count; i++)
        answers[i].targets = json_object_get(calls[i].run.slice, "targets");
    for (size_t i = 0; open > 0; i = (i + 1) % count) {
        struct answer *answer = &answers[i];
        size_t events = EVENTS * json_array_size(answer->targets);
        struct reply reply = {.kind = REPLY_EVENT};

        if (answer->next > events)
            continue;
        if (answer->next == events) {
            reply.kind = REPLY_END;
            open--;
        } else {
            reply.event = event_at(answer);
        }
        answer->next++;
        function(context, i, &reply);
    }
    free(answers);
    return true;
}

void dispatcher_stop(struct dispatcher *dispatcher)
{
    (void)dispatcher;
    assert(!"nothing fails here");
}

static const struct inventory *make_inventory(size_t count)
{
    AUTO_BUFFER struct buffer text = {0};
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    struct error err = {0};

    buffer_append_text(&text, policy_text);
    for (int i = 0; i < AGENTS; i++)
        buffer_printf(&text, "[agent:db-%03d]\naddress = db-%03d.example:7443\n", i, i);
    for (size_t i = 0; i < count; i++)
        buffer_printf(&text,
                      "[target:orders-%06zu]\nenv = prod\nagent = db-%03zu\nengine = sqlite\n", i,
                      i % AGENTS);
    bool is_written = file_write("fleet.ini", buffer_text(&text), text.length, 0600, &err);
    assert(is_written);
    const struct inventory *inventory = inventory_load("fleet.ini", faults);
    assert(inventory != NULL);
    return inventory;
}

static const struct migration_script *make_script(struct arena *arena, int number, const char *verb)
{
    struct migration_script *script = arena_calloc(arena, 1, sizeof *script);

    script->file = arena_printf(arena, "%03d_table.sql", number);
    script->sql = arena_printf(arena, "%s TABLE table_%d%s;\n", verb, number,
                               verb[0] == 'C' ? " (id INTEGER)" : "");
    script->length = strlen(script->sql);
    script->sha256 = digest_of(script->sql, script->length);
    return script;
}

static const struct migrations *make_folder(struct arena *arena)
{
    struct migration *items = arena_calloc(arena, MIGRATIONS, sizeof *items);
    struct migrations *folder = arena_calloc(arena, 1, sizeof *folder);

    for (int i = 0; i < MIGRATIONS; i++) {
        items[i].version = arena_printf(arena, "%03d", i + 1);
        items[i].name = "table";
        items[i].up[ENGINE_SQLITE] = make_script(arena, i + 1, "CREATE");
        items[i].down[ENGINE_SQLITE] = make_script(arena, i + 1, "DROP");
    }
    *folder = (struct migrations){.directory = "migrations", .items = items, .count = MIGRATIONS};
    return folder;
}

static struct plan *make_plan(const struct inventory *inventory, struct arena *arena)
{
    AUTO(diagnostics) struct diagnostics *problems = diagnostics_new();
    struct target_state *states = arena_calloc(arena, inventory->target_count, sizeof *states);
    static const struct applied_set nothing;

    for (size_t i = 0; i < inventory->target_count; i++)
        states[i] = (struct target_state){.name = inventory->targets[i].name,
                                          .agent = inventory->targets[i].agent->name,
                                          .engine = ENGINE_SQLITE,
                                          .applied = &nothing};
    const struct plan_request request = {
        .header = {.fleet = "shop",
                   .environment = "prod",
                   .author = "bench",
                   .nonce = "00000000000000000000000000000000"},
        .goal = GOAL_UP,
        .migrations = make_folder(arena),
        .states = states,
        .state_count = inventory->target_count,
    };
    struct plan *plan = planner_plan(&request, problems);

    assert(plan != NULL && plan->target_count == inventory->target_count);
    return plan;
}

static bool never(void *context)
{
    (void)context;
    return false;
}

static void no_pause(void *context, int64_t ms)
{
    (void)context;
    (void)ms;
}

static void ignore_event(void *context, const struct rollout_state *state, size_t job,
                         const struct run_event *event)
{
    (void)context;
    (void)state;
    (void)job;
    (void)event;
}

static void ignore_wave(void *context, const struct rollout_state *state)
{
    (void)context;
    (void)state;
}

static double peak_mb(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static void roll_out(const struct inventory *inventory, const struct plan *plan,
                     struct arena *arena, struct measure *measure)
{
    __attribute__((cleanup(rollout_state_free))) struct rollout_state state = {0};
    struct error err = {0};
    struct rollout_terms terms;
    const struct store_place place = {.location = "state.db"};
    AUTO(store)
    struct store *store = store_open(&place, clock_system(), random_system(), &err);
    const struct rollout_settings settings = {
        .plan = plan,
        .inventory = inventory,
        .terms = &terms,
        .store = store,
        .clock = clock_system(),
        .operator_name = "bench",
        .control = {.stop_asked = never, .pause = no_pause},
        .observer = ignore_event,
        .announce = ignore_wave,
    };
    double began_ms = now_ms();
    double cpu_began_ms = cpu_ms();
    bool ok = store != NULL &&
              rollout_terms_of(&inventory_environment(inventory, "prod")->policy, plan, inventory,
                               plan->target_count, arena, &terms, &err) &&
              rollout_prepare(plan, inventory, &terms, &state, &err) &&
              rollout_run(&settings, &state, &err);

    if (!ok)
        fprintf(stderr, "%s\n", err.message);
    measure->cpu_ms = cpu_ms() - cpu_began_ms;
    measure->wall_ms = now_ms() - began_ms;
    measure->peak_mb = peak_mb();
    measure->applied = ok ? state.applied : 0;
}

static struct measure run(size_t count)
{
    struct measure measure = {0};
    char directory[] = "/tmp/fleet-bench-XXXXXX";
    AUTO(arena) struct arena *arena = arena_new();

    if (mkdtemp(directory) == NULL || chdir(directory) != 0)
        abort();
    AUTO(inventory) const struct inventory *inventory = make_inventory(count);
    AUTO(plan) struct plan *plan = make_plan(inventory, arena);
    measure.before_mb = peak_mb();
    roll_out(inventory, plan, arena, &measure);
    AUTO(text) char *command = xasprintf("rm -rf '%s'", directory);
    if (system(command) != 0)
        abort();
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
    if (measure.applied != count)
        abort();
    printf(
        "%7zu targets: %8.1f ms of CPU, %8.1f ms, %.4f ms of CPU a target, peak %6.1f MB, of them"
        " %.1f MB before\n",
        count, measure.cpu_ms, measure.wall_ms, measure.cpu_ms / (double)count, measure.peak_mb,
        measure.before_mb);
    return measure;
}

/* One line of the verdict; whether the goal is met. */
static bool judge(const char *what, double value, double goal, const char *unit)
{
    bool is_met = value <= goal;

    printf("%-42s %8.3f %s, goal %.1f %s: %s\n", what, value, unit, goal, unit,
           is_met ? "met" : "MISSED");
    return is_met;
}

int main(void)
{
    const struct measure small = run_apart(10 * 1000);
    const struct measure large = run_apart(100 * 1000);
    bool is_met = judge("10,000 targets, CPU a target", small.cpu_ms / 10000, 0.5, "ms");

    is_met &= judge("10,000 targets, memory", small.peak_mb, 150, "MB");
    /* Linear: ten times the targets may cost ten times the CPU, and a little for caches. */
    is_met &= judge("growth of CPU from 10,000 to 100,000", large.cpu_ms / small.cpu_ms, 12, "x");
    is_met &=
        judge("growth of memory from 10,000 to 100,000", large.peak_mb / small.peak_mb, 12, "x");
    return is_met ? 0 : 1;
}
