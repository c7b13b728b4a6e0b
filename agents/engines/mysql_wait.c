/*
 * How a statement runs: it is sent, and its answer awaited with poll, so that the deadline and
 * session_cancel end the wait. Then a second connection kills the statement on the server, and the
 * answer that follows is read like any other: a statement that was quicker than the kill has
 * succeeded.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agents/engines/mysql_session.h"

#include "common/fault.h"

/* A killed statement may have much to undo before it answers. */
enum { KILL_PATIENCE_MS = 60000, NO_LIMIT_MS = INT_MAX };

/* Between two looks at others that may wait behind a statement. */
enum { LOOK_MS = 300 };

static int64_t now_ms(const struct mysql_session *session)
{
    return session->base.clock->monotonic_ms(session->base.clock);
}

/* Milliseconds until a deadline ends the statement; 0 when it must end now. */
static int time_left_ms(const struct mysql_session *session)
{
    int64_t left = session_time_left_ms(&session->base, NO_LIMIT_MS);

    if (atomic_load(&session->base.cancelled))
        return 0;
    if (session->statement_deadline_ms != 0) {
        int64_t of_statement = session->statement_deadline_ms - now_ms(session);

        left = of_statement < left ? of_statement : left;
    }
    return left > 0 ? (int)left : 0;
}

static bool refuse_late(struct mysql_session *session, struct error *err)
{
    if (atomic_load(&session->base.cancelled))
        return error_set(err, ERROR_CANCELLED, "cancelled");
    if (session->base.gave_way && time_left_ms(session) > 0)
        return session_fail_gave_way(&session->base, err);
    return error_set(err, ERROR_TIMEOUT, "stopped at the deadline");
}

/* Waits until fd is readable; false when the time was over first, or, if hasty, the session was
   cancelled. */
static bool await(struct mysql_session *session, int fd, int timeout_ms, bool hasty)
{
    struct pollfd ready[2] = {
        {.fd = fd, .events = POLLIN},
        {.fd = session->wake, .events = POLLIN},
    };
    int64_t until = now_ms(session) + timeout_ms;

    for (;;) {
        int64_t left = until - now_ms(session);
        int wait_ms = timeout_ms == NO_LIMIT_MS ? -1 : left > 0 ? (int)left : 0;
        int count = poll(ready, hasty ? 2 : 1, wait_ms);

        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0 || ready[0].revents != 0)
            return ready[0].revents != 0;
        if (atomic_load(&session->base.cancelled))
            return false;
        eventfd_t old;
        (void)eventfd_read(session->wake, &old); /* of a cancellation that was taken back */
    }
}

/* A kill that came after the end of its statement may strike the next one: MariaDB 10.11 forgets
   it, other versions need not. */
void mysql_absorb_kill(struct mysql_session *session)
{
    static const char nothing[] = "DO 0";

    if (!session->killed || session->base.broken)
        return;
    session->killed = false;
    (void)mysql_real_query(session->db, nothing, sizeof nothing - 1);
}

static bool await_server(struct mysql_session *session, int timeout_ms, bool hasty)
{
    return await(session, mysql_socket_of(session->db), timeout_ms, hasty);
}

static bool await_yielding(struct mysql_session *session)
{
    struct mysql_onlooker onlooker = {0};
    bool answered;

    do {
        int left_ms = time_left_ms(session);

        answered = await_server(session, left_ms < LOOK_MS ? left_ms : LOOK_MS, true);
    } while (!answered && time_left_ms(session) > 0 && !mysql_onlooker_look(&onlooker, session));
    mysql_onlooker_end(&onlooker);
    return answered;
}

static bool await_answer(struct mysql_session *session, enum mysql_patience patience)
{
    if (patience == MYSQL_YIELDING)
        return await_yielding(session);
    if (patience == MYSQL_HASTY)
        return await_server(session, time_left_ms(session), true);
    return await_server(session, NO_LIMIT_MS, false);
}

/* Ends the statement on the server and waits for its answer. */
static bool interrupt(struct mysql_session *session, struct error *err)
{
    struct error reason = {0};

    session->killed = true;
    if (mysql_kill_query(session, &reason) && await_server(session, KILL_PATIENCE_MS, false))
        return true;
    session->base.broken = true;
    refuse_late(session, err);
    return error_wrap(err, "the statement may still run, %s",
                      reason.code != ERROR_NONE ? reason.message : "it did not end when killed");
}

bool mysql_perform(struct mysql_session *session, const char *sql, size_t length,
                   enum mysql_patience patience, struct error *err)
{
    mysql_enter_thread();
    if (session->base.broken)
        return error_set(err, ERROR_CONNECT, "the connection was lost");
    if (patience != MYSQL_STEADY && time_left_ms(session) == 0)
        return refuse_late(session, err);
    if (mysql_send_query(session->db, sql, (unsigned long)length) != 0)
        return mysql_fail(session, sql, length, err);
    FAULT_CUT(mysql_sent, mysql_socket_of(session->db));
    if (!await_answer(session, patience) && !interrupt(session, err))
        return false;
    if (mysql_read_query_result(session->db) == 0)
        return true;
    mysql_fail(session, sql, length, err);
    mysql_absorb_kill(session);
    return false;
}

/* Where even the kill does not get through, the reader must not wait for ever. */
static void *watch(void *context)
{
    struct mysql_watch *watched = context;
    struct mysql_session *session = watched->session;
    struct error ignored = {0};

    if (await(session, watched->over, time_left_ms(session), true))
        return NULL;
    watched->killed = true;
    if (!mysql_kill_query(session, &ignored))
        (void)shutdown(mysql_socket_of(session->db), SHUT_RDWR);
    return NULL;
}

void mysql_watch_begin(struct mysql_watch *watched, struct mysql_session *session)
{
    enum { STACK_SIZE = 256 * 1024 };
    pthread_attr_t attributes;

    *watched = (struct mysql_watch){.session = session};
    watched->over = eventfd(0, EFD_CLOEXEC);
    if (watched->over < 0)
        return;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    watched->running = pthread_create(&watched->thread, &attributes, watch, watched) == 0;
    pthread_attr_destroy(&attributes);
}

void mysql_watch_end(struct mysql_watch *watched)
{
    if (watched->running) {
        (void)eventfd_write(watched->over, 1);
        (void)pthread_join(watched->thread, NULL);
        watched->session->killed |= watched->killed;
    }
    if (watched->over >= 0)
        close(watched->over);
}
