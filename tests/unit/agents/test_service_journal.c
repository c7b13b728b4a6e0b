#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "agency.h"
#include "agents/journal/journal.h"
#include "directory.h"

#define ROLLOUT_AFTER "ffeeddccbbaa99887766554433221100"

/* The agent's process is another one; its journal is the same. */
static void restart(struct agency *agency)
{
    struct error err = {0};

    service_free(agency->service);
    journal_free(agency->settings.journal);
    const struct journal_settings settings = {.directory = "state", .clock = &agency->clock};
    agency->settings.journal = journal_open(&settings, NULL, &err);
    if (agency->settings.journal == NULL)
        fail_msg("%s", err.message);
    agency->service = service_new(&agency->settings, &err);
    assert_non_null(agency->service);
}

static void close_agency_and_journal(struct agency *agency)
{
    struct journal *journal = agency->settings.journal;

    agency_close(agency);
    journal_free(journal);
}

static void a_nonce_that_was_accepted_with_another_plan_is_refused_after_a_restart(void **state)
{
    (void)state;
    struct agency agency;

    agency_open(&agency);
    restart(&agency);
    agency_good_plan(&agency);
    agency_run(&agency, 1);
    assert_string_equal(buffer_text(&agency.story), "accepted, a started, a applied, end");
    restart(&agency);
    agency_plan(&agency, "CREATE TABLE other (a);", ENGINE_SQLITE);
    agency_sign(&agency);
    agency_expect_refused(&agency, ERROR_VERIFY);
    close_agency_and_journal(&agency);
}

static void an_expired_plan_that_was_accepted_goes_on_after_a_restart(void **state)
{
    (void)state;
    struct agency agency;

    agency_open(&agency);
    restart(&agency);
    agency_good_plan(&agency);
    agency_run(&agency, 1);
    agency.now_ms = EXPIRES_MS + 1;
    restart(&agency);
    agency_run(&agency, 2);
    assert_non_null(strstr(buffer_text(&agency.story), "b applied, end"));
    close_agency_and_journal(&agency);
}

static void run_with_epoch(struct agency *agency, const char *rollout, int64_t epoch)
{
    static const size_t first[] = {0};
    AUTO(json) json_t *slice = slice_encode(agency->plan, first, 1);
    const struct run_request request = {
        .store = STORE, .rollout = rollout, .epoch = epoch, .max_parallel = 1, .slice = slice};

    agency_forget(agency);
    service_run(agency->service, &request, "ann", agency_listen, agency);
}

static void a_lower_epoch_than_was_accepted_is_refused_before_the_target_is_touched(void **state)
{
    (void)state;
    struct agency agency;

    agency_open(&agency);
    restart(&agency);
    agency_good_plan(&agency);
    agency.targets[0].url = "sqlite:nowhere/a.db";
    run_with_epoch(&agency, STORE, 5);
    assert_string_equal(buffer_text(&agency.story), "accepted, a refused, end");
    agency.targets[0].url = "sqlite:a.db";
    restart(&agency);
    run_with_epoch(&agency, ROLLOUT, 4);
    assert_string_equal(buffer_text(&agency.story), "accepted, a refused, end");
    assert_int_equal(agency.error.code, ERROR_FENCED);
    assert_int_not_equal(access("a.db", F_OK), 0);
    run_with_epoch(&agency, ROLLOUT_AFTER, 6);
    assert_string_equal(buffer_text(&agency.story), "accepted, a started, a applied, end");
    close_agency_and_journal(&agency);
}

static void outcomes_are_handed_over_until_they_are_acknowledged(void **state)
{
    (void)state;
    struct agency agency;
    static const char *const names[] = {"a"};
    static const struct acknowledgement had = {ROLLOUT, OUTCOMES_ALL};
    struct outcomes_request outcomes = {.store = STORE};
    const struct status_request request = {
        .targets = names, .target_count = 1, .outcomes = &outcomes};

    agency_open(&agency);
    restart(&agency);
    agency_good_plan(&agency);
    agency_run(&agency, 1);
    restart(&agency);
    agency_forget(&agency);
    service_status(agency.service, &request, agency_listen, &agency);
    assert_string_equal(buffer_text(&agency.story),
                        "was a done, was a applied, set of 1, a read, end");
    agency_forget(&agency);
    outcomes.had = &had;
    outcomes.had_count = 1;
    service_status(agency.service, &request, agency_listen, &agency);
    assert_string_equal(buffer_text(&agency.story), "set of 1, a read, end");
    close_agency_and_journal(&agency);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIRECTORY(a_nonce_that_was_accepted_with_another_plan_is_refused_after_a_restart),
        IN_NEW_DIRECTORY(an_expired_plan_that_was_accepted_goes_on_after_a_restart),
        IN_NEW_DIRECTORY(a_lower_epoch_than_was_accepted_is_refused_before_the_target_is_touched),
        IN_NEW_DIRECTORY(outcomes_are_handed_over_until_they_are_acknowledged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
