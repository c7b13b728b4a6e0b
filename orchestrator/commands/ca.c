/* fleet ca - the built-in certificate authority. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/signing.h"
#include "orchestrator/authority.h"
#include "orchestrator/commands/all.h"
#include "orchestrator/workspace.h"

enum { DEFAULT_DAYS = 365, TRUSTED_KEYS_MAX = 1024 * 1024 };

/* The authority's folder: --ca, or .fleet/ca beside the inventory; to be freed. */
static char *authority_directory(const struct invocation *invocation,
                                 const struct workspace *workspace)
{
    const char *given = arguments_value(invocation->arguments, "ca");

    if (given != NULL)
        return xstrdup(given);
    return file_path_beside(workspace_inventory(workspace)->file, ".fleet/ca");
}

static struct authority authority_of(const struct invocation *invocation, const char *directory)
{
    return (struct authority){
        .directory = directory,
        .clock = invocation->clock,
        .random = invocation->random,
    };
}

static int run_init(const struct invocation *invocation, struct error *err)
{
    int status;

    if (!arguments_expect(invocation->arguments, 0, 0, "", err))
        return STATUS_USAGE;
    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    AUTO(text) char *directory = authority_directory(invocation, workspace);
    const struct authority authority = authority_of(invocation, directory);
    const char *fleet = workspace_inventory(workspace)->fleet;
    if (!authority_init(&authority, fleet, err))
        return STATUS_FAILED;
    fprintf(invocation->terminal->out,
            "made the authority of %s in %s: keep ca.key there to yourself\n", fleet, directory);
    return STATUS_DONE;
}

/* Adds a person's key to the list that agents take as trusted_keys. */
static bool trust_key(const char *directory, const char *person, const struct signing_key *key,
                      struct error *err)
{
    AUTO(text) char *path = xasprintf("%s/trusted_keys", directory);
    AUTO_BUFFER struct buffer list = {0};
    const struct public_key public_key = signing_key_public(key);
    char hex[PUBLIC_KEY_HEX_SIZE];

    if (access(path, F_OK) == 0 && !file_read(path, TRUSTED_KEYS_MAX, &list, err))
        return false;
    public_key_to_hex(&public_key, hex);
    buffer_printf(&list, "%s %s\n", person, hex);
    return file_write(path, list.bytes, list.length, 0644, err);
}

/* Who applies also signs plans: a key for that, unless the person has one already. */
static bool make_signing_key(const struct invocation *invocation, const char *directory,
                             const char *person, const char *folder, struct error *err)
{
    AUTO(text) char *path = xasprintf("%s/%s.sign.key", folder, person);

    if (access(path, F_OK) == 0)
        return true;
    AUTO(signing_key) struct signing_key *key = signing_key_generate(err);
    if (key == NULL || !signing_key_save(key, path, err) || !trust_key(directory, person, key, err))
        return false;
    fprintf(invocation->terminal->out, "made %s; agents trust it through %s/trusted_keys\n", path,
            directory);
    return true;
}

static bool read_identity(const struct invocation *invocation, const struct workspace *workspace,
                          struct identity *identity, struct error *err)
{
    const char *role = arguments_operand(invocation->arguments, 0);
    const char *name = arguments_operand(invocation->arguments, 1);

    if (!role_from_name(role, &identity->role))
        return error_set(err, ERROR_USAGE, "\"%s\": expected agent, viewer, deployer or admin",
                         role);
    if (!name_is_valid(name))
        return error_set(err, ERROR_USAGE,
                         "\"%s\": a name is [a-z0-9][a-z0-9._-]*, at most 63 long", name);
    snprintf(identity->fleet, sizeof identity->fleet, "%s", workspace_inventory(workspace)->fleet);
    snprintf(identity->name, sizeof identity->name, "%s", name);
    return true;
}

static int issue(const struct invocation *invocation, const char *directory,
                 const struct identity *identity, struct error *err)
{
    const struct arguments *arguments = invocation->arguments;
    const struct authority authority = authority_of(invocation, directory);
    const char *folder = arguments_value(arguments, "out");
    const char *request = arguments_value(arguments, "csr");
    struct certificate_order order = {.identity = *identity, .request = request};
    long days;

    if (!arguments_number(arguments, "days", 1, 825, DEFAULT_DAYS, &days, err))
        return STATUS_USAGE;
    folder = folder != NULL ? folder : ".";
    AUTO(text) char *cert = xasprintf("%s/%s.crt", folder, identity->name);
    AUTO(text) char *key = xasprintf("%s/%s.key", folder, identity->name);
    order.days = (int)days;
    order.hosts = arguments_values(arguments, "host", &order.host_count);
    order.cert_path = cert;
    order.key_path = request == NULL ? key : NULL;
    if (!file_make_directory(folder, 0700, err) || !authority_issue(&authority, &order, err))
        return STATUS_FAILED;
    fprintf(invocation->terminal->out, "issued %s for %s %s, %ld days\n", cert,
            role_name(identity->role), identity->name, days);
    bool signs = (identity->role & (ROLE_DEPLOYER | ROLE_ADMIN)) != 0 && request == NULL;
    if (signs && !make_signing_key(invocation, directory, identity->name, folder, err))
        return STATUS_FAILED;
    return STATUS_DONE;
}

static int run_issue(const struct invocation *invocation, struct error *err)
{
    struct identity identity = {0};
    int status;

    if (!arguments_expect(invocation->arguments, 2, 2, "ROLE NAME", err))
        return STATUS_USAGE;
    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    if (!read_identity(invocation, workspace, &identity, err))
        return STATUS_USAGE;
    AUTO(text) char *directory = authority_directory(invocation, workspace);
    return issue(invocation, directory, &identity, err);
}

static int run_revoke(const struct invocation *invocation, struct error *err)
{
    size_t count = 0;
    int status;

    if (!arguments_expect(invocation->arguments, 1, 1, "NAME", err))
        return STATUS_USAGE;
    AUTO(workspace) struct workspace *workspace = workspace_open(invocation, &status, err);
    if (workspace == NULL)
        return status;
    AUTO(text) char *directory = authority_directory(invocation, workspace);
    const struct authority authority = authority_of(invocation, directory);
    if (!authority_revoke(&authority, arguments_operand(invocation->arguments, 0), &count, err))
        return STATUS_FAILED;
    fprintf(invocation->terminal->out,
            "revoked %zu %s; give %s/ca.crl to the agents and reload them (SIGHUP)\n", count,
            count == 1 ? "certificate" : "certificates", directory);
    return STATUS_DONE;
}

static const struct option_spec ca_options[] = {
    {"ca", 0, "DIRECTORY", false, "the authority's folder; else .fleet/ca beside the inventory"},
};

static const struct option_spec issue_options[] = {
    {"ca", 0, "DIRECTORY", false, "the authority's folder; else .fleet/ca beside the inventory"},
    {"out", 'o', "DIRECTORY", false, "where the files go; else here"},
    {"days", 0, "N", false, "how long it is valid; 365 if not given"},
    {"host", 0, "NAME", true, "a further DNS name or IP address in the certificate"},
    {"csr", 0, "FILE", false, "sign this request; the key stays where the request was made"},
};

const struct command command_ca_init = {
    .name = "ca init",
    .operands = "",
    .summary = "Make the fleet's certificate authority",
    .takes = TAKES_INVENTORY,
    .options = ca_options,
    .option_count = COUNT_OF(ca_options),
    .run = run_init,
};

const struct command command_ca_issue = {
    .name = "ca issue",
    .operands = "ROLE NAME",
    .summary = "Issue a certificate for an agent or an operator",
    .details =
        "ROLE is agent, viewer (reads), deployer (applies) or admin. A deployer or admin also\n"
        "gets a key for signing plans, NAME.sign.key.",
    .takes = TAKES_INVENTORY,
    .options = issue_options,
    .option_count = COUNT_OF(issue_options),
    .run = run_issue,
};

const struct command command_ca_revoke = {
    .name = "ca revoke",
    .operands = "NAME | SERIAL",
    .summary = "Revoke certificates and renew the revocation list",
    .takes = TAKES_INVENTORY,
    .options = ca_options,
    .option_count = COUNT_OF(ca_options),
    .run = run_revoke,
};
