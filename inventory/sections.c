#include "inventory/sections.h"

#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/name.h"
#include "inventory/policy.h"

enum { HOST_LIMIT = 253, PORT_LIMIT = 65535 };

/* sources.c has acted on it before the tables are used. */
static bool read_include(const struct setting *setting, const struct setting_input *input,
                         void *field, struct error *err)
{
    (void)setting;
    (void)input;
    (void)field;
    (void)err;
    return true;
}

static bool read_state(const struct setting *setting, const struct setting_input *input,
                       void *field, struct error *err)
{
    const char *value = input->entry->value;
    enum engine_kind engine;

    if (strstr(value, "://") == NULL)
        return setting_path(setting, input, field, err);
    if (!database_url_check(value, &engine, err))
        return false;
    if (engine != ENGINE_POSTGRESQL)
        return error_set(err, ERROR_CONFIG,
                         "the state is in a file, such as .fleet/state.db, or in PostgreSQL");
    return setting_string(setting, input, field, err);
}

static bool port_is_valid(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    long port = digits > 0 && digits <= 5 && text[digits] == '\0' ? strtol(text, NULL, 10) : 0;

    return port >= 1 && port <= PORT_LIMIT;
}

/* "db-eu-1.internal:7443" or "[2001:db8::1]:7443" */
static bool read_address(const struct setting *setting, const struct setting_input *input,
                         void *field, struct error *err)
{
    static const char host[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    const char *text = input->entry->value;
    bool bracketed = text[0] == '[';
    const char *start = text + bracketed;
    size_t length = strspn(start, bracketed ? "0123456789abcdefABCDEF:." : host);
    const char *port = start + length + bracketed;

    if (length == 0 || length > HOST_LIMIT || (bracketed && start[length] != ']') || *port != ':' ||
        !port_is_valid(port + 1))
        return false;
    return setting_string(setting, input, field, err);
}

static bool variable_is_valid(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";
    static const char characters[] = "abcdefghijklmnopqrstuvwxyz_0123456789";

    return strspn(name, letters) > 0 && name[strspn(name, characters)] == '\0' &&
           strlen(name) < NAME_SIZE;
}

static bool read_variable(const struct setting *setting, const struct setting_input *input,
                          void *field, struct error *err)
{
    const char *name = input->entry->key + strlen(setting->key);

    if (!variable_is_valid(name))
        return error_set(err, ERROR_CONFIG,
                         "'%s' is not a variable's name: a letter or _, then letters, digits and _",
                         name);
    *(struct setting_text *)field = (struct setting_text){input->entry->key, input->entry->line};
    return true;
}

/* Splits "region=eu" in place. */
static bool split_label(char *item, struct label *label)
{
    static const char value_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                           "0123456789._/:@+-";
    char *equals = strchr(item, '=');

    if (equals == NULL)
        return false;
    char *value = equals + 1 + strspn(equals + 1, " \t");
    *equals = '\0';
    item[strcspn(item, " \t")] = '\0';
    *label = (struct label){item, value};
    return name_is_valid(item) && value[0] != '\0' &&
           value[strspn(value, value_characters)] == '\0';
}

static void trim_end(char *text)
{
    size_t length = strlen(text);

    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        text[--length] = '\0';
}

static bool has_label(const struct label *labels, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(labels[i].key, key) == 0)
            return true;
    return false;
}

static bool read_labels(const struct setting *setting, const struct setting_input *input,
                        void *field, struct error *err)
{
    struct label_list *list = field;
    char *rest = arena_strdup(input->arena, input->entry->value);
    size_t most = 1;

    (void)setting;
    for (const char *at = rest; *at != '\0'; at++)
        most += *at == ',';
    struct label *labels = arena_calloc(input->arena, most, sizeof *labels);
    size_t count = 0;
    for (char *item; (item = strsep(&rest, ",")) != NULL; count++) {
        item += strspn(item, " \t");
        trim_end(item);
        if (!split_label(item, &labels[count]))
            return false;
        if (has_label(labels, count, labels[count].key))
            return error_set(err, ERROR_CONFIG, "the label '%s' is given twice", labels[count].key);
    }
    *list = (struct label_list){labels, count};
    return true;
}

#define INCLUDE_SETTING                                                             \
    {                                                                               \
        .key = "include", .read = read_include,                                     \
        .form = "a file or a pattern such as conf.d/*.ini", .use = SETTING_REPEATED \
    }

static const struct setting preamble_rows[] = {INCLUDE_SETTING};
const struct setting_table preamble_settings = {preamble_rows, COUNT_OF(preamble_rows)};

static const struct setting fleet_rows[] = {
    {.key = "name",
     .read = setting_name,
     .offset = offsetof(struct fleet_section, name),
     .form = SETTING_NAME_FORM},
    {.key = "migrations",
     .read = setting_path,
     .offset = offsetof(struct fleet_section, migrations),
     .form = "the migrations' folder"},
    {.key = "state",
     .read = read_state,
     .offset = offsetof(struct fleet_section, state),
     .form = "the file of the store, or postgresql://USER@HOST/NAME"},
    {.key = "state_password_file",
     .read = setting_path,
     .offset = offsetof(struct fleet_section, state_password.file),
     .form = "a file that holds the password"},
    {.key = "state_password_env",
     .read = setting_string,
     .offset = offsetof(struct fleet_section, state_password.variable),
     .form = "the name of an environment variable"},
    {.key = "state_password_command",
     .read = setting_string,
     .offset = offsetof(struct fleet_section, state_password.command),
     .form = "a command that prints the password"},
    INCLUDE_SETTING,
};
static const struct setting_table fleet_settings = {fleet_rows, COUNT_OF(fleet_rows)};

#define OPERATOR_PATH(name, words)                                                              \
    {                                                                                           \
        .key = #name, .read = setting_path, .offset = offsetof(struct operator_settings, name), \
        .form = words                                                                           \
    }

static const struct setting operator_rows[] = {
    {.key = "name",
     .read = setting_name,
     .offset = offsetof(struct operator_settings, name),
     .form = SETTING_NAME_FORM},
    OPERATOR_PATH(cert, "the operator's certificate file"),
    OPERATOR_PATH(key, "the file of the certificate's key"),
    OPERATOR_PATH(ca, "the file of the certificate authority"),
    OPERATOR_PATH(crl, "the file of the revocation list"),
    OPERATOR_PATH(signing_key, "the file of the key that signs plans"),
};
static const struct setting_table operator_settings = {operator_rows, COUNT_OF(operator_rows)};

static const struct setting agent_rows[] = {
    {.key = "address",
     .read = read_address,
     .offset = offsetof(struct inventory_agent, address),
     .form = "HOST:PORT, such as db-eu-1.internal:7443"},
};
static const struct setting_table agent_settings = {agent_rows, COUNT_OF(agent_rows)};

static const struct setting target_rows[] = {
    {.key = "env",
     .read = setting_located,
     .offset = offsetof(struct target_section, env),
     .form = "the name of an environment"},
    {.key = "agent",
     .read = setting_located,
     .offset = offsetof(struct target_section, agent),
     .form = "the name of an agent, or local"},
    {.key = "labels",
     .read = read_labels,
     .offset = offsetof(struct target_section, labels),
     .form = "a list such as region=eu, tier=canary"},
    {.key = "var.",
     .read = read_variable,
     .offset = offsetof(struct target_section, variable),
     .form = "a value for scripts",
     .use = SETTING_FAMILY},
    DATABASE_SETTINGS(struct target_section, database),
};
static const struct setting_table target_settings = {target_rows, COUNT_OF(target_rows)};

/* The keys of [lint] are the rules of plans/lint, which are none of ours to know. */
static const struct setting_table rule_settings = {0};

const struct section_kind section_kinds[SECTION_COUNT] = {
    [SECTION_FLEET] = {"fleet", false, &fleet_settings},
    [SECTION_OPERATOR] = {"operator", false, &operator_settings},
    [SECTION_LINT] = {"lint", false, &rule_settings},
    [SECTION_ENV] = {"env", true, &policy_settings},
    [SECTION_AGENT] = {"agent", true, &agent_settings},
    [SECTION_TARGET] = {"target", true, &target_settings},
};
