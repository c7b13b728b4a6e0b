#include "agents/target_tables.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fault.h"
#include "common/list.h"
#include "common/memory.h"

enum { NUMBER_SIZE = 24, HISTORY_COLUMNS = 18 };

#define HISTORY_FIELDS                                                                         \
    "seq, attempt_key, part, parts, version, name, direction, source_sha256, rendered_sha256," \
    " plan, rollout, applied_by, epoch, started_at, ended_at, fingerprint, previous_hash, "    \
    "row_hash"

bool target_tables_ask(struct session *session, const char *template, const char *const *parameters,
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
        if (!target_tables_ask(session, engine->create_tables[i], NULL, 0, NULL, NULL, err) ||
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

struct head_reader {
    struct session *session;
    struct target_head *head;
};

enum { HEAD_COLUMNS = 6 };

static bool take_head(void *context, size_t columns, const char *const *values)
{
    const struct head_reader *reader = context;
    struct target_head *head = reader->head;

    if (columns > HEAD_COLUMNS)
        reader->session->engine->note_standing(reader->session, values[HEAD_COLUMNS]);
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
    static const char columns[] = "SELECT (SELECT max(seq) FROM %sfleet_history),"
                                  " (SELECT row_hash FROM %sfleet_history"
                                  " WHERE seq = (SELECT max(seq) FROM %sfleet_history)),"
                                  " (SELECT store FROM %sfleet_fence WHERE id = 1),"
                                  " (SELECT rollout FROM %sfleet_fence WHERE id = 1),"
                                  " (SELECT epoch FROM %sfleet_fence WHERE id = 1),"
                                  " (SELECT count(*) FROM %sfleet_intent)";
    const char *standing = session->engine->standing;
    struct head_reader reader = {session, head};
    AUTO_BUFFER struct buffer sql = {0};

    *head = (struct target_head){0};
    buffer_append_text(&sql, columns);
    if (standing != NULL)
        buffer_printf(&sql, ", %s", standing);
    return target_tables_ask(session, buffer_text(&sql), NULL, 0, take_head, &reader, err);
}

struct row_reader {
    struct arena *arena;
    struct history_row *rows;
    size_t count;
    bool malformed;
};

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
    reader->rows = list_room(reader->arena, reader->rows, reader->count, sizeof *reader->rows);
    struct history_row *row = &reader->rows[reader->count++];
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
    if (!target_tables_ask(
            session, "SELECT " HISTORY_FIELDS " FROM %sfleet_history WHERE seq > $1 ORDER BY seq",
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
    return target_tables_ask(session,
                             "INSERT INTO %sfleet_history (" HISTORY_FIELDS
                             ") VALUES ($1, $2, $3, $4, $5, $6,"
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
    return target_tables_ask(session, "SELECT 1 FROM %sfleet_history WHERE attempt_key = $1",
                             parameters, COUNT_OF(parameters), note_row, present, err) ||
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
    return target_tables_ask(session, exists ? update : insert, parameters, COUNT_OF(parameters),
                             NULL, NULL, err) ||
           error_wrap(err, "cannot raise the fence");
}
