#include "agents/target_intents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/target_tables.h"
#include "common/list.h"
#include "common/memory.h"

enum { NUMBER_SIZE = 24 };

static const char *const intent_statuses[] = {
    [INTENT_OPEN] = "open",
    [INTENT_DONE] = "done",
    [INTENT_UNDOING] = "undoing",
    [INTENT_UNDONE] = "undone",
};

bool target_intents_add(struct session *session, const struct intent *intent, struct error *err)
{
    char key[DIGEST_HEX_SIZE];
    char sha256[DIGEST_HEX_SIZE];
    char statement[NUMBER_SIZE];
    char started[TIMESTAMP_SIZE];
    const char *const parameters[] = {
        key,
        statement,
        sha256,
        intent->class_name,
        intent->session,
        intent->version,
        intent->name,
        direction_name(intent->direction),
        intent->summary,
        started,
        intent->before,
    };

    digest_to_hex(&intent->attempt_key, key);
    digest_to_hex(&intent->sha256, sha256);
    snprintf(statement, sizeof statement, "%d", intent->statement);
    timestamp_format(intent->started_ms, started);
    return target_tables_ask(
               session,
               "INSERT INTO %sfleet_intent (attempt_key, statement, sha256, class, session,"
               " status, version, name, direction, summary, started_at, state_before, state_after)"
               " VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, $8, $9, $10, $11, '')",
               parameters, COUNT_OF(parameters), NULL, NULL, err) ||
           error_wrap(err, "cannot record the intent");
}

bool target_intents_set(struct session *session, const struct intent *intent, struct error *err)
{
    char key[DIGEST_HEX_SIZE];
    char number[NUMBER_SIZE];
    const char *const parameters[] = {intent_statuses[intent->status], intent->before,
                                      intent->session, key, number};

    digest_to_hex(&intent->attempt_key, key);
    snprintf(number, sizeof number, "%d", intent->statement);
    return target_tables_ask(
               session,
               "UPDATE %sfleet_intent SET status = $1, state_before = $2, session = $3"
               " WHERE attempt_key = $4 AND statement = $5",
               parameters, COUNT_OF(parameters), NULL, NULL, err) ||
           error_wrap(err, "cannot mark the statement as %s", intent_statuses[intent->status]);
}

bool target_intents_finish(struct session *session, const struct digest *attempt_key, int statement,
                           struct error *err)
{
    char key[DIGEST_HEX_SIZE];
    char number[NUMBER_SIZE];
    const char *const parameters[] = {key, number};

    digest_to_hex(attempt_key, key);
    snprintf(number, sizeof number, "%d", statement);
    return target_tables_ask(session,
                             "UPDATE %sfleet_intent SET status = 'done' WHERE attempt_key = $1"
                             " AND statement = $2",
                             parameters, COUNT_OF(parameters), NULL, NULL, err) ||
           error_wrap(err, "cannot mark the statement as done");
}

bool target_intents_forget(struct session *session, const struct digest *attempt_key,
                           struct error *err)
{
    char key[DIGEST_HEX_SIZE];
    const char *const parameters[] = {key};

    digest_to_hex(attempt_key, key);
    return target_tables_ask(session, "DELETE FROM %sfleet_intent WHERE attempt_key = $1",
                             parameters, COUNT_OF(parameters), NULL, NULL, err) ||
           error_wrap(err, "cannot remove the intents");
}

bool target_intents_adopt(struct session *session, const struct digest *from,
                          const struct digest *to, int removed, struct error *err)
{
    char from_key[DIGEST_HEX_SIZE], to_key[DIGEST_HEX_SIZE];
    char number[NUMBER_SIZE];
    const char *const gone[] = {from_key, number};
    const char *const moved[] = {to_key, from_key};

    digest_to_hex(from, from_key);
    digest_to_hex(to, to_key);
    snprintf(number, sizeof number, "%d", removed);
    return (target_tables_ask(
                session, "DELETE FROM %sfleet_intent WHERE attempt_key = $1 AND statement = $2",
                gone, COUNT_OF(gone), NULL, NULL, err) &&
            target_tables_ask(session,
                              "UPDATE %sfleet_intent SET attempt_key = $1 WHERE attempt_key = $2",
                              moved, COUNT_OF(moved), NULL, NULL, err)) ||
           error_wrap(err, "cannot take over the intents");
}

struct intent_reader {
    struct arena *arena;
    struct intent *intents;
    size_t count;
    bool malformed;
};

static bool read_status(const char *name, enum intent_status *status)
{
    for (size_t i = 0; i < COUNT_OF(intent_statuses); i++)
        if (strcmp(intent_statuses[i], name) == 0) {
            *status = (enum intent_status)i;
            return true;
        }
    return false;
}

static bool read_intent(const char *const *values, struct arena *arena, struct intent *intent)
{
    intent->statement = (int)strtol(values[1], NULL, 10);
    intent->class_name = arena_strdup(arena, values[3]);
    intent->before = arena_strdup(arena, values[5] != NULL ? values[5] : "");
    intent->session = arena_strdup(arena, values[6]);
    intent->version = arena_strdup(arena, values[7]);
    intent->name = arena_strdup(arena, values[8]);
    intent->summary = arena_strdup(arena, values[10]);
    return digest_from_hex(values[0], &intent->attempt_key) &&
           digest_from_hex(values[2], &intent->sha256) && read_status(values[4], &intent->status) &&
           direction_from_name(values[9], &intent->direction) &&
           timestamp_parse(values[11], &intent->started_ms);
}

static bool take_intent(void *context, size_t columns, const char *const *values)
{
    struct intent_reader *reader = context;

    for (size_t i = 0; i < columns; i++)
        if (values[i] == NULL && i != 5)
            reader->malformed = true;
    reader->intents =
        list_room(reader->arena, reader->intents, reader->count, sizeof *reader->intents);
    struct intent *intent = &reader->intents[reader->count++];
    reader->malformed = reader->malformed || !read_intent(values, reader->arena, intent);
    return !reader->malformed;
}

bool target_intents_read(struct session *session, struct arena *arena,
                         const struct intent **intents, size_t *count, struct error *err)
{
    struct intent_reader reader = {.arena = arena};

    if (!target_tables_ask(
            session,
            "SELECT attempt_key, statement, sha256, class, status, state_before, session, version,"
            " name, direction, summary, started_at FROM %sfleet_intent ORDER BY statement",
            NULL, 0, take_intent, &reader, err))
        return error_wrap(err, "cannot read the intents");
    if (reader.malformed)
        return error_set(err, ERROR_CONFLICT, "row %zu of fleet_intent does not have our form",
                         reader.count);
    *intents = reader.intents;
    *count = reader.count;
    return true;
}
