#include "agents/journal/journal.h"

#include <stdlib.h>
#include <string.h>

#include "agents/journal/journal_parts.h"
#include "common/file.h"
#include "common/memory.h"

/* Bytes of room. An outcome with the longest error, every character of it escaped, fits its share.
 */
enum { OUTCOME_SHARE = 4096, BEGUN_SHARE = 512, MESSAGE_MAX = 512 };

void journal_free(struct journal *journal)
{
    if (journal == NULL)
        return;
    file_descriptor_close(&journal->file);
    file_descriptor_close(&journal->lock);
    file_descriptor_close(&journal->directory);
    recall_free(journal->recall);
    pthread_cond_destroy(&journal->changed);
    pthread_mutex_destroy(&journal->mutex);
    free(journal->path);
    free(journal);
}

static size_t room_of(const struct acceptance *acceptance, size_t outcomes)
{
    size_t names = 0;

    for (size_t i = 0; i < acceptance->target_count; i++)
        names += strlen(acceptance->targets[i]) + 3;
    return 1024 + names + outcomes * (OUTCOME_SHARE + BEGUN_SHARE);
}

bool journal_accept(struct journal *journal, const struct acceptance *acceptance, size_t outcomes,
                    struct error *err)
{
    const struct journal_entry entry = {.type = ENTRY_ACCEPTED, .accepted = *acceptance};

    pthread_mutex_lock(&journal->mutex);
    bool ok = recall_may_accept(journal->recall, acceptance, err) &&
              journal_compact_if_due(journal, err) &&
              journal_reserve(journal, room_of(acceptance, outcomes), err) &&
              journal_append(journal, &entry, err) && journal_sync_up(journal, err);
    pthread_mutex_unlock(&journal->mutex);
    return ok;
}

bool journal_knows_plan(struct journal *journal, const struct digest *plan)
{
    pthread_mutex_lock(&journal->mutex);
    bool known = recall_knows_plan(journal->recall, plan);
    pthread_mutex_unlock(&journal->mutex);
    return known;
}

bool journal_may_begin(struct journal *journal, const char *target, const char *rollout,
                       int64_t epoch, struct error *err)
{
    pthread_mutex_lock(&journal->mutex);
    bool may = recall_may_begin(journal->recall, target, rollout, epoch, err);
    pthread_mutex_unlock(&journal->mutex);
    return may;
}

int64_t journal_epoch(struct journal *journal, const char *target)
{
    pthread_mutex_lock(&journal->mutex);
    int64_t epoch = recall_epoch(journal->recall, target);
    pthread_mutex_unlock(&journal->mutex);
    return epoch;
}

/* The error as it fits an outcome's share of the room. */
static struct error short_error(const struct error *error)
{
    struct error brief = *error;

    if (strlen(brief.message) > MESSAGE_MAX) {
        size_t end = MESSAGE_MAX;

        while (end > 0 && ((unsigned char)brief.message[end] & 0xC0) == 0x80)
            end--;
        memcpy(brief.message + end, "…", sizeof "…");
    }
    return brief;
}

static bool note_beginning(struct journal *journal, const char *rollout,
                           const struct run_event *event, struct error *err)
{
    AUTO(text)
    char *step = event->kind == RUN_STEP
                     ? xasprintf("%s %s%s%s", direction_name(event->direction), event->version,
                                 event->version[0] != '\0' ? "_" : "", event->name)
                     : xstrdup("");
    const struct journal_entry entry = {
        .type = ENTRY_BEGUN, .begun = {.target = event->target, .rollout = rollout, .step = step}};

    return journal_append(journal, &entry, err);
}

static bool is_beginning(const struct run_event *event)
{
    return event->kind == RUN_JOB ? event->job == JOB_STARTED : event->step == STEP_STARTED;
}

void journal_note(struct journal *journal, const char *rollout, const struct run_event *event)
{
    struct error ignored = {0}; /* it stays in journal->failed, and refuses the next request */
    struct run_event brief = *event;
    struct error why;

    if (event->kind == RUN_ACCEPTED || (event->kind == RUN_STEP && event->step == STEP_WAITING))
        return;
    if (event->error != NULL) {
        why = short_error(event->error);
        brief.error = &why;
    }
    pthread_mutex_lock(&journal->mutex);
    (void)!(is_beginning(event) ? note_beginning(journal, rollout, event, &ignored)
                                : journal_append_outcome(journal, rollout, &brief, &ignored));
    pthread_mutex_unlock(&journal->mutex);
}

bool journal_sync(struct journal *journal, struct error *err)
{
    pthread_mutex_lock(&journal->mutex);
    bool ok = journal_sync_up(journal, err);
    pthread_mutex_unlock(&journal->mutex);
    return ok;
}

/* Only a store's own are dropped. That it has them need not be durable: it says so again. */
static void drop_had(struct journal *journal, const struct outcomes_request *request)
{
    for (size_t i = 0; i < request->had_count; i++) {
        const struct journal_entry entry = {.type = ENTRY_ACKNOWLEDGED,
                                            .acknowledged = request->had[i]};
        struct error ignored = {0};

        if (recall_is_of_store(journal->recall, request->had[i].rollout, request->store))
            (void)!journal_append(journal, &entry, &ignored);
    }
}

void journal_hand_over(struct journal *journal, const struct outcomes_request *request,
                       outcome_sink sink, void *context)
{
    pthread_mutex_lock(&journal->mutex);
    drop_had(journal, request);
    recall_outcomes(journal->recall, request->store, sink, context);
    pthread_mutex_unlock(&journal->mutex);
}
