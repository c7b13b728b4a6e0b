/* statement - what the first words of one statement say of it. */
#ifndef FLEET_PLANS_SCRIPT_STATEMENT_H
#define FLEET_PLANS_SCRIPT_STATEMENT_H

#include "plans/script.h"
#include "plans/script/lexer.h"

enum statement_role statement_role_of(const struct dialect *dialect, const char *sql,
                                      size_t length);

/* Whether it is a BEGIN or COMMIT without options that change what it does, so that the
   executor's own can stand in for it. */
bool statement_is_plain_transaction(const struct dialect *dialect, const char *sql, size_t length);

/* Whether the server refuses it inside a transaction. */
bool statement_needs_autocommit(const struct dialect *dialect, const char *sql, size_t length);

/* Whether it is COPY … FROM STDIN, after which a script has lines of data. */
bool statement_is_copy_from_stdin(const struct dialect *dialect, const char *sql, size_t length);

/* Takes over what a SET changes about backslashes in the text that follows it. */
void statement_apply_settings(struct lexer *lexer, const char *sql, size_t length);

#endif
