#include "agents/target_tables.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fault.h"
#include "common/memory.h"

enum { NUMBER_SIZE = 24, HISTORY_COLUMNS = 18 };

#define HISTORY_FIELDS                                                                         \
    "seq, attempt_key, part, parts, version, name, direction, source_sha256, rendered_sha256," \
    " plan, rollout, applied_by, epoch, started_at, ended_at, fingerprint, previous_hash, "    \
    "row_hash"

/* Runs a statement of ours; each %s in it stands for the qualifier of our tables. */
static bool ask(struct session *session, const char *template, const char *const *parameters,
                size_t count, row_function row, void *context, struct error *err)
{
    AUTO_BUFFER struct buffer qualifier = {0};
    AUTO_BUFFER struct buffer sql = {0};
    const char *rest = template;

    session->engine->qualify(session, &qualifier);
    for (const char *place; (place = strstr(rest, "%s")) != NULL; rest = place + 2) {
        buffer_append(&sql, rest, (size_t)(place - rest));
        buffer_append(&sql, qualifier.bytes, qualifier.length);
    }
    buffer_append_text(&sql, rest);
    return session->engine->query(session, buffer_text(&sql), parameters, count, row, context, err);
}

bool target_tables_create(struct session *session, struct error *err)
{
    const struct engine *engine = session->engine;

    for (size_t i = 0; i < engine->create_tables_count; i++)
        if (!ask(session, engine->create_tables[i], NULL, 0, NULL, NULL, err) ||
            FAULT_ERROR(table_made, err))
            return error_wrap(err, "cannot create fleet's tables");
    return true;
}

static int64_t number_of(const char *text)
{
    return text != NULL ? strtoll(text, NULL, 10) : 0;
}

static void copy_text(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from != NULL ? from : "");
}

static bool take_head(void *context, size_t columns, const char *const *values)
{
    struct target_head *head = context;

    (void)columns;
    head->seq = number_of(values[0]);
    if (values[1] != NULL)
        (void)digest_from_hex(values[1], &head->head);
    head->fenced = values[2] != NULL;
    copy_text(head->store, sizeof head->store, values[2]);
    copy_text(head->rollout, sizeof head->rollout, values[3]);
    head->epoch = number_of(values[4]);
    head->intents = number_of(values[5]);
    return true;
}

bool target_tables_head(struct session *session, struct target_head *head, struct error *err)
{
    *head = (struct target_head){0};
    return ask(session,
               "SELECT (SELECT max(seq) FROM %sfleet_history),"
               " (SELECT row_hash FROM %sfleet_history"
               " WHERE seq = (SELECT max(seq) FROM %sfleet_history)),"
               " (SELECT store FROM %sfleet_fence WHERE id = 1),"
               " (SELECT rollout FROM %sfleet_fence WHERE id = 1),"
               " (SELECT epoch FROM %sfleet_fence WHERE id = 1),"
               " (SELECT count(*) FROM %sfleet_intent)",
               NULL, 0, take_head, head, err);
}

struct row_reader {
    struct arena *arena;
    struct history_row *rows;
    size_t count;
    size_t room;
    bool malformed;
};

static struct history_row *next_row(struct row_reader *reader)
{
    if (reader->count == reader->room) {
        size_t room = reader->room != 0 ? reader->room * 2 : 64;
        struct history_row *rows = arena_calloc(reader->arena, room, sizeof *rows);

        if (reader->count != 0)
            memcpy(rows, reader->rows, reader->count * sizeof *rows);
        reader->rows = rows;
        reader->room = room;
    }
    return &reader->rows[reader->count++];
}

static bool read_digest(const char *text, struct digest *digest)
{
    return text == NULL || digest_from_hex(text, digest);
}

static bool read_row(const char *const *values, struct arena *arena, struct history_row *row)
{
    row->seq = number_of(values[0]);
    row->part = (int)number_of(values[2]);
    row->parts = (int)number_of(values[3]);
    row->version = arena_strdup(arena, values[4]);
    row->name = arena_strdup(arena, values[5]);
    row->rollout = arena_strdup(arena, values[10]);
    row->operator_name = arena_strdup(arena, values[11]);
    row->epoch = number_of(values[12]);
    return read_digest(values[1], &row->attempt_key) &&
           direction_from_name(values[6], &row->direction) &&
           read_digest(values[7], &row->source_sha256) &&
           read_digest(values[8], &row->rendered_sha256) && read_digest(values[9], &row->plan) &&
           timestamp_parse(values[13], &row->started_ms) &&
           timestamp_parse(values[14], &row->ended_ms) &&
           read_digest(values[15], &row->fingerprint) && read_digest(values[16], &row->previous) &&
           read_digest(values[17], &row->hash);
}

static bool take_row(void *context, size_t columns, const char *const *values)
{
    struct row_reader *reader = context;

    for (size_t i = 0; i < columns; i++)
        if (values[i] == NULL && i != 15 && i != 16)
            reader->malformed = true;
    struct history_row *row = next_row(reader);
    if (reader->malformed || columns != HISTORY_COLUMNS || !read_row(values, reader->arena, row))
        reader->malformed = true;
    return !reader->malformed;
}

bool target_tables_rows(struct session *session, int64_t after, struct arena *arena,
                        const struct history_row **rows, size_t *count, struct error *err)
{
    struct row_reader reader = {.arena = arena};
    char seq[NUMBER_SIZE];
    const char *const parameters[] = {seq};

    snprintf(seq, sizeof seq, "%" PRId64, after);
    if (!ask(session, "SELECT " HISTORY_FIELDS " FROM %sfleet_history WHERE seq > $1 ORDER BY seq",
             parameters, COUNT_OF(parameters), take_row, &reader, err))
        return error_wrap(err, "cannot read the history");
    if (reader.malformed)
        return error_set(err, ERROR_CONFLICT,
                         "row %zu after seq %" PRId64 " of fleet_history does not have our form",
                         reader.count, after);
    *rows = reader.rows;
    *count = reader.count;
    return true;
}

/* The texts of a row's columns, where they are not texts already. */
struct row_texts {
    char seq[NUMBER_SIZE], part[NUMBER_SIZE], parts[NUMBER_SIZE], epoch[NUMBER_SIZE];
    char key[DIGEST_HEX_SIZE], source[DIGEST_HEX_SIZE], rendered[DIGEST_HEX_SIZE];
    char plan[DIGEST_HEX_SIZE], fingerprint[DIGEST_HEX_SIZE], previous[DIGEST_HEX_SIZE];
    char hash[DIGEST_HEX_SIZE];
    char started[TIMESTAMP_SIZE], ended[TIMESTAMP_SIZE];
};

static void write_texts(const struct history_row *row, struct row_texts *texts)
{
    snprintf(texts->seq, sizeof texts->seq, "%" PRId64, row->seq);
    snprintf(texts->part, sizeof texts->part, "%d", row->part);
    snprintf(texts->parts, sizeof texts->parts, "%d", row->parts);
    snprintf(texts->epoch, sizeof texts->epoch, "%" PRId64, row->epoch);
    digest_to_hex(&row->attempt_key, texts->key);
    digest_to_hex(&row->source_sha256, texts->source);
    digest_to_hex(&row->rendered_sha256, texts->rendered);
    digest_to_hex(&row->plan, texts->plan);
    digest_to_hex(&row->fingerprint, texts->fingerprint);
    digest_to_hex(&row->previous, texts->previous);
    digest_to_hex(&row->hash, texts->hash);
    timestamp_format(row->started_ms, texts->started);
    timestamp_format(row->ended_ms, texts->ended);
}

static const char *unless_none(const struct digest *digest, const char *hex)
{
    return digest_is_none(digest) ? NULL : hex;
}

bool target_tables_add_row(struct session *session, const struct history_row *row,
                           struct error *err)
{
    struct row_texts texts;

    write_texts(row, &texts);
    const char *const parameters[HISTORY_COLUMNS] = {
        texts.seq,
        texts.key,
        texts.part,
        texts.parts,
        row->version,
        row->name,
        direction_name(row->direction),
        texts.source,
        texts.rendered,
        texts.plan,
        row->rollout,
        row->operator_name,
        texts.epoch,
        texts.started,
        texts.ended,
        unless_none(&row->fingerprint, texts.fingerprint),
        unless_none(&row->previous, texts.previous),
        texts.hash,
    };
    return ask(session,
               "INSERT INTO %sfleet_history (" HISTORY_FIELDS ") VALUES ($1, $2, $3, $4, $5, $6,"
               " $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
               parameters, COUNT_OF(parameters), NULL, NULL, err) ||
           error_wrap(err, "cannot write the history");
}

static bool note_row(void *context, size_t columns, const char *const *values)
{
    (void)columns;
    (void)values;
    *(bool *)context = true;
    return true;
}

bool target_tables_has_key(struct session *session, const struct digest *attempt_key, bool *present,
                           struct error *err)
{
    char key[DIGEST_HEX_SIZE];
    const char *const parameters[] = {key};

    *present = false;
    digest_to_hex(attempt_key, key);
    return ask(session, "SELECT 1 FROM %sfleet_history WHERE attempt_key = $1", parameters,
               COUNT_OF(parameters), note_row, present, err) ||
           error_wrap(err, "cannot read the history");
}

bool target_tables_set_fence(struct session *session, bool exists, const char *store,
                             const char *rollout, int64_t epoch, struct error *err)
{
    static const char update[] =
        "UPDATE %sfleet_fence SET store = $1, rollout = $2, epoch = $3 WHERE id = 1";
    static const char insert[] =
        "INSERT INTO %sfleet_fence (id, store, rollout, epoch) VALUES (1, $1, $2, $3)";
    char number[NUMBER_SIZE];
    const char *const parameters[] = {store, rollout, number};

    snprintf(number, sizeof number, "%" PRId64, epoch);
    return ask(session, exists ? update : insert, parameters, COUNT_OF(parameters), NULL, NULL,
               err) ||
           error_wrap(err, "cannot raise the fence");
}

static const char *const intent_statuses[] = {
    [INTENT_OPEN] = "open",
    [INTENT_DONE] = "done",
    [INTENT_UNDOING] = "undoing",
    [INTENT_UNDONE] = "undone",
};

bool target_tables_add_intent(struct session *session, const struct intent *intent,
                              struct error *err)
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
    return ask(session,
               "INSERT INTO %sfleet_intent (attempt_key, statement, sha256, class, session,"
               " status, version, name, direction, summary, started_at, state_before, state_after)"
               " VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, $8, $9, $10, $11, '')",
               parameters, COUNT_OF(parameters), NULL, NULL, err) ||
           error_wrap(err, "cannot record the intent");
}

bool target_tables_set_intent(struct session *session, const struct intent *intent,
                              struct error *err)
{
    char key[DIGEST_HEX_SIZE];
    char number[NUMBER_SIZE];
    const char *const parameters[] = {intent_statuses[intent->status], intent->before,
                                      intent->session, key, number};

    digest_to_hex(&intent->attempt_key, key);
    snprintf(number, sizeof number, "%d", intent->statement);
    return ask(session,
               "UPDATE %sfleet_intent SET status = $1, state_before = $2, session = $3"
               " WHERE attempt_key = $4 AND statement = $5",
               parameters, COUNT_OF(parameters), NULL, NULL, err) ||
           error_wrap(err, "cannot mark the statement as %s", intent_statuses[intent->status]);
}

bool target_tables_finish_intent(struct session *session, const struct digest *attempt_key,
                                 int statement, struct error *err)
{
    char key[DIGEST_HEX_SIZE];
    char number[NUMBER_SIZE];
    const char *const parameters[] = {key, number};

    digest_to_hex(attempt_key, key);
    snprintf(number, sizeof number, "%d", statement);
    return ask(session,
               "UPDATE %sfleet_intent SET status = 'done' WHERE attempt_key = $1"
               " AND statement = $2",
               parameters, COUNT_OF(parameters), NULL, NULL, err) ||
           error_wrap(err, "cannot mark the statement as done");
}

bool target_tables_forget_intents(struct session *session, const struct digest *attempt_key,
                                  struct error *err)
{
    char key[DIGEST_HEX_SIZE];
    const char *const parameters[] = {key};

    digest_to_hex(attempt_key, key);
    return ask(session, "DELETE FROM %sfleet_intent WHERE attempt_key = $1", parameters,
               COUNT_OF(parameters), NULL, NULL, err) ||
           error_wrap(err, "cannot remove the intents");
}

bool target_tables_adopt_intents(struct session *session, const struct digest *from,
                                 const struct digest *to, int removed, struct error *err)
{
    char from_key[DIGEST_HEX_SIZE], to_key[DIGEST_HEX_SIZE];
    char number[NUMBER_SIZE];
    const char *const gone[] = {from_key, number};
    const char *const moved[] = {to_key, from_key};

    digest_to_hex(from, from_key);
    digest_to_hex(to, to_key);
    snprintf(number, sizeof number, "%d", removed);
    return (ask(session, "DELETE FROM %sfleet_intent WHERE attempt_key = $1 AND statement = $2",
                gone, COUNT_OF(gone), NULL, NULL, err) &&
            ask(session, "UPDATE %sfleet_intent SET attempt_key = $1 WHERE attempt_key = $2", moved,
                COUNT_OF(moved), NULL, NULL, err)) ||
           error_wrap(err, "cannot take over the intents");
}

struct intent_reader {
    struct arena *arena;
    struct intent *intents;
    size_t count;
    size_t room;
    bool malformed;
};

static struct intent *next_intent(struct intent_reader *reader)
{
    if (reader->count == reader->room) {
        size_t room = reader->room != 0 ? reader->room * 2 : 16;
        struct intent *intents = arena_calloc(reader->arena, room, sizeof *intents);

        if (reader->count != 0)
            memcpy(intents, reader->intents, reader->count * sizeof *intents);
        reader->intents = intents;
        reader->room = room;
    }
    return &reader->intents[reader->count++];
}

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
    intent->statement = (int)number_of(values[1]);
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
    struct intent *intent = next_intent(reader);
    reader->malformed = reader->malformed || !read_intent(values, reader->arena, intent);
    return !reader->malformed;
}

bool target_tables_intents(struct session *session, struct arena *arena,
                           const struct intent **intents, size_t *count, struct error *err)
{
    struct intent_reader reader = {.arena = arena};

    if (!ask(session,
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
