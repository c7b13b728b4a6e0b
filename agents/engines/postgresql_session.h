/*
 * postgresql_session - what the parts of the PostgreSQL engine share: the connection, what waits to
 * be sent, the exchange of a statement for its results, and errors.
 *
 * Round trips are what a small migration costs. So BEGIN, limits and restored settings are not sent
 * by themselves: they wait, and go out in one message ahead of the next statement of ours. Our own
 * statements therefore use the simple protocol, with literals made by libpq.
 */
#ifndef FLEET_AGENTS_ENGINES_POSTGRESQL_SESSION_H
#define FLEET_AGENTS_ENGINES_POSTGRESQL_SESSION_H

#include <libpq-fe.h>

#include "agents/engine.h"

/* What the server was told, in milliseconds; 0 is its own default. */
struct postgresql_limits {
    int64_t lock_ms;
    int64_t statement_ms;
};

/* A statement of ours that the server may keep planned. */
struct postgresql_prepared {
    char *sql; /* NULL: a free entry, as are all after it */
    unsigned uses;
    unsigned number; /* of its name on the server; 0: it is not there */
    bool unsure;     /* PREPARE is in the message on its way */
};

enum { POSTGRESQL_PREPARED = 48 };

struct postgresql_session {
    struct session base;
    PGconn *connection;
    PGcancel *canceller;
    char *password;         /* for the connection that names blockers; NULL for none */
    char *schema;           /* the identifier, quoted, that our tables live in */
    struct buffer settings; /* statements that bring back what open set, or a transaction of ours */
    int settings_commands;  /* how many they are */
    int64_t lock_key;
    int backend; /* the server's process, as the server itself says; 0 while not known */

    /* A pooler is in between. Each transaction may meet another session of the server, which others
       use before and after: what is ours lasts for a transaction at most. */
    bool pooled;

    struct buffer pending; /* statements that go out ahead of the next, each with its semicolon */
    int pending_commands;

    struct postgresql_limits wanted; /* by limit, for statements to come */
    struct postgresql_limits set;    /* in the session, outside any transaction */

    bool begun;         /* between begin and its end */
    bool begin_pending; /* BEGIN itself still waits */
    bool ended;         /* a script ended the transaction that begin opened */
    bool touched;       /* a script may have left something in the session */
    bool unsettled;     /* the same, since the settings were last restored or reset */
    bool prepares;      /* behind a pooler: a script made a prepared statement */
    bool session_locked;
    bool lock_refused;   /* the last thing in our way was the target's own lock */
    bool schema_missing; /* has_tables saw that the target's schema is not there yet */
    struct postgresql_prepared prepared[POSTGRESQL_PREPARED];
    unsigned last_prepared;
    char identity[96];     /* of the database; empty while not known */
    int64_t timeline;      /* as in server_info */
    bool in_recovery;      /* the server was a standby when it was last asked */
    size_t rights_missing; /* how many ways of asking for its identity were denied */
    struct buffer blocker; /* who blocked the last statement that waited */
};

static inline struct postgresql_session *postgresql_session_of(struct session *session)
{
    return (struct postgresql_session *)session;
}

/* What may end a statement before its time. */
enum postgresql_patience {
    POSTGRESQL_HASTY,  /* deadline and cancellation */
    POSTGRESQL_STEADY, /* nothing: COMMIT, ROLLBACK and what cleans up */
};

/* What came of a message to the server. */
struct postgresql_outcome {
    row_function row; /* NULL: rows are dropped */
    void *context;
    int skip;     /* leading commands whose rows are of no interest */
    int commands; /* that ended well */
    int64_t rows; /* of those that were not skipped */
    char tag[32]; /* of the last command that succeeded: "COMMIT", "INSERT 0 1" */
};

/* Sends statements as they stand, alone, and reads all results. The first error counts; it marks
   the session as broken when the connection is lost. outcome may be NULL. */
bool postgresql_exchange(struct postgresql_session *session, const char *sql,
                         enum postgresql_patience patience, struct postgresql_outcome *outcome,
                         struct error *err) MUST_USE;
/* The same with what is pending ahead of it. */
bool postgresql_perform(struct postgresql_session *session, const char *sql,
                        enum postgresql_patience patience, struct postgresql_outcome *outcome,
                        struct error *err) MUST_USE;
/* Sends what is pending, if anything is. */
bool postgresql_flush(struct postgresql_session *session, struct error *err) MUST_USE;
/* Adds statements to what is pending; each has its semicolon. */
void postgresql_defer(struct postgresql_session *session, const char *sql, int commands);
void postgresql_drop_pending(struct postgresql_session *session);

/* Appends SQL of ours with $1, $2 … replaced by literals. */
bool postgresql_expand(struct postgresql_session *session, const char *sql,
                       const char *const *parameters, size_t count, struct buffer *out,
                       struct error *err) MUST_USE;
bool postgresql_append_literal(struct postgresql_session *session, const char *text,
                               struct buffer *out, struct error *err) MUST_USE;
/* The same with a semicolon, through a prepared statement once one is worth it; it must then be
   sent by postgresql_perform. */
bool postgresql_append_statement(struct postgresql_session *session, const char *sql,
                                 const char *const *parameters, size_t count, struct buffer *out,
                                 struct error *err) MUST_USE;
/* The message with the statements was sent, and done as a whole or not. */
void postgresql_settle_prepared(struct postgresql_session *session, bool done);
void postgresql_forget_prepared(struct postgresql_session *session);

/* Connects. A short time is enough for a second connection beside one that works. */
PGconn *postgresql_dial(const struct agent_target *target, const char *password,
                        const char *timeout_s, struct error *err);

/* Sets err from a result, or from the connection when result is NULL. Always false. */
bool postgresql_fail(struct postgresql_session *session, const PGresult *result, struct error *err);
/* Sets err when the session was cancelled or its deadline is past. */
bool postgresql_must_stop(const struct postgresql_session *session, struct error *err);
/* Sets err when the statement of a script has to give way to others. */
bool postgresql_must_give_way(const struct postgresql_session *session, struct error *err);
/* The code of an SQLSTATE that needs no knowledge of the session. Pure. */
enum error_code postgresql_code_of(const char *sqlstate);

/* A watch over one statement, which finds out who blocks it. */
struct postgresql_watch {
    PGconn *connection; /* a second one, made when the statement is slow */
    int64_t next_ms;    /* monotonic: when to look again */
    bool given_up;
};
struct postgresql_watch postgresql_watch_start(struct postgresql_session *session);
/* Looks if it is time to; call it now and then while the statement runs. */
void postgresql_watch_look(struct postgresql_watch *watch, struct postgresql_session *session);
void postgresql_watch_end(struct postgresql_watch *watch);

/* The key of the target's advisory lock; the server keeps one space of keys per database. */
int64_t postgresql_lock_key(const char *schema);

/* Appends SQL that sets the limits, for the transaction or the session; how many commands. */
int postgresql_append_limits(struct buffer *out, const struct postgresql_limits *limits,
                             bool local);
/* What a successful statement of a script did to the transaction and the session. */
void postgresql_note_tag(struct postgresql_session *session, const char *sql, const char *tag);

/* The engine's functions. */
struct session *postgresql_open(const struct agent_target *target, const struct clock *clock,
                                const char *password, struct error *err);
void postgresql_close(struct session *session);
bool postgresql_alive(struct session *session);
bool postgresql_reset(struct session *session, struct error *err) MUST_USE;
bool postgresql_run(struct session *session, const char *sql, size_t length,
                    struct error *err) MUST_USE;
bool postgresql_run_counted(struct session *session, const char *sql, size_t length, int64_t *rows,
                            struct error *err) MUST_USE;
bool postgresql_parse(struct session *session, const char *sql, size_t length,
                      struct error *err) MUST_USE;
bool postgresql_query(struct session *session, const char *sql, const char *const *parameters,
                      size_t count, row_function row, void *context, struct error *err) MUST_USE;
bool postgresql_limit(struct session *session, int64_t lock_timeout_ms,
                      int64_t statement_timeout_ms, struct error *err) MUST_USE;
bool postgresql_begin(struct session *session, struct error *err) MUST_USE;
bool postgresql_begin_reading(struct session *session, struct error *err) MUST_USE;
bool postgresql_commit(struct session *session, struct error *err) MUST_USE;
bool postgresql_rollback(struct session *session, struct error *err) MUST_USE;
bool postgresql_in_transaction(const struct session *session);
bool postgresql_restore_settings(struct session *session, struct error *err) MUST_USE;
bool postgresql_lock(struct session *session, enum lock_span span, bool *taken,
                     struct error *err) MUST_USE;
bool postgresql_unlock(struct session *session, struct error *err) MUST_USE;
bool postgresql_holds_lock(struct session *session, bool *held, struct error *err) MUST_USE;
void postgresql_name_blocker(struct session *session, struct buffer *out);
bool postgresql_session_name(struct session *session, struct buffer *out,
                             struct error *err) MUST_USE;
bool postgresql_end_session(struct session *session, const char *name, const char *sql,
                            size_t length, bool *gone, struct error *err) MUST_USE;
bool postgresql_describe(struct session *session, enum object_kind kind, const char *name,
                         const char *of, struct buffer *out, struct error *err) MUST_USE;
bool postgresql_drop_invalid(struct session *session, const char *name, const char *of,
                             struct error *err) MUST_USE;
bool postgresql_foresee(struct session *session, struct arena *arena, struct outlook *outlooks,
                        size_t count, struct buffer *lingering, struct error *err) MUST_USE;
bool postgresql_introspect(struct session *session, struct buffer *out, struct error *err) MUST_USE;

#endif
