#include "orchestrator/workspace.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"
#include "orchestrator/reconciliation.h"
#include "orchestrator/store/store_tasks.h"
#include "orchestrator/workers/relay.h"

enum { LOCAL_WORKERS = 16, LOCAL_KEEP_MS = 60 * 1000 };

struct workspace {
    const struct invocation *invocation;
    const struct inventory *inventory;
    char *operator_name;
    const struct migrations *migrations;
    struct store *store;
    struct tls_identity *identity;
    struct agent_target *local_targets;
    struct service *local;
    struct relay *relay;
    struct dispatcher *dispatcher;
};

void workspace_free(struct workspace *workspace)
{
    if (workspace == NULL)
        return;
    dispatcher_free(workspace->dispatcher);
    relay_free(workspace->relay);
    service_free(workspace->local);
    free(workspace->local_targets);
    tls_identity_free(workspace->identity);
    store_free(workspace->store);
    migrations_free(workspace->migrations);
    free(workspace->operator_name);
    inventory_free(workspace->inventory);
    free(workspace);
}

static char *find_inventory(const struct invocation *invocation, struct error *err)
{
    const char *given = arguments_value(invocation->arguments, "inventory");
    const char *variable = getenv("FLEET_INVENTORY");

    if (given != NULL)
        return xstrdup(given);
    if (variable != NULL && variable[0] != '\0')
        return xstrdup(variable);
    char *here = getcwd(NULL, 0);
    if (here == NULL) {
        error_set(err, ERROR_IO, "the current directory is gone");
        return NULL;
    }
    char *found = inventory_find(here);
    free(here);
    if (found == NULL)
        error_set(
            err, ERROR_CONFIG,
            "no fleet.ini here or in a directory above: make one with fleet init, or name one "
            "with --inventory");
    return found;
}

static char *login_name(void)
{
    const struct passwd *user = getpwuid(getuid());

    return user != NULL ? xstrdup(user->pw_name) : xasprintf("uid-%u", (unsigned)getuid());
}

struct workspace *workspace_open(const struct invocation *invocation, int *status,
                                 struct error *err)
{
    AUTO(text) char *path = find_inventory(invocation, err);
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    AUTO(workspace) struct workspace *workspace = xcalloc(1, sizeof *workspace);

    *status = STATUS_USAGE;
    if (path == NULL)
        return NULL;
    workspace->invocation = invocation;
    workspace->inventory = inventory_load(path, faults);
    if (workspace->inventory == NULL) {
        *status = report_faults(invocation->terminal, faults);
        return NULL;
    }
    if (invocation->terminal->verbose)
        fprintf(invocation->terminal->messages, "inventory: %s\n", path);
    const char *name = workspace->inventory->operator_settings.name;
    workspace->operator_name = name != NULL ? xstrdup(name) : login_name();
    *status = STATUS_DONE;
    return TAKE(workspace);
}

const struct inventory *workspace_inventory(const struct workspace *workspace)
{
    return workspace->inventory;
}

const char *workspace_operator(const struct workspace *workspace)
{
    return workspace->operator_name;
}

/* Which operand is the first of a kind. */
static const struct {
    size_t environment;
    size_t target;
} first_operands[] = {
    [OPERANDS_ARE_ENVIRONMENTS] = {0, SIZE_MAX},
    [OPERANDS_ARE_TARGETS] = {SIZE_MAX, 0},
    [OPERANDS_AFTER_ONE_ARE_ENVIRONMENTS] = {1, SIZE_MAX},
};

/* The values of an option, and after them the operands that mean the same, which are those from
   first on; to be freed. */
static const char **option_and_operands(const struct arguments *arguments, const char *option,
                                        size_t first, size_t *count)
{
    size_t all_operands = arguments_operand_count(arguments);
    size_t operands = all_operands > first ? all_operands - first : 0;
    size_t given;
    const char *const *values = arguments_values(arguments, option, &given);
    const char **all = xcalloc(given + operands, sizeof *all);

    for (size_t i = 0; i < given; i++)
        all[i] = values[i];
    for (size_t i = 0; i < operands; i++)
        all[given + i] = arguments_operand(arguments, first + i);
    *count = given + operands;
    return all;
}

bool workspace_select(struct workspace *workspace, enum operand_meaning meaning,
                      struct selection *selection, struct error *err)
{
    const struct arguments *arguments = workspace->invocation->arguments;
    struct selector selector = {0};
    const char **environments = option_and_operands(
        arguments, "env", first_operands[meaning].environment, &selector.environment_count);
    const char **targets = option_and_operands(arguments, "target", first_operands[meaning].target,
                                               &selector.target_count);

    selector.environments = environments;
    selector.targets = targets;
    selector.labels = arguments_values(arguments, "label", &selector.label_count);
    bool ok = selector_apply(&selector, workspace->inventory, selection, err);
    free(targets);
    free(environments);
    return ok;
}

bool workspace_environment(const struct workspace *workspace, const char **name, struct error *err)
{
    const struct inventory *inventory = workspace->inventory;
    const struct arguments *arguments = workspace->invocation->arguments;

    if (!arguments_expect(arguments, 0, 1, "ENV", err))
        return false;
    *name = arguments_operand(arguments, 0);
    if (*name == NULL && inventory->environment_count == 1)
        *name = inventory->environments[0].name;
    if (*name == NULL)
        return error_set(err, ERROR_USAGE, "there are %zu environments: name one",
                         inventory->environment_count);
    return inventory_environment(inventory, *name) != NULL ||
           error_set(err, ERROR_USAGE, "no environment is called %s", *name);
}

bool workspace_select_planned(struct workspace *workspace, const struct plan *plan,
                              struct selection *selection, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char **names = arena_calloc(arena, plan->target_count + 1, sizeof *names);
    const struct selector selector = {.targets = names, .target_count = plan->target_count};

    if (plan->target_count == 0)
        return error_set(err, ERROR_VERIFY, "the plan has no target: nothing to apply");
    for (size_t i = 0; i < plan->target_count; i++)
        names[i] = plan->targets[i].name;
    return selector_apply(&selector, workspace->inventory, selection, err);
}

const struct migrations *workspace_migrations(struct workspace *workspace, int *status)
{
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();

    if (workspace->migrations == NULL)
        workspace->migrations =
            migrations_load(workspace->inventory->migrations, SUM_REQUIRED, faults);
    if (workspace->migrations == NULL)
        *status = report_faults(workspace->invocation->terminal, faults);
    return workspace->migrations;
}

struct store_place workspace_store_place(const struct workspace *workspace)
{
    return (struct store_place){workspace->inventory->state, workspace->inventory->state_password};
}

struct store *workspace_store(struct workspace *workspace, struct error *err)
{
    const struct invocation *invocation = workspace->invocation;
    const struct store_place place = workspace_store_place(workspace);

    if (workspace->store == NULL)
        workspace->store = store_open(&place, invocation->clock, invocation->random, err);
    return workspace->store;
}

static struct agent_target local_target(const struct target *target)
{
    return (struct agent_target){
        .name = target->name,
        .environment = target->environment->name,
        .engine = target->engine,
        .url = target->url,
        .schema = target->schema,
        .password = target->password,
        .init_sql = target->init_sql,
        .init_sql_count = target->init_sql_count,
    };
}

static bool open_local(struct workspace *workspace, const struct selection *selection, size_t count,
                       struct error *err)
{
    const struct invocation *invocation = workspace->invocation;
    size_t added = 0;

    workspace->local_targets = xcalloc(count, sizeof *workspace->local_targets);
    for (size_t i = 0; i < selection->count; i++)
        if (selection->targets[i]->agent == NULL)
            workspace->local_targets[added++] = local_target(selection->targets[i]);
    workspace->local = service_new(&(struct service_settings){.agent = "local",
                                                              .targets = workspace->local_targets,
                                                              .target_count = count,
                                                              .workers = LOCAL_WORKERS,
                                                              .kept_sessions = LOCAL_WORKERS,
                                                              .keep_ms = LOCAL_KEEP_MS,
                                                              .clock = invocation->clock,
                                                              .random = invocation->random},
                                   err);
    return workspace->local != NULL;
}

static struct tls_files files_of(const struct workspace *workspace)
{
    const struct operator_settings *settings = &workspace->inventory->operator_settings;

    return (struct tls_files){settings->cert, settings->key, settings->ca, settings->crl};
}

static bool names_all(const struct tls_files *files)
{
    return files->cert != NULL && files->key != NULL && files->ca != NULL;
}

static bool load_identity(struct workspace *workspace, struct error *err)
{
    const struct tls_files files = files_of(workspace);

    if (!names_all(&files))
        return true;
    workspace->identity = tls_identity_load(&files, err);
    return workspace->identity != NULL;
}

bool workspace_tls_files(const struct workspace *workspace, struct tls_files *files,
                         struct error *err)
{
    *files = files_of(workspace);
    return names_all(files) ||
           error_set(err, ERROR_CONFIG,
                     "no certificate to call agents with: name cert, key and ca in [operator]");
}

bool workspace_check_shared(const struct workspace *workspace, struct error *err)
{
    if (database_kind_of(workspace->inventory->state) == DATABASE_POSTGRESQL)
        return true;
    return error_set(
        err, ERROR_USAGE,
        "workers need a store that machines share: state = postgresql://USER@HOST/NAME "
        "in [fleet]");
}

/* Who is to make the calls to run, if the command wants workers to. */
static bool open_relay(struct workspace *workspace, struct error *err)
{
    const struct invocation *invocation = workspace->invocation;
    int64_t alive;

    if ((invocation->command->takes & TAKES_WORKERS) == 0 ||
        !arguments_has(invocation->arguments, "workers"))
        return true;
    if (!workspace_check_shared(workspace, err) || workspace_store(workspace, err) == NULL ||
        !store_count_workers(workspace->store, &alive, err))
        return false;
    if (alive == 0)
        return error_set(err, ERROR_CONNECT, RELAY_NO_WORKER);
    workspace->relay = relay_new(workspace->store, invocation->clock);
    return true;
}

struct dispatcher *workspace_dispatcher(struct workspace *workspace,
                                        const struct selection *selection, struct error *err)
{
    size_t local = 0;
    size_t max_streams = 1;

    if (workspace->dispatcher != NULL)
        return workspace->dispatcher;
    for (size_t i = 0; i < selection->count; i++) {
        size_t parallel = (size_t)selection->targets[i]->environment->policy.max_parallel;

        local += selection->targets[i]->agent == NULL;
        max_streams = parallel > max_streams ? parallel : max_streams;
    }
    if (local > 0 && !open_local(workspace, selection, local, err))
        return NULL;
    if ((local < selection->count && !load_identity(workspace, err)) || !open_relay(workspace, err))
        return NULL;
    workspace->dispatcher = dispatcher_new(&(struct dispatcher_settings){
        .operator_name = workspace->operator_name,
        .identity = workspace->identity,
        .local = workspace->local,
        .relay = workspace->relay,
        .max_streams = max_streams,
        .clock = workspace->invocation->clock,
    });
    return workspace->dispatcher;
}

static bool has_remote(const struct selection *selection)
{
    for (size_t i = 0; i < selection->count; i++)
        if (selection->targets[i]->agent != NULL)
            return true;
    return false;
}

/* The store that is there, if it may be written: without one nothing was ever sent, and one that
   may not be written leaves the agents theirs. */
static bool find_store(struct workspace *workspace, struct store **store, struct error *err)
{
    const char *location = workspace->inventory->state;

    *store = NULL;
    if (database_kind_of(location) == DATABASE_SQLITE && access(location, R_OK | W_OK) != 0)
        return true;
    *store = workspace_store(workspace, err);
    return *store != NULL;
}

/* What their agents keep is collected by then; the rest stays unknown. */
static bool tell_interrupted(struct store *store, const struct terminal *terminal,
                             struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct interrupted_rollout *rollouts;
    size_t count;

    if (!store_close_interrupted(store, arena, &rollouts, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        fprintf(
            terminal->messages,
            "rollout %.12s of %s, begun by %s at %s, was cut off; fleet resume goes on with it, "
            "and the same command again where the targets stand\n",
            rollouts[i].id, rollouts[i].environment, rollouts[i].operator_name,
            rollouts[i].started_at);
    return true;
}

struct survey *workspace_survey(struct workspace *workspace, const struct selection *selection,
                                const struct survey_question *question, struct error *err)
{
    struct survey_question own = question != NULL ? *question : (struct survey_question){0};
    const struct terminal *terminal = workspace->invocation->terminal;
    AUTO(collection) struct collection *collection = NULL;
    struct dispatcher *dispatcher = workspace_dispatcher(workspace, selection, err);
    struct store *store;

    if (dispatcher == NULL || !find_store(workspace, &store, err))
        return NULL;
    if (store != NULL && has_remote(selection))
        collection = own.collection = collection_new(store, workspace->inventory);
    AUTO(survey)
    struct survey *survey = survey_take(dispatcher, workspace->inventory, selection, &own, err);
    if (survey == NULL)
        return NULL;
    if (collection != NULL)
        collection_report(collection, terminal);
    if (store != NULL &&
        (!tell_interrupted(store, terminal, err) ||
         !reconciliation_run(store, dispatcher, workspace->inventory, survey, err)))
        return NULL;
    return TAKE(survey);
}

struct survey *workspace_survey_all(struct workspace *workspace, struct error *err)
{
    const struct selector everything = {0};
    AUTO_SELECTION struct selection selection = {0};

    if (!selector_apply(&everything, workspace->inventory, &selection, err))
        return NULL;
    return workspace_survey(workspace, &selection, NULL, err);
}

bool workspace_signing_key(struct workspace *workspace, struct signing_key **key, struct error *err)
{
    const char *path = workspace->inventory->operator_settings.signing_key;

    *key = NULL;
    if (path == NULL)
        return true;
    *key = signing_key_load(path, err);
    return *key != NULL;
}
