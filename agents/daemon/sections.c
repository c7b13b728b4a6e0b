#include "agents/daemon/sections.h"

#include <stdlib.h>
#include <string.h>

enum {
    SECOND_MS = 1000,
    HOUR_MS = 60 * 60 * 1000,
    PORT_LIMIT = 65535,
    MOST_APPROVALS = 64,
};

/* "0.0.0.0:7443", "[::]:7443" or ":7443". */
static bool read_listen(const struct setting *setting, const struct setting_input *input,
                        void *field, struct error *err)
{
    struct agent_configuration *configuration = field;
    const char *text = input->entry->value;
    const char *colon = strrchr(text, ':');
    size_t digits = colon == NULL ? 0 : strspn(colon + 1, "0123456789");

    (void)setting;
    (void)err;
    if (digits == 0 || digits > 5 || colon[1 + digits] != '\0')
        return false;
    long port = strtol(colon + 1, NULL, 10);
    size_t length = (size_t)(colon - text);
    bool bracketed = length >= 2 && text[0] == '[' && colon[-1] == ']';
    if (bracketed) {
        text++;
        length -= 2;
    }
    if (port > PORT_LIMIT || (!bracketed && memchr(text, ':', length) != NULL))
        return false;
    configuration->listen_host = arena_copy(input->arena, text, length);
    configuration->listen_port = (int)port;
    return true;
}

static const char *const log_levels[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
    NULL,
};
static const char *const switch_words[] = {"off", "on", NULL};
static const char *const log_formats[] = {"plain", "json", NULL};

#define IN(member) offsetof(struct agent_section, member)

static const struct setting agent_rows[] = {
    {.key = "name",
     .read = setting_name,
     .offset = IN(configuration.name),
     .form = SETTING_NAME_FORM},
    {.key = "fleet",
     .read = setting_name,
     .offset = IN(configuration.fleet),
     .form = SETTING_NAME_FORM},
    {.key = "listen",
     .read = read_listen,
     .offset = IN(configuration),
     .form = "ADDRESS:PORT, such as 0.0.0.0:7443"},
    {.key = "cert",
     .read = setting_path,
     .offset = IN(configuration.cert),
     .form = "the agent's certificate file"},
    {.key = "key",
     .read = setting_path,
     .offset = IN(configuration.key),
     .form = "the file of the certificate's key"},
    {.key = "ca",
     .read = setting_path,
     .offset = IN(configuration.ca),
     .form = "the file of the certificate authority"},
    {.key = "crl",
     .read = setting_path,
     .offset = IN(configuration.crl),
     .form = "the file of the revocation list"},
    {.key = "trusted_keys",
     .read = setting_path,
     .offset = IN(trusted_keys),
     .form = "the file of the keys that may sign plans"},
    {.key = "approvals",
     .read = setting_count,
     .offset = IN(approvals),
     .form = "a number of persons, 1 to 64",
     .least = 1,
     .most = MOST_APPROVALS},
    {.key = "state",
     .read = setting_path,
     .offset = IN(configuration.state),
     .form = "the directory of the agent's own records"},
    {.key = "workers",
     .read = setting_count,
     .offset = IN(configuration.workers),
     .form = "a number of threads, 1 to 512",
     .least = 1,
     .most = 512},
    {.key = "keep_sessions",
     .read = setting_count,
     .offset = IN(configuration.keep_sessions),
     .form = "a number of database sessions, 0 to 10000",
     .most = 10000},
    {.key = "keep_for",
     .read = setting_duration,
     .offset = IN(configuration.keep_for_ms),
     .form = "a duration of at most 1 h, such as 30s",
     .most = HOUR_MS},
    {.key = "lock_timeout",
     .read = setting_duration,
     .offset = IN(configuration.lock_timeout_ms),
     .form = "a duration of 10 ms to 1 h, such as 3s",
     .least = 10,
     .most = HOUR_MS},
    {.key = "lock_budget",
     .read = setting_duration,
     .offset = IN(configuration.lock_budget_ms),
     .form = "a duration of 10 ms to 24 h, such as 60s",
     .least = 10,
     .most = 24 * HOUR_MS},
    {.key = "max_blocking",
     .read = setting_duration,
     .offset = IN(configuration.max_blocking_ms),
     .form = "a duration of 100 ms to 1 h, such as 3s",
     .least = 100,
     .most = HOUR_MS},
    {.key = "statement_timeout",
     .read = setting_duration,
     .offset = IN(configuration.statement_timeout_ms),
     .form = "a duration of at most 7 d, such as 10m; 0s for none",
     .most = 7 * 24 * HOUR_MS},
    {.key = "long_transaction",
     .read = setting_duration,
     .offset = IN(configuration.long_transaction_ms),
     .form = "a duration of at most 7 d, such as 5m; 0s for none",
     .most = 7 * 24 * HOUR_MS},
    {.key = "space_check",
     .read = setting_word,
     .offset = IN(space_check),
     .form = "on or off",
     .words = switch_words},
    {.key = "max_connections",
     .read = setting_count,
     .offset = IN(configuration.max_connections),
     .form = "a number of connections, 1 to 100000",
     .least = 1,
     .most = 100000},
    {.key = "max_request_mb",
     .read = setting_count,
     .offset = IN(max_request_mb),
     .form = "a number of megabytes, 1 to 1024",
     .least = 1,
     .most = 1024},
    {.key = "request_timeout",
     .read = setting_duration,
     .offset = IN(configuration.request_timeout_ms),
     .form = "a duration of 1 s to 1 h, such as 30s",
     .least = SECOND_MS,
     .most = HOUR_MS},
    {.key = "drain_timeout",
     .read = setting_duration,
     .offset = IN(configuration.drain_timeout_ms),
     .form = "a duration of 1 s to 24 h, such as 60s",
     .least = SECOND_MS,
     .most = 24 * HOUR_MS},
    {.key = "log_level",
     .read = setting_word,
     .offset = IN(log_level),
     .form = "error, warning, info or debug",
     .words = log_levels},
    {.key = "log_format",
     .read = setting_word,
     .offset = IN(log_format),
     .form = "plain or json",
     .words = log_formats},
};

static const struct setting target_rows[] = {
    {.key = "env",
     .read = setting_name,
     .offset = offsetof(struct target_section, env),
     .form = "the name of an environment"},
    {.key = "approvals",
     .read = setting_count,
     .offset = offsetof(struct target_section, approvals),
     .form = "a number of persons, 1 to 64",
     .least = 1,
     .most = MOST_APPROVALS},
    DATABASE_SETTINGS(struct target_section, database),
};

static const struct setting_table agent_settings = {agent_rows, COUNT_OF(agent_rows)};
static const struct setting_table target_settings = {target_rows, COUNT_OF(target_rows)};

const struct section_kind agent_section_kinds[SECTION_COUNT] = {
    [SECTION_AGENT] = {"agent", false, &agent_settings},
    [SECTION_TARGET] = {"target", true, &target_settings},
};

struct agent_section agent_section_defaults(const char *file)
{
    return (struct agent_section){
        .configuration = {.file = file,
                          .listen_host = "0.0.0.0",
                          .listen_port = 7443,
                          .state = "/var/lib/fleet-agent",
                          .workers = 16,
                          .keep_sessions = 64,
                          .keep_for_ms = 30 * SECOND_MS,
                          .lock_timeout_ms = 3 * SECOND_MS,
                          .lock_budget_ms = 60 * SECOND_MS,
                          .max_blocking_ms = 3 * SECOND_MS,
                          .long_transaction_ms = 5 * 60 * SECOND_MS,
                          .max_connections = 256,
                          .request_timeout_ms = 30 * SECOND_MS,
                          .drain_timeout_ms = 60 * SECOND_MS},
        .approvals = 1,
        .max_request_mb = 64,
        .space_check = 1,
        .log_level = LOG_LEVEL_INFO,
    };
}
