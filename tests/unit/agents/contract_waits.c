/* The contract's part about locks, waits and ends: who gets the target, and how long for. */
#include "contract_waits.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/memory.h"
#include "contract_env.h"

static void locks_exclude_each_other(const struct contract_env *env, enum lock_span held,
                                     enum lock_span wanted)
{
    AUTO(session) struct session *one = contract_open(env);
    AUTO(session) struct session *two = contract_open(env);
    AUTO_BUFFER struct buffer blocker = {0};
    struct error err = {0};
    bool holds = false;

    assert_true(contract_try_lock(one, held));
    assert_true(env->engine->holds_lock(one, &holds, &err));
    assert_true(holds);
    assert_false(contract_try_lock(two, wanted));
    env->engine->name_blocker(two, &blocker);
    assert_true(blocker.length > 0);
    if (held == LOCK_TRANSACTION)
        assert_true(env->engine->rollback(one, &err));
    else
        assert_true(env->engine->unlock(one, &err));
    assert_true(contract_try_lock(two, wanted));
}

static void one_session_at_a_time_has_the_session_lock(void **state)
{
    locks_exclude_each_other(*state, LOCK_SESSION, LOCK_SESSION);
}

static void a_transaction_and_a_session_lock_exclude_each_other(void **state)
{
    const struct contract_env *env = *state;

    if (!env->engine->traits.transactional_ddl)
        return;
    locks_exclude_each_other(env, LOCK_TRANSACTION, LOCK_TRANSACTION);
    locks_exclude_each_other(env, LOCK_SESSION, LOCK_TRANSACTION);
}

static void a_lock_ends_with_its_session(void **state)
{
    const struct contract_env *env = *state;
    struct session *one = contract_open(env);
    AUTO(session) struct session *two = contract_open(env);
    struct error err = {0};
    bool taken = false;

    assert_true(contract_try_lock(one, LOCK_SESSION));
    session_free(one);
    /* The server may notice the end a little later. */
    while (!taken) {
        assert_true(env->engine->lock(two, LOCK_SESSION, &taken, &err));
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

struct canceller {
    struct session *session;
    atomic_bool over;
};

static void *keep_cancelling(void *context)
{
    struct canceller *canceller = context;

    while (!atomic_load(&canceller->over)) {
        session_cancel(canceller->session);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    return NULL;
}

static void a_statement_is_cancelled_from_another_thread(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct canceller canceller = {.session = session};
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, keep_cancelling, &canceller), 0);
    contract_refused(session, env->dialect->slow, ERROR_CANCELLED);
    atomic_store(&canceller.over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void a_deadline_stops_a_statement_on_the_server(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);

    session->deadline_ms = session->clock->monotonic_ms(session->clock) + 50;
    contract_refused(session, env->dialect->slow, ERROR_TIMEOUT);
    session->deadline_ms = 0;
    if (!session->broken)
        assert_int_equal(contract_count_rows(session, "SELECT 1"), 1);
}

static void a_statement_timeout_stops_a_statement(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *session = contract_open(env);
    struct error err = {0};

    assert_true(env->engine->limit(session, 1000, 50, &err));
    contract_refused(session, env->dialect->slow, ERROR_TIMEOUT);
    assert_true(env->engine->limit(session, 0, 0, &err));
    assert_int_equal(contract_count_rows(session, "SELECT 1"), 1);
}

static bool run_slow(struct session *session, const char *sql, struct error *err)
{
    return session->engine->run(session, sql, strlen(sql), err);
}

static bool count_slow(struct session *session, const char *sql, struct error *err)
{
    int64_t rows;

    return session->engine->run_counted(session, sql, strlen(sql), &rows, err);
}

static bool ask_slow(struct session *session, const char *sql, struct error *err)
{
    return session->engine->query(session, sql, NULL, 0, NULL, NULL, err);
}

/* Ends the slow statement in each way there is; what runs cannot tell them apart. */
static void nothing_of_it_runs_on(const struct contract_env *env,
                                  bool (*run)(struct session *, const char *, struct error *),
                                  enum error_code how)
{
    AUTO(session) struct session *session = contract_open(env);
    AUTO(session) struct session *other = contract_open(env);
    struct canceller canceller = {.session = session};
    struct error err = {0};
    pthread_t thread;

    if (how == ERROR_TIMEOUT)
        session->deadline_ms = session->clock->monotonic_ms(session->clock) + 30;
    else
        assert_int_equal(pthread_create(&thread, NULL, keep_cancelling, &canceller), 0);
    assert_false(run(session, env->dialect->slow, &err));
    assert_int_equal(err.code, how);
    if (env->dialect->still_runs != NULL)
        assert_int_equal(contract_count_rows(other, env->dialect->still_runs), 0);
    atomic_store(&canceller.over, true);
    if (how != ERROR_TIMEOUT)
        assert_int_equal(pthread_join(thread, NULL), 0);
}

static void a_statement_that_was_ended_runs_nowhere_any_more(void **state)
{
    static bool (*const ways[])(struct session *, const char *,
                                struct error *) = {run_slow, count_slow, ask_slow};

    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        nothing_of_it_runs_on(*state, ways[i], ERROR_TIMEOUT);
        nothing_of_it_runs_on(*state, ways[i], ERROR_CANCELLED);
    }
}

/* Where beginning locks, begin fails; elsewhere the statement does. */
static void assert_drop_is_locked_out(struct session *session)
{
    struct error err = {0};

    if (!session->engine->begin(session, &err)) {
        assert_int_equal(err.code, ERROR_LOCKED);
        return;
    }
    contract_refused(session, "DROP TABLE c_items", ERROR_LOCKED);
    assert_true(session->engine->rollback(session, &err));
}

static void a_lock_of_the_application_is_waited_for_briefly_and_named(void **state)
{
    const struct contract_env *env = *state;
    AUTO(session) struct session *application = contract_open(env);
    AUTO(session) struct session *session = contract_open(env);
    AUTO_BUFFER struct buffer blocker = {0};
    struct error err = {0};

    contract_do(application, "CREATE TABLE c_items (id INTEGER PRIMARY KEY)");
    contract_begin(application);
    contract_do(application, "INSERT INTO c_items VALUES (1)");
    assert_true(env->engine->limit(session, 50, 0, &err));
    assert_drop_is_locked_out(session);
    env->engine->name_blocker(session, &blocker);
    assert_true(blocker.length > 0);
    contract_commit(application);
    contract_do(session, "DROP TABLE c_items");
}

struct reader {
    struct session *session;
    atomic_bool over;
};

static void *keep_reading(void *context)
{
    struct reader *reader = context;

    while (!atomic_load(&reader->over))
        contract_do(reader->session, "SELECT count(*) FROM c_items");
    return NULL;
}

/* The readers get through although the transaction in the way stays open. */
static void a_statement_that_waits_gives_way_to_those_behind_it(void **state)
{
    const struct contract_env *env = *state;
    struct error err = {0};
    pthread_t thread;

    if (!env->engine->traits.needs_server)
        return;
    AUTO(session) struct session *application = contract_open(env);
    AUTO(session) struct session *reading = contract_open(env);
    struct reader reader = {.session = reading};
    AUTO(session) struct session *session = contract_open(env);
    contract_do(application, "CREATE TABLE c_items (id INTEGER PRIMARY KEY)");
    contract_begin(application);
    contract_do(application, "INSERT INTO c_items VALUES (1)");
    assert_true(env->engine->limit(session, 3600L * 1000, 0, &err));
    session->max_blocking_ms = 50;
    assert_int_equal(pthread_create(&thread, NULL, keep_reading, &reader), 0);
    contract_refused(session, "ALTER TABLE c_items ADD COLUMN more INTEGER", ERROR_LOCKED);
    assert_true(session->gave_way);
    atomic_store(&reader.over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    contract_commit(application);
    contract_do(session, "ALTER TABLE c_items ADD COLUMN more INTEGER");
    assert_false(session->gave_way);
    contract_do(session, "DROP TABLE c_items");
}

/* A directory is known of a server that is reached by a socket, as here, and of a file. */
static void a_table_is_measured_and_a_missing_one_has_no_size(void **state)
{
    const struct contract_env *env = *state;
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(session) struct session *session = contract_open(env);
    AUTO_BUFFER struct buffer lingering = {0};
    char quote = env->dialect->kind == ENGINE_MYSQL ? '`' : '"';
    struct outlook outlooks[] = {
        {.table = "c_items", .room = ROOM_COPY},
        {.table = arena_printf(arena, "%cc_items%c", quote, quote), .wait = WAIT_EVERYBODY},
        {.table = "c_absent", .room = ROOM_INDEX},
    };
    struct error err = {0};

    contract_do(session, "CREATE TABLE c_items (id INTEGER PRIMARY KEY)");
    contract_do(session, "INSERT INTO c_items VALUES (1)");
    contract_begin(session);
    if (!env->engine->foresee(session, arena, outlooks, COUNT_OF(outlooks), &lingering, &err))
        fail_msg("%s", err.message);
    contract_commit(session);
    assert_true(outlooks[0].table_bytes > 0);
    assert_int_equal(outlooks[1].table_bytes, outlooks[0].table_bytes);
    assert_int_equal(outlooks[1].index_bytes, outlooks[0].index_bytes);
    assert_non_null(outlooks[0].directory);
    assert_int_equal(outlooks[0].directory[0], '/');
    assert_int_equal(lingering.length, 0);
    if (env->engine->traits.needs_server)
        assert_int_equal(outlook_bytes(&outlooks[2]), 0);
}

#define TEST(function)                                                 \
    {                                                                  \
#function, function, contract_set_up, contract_tear_down, NULL \
    }

const struct CMUnitTest contract_waits[CONTRACT_WAITS] = {
    TEST(one_session_at_a_time_has_the_session_lock),
    TEST(a_transaction_and_a_session_lock_exclude_each_other),
    TEST(a_lock_ends_with_its_session),
    TEST(a_statement_is_cancelled_from_another_thread),
    TEST(a_deadline_stops_a_statement_on_the_server),
    TEST(a_statement_timeout_stops_a_statement),
    TEST(a_statement_that_was_ended_runs_nowhere_any_more),
    TEST(a_lock_of_the_application_is_waited_for_briefly_and_named),
    TEST(a_statement_that_waits_gives_way_to_those_behind_it),
    TEST(a_table_is_measured_and_a_missing_one_has_no_size),
};
