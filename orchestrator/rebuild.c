#include "orchestrator/rebuild.h"

#include <inttypes.h>
#include <string.h>

#include "common/list.h"
#include "common/memory.h"
#include "orchestrator/histories.h"

struct rebuilding {
    struct workspace *workspace;
    const struct selection *selection;
    struct arena *arena;
    struct store *store;
    struct dispatcher *dispatcher;
    const char **lost; /* stores that fences name and that are not ours */
    size_t lost_count;
    struct ledger_entry *entries;
    size_t entry_count;
    size_t rows;
    size_t unreached;
    int64_t epoch;
};

static void add_entry(struct rebuilding *rebuilding, const struct ledger_entry *entry)
{
    rebuilding->entries = list_room(rebuilding->arena, rebuilding->entries, rebuilding->entry_count,
                                    sizeof *rebuilding->entries);
    rebuilding->entries[rebuilding->entry_count++] = *entry;
}

/* Where the target stands, as the beginning of what the new ledger says of it. */
static void add_target(struct rebuilding *rebuilding, const struct target_status *status)
{
    char head[DIGEST_HEX_SIZE];

    digest_to_hex(&status->head, head);
    const struct ledger_entry entry = {
        .who = workspace_operator(rebuilding->workspace),
        .what = "target",
        .rollout = "",
        .plan = "",
        .target = status->target,
        .subject = arena_printf(rebuilding->arena, "head %s", head),
        .result = "found",
        .detail = arena_printf(rebuilding->arena,
                               "row %" PRId64 "; fence: epoch %" PRId64 " of store %s", status->seq,
                               status->epoch, status->store[0] != '\0' ? status->store : "none"),
    };

    if (status->seq > 0)
        add_entry(rebuilding, &entry);
}

static void note_store(struct rebuilding *rebuilding, const char *store)
{
    bool known = store[0] == '\0' || strcmp(store, store_id(rebuilding->store)) == 0;

    for (size_t i = 0; i < rebuilding->lost_count && !known; i++)
        known = strcmp(rebuilding->lost[i], store) == 0;
    if (known)
        return;
    rebuilding->lost = list_room(rebuilding->arena, rebuilding->lost, rebuilding->lost_count,
                                 sizeof *rebuilding->lost);
    rebuilding->lost[rebuilding->lost_count++] = arena_strdup(rebuilding->arena, store);
}

static bool survey(struct rebuilding *rebuilding, struct error *err)
{
    AUTO(survey)
    struct survey *survey =
        workspace_survey(rebuilding->workspace, rebuilding->selection, NULL, err);

    if (survey == NULL)
        return false;
    rebuilding->unreached = survey->unreached;
    rebuilding->epoch = survey->epoch_seen;
    for (size_t i = 0; i < survey->count; i++) {
        struct surveyed *item = &survey->items[i];

        if (!item->reached)
            continue;
        note_store(rebuilding, item->status.store);
        item->status.target = arena_strdup(rebuilding->arena, item->target->name);
        add_target(rebuilding, &item->status);
    }
    return true;
}

static void add_row(struct rebuilding *rebuilding, const char *target,
                    const struct history_row *row)
{
    struct arena *arena = rebuilding->arena;
    char plan[DIGEST_HEX_SIZE], at[TIMESTAMP_SIZE];

    digest_to_hex(&row->plan, plan);
    timestamp_format(row->ended_ms, at);
    const struct ledger_entry entry = {
        .who = arena_strdup(arena, row->operator_name),
        .what = "step",
        .rollout = arena_strdup(arena, row->rollout),
        .plan = arena_strdup(arena, plan),
        .target = target,
        .subject = arena_printf(arena, "%s %s_%s", direction_name(row->direction), row->version,
                                row->name),
        .result = step_state_name(STEP_DONE),
        .detail = arena_printf(arena, "at %s, from the target's history", at),
    };

    add_entry(rebuilding, &entry);
    rebuilding->rows++;
    if (row->epoch > rebuilding->epoch)
        rebuilding->epoch = row->epoch;
}

static bool read_histories(struct rebuilding *rebuilding, struct error *err)
{
    AUTO(histories)
    struct histories *histories =
        histories_take(rebuilding->dispatcher, workspace_inventory(rebuilding->workspace),
                       rebuilding->selection, err);

    if (histories == NULL)
        return false;
    for (size_t i = 0; i < histories->count; i++) {
        const struct target_history *history = &histories->items[i];
        const char *name = arena_strdup(rebuilding->arena, history->target->name);

        if (history->reached && history->error.code != ERROR_NONE) {
            *err = history->error;
            return error_wrap(err, "a history that cannot be trusted is not taken over");
        }
        for (size_t j = 0; j < history->count; j++)
            add_row(rebuilding, name, &history->rows[j]);
    }
    return true;
}

static void add_kept(struct rebuilding *rebuilding, const struct kept_outcome *kept)
{
    const struct ledger_entry entry = {
        .who = "",
        .what = kept->outcome.is_step ? "step" : "job",
        .rollout = kept->rollout,
        .plan = "",
        .target = kept->outcome.target,
        .subject = kept->outcome.subject,
        .result = kept->outcome.result,
        .detail = kept->outcome.message,
    };

    /* A step that was done has its row. */
    if (!kept->outcome.is_step || strcmp(kept->outcome.result, step_state_name(STEP_DONE)) != 0)
        add_entry(rebuilding, &entry);
}

/* What agents kept for the stores that are gone. */
static bool ask_agents(struct rebuilding *rebuilding, struct error *err)
{
    const struct inventory *inventory = workspace_inventory(rebuilding->workspace);

    for (size_t i = 0; i < rebuilding->lost_count; i++) {
        struct collection *collection = collection_new(rebuilding->store, inventory);
        const struct survey_question question = {.collection = collection};
        size_t count;

        collection_ask_for(collection, rebuilding->lost[i]);
        struct survey *answers =
            survey_take(rebuilding->dispatcher, inventory, rebuilding->selection, &question, err);
        const struct kept_outcome *kept = collection_items(collection, &count);
        for (size_t j = 0; answers != NULL && j < count; j++) {
            struct kept_outcome copy = kept[j];

            copy.rollout = arena_strdup(rebuilding->arena, copy.rollout);
            copy.outcome.target = arena_strdup(rebuilding->arena, copy.outcome.target);
            copy.outcome.subject = arena_strdup(rebuilding->arena, copy.outcome.subject);
            copy.outcome.message = arena_strdup(rebuilding->arena, copy.outcome.message);
            add_kept(rebuilding, &copy);
        }
        collection_free(collection);
        if (answers == NULL)
            return false;
        survey_free(answers);
    }
    return true;
}

static void report(const struct rebuilding *rebuilding, size_t added,
                   const struct terminal *terminal)
{
    FILE *out = terminal->out;
    size_t reached = rebuilding->selection->count - rebuilding->unreached;

    fprintf(out, "%zu targets read, %zu rows of history, %zu entries added to the ledger\n",
            reached, rebuilding->rows, added);
    for (size_t i = 0; i < rebuilding->lost_count; i++) {
        fputs("fences are of a store that is not this one: ", out);
        terminal_put_untrusted(out, rebuilding->lost[i], false);
        fputc('\n', out);
    }
    fprintf(out, "the next rollout has an epoch above %" PRId64 "\n", rebuilding->epoch);
    fputs("not known any more: the bytes of earlier plans (a rollback then takes the files that "
          "fleet.sum pins), rollouts that left no row, and who was refused or asked\n",
          out);
    if (rebuilding->unreached > 0)
        fprintf(out, "%zu targets are out of reach: the same command again adds them\n",
                rebuilding->unreached);
}

int rebuild_run(struct workspace *workspace, const struct invocation *invocation,
                const struct selection *selection, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct rebuilding rebuilding = {.workspace = workspace, .selection = selection, .arena = arena};
    size_t added;

    rebuilding.store = workspace_store(workspace, err);
    if (rebuilding.store == NULL)
        return STATUS_FAILED;
    rebuilding.dispatcher = workspace_dispatcher(workspace, selection, err);
    if (rebuilding.dispatcher == NULL || !survey(&rebuilding, err) ||
        !read_histories(&rebuilding, err) || !ask_agents(&rebuilding, err) ||
        !store_take_over(rebuilding.store, rebuilding.entries, rebuilding.entry_count,
                         rebuilding.epoch, &added, err))
        return STATUS_FAILED;
    report(&rebuilding, added, invocation->terminal);
    return rebuilding.unreached == 0 ? STATUS_DONE : STATUS_FAILED;
}
