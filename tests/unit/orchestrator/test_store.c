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

static struct ledger_entry entry_about(const char *target)
{
    return (struct ledger_entry){.who = "alice",
                                 .what = "job",
                                 .rollout = "r",
                                 .plan = "p",
                                 .target = target,
                                 .subject = "",
                                 .result = "applied",
                                 .detail = ""};
}

static void append(struct store *store, const char *target)
{
    struct error err = {0};
    const struct ledger_entry entry = entry_about(target);

    assert_true(ledger_append(store_database(store), clock_system(), &entry, &err));
}

static void a_store_keeps_its_id(void **state)
{
    (void)state;
    struct store *first = open_store();
    char id[ID_SIZE];

    snprintf(id, sizeof id, "%s", store_id(first));
    assert_int_equal(strlen(id), 32);
    store_free(first);
    AUTO(store) struct store *again = open_store();
    assert_string_equal(store_id(again), id);
}

static void the_chain_of_the_ledger_holds(void **state)
{
    (void)state;
    AUTO(store) struct store *store = open_store();
    struct error err = {0};
    int64_t entries;

    append(store, "a");
    append(store, "b");
    assert_true(ledger_verify(store_database(store), &entries, &err));
    assert_int_equal(entries, 2);
}

static void the_ledger_refuses_changes(void **state)
{
    (void)state;
    AUTO(store) struct store *store = open_store();
    struct error update = {0}, removal = {0};

    append(store, "a");
    assert_false(
        database_execute(store_database(store), "UPDATE ledger SET who = 'mallory'", &update));
    assert_false(database_execute(store_database(store), "DELETE FROM ledger", &removal));
}

static void a_ledger_that_was_changed_all_the_same_is_found_out(void **state)
{
    (void)state;
    AUTO(store) struct store *store = open_store();
    struct error err = {0};
    int64_t entries;

    append(store, "a");
    append(store, "b");
    append(store, "c");
    assert_true(database_execute(store_database(store),
                                 database_kind(store_database(store)) == DATABASE_SQLITE
                                     ? "DROP TRIGGER ledger_is_append_only_update"
                                     : "DROP TRIGGER ledger_is_append_only ON ledger",
                                 &err));
    assert_true(database_execute(store_database(store),
                                 "UPDATE ledger SET who = 'mallory' WHERE seq = 2", &err));
    assert_false(ledger_verify(store_database(store), &entries, &err));
    assert_int_equal(err.code, ERROR_VERIFY);
    assert_int_equal(entries, 2);
}

static void a_store_of_a_newer_format_is_refused_by_name(void **state)
{
    (void)state;
    struct store *store = open_store();
    const struct store_place place = store_here();
    struct error err = {0};

    assert_true(database_execute(store_database(store),
                                 "UPDATE meta SET value = '99' WHERE key = 'format'", &err));
    store_free(store);
    assert_null(store_open(&place, clock_system(), random_system(), &err));
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "99"));
}

static void a_store_of_an_older_format_is_brought_to_this_one(void **state)
{
    (void)state;
    struct store *store = open_store();
    struct error err = {0};
    char id[ID_SIZE];

    append(store, "a");
    snprintf(id, sizeof id, "%s", store_id(store));
    assert_true(database_execute(store_database(store),
                                 "DROP TABLE course; DROP TABLE notified; DROP TABLE had;"
                                 "UPDATE meta SET value = '1' WHERE key = 'format'",
                                 &err));
    store_free(store);
    AUTO(store) struct store *again = open_store();
    bool has = false;
    int64_t entries;
    assert_string_equal(store_id(again), id);
    assert_true(database_has_table(store_database(again), "course", &has, &err) && has);
    assert_true(ledger_verify(store_database(again), &entries, &err));
    assert_int_equal(entries, 1);
}

static void a_store_in_a_file_makes_its_directory(void **state)
{
    (void)state;
    const struct store_place place = {.location = "deep/er/state.db"};
    struct error err = {0};
    AUTO(store)
    struct store *store = store_open(&place, clock_system(), random_system(), &err);

    assert_non_null(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIRECTORY(a_store_keeps_its_id),
        IN_NEW_DIRECTORY(the_chain_of_the_ledger_holds),
        IN_NEW_DIRECTORY(the_ledger_refuses_changes),
        IN_NEW_DIRECTORY(a_ledger_that_was_changed_all_the_same_is_found_out),
        IN_NEW_DIRECTORY(a_store_of_a_newer_format_is_refused_by_name),
        IN_NEW_DIRECTORY(a_store_of_an_older_format_is_brought_to_this_one),
        IN_NEW_DIRECTORY(a_store_in_a_file_makes_its_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
