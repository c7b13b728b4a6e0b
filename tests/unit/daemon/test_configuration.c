#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>

#include "agents/daemon/configuration.h"
#include "common/buffer.h"
#include "common/file.h"
#include "directory.h"

#define ADAS_KEY "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
#define BOBS_KEY "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
#define AGENT                                                                              \
    "[agent]\nname = db-1\nfleet = shop\ncert = agent.crt\nkey = agent.key\nca = ca.crt\n" \
    "trusted_keys = trusted\n"
#define TARGET "[target:a]\nenv = prod\nurl = sqlite:a.db\n"

static void put(const char *path, const char *text)
{
    assert_true(directory_put(path, text, 0600));
}

static int enter_new_directory(void **state)
{
    int failed = directory_enter(state);

    if (failed == 0)
        put("trusted", "# who may sign\nada " ADAS_KEY "\n\nbob\t" BOBS_KEY "\r\n");
    return failed;
}

static void load_faults(const char *text, struct buffer *lines)
{
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();

    put("agent.ini", text);
    assert_null(agent_configuration_load("agent.ini", faults));
    for (size_t i = 0; i < diagnostics_count(faults); i++) {
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

static void the_whole_of_agent_ini_is_read(void **state)
{
    (void)state;
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();

    assert_int_equal(mkdir("etc", 0700), 0);
    put("etc/trusted", "ada " ADAS_KEY "\nbob " BOBS_KEY "\n");
    put("etc/agent.ini",
        AGENT "listen = [::1]:7000\ncrl = crl.pem\napprovals = 2\nworkers = 8\n"
              "log_level = debug\nlog_format = json\nstate = /var/lib/x\nmax_request_mb = 2\n"
              "keep_for = 5s\nlock_timeout = 1s\ndrain_timeout = 2m\n"
              "[target:orders-%03d]\nrange = 0..399\nenv = prod\n"
              "url = postgresql://migrator@/orders_%03d?host=/run/postgresql\n"
              "password_file = orders.pass\n"
              "[target:edge]\nenv = dev\nurl = sqlite:edge.db\napprovals = 1\n"
              "init_sql = PRAGMA foreign_keys = ON\n");
    AUTO(agent_configuration)
    const struct agent_configuration *agent = agent_configuration_load("etc/agent.ini", faults);

    assert_non_null(agent);
    assert_string_equal(agent->name, "db-1");
    assert_string_equal(agent->fleet, "shop");
    assert_string_equal(agent->listen_host, "::1");
    assert_int_equal(agent->listen_port, 7000);
    assert_string_equal(agent->cert, "etc/agent.crt");
    assert_string_equal(agent->crl, "etc/crl.pem");
    assert_int_equal(agent->workers, 8);
    assert_int_equal(agent->log_level, LOG_LEVEL_DEBUG);
    assert_true(agent->log_json);
    assert_int_equal(agent->max_request_bytes, 2 * 1024 * 1024);
    assert_int_equal(agent->keep_for_ms, 5000);
    assert_int_equal(agent->drain_timeout_ms, 120000);
    assert_int_equal(agent->key_count, 2);
    assert_string_equal(agent->keys[1].person, "bob");
    assert_int_equal(agent->target_count, 401);
    const struct agent_target *orders = &agent->targets[399];
    assert_string_equal(orders->name, "orders-399");
    assert_string_equal(orders->environment, "prod");
    assert_string_equal(orders->url, "postgresql://migrator@/orders_399?host=/run/postgresql");
    assert_string_equal(orders->password.file, "etc/orders.pass");
    assert_int_equal(orders->approvals, 2);
    const struct agent_target *edge = &agent->targets[400];
    assert_int_equal(edge->engine, ENGINE_SQLITE);
    assert_string_equal(edge->url, "sqlite:etc/edge.db");
    assert_int_equal(edge->approvals, 1);
    assert_int_equal(edge->init_sql_count, 1);
}

static void what_is_left_out_is_safe(void **state)
{
    (void)state;
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();

    put("agent.ini", AGENT TARGET);
    AUTO(agent_configuration)
    const struct agent_configuration *agent = agent_configuration_load("agent.ini", faults);
    assert_non_null(agent);
    assert_int_equal(agent->targets[0].approvals, 1);
    assert_int_equal(agent->listen_port, 7443);
    assert_true(agent->lock_timeout_ms == 3000);
    assert_null(agent->crl);
}

static void all_faults_are_told_in_one_run(void **state)
{
    (void)state;
    check_faults("[agent]\nname = db-1\nfleet = Shop\ncret = x\nlisten = 7443\nworkers = 1000\n"
                 "log_level = warn\n[target:a]\nenv = prod\nenv = dev\n[target:b]\n[tagret:c]\n",
                 "agent.ini:3: fleet: 'Shop' is not a name: a-z, 0-9, then also . _ -, at most 63\n"
                 "agent.ini:4: unknown key 'cret' in [agent], did you mean 'cert'?\n"
                 "agent.ini:5: listen: '7443' is not ADDRESS:PORT, such as 0.0.0.0:7443\n"
                 "agent.ini:6: workers: '1000' is not a number of threads, 1 to 512\n"
                 "agent.ini:7: log_level: 'warn' is not error, warning, info or debug\n"
                 "agent.ini:10: duplicate key 'env' in [target:a]; it stands on line 9 already\n"
                 "agent.ini:11: target 'b' has no env: plans for which environment may run on it?\n"
                 "agent.ini:11: target 'b' has no url\n"
                 "agent.ini:12: unknown section [tagret:c], did you mean [target:c]?\n"
                 "agent.ini:1: [agent] has no fleet\n"
                 "agent.ini:1: [agent] has no cert\n"
                 "agent.ini:1: [agent] has no key\n"
                 "agent.ini:1: [agent] has no ca\n"
                 "agent.ini:1: [agent] has no trusted_keys\n");
}

static void two_targets_are_never_one_name_or_one_database(void **state)
{
    (void)state;
    check_faults(AGENT TARGET TARGET,
                 "agent.ini:11: duplicate section [target:a]; the first is on line 8\n");
    check_faults(AGENT TARGET "[target:b]\nenv = prod\nurl = sqlite:a.db\n",
                 "agent.ini:11: target 'b' makes 'b' the same database as 'a'\n");
    check_faults(AGENT "[target:b-1]\nenv = prod\nurl = sqlite:x\n"
                       "[target:b-%d]\nrange = 0..3\nenv = prod\nurl = sqlite:%d.db\n",
                 "agent.ini:11: target 'b-%d' makes a second 'b-1'\n");
    check_faults(AGENT "[target:B]\nenv = prod\nurl = sqlite:x\n",
                 "agent.ini:8: target 'B' does not have a name: a-z, 0-9, then also . _ -, at most "
                 "63 (with its number, if it has a range)\n");
}

static void more_approvals_than_persons_can_never_be_given(void **state)
{
    (void)state;
    put("trusted", "ada " ADAS_KEY "\nada " BOBS_KEY "\n");
    check_faults(AGENT "approvals = 2\n" TARGET,
                 "agent.ini: target 'a' needs the approval of 2 persons, and trusted_keys has keys "
                 "of 1\n");
}

static void trusted_keys_are_checked_line_by_line(void **state)
{
    (void)state;
    put("trusted", "Ada " ADAS_KEY "\nada 12\nada " ADAS_KEY " more\nada " ADAS_KEY
                   "\nbob " ADAS_KEY "\nbob\n");
    check_faults(AGENT TARGET,
                 "trusted:1: 'Ada' is not a name: a-z, 0-9, then also . _ -, at most 63\n"
                 "trusted:2: the line is not PERSON KEY, with a key of 64 hex digits\n"
                 "trusted:3: the line is not PERSON KEY, with a key of 64 hex digits\n"
                 "trusted:5: the key of 'bob' is in the file twice\n"
                 "trusted:6: the line is not PERSON KEY, with a key of 64 hex digits\n");
    put("trusted", "# nobody\n");
    AUTO_BUFFER struct buffer lines = {0};
    load_faults(AGENT TARGET, &lines);
    assert_non_null(strstr(buffer_text(&lines), "trusted: there is no key in the file"));
}

static void a_password_stays_out_of_the_file_and_of_the_message(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer lines = {0};

    load_faults(AGENT "[target:a]\nenv = prod\nurl = mysql://app:hunter2@db/shop\n", &lines);
    load_faults(AGENT TARGET "password = hunter2\n", &lines);
    assert_non_null(strstr(buffer_text(&lines), "agent.ini:10: url: the url has a password in it"));
    assert_non_null(strstr(buffer_text(&lines), "does not belong in this file"));
    assert_null(strstr(buffer_text(&lines), "hunter2"));
}

static void a_missing_file_is_a_fault(void **state)
{
    (void)state;
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();

    assert_null(agent_configuration_load("nowhere.ini", faults));
    assert_int_equal(diagnostics_count(faults), 1);
    check_faults(TARGET, "agent.ini: there is no [agent] section, which says who this agent is\n");
}

#define WITH_TRUSTED_KEYS(test) \
    cmocka_unit_test_setup_teardown(test, enter_new_directory, directory_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TRUSTED_KEYS(the_whole_of_agent_ini_is_read),
        WITH_TRUSTED_KEYS(what_is_left_out_is_safe),
        WITH_TRUSTED_KEYS(all_faults_are_told_in_one_run),
        WITH_TRUSTED_KEYS(two_targets_are_never_one_name_or_one_database),
        WITH_TRUSTED_KEYS(more_approvals_than_persons_can_never_be_given),
        WITH_TRUSTED_KEYS(trusted_keys_are_checked_line_by_line),
        WITH_TRUSTED_KEYS(a_password_stays_out_of_the_file_and_of_the_message),
        WITH_TRUSTED_KEYS(a_missing_file_is_a_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
