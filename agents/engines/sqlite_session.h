/*
 * sqlite_session - what the parts of the SQLite engine share: the connection, its errors, its lock.
 */
#ifndef FLEET_AGENTS_ENGINES_SQLITE_SESSION_H
#define FLEET_AGENTS_ENGINES_SQLITE_SESSION_H

#include <pthread.h>
#include <sqlite3.h>

#include "agents/engine.h"

enum { SQLITE_CACHED_STATEMENTS = 16, SQLITE_LOCK_WAIT_MS = 3000 };

struct sqlite_session {
    struct session base;
    const char *path;      /* in the target's URL */
    pthread_mutex_t guard; /* of db, against a cancel while reset replaces it */
    sqlite3 *db;
    sqlite3_stmt *cached[SQLITE_CACHED_STATEMENTS]; /* our own statements, oldest replaced first */
    size_t next_cached;
    bool touched;   /* a script may have left something in the connection since it was opened */
    bool impatient; /* do not wait for locks */
    int64_t lock_timeout_ms;
    int64_t statement_timeout_ms;  /* 0 for none */
    int64_t statement_deadline_ms; /* monotonic, of the statement that runs; 0 for none */
    int64_t waiting_since_ms;
    int lock_file; /* open and locked while LOCK_SESSION is held; else -1 */
};

static inline struct sqlite_session *sqlite_session_of(struct session *session)
{
    return (struct sqlite_session *)session;
}

int64_t sqlite_now_ms(const struct sqlite_session *session);
/* Whether the session was cancelled or a deadline is past. */
bool sqlite_must_stop(const struct sqlite_session *session);

/* Turns the connection's last error into err. sql is the statement that failed, or NULL. */
bool sqlite_fail(struct sqlite_session *session, int result, const char *sql, size_t length,
                 struct error *err);

/* The engine's run, run_counted, parse and query. */
bool sqlite_run(struct session *session, const char *sql, size_t length,
                struct error *err) MUST_USE;
bool sqlite_run_counted(struct session *session, const char *sql, size_t length, int64_t *rows,
                        struct error *err) MUST_USE;
bool sqlite_parse(struct session *session, const char *sql, size_t length,
                  struct error *err) MUST_USE;
bool sqlite_query(struct session *session, const char *sql, const char *const *parameters,
                  size_t count, row_function row, void *context, struct error *err) MUST_USE;
/* Forgets the statements that query keeps prepared. */
void sqlite_drop_cached(struct sqlite_session *session);

/* The engine's lock, unlock, holds_lock and name_blocker. */
bool sqlite_lock(struct session *session, enum lock_span span, bool *taken,
                 struct error *err) MUST_USE;
bool sqlite_unlock(struct session *session, struct error *err) MUST_USE;
bool sqlite_holds_lock(struct session *session, bool *held, struct error *err) MUST_USE;
void sqlite_name_blocker(struct session *session, struct buffer *out);

#endif
