#include "common/name.h"

#include <string.h>

static const char first_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
static const char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";

bool name_is_valid(const char *text)
{
    return strspn(text, first_characters) > 0 && text[strspn(text, characters)] == '\0' &&
           strnlen(text, NAME_SIZE) < NAME_SIZE;
}
