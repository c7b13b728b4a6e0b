/* name - the grammar of names in an inventory, a certificate and a message. */
#ifndef FLEET_COMMON_NAME_H
#define FLEET_COMMON_NAME_H

#include <stdbool.h>

enum { NAME_SIZE = 64 }; /* 63 characters and a NUL */

/* [a-z0-9][a-z0-9._-]{0,62} */
bool name_is_valid(const char *text);

#endif
