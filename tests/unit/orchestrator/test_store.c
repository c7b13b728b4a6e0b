#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "orchestrator/store/database.h"
#include "orchestrator/store/ledger.h"
#include "orchestrator/store/store.h"

struct place {
    char directory[64];
    char path[96];
};

static int make_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    snprintf(place->directory, sizeof place->directory, "/tmp/fleet-store-XXXXXX");
    if (place == NULL || mkdtemp(place->directory) == NULL)
        return -1;
    snprintf(place->path, sizeof place->path, "%s/deep/state.db", place->directory);
    *state = place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;
    char command[128];

    snprintf(command, sizeof command, "rm -rf '%s'", place->directory);
    int status = system(command);
    free(place);
    return status;
}

static struct store *open_store(const struct place *place)
{
    struct error err = {0};
    struct store *store = store_open(place->path, clock_system(), random_system(), &err);

    if (store == NULL)
        fail_msg("%s", err.message);
    return store;
}

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
    struct store *first = open_store(*state);
    char id[ID_SIZE];

    snprintf(id, sizeof id, "%s", store_id(first));
    assert_int_equal(strlen(id), 32);
    store_free(first);
    AUTO(store) struct store *again = open_store(*state);
    assert_string_equal(store_id(again), id);
}

static void the_chain_of_the_ledger_holds(void **state)
{
    AUTO(store) struct store *store = open_store(*state);
    struct error err = {0};
    int64_t entries;

    append(store, "a");
    append(store, "b");
    assert_true(ledger_verify(store_database(store), &entries, &err));
    assert_int_equal(entries, 2);
}

static void the_ledger_refuses_changes(void **state)
{
    AUTO(store) struct store *store = open_store(*state);
    struct error update = {0}, removal = {0};

    append(store, "a");
    assert_false(
        database_execute(store_database(store), "UPDATE ledger SET who = 'mallory'", &update));
    assert_false(database_execute(store_database(store), "DELETE FROM ledger", &removal));
}

static void a_ledger_that_was_changed_all_the_same_is_found_out(void **state)
{
    AUTO(store) struct store *store = open_store(*state);
    struct error err = {0};
    int64_t entries;

    append(store, "a");
    append(store, "b");
    append(store, "c");
    assert_true(database_execute(store_database(store),
                                 "DROP TRIGGER ledger_is_append_only_update;"
                                 "UPDATE ledger SET who = 'mallory' WHERE seq = 2",
                                 &err));
    assert_false(ledger_verify(store_database(store), &entries, &err));
    assert_int_equal(err.code, ERROR_VERIFY);
    assert_int_equal(entries, 2);
}

static void a_store_of_a_newer_format_is_refused_by_name(void **state)
{
    struct store *store = open_store(*state);
    const struct place *place = *state;
    struct error err = {0};

    assert_true(database_execute(store_database(store),
                                 "UPDATE meta SET value = '99' WHERE key = 'format'", &err));
    store_free(store);
    assert_null(store_open(place->path, clock_system(), random_system(), &err));
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "99"));
}

#define STORE_TEST(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_store_keeps_its_id),
        STORE_TEST(the_chain_of_the_ledger_holds),
        STORE_TEST(the_ledger_refuses_changes),
        STORE_TEST(a_ledger_that_was_changed_all_the_same_is_found_out),
        STORE_TEST(a_store_of_a_newer_format_is_refused_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
