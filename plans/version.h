/*
 * version - the number of a migration, as a string of digits of any length.
 *
 * Compared without leading zeros: the longer is the greater, equal lengths compare digit by digit.
 * So 20-digit time stamps work, and 007 equals 7.
 */
#ifndef FLEET_PLANS_VERSION_H
#define FLEET_PLANS_VERSION_H

#include <stdbool.h>

enum { VERSION_SIZE = 64 }; /* 63 digits and a NUL */

bool version_is_valid(const char *text);
/* Less than, equal to or greater than 0, as strcmp. */
int version_compare(const char *a, const char *b);

#endif
