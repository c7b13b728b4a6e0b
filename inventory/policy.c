#include "inventory/policy.h"

#include <string.h>
#include <strings.h>

#include "common/zone.h"
#include "inventory/waves.h"
#include "inventory/window.h"

enum { DAY_MS = 24 * 60 * 60 * 1000, MOST_PARALLEL = 100000, MOST_APPROVALS = 64 };

static const char *const permissions[] = {"refuse", "allow", NULL};

static const char *const failure_actions[] = {[FAILURE_ROLLBACK_TARGET] = "rollback-target",
                                              [FAILURE_HALT] = "halt",
                                              [FAILURE_ROLLBACK_WAVE] = "rollback-wave",
                                              [FAILURE_ROLLBACK_ALL] = "rollback-all",
                                              NULL};

const char *failure_action_name(enum failure_action action)
{
    return failure_actions[action];
}

bool failure_action_from_name(const char *name, enum failure_action *action)
{
    for (size_t i = 0; failure_actions[i] != NULL; i++) {
        if (strcmp(failure_actions[i], name) != 0)
            continue;
        *action = (enum failure_action)i;
        return true;
    }
    return false;
}

static const char *const gates[] = {"automatic", "manual", NULL};

static const char *const notify_formats[] = {
    [NOTIFY_JSON] = "json", [NOTIFY_SLACK] = "slack", NULL};

/* "3", "1%" or "3 consecutive" */
static bool read_budget(const struct setting *setting, const struct setting_input *input,
                        void *field, struct error *err)
{
    char *amount = arena_strdup(input->arena, input->entry->value);
    size_t length = strcspn(amount, " \t");
    const char *word = amount + length + strspn(amount + length, " \t");
    struct failure_budget *budget = field;

    (void)setting;
    (void)err;
    budget->is_consecutive = strcmp(word, "consecutive") == 0;
    if (word[0] != '\0' && !budget->is_consecutive)
        return false;
    amount[length] = '\0';
    return amount_parse(amount, &budget->amount) &&
           !(budget->is_consecutive && budget->amount.is_share);
}

static bool read_waves(const struct setting *setting, const struct setting_input *input,
                       void *field, struct error *err)
{
    (void)setting;
    return waves_read(input->entry->value, input->arena, field, err);
}

static bool read_window(const struct setting *setting, const struct setting_input *input,
                        void *field, struct error *err)
{
    return window_check(input->entry->value, ZONE_DIRECTORY, err) &&
           setting_string(setting, input, field, err);
}

static bool read_url(const struct setting *setting, const struct setting_input *input, void *field,
                     struct error *err)
{
    const char *url = input->entry->value;
    size_t scheme = strncmp(url, "https://", 8) == 0 ? 8 : 7;

    if (scheme == 7 && strncmp(url, "http://", 7) != 0)
        return false;
    size_t host = strcspn(url + scheme, "/?#");
    if (memchr(url + scheme, '@', host) != NULL)
        return error_set(err, ERROR_CONFIG, "the url has a user or password in it; take it out");
    return host > 0 && strpbrk(url, " \t\"<>\\") == NULL &&
           setting_string(setting, input, field, err);
}

bool health_sql_is_query(const char *sql)
{
    static const char *const words[] = {"select", "with", "values", "table"};
    size_t length = strspn(sql, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strlen(words[i]) == length && strncasecmp(sql, words[i], length) == 0)
            return true;
    return false;
}

static bool read_health_sql(const struct setting *setting, const struct setting_input *input,
                            void *field, struct error *err)
{
    return health_sql_is_query(input->entry->value) && setting_string(setting, input, field, err);
}

static const struct setting rows[] = {
    {.key = "requires",
     .read = setting_located,
     .offset = offsetof(struct policy_section, requires),
     .form = "a list of environments, such as dev, test"},
    {.key = "approvals",
     .read = setting_count,
     .offset = offsetof(struct policy_section, approvals),
     .form = "a number of persons, 0 to 64",
     .most = MOST_APPROVALS},
    {.key = "waves",
     .read = read_waves,
     .offset = offsetof(struct policy_section, waves),
     .form = "a list such as 1, 10%, 100% or tier=canary, region=eu, *"},
    {.key = "max_parallel",
     .read = setting_count,
     .offset = offsetof(struct policy_section, max_parallel),
     .form = "a number of targets, 1 to 100000",
     .least = 1,
     .most = MOST_PARALLEL},
    {.key = "max_failures",
     .read = read_budget,
     .offset = offsetof(struct policy_section, max_failures),
     .form = "a number of targets, a share of them, or a number in a row, such as 3, 1% or "
             "3 consecutive"},
    {.key = "on_failure",
     .read = setting_word,
     .offset = offsetof(struct policy_section, on_failure),
     .form = "halt, rollback-target, rollback-wave or rollback-all",
     .words = failure_actions},
    {.key = "soak",
     .read = setting_duration,
     .offset = offsetof(struct policy_section, soak_ms),
     .form = "a duration of at most 24 h, such as 5m",
     .most = DAY_MS},
    {.key = "gate",
     .read = setting_word,
     .offset = offsetof(struct policy_section, gate),
     .form = "automatic or manual",
     .words = gates},
    {.key = "window",
     .read = read_window,
     .offset = offsetof(struct policy_section, window),
     .form = "DAYS FROM-TO ZONE"},
    {.key = "health_url",
     .read = read_url,
     .offset = offsetof(struct policy_section, health.url),
     .form = "an http:// or https:// URL"},
    {.key = "notify_url",
     .read = read_url,
     .offset = offsetof(struct policy_section, notify.url),
     .form = "an http:// or https:// URL"},
    {.key = "notify_url_file",
     .read = setting_path,
     .offset = offsetof(struct policy_section, notify.url_file),
     .form = "a path"},
    {.key = "notify_secret_file",
     .read = setting_path,
     .offset = offsetof(struct policy_section, notify.secret_file),
     .form = "a path"},
    {.key = "notify_format",
     .read = setting_word,
     .offset = offsetof(struct policy_section, notify_format),
     .form = "json or slack",
     .words = notify_formats},
    {.key = "health_sql",
     .read = read_health_sql,
     .offset = offsetof(struct policy_section, health_sql),
     .form = "a query that begins with SELECT, WITH, VALUES or TABLE"},
    {.key = "health_command",
     .read = setting_string,
     .offset = offsetof(struct policy_section, health.command),
     .form = "a command for /bin/sh"},
    {.key = "confirm_within",
     .read = setting_duration,
     .offset = offsetof(struct policy_section, confirm_within_ms),
     .form = "a duration of 1 s to 24 h, such as 10m",
     .least = 1000,
     .most = DAY_MS},
    {.key = "irreversible",
     .read = setting_word,
     .offset = offsetof(struct policy_section, irreversible),
     .form = "allow or refuse",
     .words = permissions},
    {.key = "opaque",
     .read = setting_word,
     .offset = offsetof(struct policy_section, opaque),
     .form = "allow or refuse",
     .words = permissions},
    {.key = "drift",
     .read = setting_word,
     .offset = offsetof(struct policy_section, drift),
     .form = "allow or refuse",
     .words = permissions},
};

const struct setting_table policy_settings = {rows, COUNT_OF(rows)};

struct policy_section policy_defaults(void)
{
    return (struct policy_section){.max_parallel = 64};
}

/* Whether this release does something about the key. */
static bool acts_now(const struct ini_entry *entry)
{
    static const char *const built[] = {
        "max_parallel",       "max_failures",   "irreversible",   "opaque",     "waves",
        "on_failure",         "soak",           "window",         "gate",       "requires",
        "health_url",         "health_command", "health_sql",     "notify_url", "notify_url_file",
        "notify_secret_file", "notify_format",  "confirm_within", "drift"};

    for (size_t i = 0; i < COUNT_OF(built); i++)
        if (strcmp(built[i], entry->key) == 0)
            return true;
    return false;
}

static bool is_known(const char *key)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(rows[i].key, key) == 0)
            return true;
    return false;
}

void policy_add_unbuilt(struct policy *policy, const struct unbuilt_policy *unbuilt,
                        struct arena *arena)
{
    struct unbuilt_policy *larger =
        arena_calloc(arena, policy->unbuilt_count + 1, sizeof *policy->unbuilt);

    if (policy->unbuilt_count > 0)
        memcpy(larger, policy->unbuilt, policy->unbuilt_count * sizeof *larger);
    larger[policy->unbuilt_count++] = *unbuilt;
    policy->unbuilt = larger;
}

/* The names of a list with commas. */
static void split_names(const char *text, struct arena *arena, struct policy *policy)
{
    char *rest = arena_strdup(arena, text);
    const char **names = arena_calloc(arena, strlen(text) + 1, sizeof *names);

    for (char *name; (name = strsep(&rest, ",")) != NULL;) {
        name += strspn(name, " \t");
        name[strcspn(name, " \t")] = '\0';
        names[policy->requires_count++] = name;
    }
    policy->requires = names;
}

struct policy policy_of(const struct policy_section *read, const struct ini_section *section,
                        const char *file, struct arena *arena, struct diagnostics *faults)
{
    struct policy policy = {
        .max_parallel = read->max_parallel,
        .max_failures = read->max_failures,
        .irreversible_allowed = read->irreversible == 1,
        .opaque_allowed = read->opaque == 1,
        .drift_allowed = read->drift == 1,
        .waves = read->waves,
        .on_failure = (enum failure_action)read->on_failure,
        .soak_ms = read->soak_ms,
        .manual_gate = read->gate == 1,
        .window = read->window,
        .health = read->health,
        .health_sql = read->health_sql,
        .confirm_within_ms = read->confirm_within_ms,
        .notify = read->notify,
    };

    policy.notify.format = (enum notify_format)read->notify_format;

    if (read->requires.line > 0)
        split_names(read->requires.text, arena, &policy);
    for (size_t i = 0; i < section->count; i++) {
        const struct ini_entry *entry = &section->entries[i];
        const struct unbuilt_policy unbuilt = {entry->key, file, entry->line};

        if (is_known(entry->key) && !acts_now(entry))
            policy_add_unbuilt(&policy, &unbuilt, arena);
    }
    if (read->confirm_within_ms > 0 && read->confirm_within_ms <= read->soak_ms)
        diagnostics_add(faults, ERROR_CONFIG, file, section->line,
                        "[%s] has a confirm_within that is not longer than its soak: every target "
                        "would roll back before it can be confirmed",
                        section->name);
    return policy;
}
