/* authority - a CA for tests: issues any certificate that is asked for, good or bad. */
#ifndef TESTS_UNIT_DAEMON_AUTHORITY_H
#define TESTS_UNIT_DAEMON_AUTHORITY_H

#include "common/scope.h"

struct authority;

/* Files go to the directory: NAME.crt is its own certificate. */
struct authority *authority_new(const char *directory, const char *name) MUST_USE;
void authority_free(struct authority *authority);
AUTO_DEFINE(authority)

/* Writes NAME.crt and NAME.key for the URI; valid from now - 1 day for so many days, which may be
   negative. Returns the serial number. */
long authority_issue(struct authority *authority, const char *name, const char *uri, int days);

/* Writes NAME.crl, which revokes the serials given, up to a 0. */
void authority_revoke(struct authority *authority, const char *name, const long *serials);

#endif
