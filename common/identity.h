/*
 * identity - who a certificate speaks for: its one URI subject alternative name.
 *
 *   spiffe://<fleet>/agent/<name>
 *   spiffe://<fleet>/operator/<role>/<name>
 *
 * The form is SPIFFE's (SPIFFE-ID, section 2), so an existing issuer serves too. Names follow
 * common/name.h; anything else is no identity.
 */
#ifndef FLEET_COMMON_IDENTITY_H
#define FLEET_COMMON_IDENTITY_H

#include <stdbool.h>

#include "common/error.h"
#include "common/name.h"

/* One bit each, so that a route lists its roles as a mask. */
enum role {
    ROLE_AGENT = 1,    /* a database host */
    ROLE_VIEWER = 2,   /* reads status and reports */
    ROLE_DEPLOYER = 4, /* plans and applies */
    ROLE_ADMIN = 8     /* all of that, and orders such as stop */
};

struct identity {
    char fleet[NAME_SIZE];
    enum role role;
    char name[NAME_SIZE];
};

/* "agent", "viewer", "deployer" or "admin". */
const char *role_name(enum role role);
bool role_from_name(const char *name, enum role *role);

/* The identity in a URI of the forms above; ERROR_IDENTITY otherwise. */
bool identity_parse(const char *uri, struct identity *identity, struct error *err) MUST_USE;

enum { IDENTITY_URI_SIZE = 224 };
void identity_format(const struct identity *identity, char uri[IDENTITY_URI_SIZE]);

#endif
