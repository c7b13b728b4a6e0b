#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "agents/session_cache.h"
#include "directory.h"

static int64_t fake_ms(const struct clock *clock)
{
    return *(const int64_t *)clock->context;
}

struct desk {
    int64_t now_ms;
    struct clock clock;
    struct agent_target targets[3];
    struct session_cache *cache;
};

static void open_desk(struct desk *desk, size_t limit)
{
    static const char *const urls[] = {"sqlite:a.db", "sqlite:b.db", "sqlite:c.db"};

    *desk = (struct desk){.now_ms = 1000, .clock = {fake_ms, fake_ms, &desk->now_ms}};
    for (size_t i = 0; i < 3; i++)
        desk->targets[i] =
            (struct agent_target){.name = urls[i] + 7, .engine = ENGINE_SQLITE, .url = urls[i]};
    desk->cache = session_cache_new(limit, 500, &desk->clock);
}

static struct session *take(struct desk *desk, size_t target, bool expect_kept)
{
    struct error err = {0};
    bool kept;
    struct session *session = session_cache_take(desk->cache, &desk->targets[target], &kept, &err);

    if (session == NULL)
        fail_msg("%s", err.message);
    assert_int_equal(kept, expect_kept);
    return session;
}

static void run(struct session *session, const char *sql)
{
    struct error err = {0};

    if (!session->engine->run(session, sql, strlen(sql), &err))
        fail_msg("%s", err.message);
}

static void a_session_is_used_again_on_its_own_target_only(void **state)
{
    (void)state;
    struct desk desk;

    open_desk(&desk, 4);
    struct session *session = take(&desk, 0, false);
    run(session, "CREATE TABLE t (a)");
    session_cache_put(desk.cache, session, SESSION_READ_ONLY);
    session_cache_put(desk.cache, take(&desk, 1, false), SESSION_READ_ONLY);
    assert_ptr_equal(take(&desk, 0, true), session);
    session_cache_put(desk.cache, session, SESSION_READ_ONLY);
    session_cache_free(desk.cache);
}

static void what_a_script_left_in_a_session_is_gone_on_its_next_use(void **state)
{
    (void)state;
    struct desk desk;

    open_desk(&desk, 4);
    struct session *session = take(&desk, 0, false);
    run(session, "CREATE TEMP TABLE scratch (a)");
    session_cache_put(desk.cache, session, SESSION_RAN_SCRIPTS);
    session = take(&desk, 0, true);
    run(session, "CREATE TEMP TABLE scratch (a)");
    session_cache_put(desk.cache, session, SESSION_RAN_SCRIPTS);
    session_cache_free(desk.cache);
}

static void a_file_that_was_replaced_is_opened_anew(void **state)
{
    (void)state;
    struct desk desk;

    open_desk(&desk, 4);
    struct session *session = take(&desk, 0, false);
    run(session, "CREATE TABLE t (a)");
    session_cache_put(desk.cache, session, SESSION_READ_ONLY);
    assert_int_equal(rename("a.db", "old.db"), 0);
    assert_true(directory_put("a.db", "", 0600));
    session_cache_put(desk.cache, take(&desk, 0, false), SESSION_READ_ONLY);
    session_cache_free(desk.cache);
}

static void a_broken_session_is_not_kept(void **state)
{
    (void)state;
    struct desk desk;

    open_desk(&desk, 4);
    struct session *session = take(&desk, 0, false);
    session->broken = true;
    session_cache_put(desk.cache, session, SESSION_READ_ONLY);
    assert_int_equal(session_cache_size(desk.cache), 0);
    session_cache_free(desk.cache);
}

static void a_full_cache_keeps_what_it_has(void **state)
{
    (void)state;
    struct desk desk;

    open_desk(&desk, 2);
    for (size_t i = 0; i < 3; i++) {
        struct session *session = take(&desk, i, false);

        run(session, "CREATE TABLE t (a)");
        session_cache_put(desk.cache, session, SESSION_READ_ONLY);
    }
    assert_int_equal(session_cache_size(desk.cache), 2);
    session_cache_put(desk.cache, take(&desk, 0, true), SESSION_READ_ONLY);
    session_cache_put(desk.cache, take(&desk, 2, false), SESSION_READ_ONLY);
    session_cache_free(desk.cache);
}

static void a_limit_of_none_keeps_none(void **state)
{
    (void)state;
    struct desk desk;

    open_desk(&desk, 0);
    session_cache_put(desk.cache, take(&desk, 0, false), SESSION_READ_ONLY);
    assert_int_equal(session_cache_size(desk.cache), 0);
    session_cache_free(desk.cache);
}

static void a_session_past_its_time_is_closed(void **state)
{
    (void)state;
    struct desk desk;

    open_desk(&desk, 4);
    session_cache_put(desk.cache, take(&desk, 0, false), SESSION_READ_ONLY);
    desk.now_ms += 400;
    session_cache_put(desk.cache, take(&desk, 1, false), SESSION_READ_ONLY);
    desk.now_ms += 101;
    session_cache_tidy(desk.cache);
    assert_int_equal(session_cache_size(desk.cache), 1);
    desk.now_ms += 500;
    session_cache_put(desk.cache, take(&desk, 1, false), SESSION_READ_ONLY);
    session_cache_free(desk.cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIRECTORY(a_session_is_used_again_on_its_own_target_only),
        IN_NEW_DIRECTORY(what_a_script_left_in_a_session_is_gone_on_its_next_use),
        IN_NEW_DIRECTORY(a_file_that_was_replaced_is_opened_anew),
        IN_NEW_DIRECTORY(a_broken_session_is_not_kept),
        IN_NEW_DIRECTORY(a_full_cache_keeps_what_it_has),
        IN_NEW_DIRECTORY(a_limit_of_none_keeps_none),
        IN_NEW_DIRECTORY(a_session_past_its_time_is_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
