#include "plans/version.h"

#include <string.h>

bool version_is_valid(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    return digits > 0 && digits < VERSION_SIZE && text[digits] == '\0';
}

static const char *skip_zeros(const char *text)
{
    return text + strspn(text, "0");
}

int version_compare(const char *a, const char *b)
{
    const char *left = skip_zeros(a);
    const char *right = skip_zeros(b);
    size_t left_length = strlen(left);
    size_t right_length = strlen(right);

    if (left_length != right_length)
        return left_length < right_length ? -1 : 1;
    return strcmp(left, right);
}
