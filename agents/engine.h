/*
 * engine - what the executor needs of a database server, one const struct per engine.
 *
 * A session is one connection, used by one thread at a time; only cancel may come from another.
 * Statements run in the server's own dialect; the executor decides what runs when. Differences
 * between engines are traits, so that nobody compares engine names. A fourth engine is one more
 * file under agents/engines and one more row in the table of engine.c.
 *
 * SQL of our own uses $1 … $32 in rising order, each once, for parameters, all sent as text.
 *
 * Our tables on a target, with the types that suit the engine; digests are 64 hex digits, instants
 * RFC 3339 text (clock.h). Only fingerprint and previous_hash may be NULL.
 *
 *   fleet_history  seq bigint primary key, attempt_key unique, part int, parts int, version, name,
 *                  direction, source_sha256, rendered_sha256, plan, rollout, applied_by,
 *                  epoch bigint, started_at, ended_at, fingerprint, previous_hash, row_hash
 *   fleet_fence    id smallint primary key, always 1; store, rollout, epoch bigint
 *   fleet_intent   attempt_key, statement int, sha256, class, state_before, state_after, session,
 *                  status, version, name, direction, summary, started_at;
 *                  primary key (attempt_key, statement)
 */
#ifndef FLEET_AGENTS_ENGINE_H
#define FLEET_AGENTS_ENGINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agents/outlook.h"
#include "agents/statement_facts.h"
#include "agents/target.h"
#include "common/buffer.h"
#include "common/clock.h"
#include "common/error.h"

struct engine;

/* The head of every engine's session. */
struct session {
    const struct engine *engine;
    const struct agent_target *target;
    const struct clock *clock;
    int64_t deadline_ms;   /* monotonic; past it a statement is cancelled on the server and the call
                              fails with ERROR_TIMEOUT; 0 for none */
    atomic_bool cancelled; /* set by session_cancel: the call fails with ERROR_CANCELLED */
    int64_t max_blocking_ms;     /* a statement of a script that waits for a lock while others wait
                                    behind it for longer fails with ERROR_LOCKED; 0 for no limit */
    int64_t long_transaction_ms; /* what foresee calls long; 0: nothing */
    int64_t blocking_since_ms;   /* monotonic: both were seen at every look since; 0 if not */
    bool gave_way;               /* the statement of a script was ended for that */
    bool broken;                 /* the connection is lost: only close is of use */
    bool kept_changes;  /* the last rollback left some: their tables have no transactions */
    bool saw_lingering; /* when the lock was taken, some transaction on the server had been open for
                           long, or was prepared: foresee tells whether it matters */
    bool saw_tables;    /* fleet's tables were there, committed, when this session last looked */
};

struct server_info {
    char version[96];  /* "PostgreSQL 15.7", "MariaDB 10.11.6", "SQLite 3.40.1" */
    char identity[96]; /* PostgreSQL: system identifier and database oid; MySQL: server uuid (or
                          server id) and schema; SQLite: device and inode of the file */
    int64_t timeline;  /* PostgreSQL: of a primary's history, another one since each promotion or
                          restore; 0 when there is none or the role may not see it */
    bool read_only;    /* a replica, or read_only is set */
};

struct engine_traits {
    bool transactional_ddl;  /* a failed transaction takes DDL back */
    bool script_transaction; /* BEGIN opens one that DDL does not end by itself */
    bool needs_server;       /* false: the database is a file */
};

/* One row of a result; NULL values are NULL. False stops reading; the rest is discarded. */
typedef bool (*row_function)(void *context, size_t columns, const char *const *values);

/* How wide a lock is held. */
enum lock_span { LOCK_TRANSACTION, LOCK_SESSION };

struct engine {
    enum engine_kind kind;
    struct engine_traits traits;

    /* Column types of fleet's tables differ; the statements are these, run in order, each harmless
       when repeated. %s stands for the qualifier of our tables (see qualify). */
    const char *const *create_tables;
    size_t create_tables_count;

    /* Turns foreign keys off for the session until reset; run outside a transaction. NULL when the
       engine has no such switch. */
    const char *foreign_keys_off;
    /* Appends a line for each row that breaks a foreign key. NULL when the engine cannot tell. */
    bool (*foreign_key_violations)(struct session *session, struct buffer *out, struct error *err);
    /* Whether a script's statement is that switch, and to which side, on an engine that ignores it
       inside a transaction. NULL when none does. */
    bool (*is_foreign_keys_switch)(const char *sql, size_t length, bool *off);

    /* Settings of the client's library for the whole process; before its first use, harmless when
       repeated. NULL when there are none. */
    void (*prepare)(void);

    /* Logs in and runs the target's init_sql. ERROR_CONNECT, or ERROR_CONFIG for a bad URL. The
       password is not part of any message. */
    struct session *(*open)(const struct agent_target *target, const struct clock *clock,
                            const char *password, struct error *err);
    void (*close)(struct session *session);

    /* Whether an idle session still reaches its database, as far as can be told without a round
       trip: the server has not hung up, the path still names the file that is open. */
    bool (*alive)(struct session *session);
    /* Puts the session back to how open left it, outside any transaction, without locks. */
    bool (*reset)(struct session *session, struct error *err);
    /* From another thread: ends the statement that runs, on the server too. */
    void (*cancel)(struct session *session);

    bool (*server)(struct session *session, struct server_info *info, struct error *err);
    /* What server would have to ask for: an expression that reading the head of the history brings
       along, and who takes its value. NULL where a session knows without asking. */
    const char *standing;
    void (*note_standing)(struct session *session, const char *value);

    /* Appends what the server calls this session, so that it can be found and ended there: a
       process or connection id, and what tells it from a later one with that number. */
    bool (*session_name)(struct session *session, struct buffer *out, struct error *err);
    /* Asks the server to end the session of that name, if it lives and may still run the statement.
     *gone tells that there is none; else ask again. NULL where a session ends with its client. */
    bool (*end_session)(struct session *session, const char *name, const char *sql, size_t length,
                        bool *gone, struct error *err);

    /* Appends what goes before a table name of ours: "\"public\"." or "`shop`." or "main.". */
    void (*qualify)(const struct session *session, struct buffer *out);
    /* Whether fleet's tables are there. */
    bool (*has_tables)(struct session *session, bool *present, struct error *err);

    /* Runs exactly one statement of a script; rows are read and dropped. On failure err has code,
       the server's message and hint, SQLSTATE and position. */
    bool (*run)(struct session *session, const char *sql, size_t length, struct error *err);
    /* Like run, but tells through *rows how many rows came back (for checks and probes). */
    bool (*run_counted)(struct session *session, const char *sql, size_t length, int64_t *rows,
                        struct error *err);
    /* Lets the server parse a statement without running it. Fails with ERROR_SYNTAX only for what
       is a syntax error for certain: a missing table is none, nor is what cannot be prepared. */
    bool (*parse)(struct session *session, const char *sql, size_t length, struct error *err);
    /* One statement of our own with parameters; row may be NULL. */
    bool (*query)(struct session *session, const char *sql, const char *const *parameters,
                  size_t count, row_function row, void *context, struct error *err);

    /* Sets the limits for statements to come; 0 is the server's own default. */
    bool (*limit)(struct session *session, int64_t lock_timeout_ms, int64_t statement_timeout_ms,
                  struct error *err);

    /* begin may fail with ERROR_LOCKED where beginning takes the lock (SQLite). A commit whose
       reply is lost fails with ERROR_UNKNOWN. rollback on a broken session is fine. */
    bool (*begin)(struct session *session, struct error *err);
    /* A transaction that can change nothing, and takes no lock that a writer waits for. It ends
       with rollback; reset leaves nothing of it. */
    bool (*begin_reading)(struct session *session, struct error *err);
    bool (*commit)(struct session *session, struct error *err);
    bool (*rollback)(struct session *session, struct error *err);
    /* Whether the transaction that begin opened is still the one that is open and usable. */
    bool (*in_transaction)(const struct session *session);
    /* Inside a transaction, undoes what a script set for the session (search_path, role), so that
       our own statements mean what they say. */
    bool (*restore_settings)(struct session *session, struct error *err);

    /* Tries once, never blocks, for the target's one lock; *taken tells. A transaction's lock ends
       with it. An engine whose begin locks says taken. */
    bool (*lock)(struct session *session, enum lock_span span, bool *taken, struct error *err);
    bool (*unlock)(struct session *session, struct error *err);
    /* Whether the session's lock is still held by this very session on the server. */
    bool (*holds_lock)(struct session *session, bool *held, struct error *err);
    /* After ERROR_LOCKED, or a lock not taken: who stands in the way, for a person: "pid 812,
       user app, application checkout: SELECT …". Appends nothing when it cannot be known. */
    void (*name_blocker)(struct session *session, struct buffer *out);

    /* Appends what one object is like now, as lines; nothing if it is not there. Its name is as a
       statement wrote it; `of` is the table that an index is made on, or NULL. Only for kinds that
       a probeable statement of this engine changes. */
    bool (*describe)(struct session *session, enum object_kind kind, const char *name,
                     const char *of, struct buffer *out, struct error *err);
    /* Whether changes to a table's rows stay when their transaction is rolled back; the name is as
       a statement wrote it. NULL where every table has transactions. */
    bool (*keeps_rows)(struct session *session, const char *table, bool *keeps, struct error *err);
    /* Drops an index that a statement in stages left half-made. NULL where none runs in stages. */
    bool (*drop_invalid)(struct session *session, const char *name, const char *of,
                         struct error *err);

    /* Finds, in one question, how large the tables of these outlooks are and where; and appends who
       has been in a transaction for long that one of them has to wait for, each with number, user
       and age. What the login may not see is left out. */
    bool (*foresee)(struct session *session, struct arena *arena, struct outlook *outlooks,
                    size_t count, struct buffer *lingering, struct error *err);

    /* The schema as lines, our own tables left out: one line an object or part, names quoted alike,
       no statistics, owners, or ids. The columns of a table come in their order, else the order
       says nothing. */
    bool (*introspect)(struct session *session, struct buffer *out, struct error *err);
};

/* One for each file under agents/engines; engine.c lists them. */
extern const struct engine engine_postgresql;
extern const struct engine engine_mysql;
extern const struct engine engine_sqlite;

const struct engine *engine_of(enum engine_kind kind);

/* Prepares all engines. */
void engines_prepare(void);

/* Opens with the password from the target's source. NULL and err, wrapped with what was tried. */
struct session *session_open(const struct agent_target *target, const struct clock *clock,
                             struct error *err) MUST_USE;
/* The same on an engine that need not be in the table: another connection like one we have. */
struct session *session_open_on(const struct engine *engine, const struct agent_target *target,
                                const struct clock *clock, struct error *err) MUST_USE;
/* NULL is fine. */
void session_free(struct session *session);
AUTO_DEFINE(session)

void session_cancel(struct session *session);

/* Milliseconds left until the deadline, at most limit; limit when there is none; 0 when past. */
int64_t session_time_left_ms(const struct session *session, int64_t limit_ms);

/* For an engine that looks now and then while a statement runs: whether it has to give way, now
   that it waits with others behind it, or does not. */
bool session_must_give_way(struct session *session, bool blocking);
/* What came of it: ERROR_LOCKED. Always false. */
bool session_fail_gave_way(const struct session *session, struct error *err);

#endif
