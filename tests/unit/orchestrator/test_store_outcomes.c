#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "directory.h"
#include "orchestrator/store/ledger.h"
#include "sent.h"

static struct outcome step_done(void)
{
    return (struct outcome){
        .target = "a", .is_step = true, .subject = "up 1_one", .result = "done", .message = ""};
}

static struct outcome job_ended(const char *target, const char *result)
{
    return (struct outcome){.target = target, .subject = "", .result = result, .message = ""};
}

static bool collect(struct sent *sent, const char *rollout, int64_t seq, struct outcome outcome)
{
    struct kept_outcome kept = {
        .agent = "db-1", .rollout = rollout, .seq = seq, .outcome = outcome};
    struct error err = {0};

    if (!store_collect(sent->store, &kept, 1, &err))
        fail_msg("%s", err.message);
    return kept.is_news;
}

static bool tell(void *context, const struct ledger_entry *entry)
{
    if (entry->target[0] != '\0')
        buffer_printf(context, "%s%s %s, ", entry->subject, entry->subject[0] ? "" : entry->target,
                      entry->result);
    return true;
}

static void assert_ledger(struct sent *sent, const char *story)
{
    AUTO_BUFFER struct buffer told = {0};
    struct error err = {0};

    assert_true(ledger_read(store_database(sent->store), tell, &told, &err));
    assert_string_equal(buffer_text(&told), story);
}

static void assert_had(struct sent *sent, size_t count, int64_t through)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct outcomes_request request;
    struct error err = {0};

    assert_true(store_read_had(sent->store, "db-1", arena, &request, &err));
    assert_string_equal(request.store, store_id(sent->store));
    assert_int_equal(request.had_count, count);
    if (count > 0)
        assert_int_equal(request.had[0].through, through);
}

static void an_outcome_is_recorded_once_however_it_is_told(void **state)
{
    (void)state;
    struct sent sent;
    struct error err = {0};
    const struct outcome live[] = {step_done()};

    send_plan(&sent);
    assert_true(store_record(sent.store, &sent.rollout, sent.plan, live, 1, &err));
    assert_false(collect(&sent, sent.rollout.id, 4, step_done()));
    assert_true(collect(&sent, sent.rollout.id, 6, job_ended("a", "applied")));
    assert_false(collect(&sent, sent.rollout.id, 6, job_ended("a", "applied")));
    assert_true(store_record(sent.store, &sent.rollout, sent.plan, live, 1, &err));
    assert_ledger(&sent, "up 1_one done, a applied, ");
    assert_had(&sent, 1, 6);
    end_sent(&sent);
}

static void an_unknown_end_may_become_a_known_one_but_not_the_reverse(void **state)
{
    (void)state;
    struct sent sent;

    send_plan(&sent);
    assert_true(collect(&sent, sent.rollout.id, 1, job_ended("a", "unknown")));
    assert_true(collect(&sent, sent.rollout.id, 2, job_ended("a", "applied")));
    assert_false(collect(&sent, sent.rollout.id, 3, job_ended("a", "failed_clean")));
    assert_ledger(&sent, "a unknown, a applied, ");
    end_sent(&sent);
}

static void what_was_never_sent_is_not_recorded(void **state)
{
    (void)state;
    struct sent sent;

    send_plan(&sent);
    assert_false(collect(&sent, NONCE, 1, job_ended("a", "applied")));
    assert_false(collect(&sent, sent.rollout.id, 1, job_ended("b", "applied")));
    assert_ledger(&sent, "");
    assert_had(&sent, 0, 0);
    end_sent(&sent);
}

static void an_agent_that_told_all_need_keep_nothing_of_the_rollout(void **state)
{
    (void)state;
    struct sent sent;
    struct error err = {0};
    static const char *const agents[] = {"db-1"};
    const struct rollout_end end = {"applied", agents, 1};

    send_plan(&sent);
    (void)collect(&sent, sent.rollout.id, 1, step_done());
    assert_true(store_end_rollout(sent.store, &sent.rollout, sent.plan, &end, &err));
    assert_had(&sent, 1, OUTCOMES_ALL);
    end_sent(&sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIRECTORY(an_outcome_is_recorded_once_however_it_is_told),
        IN_NEW_DIRECTORY(an_unknown_end_may_become_a_known_one_but_not_the_reverse),
        IN_NEW_DIRECTORY(what_was_never_sent_is_not_recorded),
        IN_NEW_DIRECTORY(an_agent_that_told_all_need_keep_nothing_of_the_rollout),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
