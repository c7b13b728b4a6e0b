#include "plans/applied.h"

#include "plans/version.h"

const struct applied *applied_newest(const struct applied_set *set)
{
    const struct applied *newest = NULL;

    for (size_t i = 0; i < set->count; i++) {
        const struct applied *item = &set->items[i];

        if (item->version[0] != '\0' &&
            (newest == NULL || version_compare(item->version, newest->version) > 0))
            newest = item;
    }
    return newest;
}

size_t applied_count_versions(const struct applied_set *set)
{
    size_t count = 0;

    for (size_t i = 0; i < set->count; i++)
        count += set->items[i].version[0] != '\0';
    return count;
}
