/*
 * The target's lock is GET_LOCK on the executing session: it ends with the session, however that
 * ends. It knows no transactions, so the narrower span is the same lock, given back at the end of
 * the transaction.
 */
#include <stdio.h>
#include <string.h>

#include "agents/engines/mysql_session.h"
#include "common/digest.h"
#include "common/memory.h"

void mysql_make_lock_name(const char *database, char name[MYSQL_LOCK_NAME_SIZE])
{
    enum { HEX_DIGITS = 32 };
    struct digest digest = digest_of_text(database);
    char hex[DIGEST_HEX_SIZE];

    digest_to_hex(&digest, hex);
    snprintf(name, MYSQL_LOCK_NAME_SIZE, "fleet:%.*s", HEX_DIGITS, hex);
}

static bool is_one(void *context, size_t columns, const char *const *values)
{
    *(bool *)context = columns > 0 && values[0] != NULL && strcmp(values[0], "1") == 0;
    return false;
}

static bool ask(struct session *base, const char *sql, bool *answer, struct error *err)
{
    const struct mysql_session *session = mysql_session_of(base);
    const char *names[] = {session->lock_name, session->lock_name};

    *answer = false;
    return mysql_query_ours(base, sql, names, COUNT_OF(names), is_one, answer, err);
}

struct lock_answer {
    struct session *session;
    bool taken;
};

static bool note_lock(void *context, size_t columns, const char *const *values)
{
    struct lock_answer *answer = context;

    mysql_note_standing(answer->session, values[1]);
    return is_one(&answer->taken, columns, values);
}

/* Taking it twice would need giving it back twice. Whoever has the lock wants to know whether the
   server may be written to, so the answer comes along. */
bool mysql_lock(struct session *base, enum lock_span span, bool *taken, struct error *err)
{
    static const char sql[] =
        "SELECT IF(IS_USED_LOCK($1) = CONNECTION_ID(), 1, GET_LOCK($2, 0)), " MYSQL_STANDING;
    struct mysql_session *session = mysql_session_of(base);
    const char *names[] = {session->lock_name, session->lock_name};
    struct lock_answer answer = {.session = base};

    *taken = false;
    if (!mysql_query_ours(base, sql, names, COUNT_OF(names), note_lock, &answer, err))
        return error_wrap(err, "cannot ask for the target's lock");
    *taken = answer.taken;
    if (!answer.taken)
        return true;
    session->locked = true;
    session->lock_ends_with_transaction = span == LOCK_TRANSACTION;
    return true;
}

bool mysql_unlock(struct session *base, struct error *err)
{
    struct mysql_session *session = mysql_session_of(base);
    AUTO_BUFFER struct buffer sql = {0};

    session->locked = false;
    session->told_read_only = false;
    session->lock_ends_with_transaction = false;
    buffer_printf(&sql, "DO RELEASE_LOCK('%s')", session->lock_name);
    return mysql_execute(session, buffer_text(&sql), MYSQL_STEADY, err);
}

bool mysql_holds_lock(struct session *base, bool *held, struct error *err)
{
    return ask(base, "SELECT IS_USED_LOCK($1) = CONNECTION_ID()", held, err);
}

/* Each gives number, user, host, state and statement of one session, the likeliest first. Where
   a view is missing or may not be read the next is asked. */
static const struct {
    const char *sql;
    bool certain;
} suspects[] = {
    {"SELECT p.id, p.user, p.host, CONCAT('holds the lock of fleet for ', p.time, ' s'), p.info"
     " FROM information_schema.processlist p"
     " WHERE p.id = IS_USED_LOCK($1) AND p.id <> CONNECTION_ID() AND $2 <> ''",
     true},
    {"SELECT p.id, p.user, p.host,"
     " CONCAT('transaction open since ', t.trx_started, ', ', p.command), p.info"
     " FROM information_schema.innodb_trx t"
     " JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id"
     " WHERE $1 <> '' AND p.db = $2 AND p.id <> CONNECTION_ID() ORDER BY t.trx_started LIMIT 1",
     false},
    {"SELECT p.id, p.user, p.host, CONCAT(p.command, ' for ', p.time, ' s'), p.info"
     " FROM information_schema.processlist p"
     " WHERE $1 <> '' AND p.db = $2 AND p.id <> CONNECTION_ID() AND p.command <> 'Sleep'"
     " ORDER BY p.time DESC LIMIT 1",
     false},
};

struct description {
    struct buffer *out;
    bool certain;
};

static bool describe(void *context, size_t columns, const char *const *values)
{
    const struct description *description = context;

    (void)columns;
    buffer_printf(description->out, "%sconnection %s, user %s@%s, %s",
                  description->certain ? "" : "likely ", values[0], values[1], values[2],
                  values[3] != NULL ? values[3] : "idle");
    if (values[4] != NULL)
        buffer_printf(description->out, ": %s", values[4]);
    return false;
}

/* The columns of XA RECOVER: format, lengths of the two parts of the name, and both together. */
static bool describe_prepared(void *context, size_t columns, const char *const *values)
{
    struct buffer *out = context;

    if (columns < 4 || values[3] == NULL)
        return false;
    buffer_printf(out, "%sprepared transaction '%s'",
                  out->length > 0 ? ", " : "likely one of XA RECOVER: ", values[3]);
    return true;
}

/* It belongs to no session once the one that prepared it has gone. */
static void name_prepared(struct session *base, struct buffer *out)
{
    struct error ignored = {0};

    (void)!mysql_query_ours(base, "XA RECOVER", NULL, 0, describe_prepared, out, &ignored);
}

void mysql_name_blocker(struct session *base, struct buffer *out)
{
    const struct mysql_session *session = mysql_session_of(base);
    const char *parameters[] = {session->lock_name, session->address.database};
    size_t before = out->length;

    for (size_t i = 0; i < COUNT_OF(suspects) && out->length == before; i++) {
        struct description description = {.out = out, .certain = suspects[i].certain};
        struct error ignored = {0};

        (void)!mysql_query_ours(base, suspects[i].sql, parameters, COUNT_OF(parameters), describe,
                                &description, &ignored);
    }
    if (out->length == before)
        name_prepared(base, out);
}

/* Whose queries wait for a lock of tables while ours does. Those before ours in the queue are not
   told from those behind it: they wait for the same. */
static const char blocked_queries[] =
    "SELECT 1 FROM information_schema.processlist o JOIN information_schema.processlist p"
    " ON p.id <> o.id AND p.state LIKE 'Waiting for %% lock'"
    " WHERE o.id = %lu AND o.state LIKE 'Waiting for %% lock' LIMIT 1";

static bool has_rows(MYSQL *db, const char *sql, bool *found)
{
    *found = false;
    if (mysql_real_query(db, sql, (unsigned long)strlen(sql)) != 0)
        return false;
    MYSQL_RES *result = mysql_store_result(db);
    if (result == NULL)
        return false;
    *found = mysql_num_rows(result) > 0;
    mysql_free_result(result);
    return true;
}

bool mysql_onlooker_look(struct mysql_onlooker *onlooker, struct mysql_session *session)
{
    AUTO(text) char *sql = xasprintf(blocked_queries, session->id);
    struct error ignored = {0};
    bool blocking = false;

    if (onlooker->db == NULL && !onlooker->given_up)
        onlooker->db = mysql_dial_aside(session, &ignored);
    onlooker->given_up =
        onlooker->given_up || onlooker->db == NULL || !has_rows(onlooker->db, sql, &blocking);
    return !onlooker->given_up && session_must_give_way(&session->base, blocking);
}

void mysql_onlooker_end(struct mysql_onlooker *onlooker)
{
    if (onlooker->db != NULL)
        mysql_close(onlooker->db);
}
