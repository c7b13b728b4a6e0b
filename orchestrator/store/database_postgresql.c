#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "orchestrator/store/database_driver.h"

enum { KEPT_STATEMENTS = 64, INT8_OID = 20, TEXT_OID = 25, BYTEA_OID = 17, NAME_SIZE = 16 };

static const char connect_timeout_s[] = "10";

/* What each new session is told. Who shares the store waits for the disk, whatever the server's
   default is; a schema of its own keeps the tables from others. */
static const char session_sql[] =
    "SET lock_timeout = '30s'; SET search_path = fleet; SET timezone = 'UTC';"
    " SELECT pg_catalog.set_config('synchronous_commit', 'on', false)"
    " WHERE pg_catalog.current_setting('synchronous_commit') IN ('off', 'local')";

/* Writers come one after the other: the ledger is a chain, and an environment has one rollout. The
   key is of this store alone among those of the server's other programs. */
static const char begin_sql[] = "BEGIN; SELECT pg_catalog.pg_advisory_xact_lock(1718379891,"
                                " pg_catalog.hashtext(pg_catalog.current_database()))";

struct postgresql_database {
    struct database base;
    PGconn *connection;
    bool in_transaction;
    char *kept[KEPT_STATEMENTS]; /* texts of prepared statements; number i is named "si" */
    size_t next_kept;            /* the oldest is replaced first */
};

static struct postgresql_database *inside(struct database *database)
{
    return (struct postgresql_database *)(void *)database;
}

/* The first line of libpq's words. */
static bool fail(enum error_code code, const char *message, const char *advice, struct error *err)
{
    int length = (int)strcspn(message, "\n");

    return error_set(err, code, "%.*s%s", length, message, advice);
}

static bool is_lost(const struct postgresql_database *server)
{
    return PQstatus(server->connection) != CONNECTION_OK;
}

static bool failed(const struct postgresql_database *server, const PGresult *result,
                   struct error *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    bool is_wait = state != NULL && strcmp(state, "55P03") == 0;

    if (is_lost(server) || message == NULL)
        return fail(ERROR_CONNECT, PQerrorMessage(server->connection), "", err);
    return fail(is_wait ? ERROR_LOCKED : ERROR_IO, message, "", err);
}

static void result_cleanup(PGresult **result)
{
    PQclear(*result);
}

#define AUTO_RESULT __attribute__((cleanup(result_cleanup)))

static bool is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static bool execute_once(struct postgresql_database *server, const char *sql, struct error *err)
{
    AUTO_RESULT PGresult *result = PQexec(server->connection, sql);

    return is_good(result) || failed(server, result, err);
}

static void forget_statements(struct postgresql_database *server)
{
    for (size_t i = 0; i < KEPT_STATEMENTS; i++) {
        free(server->kept[i]);
        server->kept[i] = NULL;
    }
}

/* A session that was lost between transactions is begun anew. */
static bool begin_anew(struct postgresql_database *server, struct error *err)
{
    if (server->in_transaction)
        return false;
    forget_statements(server);
    error_clear(err);
    PQreset(server->connection);
    if (is_lost(server))
        return fail(ERROR_CONNECT, PQerrorMessage(server->connection), "", err);
    return execute_once(server, session_sql, err);
}

static bool execute(struct database *database, const char *sql, struct error *err)
{
    struct postgresql_database *server = inside(database);

    return execute_once(server, sql, err) ||
           (is_lost(server) && begin_anew(server, err) && execute_once(server, sql, err));
}

static void close_server(struct database *database)
{
    struct postgresql_database *server = inside(database);

    forget_statements(server);
    PQfinish(server->connection);
    free(server);
}

static void ignore_notice(void *context, const char *message)
{
    (void)context;
    (void)message;
}

static bool connect_to(struct postgresql_database *server, const struct store_place *place,
                       struct error *err)
{
    char *password = NULL;

    if (!secret_read(&place->password, &password, err))
        return false;
    const char *const keywords[] = {"connect_timeout",
                                    "application_name",
                                    "keepalives_idle",
                                    "keepalives_interval",
                                    "keepalives_count",
                                    "dbname",
                                    "client_encoding",
                                    password != NULL ? "password" : NULL,
                                    NULL};
    const char *const values[] = {connect_timeout_s, "fleet", "10",     "5", "3",
                                  place->location,   "UTF8",  password, NULL};
    server->connection = PQconnectdbParams(keywords, values, 1);
    secret_free(password);
    if (!is_lost(server)) {
        PQsetNoticeProcessor(server->connection, ignore_notice, NULL);
        return true;
    }
    const char *advice = PQconnectionNeedsPassword(server->connection) != 0
                             ? " (set state_password_file, state_password_env or "
                               "state_password_command)"
                             : "";
    return fail(ERROR_CONNECT, PQerrorMessage(server->connection), advice, err);
}

/* Only who makes it needs the right to. */
static bool make_schema(struct postgresql_database *server, struct error *err)
{
    AUTO_RESULT PGresult *result =
        PQexec(server->connection, "SELECT pg_catalog.to_regnamespace('fleet') IS NULL");

    if (!is_good(result))
        return failed(server, result, err);
    if (PQgetvalue(result, 0, 0)[0] != 't')
        return true;
    return execute_once(server, begin_sql, err) &&
           execute_once(server, "CREATE SCHEMA IF NOT EXISTS fleet; COMMIT", err);
}

static struct database *open_server(const struct store_place *place, struct error *err)
{
    struct postgresql_database *server = xcalloc(1, sizeof *server);

    if (connect_to(server, place, err) && make_schema(server, err) &&
        execute_once(server, session_sql, err))
        return &server->base;
    close_server(&server->base);
    return NULL;
}

/* "?" to "$1", "$2", …; a "?" in a literal is text. */
static void number_parameters(const char *sql, struct buffer *out)
{
    bool quoted = false;
    int number = 0;

    for (; *sql != '\0'; sql++) {
        quoted ^= *sql == '\'';
        if (*sql == '?' && !quoted)
            buffer_printf(out, "$%d", ++number);
        else
            buffer_append(out, sql, 1);
    }
}

static Oid type_of(const struct database_value *value)
{
    return value->type == 'i' ? INT8_OID : value->type == 't' ? TEXT_OID : BYTEA_OID;
}

static bool prepare(struct postgresql_database *server, const char *name,
                    const struct database_statement *statement, struct error *err)
{
    AUTO_BUFFER struct buffer sql = {0};
    Oid types[PARAMETERS_MAX];

    for (int i = 0; i < statement->count; i++)
        types[i] = type_of(&statement->values[i]);
    number_parameters(statement->sql, &sql);
    AUTO_RESULT PGresult *result =
        PQprepare(server->connection, name, buffer_text(&sql), statement->count, types);
    return is_good(result) || failed(server, result, err);
}

/* The name of the statement with that text, prepared now if it was not. */
static bool find_statement(struct postgresql_database *server,
                           const struct database_statement *statement, char name[NAME_SIZE],
                           struct error *err)
{
    for (size_t i = 0; i < KEPT_STATEMENTS; i++)
        if (server->kept[i] != NULL && strcmp(server->kept[i], statement->sql) == 0) {
            snprintf(name, NAME_SIZE, "s%zu", i);
            return true;
        }
    size_t place = server->next_kept;
    snprintf(name, NAME_SIZE, "s%zu", place);
    if (server->kept[place] != NULL) {
        char command[NAME_SIZE + 16];

        free(server->kept[place]);
        server->kept[place] = NULL;
        snprintf(command, sizeof command, "DEALLOCATE %s", name);
        if (!execute_once(server, command, err))
            return false;
    }
    if (!prepare(server, name, statement, err))
        return false;
    server->kept[place] = xstrdup(statement->sql);
    server->next_kept = (place + 1) % KEPT_STATEMENTS;
    return true;
}

struct cursor {
    const PGresult *result;
    int row;
    unsigned char *bytes; /* of the blob that was read last */
};

static void hand_over(struct database *database, const struct database_statement *statement,
                      const PGresult *result)
{
    struct cursor cursor = {.result = result};
    const struct database_row row = {database, &cursor};
    int count = statement->function != NULL ? PQntuples(result) : 0;

    while (cursor.row < count && statement->function(statement->context, &row))
        cursor.row++;
    PQfreemem(cursor.bytes);
}

static bool run_once(struct database *database, const struct database_statement *statement,
                     struct error *err)
{
    struct postgresql_database *server = inside(database);
    char name[NAME_SIZE], integers[PARAMETERS_MAX][24];
    const char *values[PARAMETERS_MAX];
    int lengths[PARAMETERS_MAX], formats[PARAMETERS_MAX];

    if (!find_statement(server, statement, name, err))
        return false;
    for (int i = 0; i < statement->count; i++) {
        const struct database_value *value = &statement->values[i];

        snprintf(integers[i], sizeof integers[i], "%" PRId64, value->integer);
        values[i] = value->type == 'i'   ? integers[i]
                    : value->type == 't' ? value->text
                                         : value->bytes;
        lengths[i] = (int)value->length;
        formats[i] = value->type == 'b';
    }
    AUTO_RESULT PGresult *result =
        PQexecPrepared(server->connection, name, statement->count, values, lengths, formats, 0);
    if (!is_good(result))
        return failed(server, result, err);
    hand_over(database, statement, result);
    return true;
}

static bool run(struct database *database, const struct database_statement *statement,
                struct error *err)
{
    struct postgresql_database *server = inside(database);

    return run_once(database, statement, err) ||
           (is_lost(server) && begin_anew(server, err) && run_once(database, statement, err));
}

static bool begin(struct database *database, struct error *err)
{
    struct postgresql_database *server = inside(database);

    server->in_transaction = execute(database, begin_sql, err);
    if (!server->in_transaction && !is_lost(server))
        PQclear(PQexec(server->connection, "ROLLBACK"));
    return server->in_transaction;
}

static bool commit(struct database *database, struct error *err)
{
    struct postgresql_database *server = inside(database);
    AUTO_RESULT PGresult *result = PQexec(server->connection, "COMMIT");

    server->in_transaction = false;
    if (!is_good(result))
        return failed(server, result, err);
    return strcmp(PQcmdStatus(result), "COMMIT") == 0 ||
           error_set(err, ERROR_IO, "a statement before COMMIT failed: all of it was undone");
}

static void rollback(struct database *database)
{
    struct postgresql_database *server = inside(database);

    server->in_transaction = false;
    if (!is_lost(server) && PQtransactionStatus(server->connection) != PQTRANS_IDLE)
        PQclear(PQexec(server->connection, "ROLLBACK"));
}

static const char *text(void *cursor, int column)
{
    const struct cursor *at = cursor;

    return PQgetisnull(at->result, at->row, column) != 0 ? NULL
                                                         : PQgetvalue(at->result, at->row, column);
}

static int64_t integer(void *cursor, int column)
{
    const char *digits = text(cursor, column);

    return digits != NULL ? strtoll(digits, NULL, 10) : 0;
}

static const void *blob(void *cursor, int column, size_t *length)
{
    struct cursor *at = cursor;
    const char *escaped = text(cursor, column);

    PQfreemem(at->bytes);
    at->bytes = escaped != NULL ? PQunescapeBytea((const unsigned char *)escaped, length) : NULL;
    if (at->bytes == NULL)
        *length = 0;
    return at->bytes;
}

const struct database_driver database_postgresql = {
    .open = open_server,
    .close = close_server,
    .execute = execute,
    .run = run,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .text = text,
    .integer = integer,
    .blob = blob,
    .has_table =
        "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = 'fleet' AND tablename = ?",
};
