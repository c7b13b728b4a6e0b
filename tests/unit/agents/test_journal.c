#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "agents/journal/journal.h"
#include "directory.h"
#include "faulty_storage.h"

#define STORE "0123456789abcdef0123456789abcdef"
#define OTHER_STORE "ffffffffffffffffffffffffffffffff"

enum { UNTIL_MS = 2000, EVERYTHING = 1 << 20 };

static int64_t fixed_ms(const struct clock *clock)
{
    return *(const int64_t *)clock->context;
}

static int64_t now = 1000;
static const struct clock clock_at_1000 = {fixed_ms, fixed_ms, &now};

static struct journal *open_with(const struct storage *storage, struct journal_opening *opening,
                                 struct error *err)
{
    const struct journal_settings settings = {.directory = "state",
                                              .storage = storage,
                                              .clock = &clock_at_1000,
                                              .compact_from = 256 * 1024};

    return journal_open(&settings, opening, err);
}

static struct journal *reopen(const struct storage *storage, struct journal_opening *opening)
{
    struct error err = {0};
    struct journal *journal = open_with(storage, opening, &err);

    if (journal == NULL)
        fail_msg("%s", err.message);
    return journal;
}

/* "rollout 7" as an id. */
static const char *id_of(int number, char id[33])
{
    snprintf(id, 33, "%032x", (unsigned)number);
    return id;
}

/* Rollout number n: a plan, a nonce and an epoch of its own, for targets a and b. */
static bool accept_number(struct journal *journal, int number, struct error *err)
{
    static const char *const targets[] = {"a", "b"};
    char id[33];
    const struct acceptance acceptance = {.plan = {{(uint8_t)number, (uint8_t)(number >> 8), 1}},
                                          .nonce = id_of(number, id),
                                          .environment = "prod",
                                          .store = STORE,
                                          .rollout = id,
                                          .epoch = number,
                                          .until_ms = UNTIL_MS,
                                          .targets = targets,
                                          .target_count = 2};

    return journal_accept(journal, &acceptance, 4, err);
}

static void accepted(struct journal *journal, int number)
{
    struct error err = {0};

    if (!accept_number(journal, number, &err))
        fail_msg("%s", err.message);
}

static void note_job(struct journal *journal, int number, const char *target, enum job_state job)
{
    const struct error why = {.code = ERROR_SQL, .message = "no such table"};
    char id[33];

    journal_note(journal, id_of(number, id),
                 &(struct run_event){.kind = RUN_JOB,
                                     .target = target,
                                     .job = job,
                                     .error = job > JOB_APPLIED ? &why : NULL});
}

static void note_step(struct journal *journal, int number, enum step_state step)
{
    char id[33];

    journal_note(journal, id_of(number, id),
                 &(struct run_event){.kind = RUN_STEP,
                                     .target = "a",
                                     .step = step,
                                     .version = "003",
                                     .name = "three",
                                     .direction = DIRECTION_UP});
}

static bool knows(struct journal *journal, int number)
{
    return journal_knows_plan(journal,
                              &(struct digest){{(uint8_t)number, (uint8_t)(number >> 8), 1}});
}

static void tell(void *context, const struct reply *outcome)
{
    const struct run_event *event = &outcome->event;

    buffer_printf(context, "%s %s", event->target,
                  event->kind == RUN_JOB ? job_state_name(event->job)
                                         : step_state_name(event->step));
    if (event->error != NULL)
        buffer_printf(context, " (%.40s)", event->error->message);
    buffer_append_text(context, ", ");
}

/* What is handed over, after dropping the outcomes of a rollout (0: none) up to one. */
static void assert_outcomes(struct journal *journal, const char *store, int number, int64_t through,
                            const char *story)
{
    AUTO_BUFFER struct buffer told = {0};
    char id[33];
    const struct acknowledgement had = {id_of(number, id), through};
    const struct outcomes_request request = {store, &had, number > 0 ? 1 : 0};

    journal_hand_over(journal, &request, tell, &told);
    assert_string_equal(buffer_text(&told), story);
}

static void what_was_accepted_is_known_to_the_next_process(void **state)
{
    (void)state;
    struct error err = {0};
    struct journal *journal = reopen(NULL, NULL);
    struct stat status;

    accepted(journal, 7);
    journal_free(journal);
    journal = reopen(NULL, NULL);
    assert_true(knows(journal, 7));
    assert_false(knows(journal, 8));
    assert_int_equal(journal_epoch(journal, "a"), 7);
    assert_int_equal(journal_epoch(journal, "c"), 0);
    assert_true(journal_may_begin(journal, "a", "00000000000000000000000000000007", 7, &err));
    assert_false(journal_may_begin(journal, "a", STORE, 7, &err));
    assert_int_equal(err.code, ERROR_FENCED);
    error_clear(&err);
    assert_false(journal_may_begin(journal, "a", "00000000000000000000000000000007", 6, &err));
    error_clear(&err);
    assert_true(journal_may_begin(journal, "c", STORE, 1, &err));
    journal_free(journal);
    assert_int_equal(stat("state", &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
}

static void the_same_nonce_or_rollout_with_another_content_is_refused_after_a_restart(void **state)
{
    (void)state;
    struct error err = {0};
    char id[33], other[33];
    struct acceptance acceptance = {.plan = {{9}},
                                    .nonce = id_of(7, id),
                                    .environment = "prod",
                                    .store = STORE,
                                    .rollout = id_of(8, other),
                                    .epoch = 8,
                                    .until_ms = UNTIL_MS};
    struct journal *journal = reopen(NULL, NULL);

    accepted(journal, 7);
    journal_free(journal);
    journal = reopen(NULL, NULL);
    assert_false(journal_accept(journal, &acceptance, 0, &err));
    assert_int_equal(err.code, ERROR_VERIFY);
    error_clear(&err);
    acceptance.nonce = STORE;
    acceptance.rollout = id;
    assert_false(journal_accept(journal, &acceptance, 0, &err));
    assert_int_equal(err.code, ERROR_VERIFY);
    accepted(journal, 7);
    journal_free(journal);
}

static void an_epoch_that_leaps_is_not_believed(void **state)
{
    (void)state;
    static const char *const targets[] = {"a"};
    struct error err = {0};
    const struct acceptance acceptance = {.plan = {{9}},
                                          .nonce = STORE,
                                          .environment = "prod",
                                          .store = STORE,
                                          .rollout = STORE,
                                          .epoch = EPOCH_LEAP_MAX + 1,
                                          .until_ms = UNTIL_MS,
                                          .targets = targets,
                                          .target_count = 1};
    struct journal *journal = reopen(NULL, NULL);

    assert_true(journal_accept(journal, &acceptance, 0, &err));
    assert_int_equal(journal_epoch(journal, "a"), 0);
    journal_free(journal);
}

static void outcomes_stay_until_their_store_has_them(void **state)
{
    (void)state;
    struct journal *journal = reopen(NULL, NULL);

    accepted(journal, 7);
    note_job(journal, 7, "a", JOB_STARTED);
    note_step(journal, 7, STEP_STARTED);
    note_step(journal, 7, STEP_DONE);
    note_job(journal, 7, "a", JOB_APPLIED);
    note_job(journal, 7, "b", JOB_REFUSED);
    journal_free(journal);
    journal = reopen(NULL, NULL);
    assert_outcomes(journal, OTHER_STORE, 7, OUTCOMES_ALL, "");
    assert_outcomes(journal, STORE, 0, 0, "a done, a applied, b refused (no such table), ");
    assert_outcomes(journal, STORE, 7, 4, "a applied, b refused (no such table), ");
    assert_outcomes(journal, STORE, 7, OUTCOMES_ALL, "");
    journal_free(journal);
    journal = reopen(NULL, NULL);
    assert_outcomes(journal, STORE, 0, 0, "");
    journal_free(journal);
}

static void a_job_that_a_killed_agent_left_is_handed_over_as_unknown(void **state)
{
    (void)state;
    struct journal_opening opening;
    struct journal *journal = reopen(NULL, NULL);

    accepted(journal, 7);
    note_job(journal, 7, "a", JOB_STARTED);
    note_step(journal, 7, STEP_STARTED);
    journal_free(journal);
    journal = reopen(NULL, &opening);
    assert_int_equal(opening.unfinished, 1);
    assert_outcomes(journal, STORE, 0, 0, "a unknown (the agent was ended while it was at work), ");
    journal_free(journal);
    journal = reopen(NULL, &opening);
    assert_int_equal(opening.unfinished, 0);
    assert_outcomes(journal, STORE, 0, 0, "a unknown (the agent was ended while it was at work), ");
    journal_free(journal);
}

static void a_second_process_is_refused(void **state)
{
    (void)state;
    struct error err = {0};
    struct journal *journal = reopen(NULL, NULL);

    assert_null(open_with(NULL, NULL, &err));
    assert_int_equal(err.code, ERROR_LOCKED);
    journal_free(journal);
}

static void a_directory_that_others_may_enter_is_refused(void **state)
{
    (void)state;
    struct error err = {0};

    assert_int_equal(mkdir("state", 0750), 0);
    assert_int_equal(chmod("state", 0750), 0);
    assert_null(open_with(NULL, NULL, &err));
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_non_null(strstr(err.message, "chmod 700"));
}

static void put_file(const struct buffer *bytes, size_t length)
{
    struct error err = {0};

    assert_true(file_write("state/journal", bytes->bytes, length, 0600, &err));
}

static void a_journal_cut_at_any_byte_reopens_and_goes_on(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer bytes = {0};
    struct error err = {0};
    struct journal *journal = reopen(NULL, NULL);

    accepted(journal, 1);
    note_job(journal, 1, "a", JOB_APPLIED);
    accepted(journal, 2);
    journal_free(journal);
    assert_true(file_read("state/journal", EVERYTHING, &bytes, &err));
    size_t length = bytes.length;
    while (length > 0 && bytes.bytes[length - 1] == 0)
        length--;
    for (size_t cut = 0; cut <= length; cut++) {
        put_file(&bytes, cut);
        journal = reopen(NULL, NULL);
        assert_true(!knows(journal, 2) || cut == length);
        accepted(journal, 3);
        journal_free(journal);
        journal = reopen(NULL, NULL);
        assert_true(knows(journal, 3));
        journal_free(journal);
    }
}

static void damage_is_refused_with_what_to_do(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer bytes = {0};
    struct error err = {0};
    struct journal *journal = reopen(NULL, NULL);

    accepted(journal, 1);
    accepted(journal, 2);
    journal_free(journal);
    assert_true(file_read("state/journal", EVERYTHING, &bytes, &err));
    bytes.bytes[JOURNAL_HEADER_SIZE + FRAME_HEADER_SIZE] ^= 1;
    put_file(&bytes, bytes.length);
    assert_null(open_with(NULL, NULL, &err));
    assert_int_equal(err.code, ERROR_VERIFY);
    assert_non_null(strstr(err.message, "record 1 at byte 28 is damaged"));
    assert_non_null(strstr(err.message, "move the file away"));
}

/* As long as outcomes get: every character of them is escaped. */
static void note_long(struct journal *journal, int number)
{
    struct error why = {.code = ERROR_SQL};
    char id[33];

    memset(why.message, '\001', sizeof why.message - 1);
    for (int i = 0; i < 4; i++)
        journal_note(journal, id_of(number, id),
                     &(struct run_event){
                         .kind = RUN_JOB, .target = "a", .job = JOB_FAILED_CLEAN, .error = &why});
}

/* Enough rollouts, each over and told, that the file is compacted on the way. */
static int fill(struct journal *journal, int from, int count, struct error *err)
{
    int done = 0;

    while (done < count && accept_number(journal, from + done, err)) {
        char id[33];
        const struct acknowledgement had = {id_of(from + done, id), OUTCOMES_ALL};
        const struct outcomes_request request = {STORE, &had, 1};
        AUTO_BUFFER struct buffer told = {0};

        note_long(journal, from + done);
        journal_hand_over(journal, &request, tell, &told);
        done++;
    }
    return done;
}

enum { TO_FILL = 24 };

static void compaction_keeps_what_counts_and_the_file_small(void **state)
{
    (void)state;
    struct error err = {0};
    struct stat status;
    struct journal *journal = reopen(NULL, NULL);

    accepted(journal, 1);
    note_job(journal, 1, "b", JOB_APPLIED);
    assert_int_equal(fill(journal, 2, 6 * TO_FILL, &err), 6 * TO_FILL);
    assert_int_equal(stat("state/journal", &status), 0);
    assert_true(status.st_size < 1024 * 1024);
    journal_free(journal);
    journal = reopen(NULL, NULL);
    assert_true(knows(journal, 1) && knows(journal, 2) && knows(journal, 1 + 6 * TO_FILL));
    assert_int_equal(journal_epoch(journal, "a"), 1 + 6 * TO_FILL);
    assert_outcomes(journal, STORE, 0, 0, "b applied, ");
    journal_free(journal);
}

static void what_is_past_its_time_is_forgotten(void **state)
{
    (void)state;
    struct error err = {0};
    struct journal *journal = reopen(NULL, NULL);

    accepted(journal, 1);
    now = UNTIL_MS + 1;
    (void)fill(journal, 2, 2 * TO_FILL, &err);
    assert_false(knows(journal, 1));
    now = 1000;
    journal_free(journal);
}

/* From an empty directory past a compaction; how many rollouts were accepted. */
static int live(const struct storage *storage)
{
    struct error err = {0};
    AUTO(journal)
    struct journal *journal = open_with(storage, NULL, &err);
    int done = journal != NULL ? fill(journal, 1, TO_FILL, &err) : 0;

    if (journal != NULL && done < TO_FILL && err.code == ERROR_IO &&
        strstr(err.message, "reserve") == NULL) {
        error_clear(&err);
        assert_false(accept_number(journal, TO_FILL + 1, &err));
        assert_non_null(strstr(err.message, "nothing is accepted until"));
    }
    return done;
}

static void remove_state(void)
{
    assert_int_equal(system("rm -rf state"), 0);
}

static void fail_each_call(bool dies, int number)
{
    struct faulty_storage faulty;

    faulty_storage_make(&faulty, 0, false, number);
    assert_int_equal(live(&faulty.storage), TO_FILL);
    int calls = atomic_load(&faulty.calls);
    for (int at = 1; at <= calls; at++) {
        remove_state();
        faulty_storage_make(&faulty, at, dies, number);
        int done = live(&faulty.storage);
        struct journal *journal = reopen(NULL, NULL);

        for (int i = 1; i <= done; i++)
            assert_true(knows(journal, i));
        accepted(journal, TO_FILL + 2);
        journal_free(journal);
    }
    remove_state();
}

static void what_was_accepted_survives_the_failure_of_any_one_call(void **state)
{
    (void)state;
    fail_each_call(false, ENOSPC);
}

static void what_was_accepted_survives_a_death_at_any_call(void **state)
{
    (void)state;
    fail_each_call(true, EIO);
}

static void a_full_disk_refuses_work_and_takes_it_again_when_there_is_room(void **state)
{
    (void)state;
    struct error err = {0};
    struct faulty_storage faulty;
    struct journal *journal = reopen(NULL, NULL);

    journal_free(journal);
    faulty_storage_make(&faulty, 2, false, ENOSPC); /* after opening the file */
    journal = reopen(&faulty.storage, NULL);
    const struct acceptance big = {.plan = {{1}},
                                   .nonce = STORE,
                                   .environment = "prod",
                                   .store = STORE,
                                   .rollout = STORE,
                                   .epoch = 1,
                                   .until_ms = UNTIL_MS};
    assert_false(journal_accept(journal, &big, 1000, &err));
    assert_non_null(strstr(err.message, "reserve room"));
    assert_false(knows(journal, 1));
    error_clear(&err);
    assert_true(journal_accept(journal, &big, 1000, &err));
    journal_free(journal);
}

enum { THREADS = 8, EACH = 25 };

struct worker {
    struct journal *journal;
    int first;
};

static void *work(void *context)
{
    const struct worker *worker = context;
    struct error err = {0};

    for (int i = 0; i < EACH; i++)
        if (!accept_number(worker->journal, worker->first + i, &err))
            return context;
    return NULL;
}

static void threads_that_append_at_once_share_syncs_and_all_is_kept(void **state)
{
    (void)state;
    struct faulty_storage faulty;
    struct worker workers[THREADS];
    pthread_t threads[THREADS];

    faulty_storage_make(&faulty, 0, false, EIO);
    struct journal *journal = reopen(&faulty.storage, NULL);
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){journal, 1 + i * EACH};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *failed;

        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_true(atomic_load(&faulty.syncs) <= THREADS * EACH + 1);
    journal_free(journal);
    journal = reopen(NULL, NULL);
    for (int i = 1; i <= THREADS * EACH; i++)
        assert_true(knows(journal, i));
    journal_free(journal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIRECTORY(what_was_accepted_is_known_to_the_next_process),
        IN_NEW_DIRECTORY(the_same_nonce_or_rollout_with_another_content_is_refused_after_a_restart),
        IN_NEW_DIRECTORY(an_epoch_that_leaps_is_not_believed),
        IN_NEW_DIRECTORY(outcomes_stay_until_their_store_has_them),
        IN_NEW_DIRECTORY(a_job_that_a_killed_agent_left_is_handed_over_as_unknown),
        IN_NEW_DIRECTORY(a_second_process_is_refused),
        IN_NEW_DIRECTORY(a_directory_that_others_may_enter_is_refused),
        IN_NEW_DIRECTORY(a_journal_cut_at_any_byte_reopens_and_goes_on),
        IN_NEW_DIRECTORY(damage_is_refused_with_what_to_do),
        IN_NEW_DIRECTORY(compaction_keeps_what_counts_and_the_file_small),
        IN_NEW_DIRECTORY(what_is_past_its_time_is_forgotten),
        IN_NEW_DIRECTORY(what_was_accepted_survives_the_failure_of_any_one_call),
        IN_NEW_DIRECTORY(what_was_accepted_survives_a_death_at_any_call),
        IN_NEW_DIRECTORY(a_full_disk_refuses_work_and_takes_it_again_when_there_is_room),
        IN_NEW_DIRECTORY(threads_that_append_at_once_share_syncs_and_all_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
