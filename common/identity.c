#include "common/identity.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct {
    enum role role;
    const char *name;
} roles[] = {
    {ROLE_AGENT, "agent"},
    {ROLE_VIEWER, "viewer"},
    {ROLE_DEPLOYER, "deployer"},
    {ROLE_ADMIN, "admin"},
};

const char *role_name(enum role role)
{
    size_t i = 0;

    while (i < COUNT_OF(roles) && roles[i].role != role)
        i++;
    assert(i < COUNT_OF(roles));
    return roles[i].name;
}

bool role_from_name(const char *name, enum role *role)
{
    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        if (strcmp(roles[i].name, name) == 0) {
            *role = roles[i].role;
            return true;
        }
    }
    return false;
}

/* Moves *text past a prefix; false if it does not begin with it. */
static bool take_prefix(const char **text, const char *prefix)
{
    size_t length = strlen(prefix);

    if (strncmp(*text, prefix, length) != 0)
        return false;
    *text += length;
    return true;
}

/* Moves *text past a name and the '/' or the end that follows it. */
static bool take_name(const char **text, char name[NAME_SIZE])
{
    size_t length = strcspn(*text, "/");

    if (length >= NAME_SIZE)
        return false;
    memcpy(name, *text, length);
    name[length] = '\0';
    *text += length;
    if (**text == '/')
        (*text)++;
    return name_is_valid(name);
}

static bool take_role(const char **text, enum role *role)
{
    char name[NAME_SIZE];

    if (take_prefix(text, "agent/")) {
        *role = ROLE_AGENT;
        return true;
    }
    return take_prefix(text, "operator/") && take_name(text, name) && role_from_name(name, role) &&
           *role != ROLE_AGENT;
}

bool identity_parse(const char *uri, struct identity *identity, struct error *err)
{
    struct identity read;
    const char *at = uri;

    /* What is written again differs where a '/' was one too many. */
    if (take_prefix(&at, "spiffe://") && take_name(&at, read.fleet) && take_role(&at, &read.role) &&
        take_name(&at, read.name)) {
        char again[IDENTITY_URI_SIZE];

        identity_format(&read, again);
        if (strcmp(again, uri) == 0) {
            *identity = read;
            return true;
        }
    }
    return error_set(err, ERROR_IDENTITY,
                     "\"%.200s\" is neither spiffe://FLEET/agent/NAME nor "
                     "spiffe://FLEET/operator/ROLE/NAME with a role of viewer, deployer or admin",
                     uri);
}

void identity_format(const struct identity *identity, char uri[IDENTITY_URI_SIZE])
{
    if (identity->role == ROLE_AGENT)
        snprintf(uri, IDENTITY_URI_SIZE, "spiffe://%s/agent/%s", identity->fleet, identity->name);
    else
        snprintf(uri, IDENTITY_URI_SIZE, "spiffe://%s/operator/%s/%s", identity->fleet,
                 role_name(identity->role), identity->name);
}
