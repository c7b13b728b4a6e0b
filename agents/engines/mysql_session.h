/*
 * mysql_session - what the parts of the MySQL engine share: the connection, how a statement is
 * waited for, its errors, and the engine's functions that live in files of their own.
 *
 * Built against MariaDB Connector/C or Oracle's mysqlclient; tested on MariaDB. Where the two
 * differ MARIADB_PACKAGE_VERSION tells them apart.
 */
#ifndef FLEET_AGENTS_ENGINES_MYSQL_SESSION_H
#define FLEET_AGENTS_ENGINES_MYSQL_SESSION_H

#include <mysql.h>
#include <pthread.h>

#include "agents/engine.h"
#include "agents/engines/mysql_address.h"

enum { MYSQL_LOCK_NAME_SIZE = 64 };

struct mysql_session {
    struct session base;
    struct arena *arena; /* of the address */
    struct mysql_address address;
    char *password; /* for the connection that kills; NULL for none */
    MYSQL *db;
    unsigned long id; /* the server's number for this connection */
    int wake;         /* an eventfd: readable once the session was cancelled */
    bool mariadb;     /* the server is MariaDB, not MySQL */
    bool altered;     /* a script ran since the settings were last known to be as open left them */
    bool multi;       /* the server accepts several statements at once, as only introspect wants */
    char *settings;   /* the SET statement that brings the settings of open back */
    bool plain_mode;  /* SHOW CREATE says the same under the settings of open as on any server */
    struct server_info info;
    bool told_read_only;     /* an answer said so of info, which nobody has read since */
    bool killed;             /* the statement that runs was killed, and no answer told so yet */
    int64_t lock_timeout_ms; /* 0: the server's own default */
    int64_t told_lock_timeout_ms; /* what the server was told last; -1: not known */
    int64_t statement_timeout_ms;
    int64_t statement_deadline_ms; /* monotonic, of the script's statement that runs; 0 for none */
    bool locked; /* by us; a script may have given the lock away, which holds_lock would tell */
    bool lock_ends_with_transaction;
    char lock_name[MYSQL_LOCK_NAME_SIZE];
};

static inline struct mysql_session *mysql_session_of(struct session *session)
{
    return (struct mysql_session *)session;
}

/* The client library wants each thread to announce itself, and to say when it ends; this does
   both, whenever a session is used by a thread for the first time. */
void mysql_enter_thread(void);

/* Another connection to the same server with the same login; NULL and err. */
MYSQL *mysql_dial(const struct mysql_address *address, const char *password, struct error *err);

/* The same for a second connection beside a session, which must not keep that waiting. */
MYSQL *mysql_dial_aside(const struct mysql_session *session, struct error *err);

int mysql_socket_of(MYSQL *db);

/* Ends what the session runs, from a second connection; false if that cannot be had. */
bool mysql_kill_query(struct mysql_session *session, struct error *err) MUST_USE;

/* A look from outside at what the session runs: a second connection, made when it is slow. */
struct mysql_onlooker {
    MYSQL *db;
    bool given_up; /* it cannot be had, or may not see */
};
/* Whether the statement has to give way to others. */
bool mysql_onlooker_look(struct mysql_onlooker *onlooker, struct mysql_session *session);
void mysql_onlooker_end(struct mysql_onlooker *onlooker);

/* What may end a statement before its time. */
enum mysql_patience {
    MYSQL_HASTY,    /* deadline and cancellation end it */
    MYSQL_STEADY,   /* nothing does: COMMIT, ROLLBACK and what cleans up */
    MYSQL_YIELDING, /* as hasty, and others that wait behind it: statements of a script */
};

/* Sends one statement and waits until its first result is there to be read. */
bool mysql_perform(struct mysql_session *session, const char *sql, size_t length,
                   enum mysql_patience patience, struct error *err) MUST_USE;
/* The same for a statement that gives no rows. */
bool mysql_execute(struct mysql_session *session, const char *sql, enum mysql_patience patience,
                   struct error *err) MUST_USE;
/* Forgets a kill that its statement may have escaped. */
void mysql_absorb_kill(struct mysql_session *session);
/* Reads every result there is, giving each row to the function until it says stop; it may be
   NULL. */
bool mysql_drain(struct mysql_session *session, row_function row, void *context,
                 struct error *err) MUST_USE;

/* A thread that kills what the session runs at its deadline or when it is cancelled, while the
   session's own thread is in a read that cannot be polled for. */
struct mysql_watch {
    struct mysql_session *session;
    pthread_t thread;
    bool running;
    bool killed; /* of use once the watch has ended */
    int over;    /* an eventfd */
};
void mysql_watch_begin(struct mysql_watch *watched, struct mysql_session *session);
/* Tells the session, in killed, whether there was need. */
void mysql_watch_end(struct mysql_watch *watched);

/* Appends sql with $1, $2 … replaced by literals that mean the same under any sql_mode and
   character set. */
void mysql_expand(const char *sql, const char *const *parameters, size_t count, struct buffer *out);
void mysql_append_literal(struct buffer *out, const char *text);
/* `name`, with backticks doubled. */
void mysql_append_name(struct buffer *out, const char *name);

/* Tells the server the limits, if they are others than it knows: to be called before what waits
   for locks. */
bool mysql_sync_limits(struct mysql_session *session, struct error *err) MUST_USE;

/* Turns the library's last error into err; sql is the statement concerned, or NULL. Marks the
   session broken when the connection is lost. Always false. */
bool mysql_fail(struct mysql_session *session, const char *sql, size_t length, struct error *err);
/* Says why a statement was killed: cancelled, a deadline, or somebody else. Always false. */
bool mysql_fail_interrupted(const struct mysql_session *session, struct error *err);
/* The part of it that needs no session: code, message and SQLSTATE of a number. Always false. */
bool mysql_fail_with(unsigned number, const char *state, const char *message, struct error *err);
bool mysql_is_lost(unsigned number);
/* Where in the statement a syntax error is, from what the server says is near: in characters from
   1, or 0 when it cannot be found. Pure. */
int mysql_error_position(const char *message, const char *sql, size_t length);

/* Not 0 where nothing can be written. */
#define MYSQL_STANDING "@@GLOBAL.read_only + @@GLOBAL.innodb_read_only"

/* The engine's functions. */
void mysql_note_standing(struct session *session, const char *value);
bool mysql_run(struct session *session, const char *sql, size_t length, struct error *err) MUST_USE;
bool mysql_run_counted(struct session *session, const char *sql, size_t length, int64_t *rows,
                       struct error *err) MUST_USE;
bool mysql_parse(struct session *session, const char *sql, size_t length,
                 struct error *err) MUST_USE;
bool mysql_query_ours(struct session *session, const char *sql, const char *const *parameters,
                      size_t count, row_function row, void *context, struct error *err) MUST_USE;
bool mysql_lock(struct session *session, enum lock_span span, bool *taken,
                struct error *err) MUST_USE;
bool mysql_unlock(struct session *session, struct error *err) MUST_USE;
bool mysql_holds_lock(struct session *session, bool *held, struct error *err) MUST_USE;
void mysql_name_blocker(struct session *session, struct buffer *out);
bool mysql_session_name(struct session *session, struct buffer *out, struct error *err) MUST_USE;
bool mysql_end_session(struct session *session, const char *name, const char *sql, size_t length,
                       bool *gone, struct error *err) MUST_USE;
bool mysql_describe(struct session *session, enum object_kind kind, const char *name,
                    const char *of, struct buffer *out, struct error *err) MUST_USE;
bool mysql_keeps_rows(struct session *session, const char *table, bool *keeps,
                      struct error *err) MUST_USE;
bool mysql_foresee(struct session *session, struct arena *arena, struct outlook *outlooks,
                   size_t count, struct buffer *lingering, struct error *err) MUST_USE;
bool mysql_introspect(struct session *session, struct buffer *out, struct error *err) MUST_USE;

/* The name of the target's lock: GET_LOCK's names are the whole server's, so it is made of the
   database's. */
void mysql_make_lock_name(const char *database, char name[MYSQL_LOCK_NAME_SIZE]);

#endif
