#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/file.h"
#include "directory.h"
#include "inventory/inventory.h"

static void put(const char *path, const char *text, mode_t mode)
{
    assert_true(directory_put(path, text, mode));
}

#define FLEET "[fleet]\nname = shop\n"
#define ENVIRONMENT "[env:dev]\n"
#define AGENT "[agent:db-1]\naddress = db-1:7443\n"

/* The document must be good. */
static const struct inventory *load(const char *text)
{
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();

    put("fleet.ini", text, 0600);
    const struct inventory *inventory = inventory_load("fleet.ini", faults);
    for (size_t i = 0; i < diagnostics_count(faults); i++) {
        AUTO_BUFFER struct buffer message = {0};

        error_describe(diagnostics_at(faults, i), &message);
        print_error("%s\n", buffer_text(&message));
    }
    assert_non_null(inventory);
    return inventory;
}

/* The faults as lines; there must be some. */
static void load_faults(const char *text, struct buffer *lines)
{
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();

    put("fleet.ini", text, 0600);
    assert_null(inventory_load("fleet.ini", faults));
    for (size_t i = 0; i < diagnostics_count(faults); i++) {
        assert_int_equal(diagnostics_at(faults, i)->code, ERROR_CONFIG);
        error_describe(diagnostics_at(faults, i), lines);
        buffer_append_char(lines, '\n');
    }
}

static void check_faults(const char *text, const char *expected)
{
    AUTO_BUFFER struct buffer lines = {0};

    load_faults(text, &lines);
    assert_string_equal(buffer_text(&lines), expected);
}

static void check_fault_has(const char *text, const char *part)
{
    AUTO_BUFFER struct buffer lines = {0};

    load_faults(text, &lines);
    if (strstr(buffer_text(&lines), part) == NULL)
        fail_msg("%s\nis not in\n%s", part, buffer_text(&lines));
}

static void the_whole_of_an_inventory_is_read(void **state)
{
    (void)state;
    AUTO(inventory)
    const struct inventory *inventory = load("[fleet]\n"
                                             "name       = shop\n"
                                             "migrations = db/migrations\n"
                                             "state      = /var/lib/fleet/state.db ; here\n"
                                             "[operator]\n"
                                             "name = ada\n"
                                             "signing_key = keys/ada.pem\n"
                                             "[env:prod]\n"
                                             "max_parallel = 8\n"
                                             "max_failures = 1.5%\n"
                                             "irreversible = allow\n"
                                             "on_failure = rollback-target\n"
                                             "[agent:db-eu-1]\n"
                                             "address = db-eu-1.internal:7443\n"
                                             "[target:orders-%03d]\n"
                                             "range = 0..399\n"
                                             "env = prod\n"
                                             "agent = db-eu-1\n"
                                             "engine = postgresql\n"
                                             "labels = region=eu, service=orders\n");
    const struct target *target = inventory_target(inventory, "orders-399");
    const struct environment *prod = inventory_environment(inventory, "prod");

    assert_string_equal(inventory->fleet, "shop");
    assert_string_equal(inventory->migrations, "db/migrations");
    assert_string_equal(inventory->state, "/var/lib/fleet/state.db");
    assert_string_equal(inventory->operator_settings.signing_key, "keys/ada.pem");
    assert_null(inventory->operator_settings.cert);
    assert_int_equal(inventory->target_count, 400);
    assert_string_equal(inventory->targets[0].name, "orders-000");
    assert_ptr_equal(target, &inventory->targets[399]);
    assert_ptr_equal(target->environment, prod);
    assert_string_equal(target->agent->address, "db-eu-1.internal:7443");
    assert_int_equal(target->engine, ENGINE_POSTGRESQL);
    assert_int_equal(target->label_count, 2);
    assert_string_equal(target->labels[1].key, "service");
    assert_string_equal(target->labels[1].value, "orders");
    assert_null(target->url);
    assert_int_equal(target->line, 15);
    assert_int_equal(prod->policy.max_parallel, 8);
    assert_true(prod->policy.max_failures.amount.is_share);
    assert_int_equal(prod->policy.max_failures.amount.value, 15);
    assert_true(prod->policy.irreversible_allowed);
    assert_false(prod->policy.opaque_allowed);
    assert_int_equal(prod->policy.unbuilt_count, 0);
    assert_null(inventory_target(inventory, "orders-400"));
    assert_null(inventory_environment(inventory, "dev"));
}

static void a_budget_may_count_failures_in_a_row(void **state)
{
    (void)state;
    AUTO(inventory)
    const struct inventory *inventory = load(FLEET "[env:a]\nmax_failures = 3 consecutive\n"
                                                   "[env:b]\nmax_failures = 3\n");
    const struct failure_budget *budget = &inventory->environments[0].policy.max_failures;

    assert_true(budget->is_consecutive);
    assert_int_equal(budget->amount.value, 3);
    assert_false(inventory->environments[1].policy.max_failures.is_consecutive);
}

static void what_is_left_out_has_its_default(void **state)
{
    (void)state;
    AUTO(inventory) const struct inventory *inventory = load(FLEET ENVIRONMENT);

    assert_string_equal(inventory->migrations, "migrations");
    assert_string_equal(inventory->state, ".fleet/state.db");
    assert_string_equal(inventory->directory, ".");
    assert_int_equal(inventory->environments[0].policy.max_parallel, 64);
    assert_int_equal(inventory->environments[0].policy.max_failures.amount.value, 0);
    assert_int_equal(inventory->target_count, 0);
}

static void a_local_target_has_its_database_here(void **state)
{
    (void)state;
    assert_int_equal(mkdir("conf", 0700), 0);
    put("conf/fleet.ini",
        FLEET ENVIRONMENT "[target:file]\nenv = dev\nagent = local\nurl = sqlite:data/dev.db\n"
                          "[target:tenant-%d]\nrange = 7..8\nenv = dev\nagent = local\n"
                          "url = postgresql://app@/shop?host=/run/postgresql\n"
                          "schema = tenant_%d\npassword_file = secrets/%d.pass\n"
                          "init_sql = SET role migrator\ninit_sql = SET lock_timeout = 0\n",
        0600);
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    AUTO(inventory) const struct inventory *inventory = inventory_load("conf/fleet.ini", faults);

    assert_non_null(inventory);
    assert_string_equal(inventory->directory, "conf");
    const struct target *file = inventory_target(inventory, "file");
    assert_null(file->agent);
    assert_int_equal(file->engine, ENGINE_SQLITE);
    assert_string_equal(file->url, "sqlite:conf/data/dev.db");
    const struct target *tenant = inventory_target(inventory, "tenant-8");
    assert_int_equal(tenant->engine, ENGINE_POSTGRESQL);
    assert_string_equal(tenant->schema, "tenant_8");
    assert_string_equal(tenant->password.file, "conf/secrets/8.pass");
    assert_int_equal(tenant->init_sql_count, 2);
    assert_string_equal(tenant->init_sql[1], "SET lock_timeout = 0");
}

static void a_misspelt_word_is_named_with_the_one_that_was_meant(void **state)
{
    (void)state;
    check_faults(FLEET "[env:dev]\nmax_paralel = 3\n",
                 "fleet.ini:4: unknown key 'max_paralel' in [env:dev], did you mean "
                 "'max_parallel'?\n");
    check_faults(FLEET "[evn:dev]\n",
                 "fleet.ini:3: unknown section [evn:dev], did you mean [env:dev]?\n");
    check_faults(FLEET ENVIRONMENT AGENT "[target:a]\nenv = dve\nagent = bd-1\nengine = sqlite\n",
                 "fleet.ini:7: target 'a' names the unknown environment 'dve', did you mean "
                 "'dev'?\n"
                 "fleet.ini:8: target 'a' names the unknown agent 'bd-1', did you mean 'db-1'?\n");
    check_fault_has(FLEET ENVIRONMENT AGENT "[target:a]\nenv = dev\nagent = db-1\nengine = "
                                            "postgres\n",
                    "fleet.ini:9: engine: unknown engine 'postgres', did you mean 'postgresql'?");
    check_fault_has(FLEET "[env:dev]\non_failure = rollback-waves\n",
                    "did you mean 'rollback-wave'?");
    check_fault_has(FLEET "[env:dev]\n[env:prod]\nrequires = deev\n", "did you mean 'dev'?");
}

static void every_fault_of_every_file_is_told_in_one_run(void **state)
{
    (void)state;
    put("more.ini", "[env:Dev]\nsoak = long\njunk\n", 0600);
    check_faults("[fleet]\ninclude = more.ini\nnam = x\n[target:a]\nagent = local\n",
                 "more.ini:3: the line is neither [section] nor KEY = VALUE\n"
                 "fleet.ini:3: unknown key 'nam' in [fleet], did you mean 'name'?\n"
                 "more.ini:1: 'Dev' is not a name: a-z, 0-9, then also . _ -, at most 63\n"
                 "more.ini:2: soak: 'long' is not a duration of at most 24 h, such as 5m\n"
                 "fleet.ini:4: target 'a' has no env\n");
}

static void duplicates_are_faults_also_across_files_and_ranges(void **state)
{
    (void)state;
    put("more.ini", ENVIRONMENT, 0600);
    check_faults(FLEET "include = more.ini\n" ENVIRONMENT,
                 "more.ini:1: duplicate section [env:dev]; the first is at fleet.ini:4\n");
    check_faults(FLEET "[env:dev]\nsoak = 1m\nsoak = 2m\n",
                 "fleet.ini:5: duplicate key 'soak' in [env:dev]; it stands on line 4 already\n");
    check_faults(FLEET ENVIRONMENT AGENT "[target:a-%d]\nrange = 0..9\nenv = dev\nagent = db-1\n"
                                         "engine = mysql\n[target:a-7]\nenv = dev\nagent = db-1\n"
                                         "engine = mysql\n",
                 "fleet.ini:11: target 'a-7' makes a second 'a-7'; the first is at fleet.ini:6\n");
    check_fault_has(FLEET ENVIRONMENT "[target:a]\nenv = dev\nagent = local\nurl = sqlite:x.db\n"
                                      "[target:b]\nenv = dev\nagent = local\nurl = sqlite:x.db\n",
                    "makes 'b' the same database as 'a'");
}

static void targets_that_cannot_work_are_faults(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        const char *part;
    } cases[] = {
        {"agent = local\n", "has agent = local and no url"},
        {"engine = sqlite\n", "has no agent"},
        {"agent = db-1\n", "has no engine"},
        {"agent = db-1\nengine = sqlite\nurl = sqlite:x.db\n", "whose agent.ini holds its url"},
        {"agent = db-1\nengine = mysql\npassword_env = X\n", "holds its password_env"},
        {"agent = local\nengine = mysql\nurl = sqlite:x.db\n", "contradicts the url"},
        {"agent = local\nurl = sqlite:x.db\nschema = a\n", "schema is for PostgreSQL"},
        {"agent = local\nurl = sqlite:x.db\npassword_env = X\n", "which has no password"},
        {"agent = local\nurl = mysql://u@h/d\npassword_env = X\npassword_file = y\n", "2 sources"},
        {"agent = local\nurl = mysql://u@h/d\npassword = hunter2\n",
         "does not belong in this file"},
        {"agent = local\nurl = oracle://x\n", "none of sqlite:, postgresql:// and mysql://"},
        {"agent = local\nurl = sqlite:x.db\nrange = 0..3\n", "no place for its numbers"},
        {"agent = db-1\nengine = sqlite\nlabels = a\n", "labels: 'a' is not"},
        {"agent = db-1\nengine = sqlite\nlabels = a=1, a=2\n", "label 'a' is given twice"},
        {"agent = db-1\nengine = sqlite\nvar.Bad = 1\n", "'Bad' is not a variable's name"},
        {"agent = db-1\nengine =\n", "engine has no value"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(text)
        char *text =
            xasprintf("%s[target:a]\nenv = dev\n%s", FLEET ENVIRONMENT AGENT, cases[i].keys);

        check_fault_has(text, cases[i].part);
    }
    check_fault_has(FLEET ENVIRONMENT AGENT
                    "[target:a%d]\nenv = dev\nagent = db-1\nengine = mysql\n",
                    "has a placeholder and no range");
    check_fault_has(FLEET ENVIRONMENT "[target:a%d]\nrange = 0..3\nenv = dev\nagent = local\n"
                                      "url = sqlite:x.db\n",
                    "would be the same database");
    check_fault_has(FLEET ENVIRONMENT AGENT "[target:A]\nenv = dev\nagent = db-1\nengine = mysql\n",
                    "is named 'A', which is not a name");
}

static void a_password_in_a_url_is_refused_and_not_repeated(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "postgresql://app:hunter2@db/shop",        "postgresql://db/shop?user=app&password=hunter2",
        "postgresql://db/shop?pass%77ord=hunter2", "mysql://app:hun/hunter2@db/shop",
        "mysql://db/shop?PASSWORD=hunter2",
    };

    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        AUTO_BUFFER struct buffer lines = {0};
        AUTO(text)
        char *text = xasprintf("%s[target:a]\nenv = dev\nagent = local\nurl = %s\n",
                               FLEET ENVIRONMENT, urls[i]);

        load_faults(text, &lines);
        assert_non_null(strstr(buffer_text(&lines), "has a password in it"));
        assert_null(strstr(buffer_text(&lines), "hunter2"));
    }
}

static void policies_that_nothing_acts_on_yet_are_kept_with_their_place(void **state)
{
    (void)state;
    AUTO(inventory)
    const struct inventory *inventory =
        load(FLEET AGENT "[env:test]\n[env:dev]\n[env:prod]\nrequires = test , dev\napprovals = 2\n"
                         "waves = 1, 10%, 100%\nmax_parallel = 4\nmax_failures = 3\n"
                         "on_failure = rollback-wave\nsoak = 5m\ngate = manual\n"
                         "window = Mon-Thu 09:00-16:00 Europe/Berlin\n"
                         "health_url = https://shop.example/health\nhealth_command = ./look\n"
                         "health_sql = SELECT 1\nconfirm_within = 10m\n"
                         "[target:a]\nenv = test\nagent = db-1\nengine = mysql\nvar.region = eu\n");
    static const char *const keys[] = {"approvals"};
    const struct policy *prod = &inventory_environment(inventory, "prod")->policy;
    const struct policy *test = &inventory_environment(inventory, "test")->policy;

    assert_int_equal(prod->unbuilt_count, COUNT_OF(keys));
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        assert_string_equal(prod->unbuilt[i].key, keys[i]);
    assert_string_equal(prod->unbuilt[0].file, "fleet.ini");
    assert_int_equal(prod->confirm_within_ms, 10 * 60 * 1000);
    assert_int_equal(prod->waves.count, 3);
    assert_int_equal(prod->on_failure, FAILURE_ROLLBACK_WAVE);
    assert_int_equal(prod->requires_count, 2);
    assert_string_equal(prod->requires[0], "test");
    assert_string_equal(prod->requires[1], "dev");
    assert_string_equal(prod->health.url, "https://shop.example/health");
    assert_string_equal(prod->health.command, "./look");
    assert_string_equal(prod->health_sql, "SELECT 1");
    assert_string_equal(prod->window, "Mon-Thu 09:00-16:00 Europe/Berlin");
    assert_int_equal(prod->soak_ms, 5 * 60 * 1000);
    assert_true(prod->manual_gate);
    assert_int_equal(prod->max_failures.amount.value, 3);
    assert_int_equal(test->unbuilt_count, 1);
    assert_string_equal(test->unbuilt[0].key, "var.region");
}

static void policies_that_contradict_are_faults(void **state)
{
    (void)state;
    check_fault_has(FLEET "[env:a]\nsoak = 10m\nconfirm_within = 5m\n", "not longer than its soak");
    check_fault_has(FLEET "[env:a]\nrequires = b\n[env:b]\nrequires = a\n",
                    "[env:a] requires itself");
    check_fault_has(FLEET "[env:dev]\napprovals = 1\n[target:a]\nenv = dev\nagent = local\n"
                          "url = sqlite:a.db\n",
                    "demands approvals");
    check_fault_has(FLEET "[env:dev]\nconfirm_within = 1m\n[target:a]\nenv = dev\nagent = local\n"
                          "url = sqlite:a.db\n",
                    "has confirm_within");
    check_fault_has(FLEET "[env:a]\nhealth_sql = DELETE FROM t\n", "a query that begins with");
    check_fault_has(FLEET "[env:a]\nhealth_url = https://u:p@x/\n", "user or password in it");
    check_fault_has(FLEET "[env:a]\nmax_parallel = 0\n", "1 to 100000");
    check_fault_has(FLEET "[env:a]\nmax_failures = 101%\n", "max_failures: '101%' is not");
    check_fault_has(FLEET "[env:a]\nmax_failures = 1% consecutive\n", "'1% consecutive' is not");
    check_fault_has(FLEET "[env:a]\nmax_failures = 3 in a row\n", "'3 in a row' is not");
    check_fault_has(FLEET "[agent:x]\naddress = x\n", "address: 'x' is not HOST:PORT");
    check_fault_has(FLEET "[agent:x]\n", "has no address");
    check_fault_has(FLEET "[agent:local]\naddress = a:1\n", "no agent can be named 'local'");
    check_fault_has("[env:a]\n", "there is no [fleet] section");
    check_fault_has("name = shop\n[fleet]\nname = shop\n", "unknown key 'name'");
    check_fault_has("[fleet:x]\n", "should be [fleet], without a name");
    check_fault_has(FLEET "state = mysql://a/b\n", "or in PostgreSQL");
    check_fault_has(FLEET "state = postgresql://a:b@c/d\n", "has a password in it");
    check_fault_has(FLEET "state_password_file = x\n", "its state is a file");
    check_fault_has(FLEET "state = postgresql://a/b\nstate_password_file = x\n"
                          "state_password_env = X\n",
                    "give one");
}

static void a_hundred_thousand_targets_come_from_one_section(void **state)
{
    (void)state;
    AUTO(inventory)
    const struct inventory *inventory =
        load(FLEET ENVIRONMENT AGENT "[target:t%05d]\nrange = 0..99999\nenv = dev\nagent = db-1\n"
                                     "engine = mysql\n");

    assert_int_equal(inventory->target_count, 100000);
    assert_ptr_equal(inventory_target(inventory, "t99999"), &inventory->targets[99999]);
}

static void fleet_ini_is_found_here_or_above(void **state)
{
    const char *directory = *state;
    struct error err = {0};
    AUTO(text) char *expected = xasprintf("%s/fleet.ini", directory);

    assert_true(file_make_directory("a/b", 0700, &err));
    AUTO(text) char *nothing = inventory_find("a/b");
    assert_null(nothing);
    put("fleet.ini", FLEET, 0600);
    AUTO(text) char *found = inventory_find("a/b");
    assert_string_equal(found, expected);
}

static void shares_round_down(void **state)
{
    (void)state;
    assert_int_equal(amount_of(&(struct amount){true, 10}, 199), 1);
    assert_int_equal(amount_of(&(struct amount){true, 5}, 199), 0);
    assert_int_equal(amount_of(&(struct amount){true, 1000}, 199), 199);
    assert_int_equal(amount_of(&(struct amount){false, 3}, 199), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIRECTORY(the_whole_of_an_inventory_is_read),
        IN_NEW_DIRECTORY(a_budget_may_count_failures_in_a_row),
        IN_NEW_DIRECTORY(what_is_left_out_has_its_default),
        IN_NEW_DIRECTORY(a_local_target_has_its_database_here),
        IN_NEW_DIRECTORY(a_misspelt_word_is_named_with_the_one_that_was_meant),
        IN_NEW_DIRECTORY(every_fault_of_every_file_is_told_in_one_run),
        IN_NEW_DIRECTORY(duplicates_are_faults_also_across_files_and_ranges),
        IN_NEW_DIRECTORY(targets_that_cannot_work_are_faults),
        IN_NEW_DIRECTORY(a_password_in_a_url_is_refused_and_not_repeated),
        IN_NEW_DIRECTORY(policies_that_nothing_acts_on_yet_are_kept_with_their_place),
        IN_NEW_DIRECTORY(policies_that_contradict_are_faults),
        IN_NEW_DIRECTORY(a_hundred_thousand_targets_come_from_one_section),
        IN_NEW_DIRECTORY(fleet_ini_is_found_here_or_above),
        cmocka_unit_test(shares_round_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
