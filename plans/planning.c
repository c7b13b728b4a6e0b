#include "plans/planning.h"

#include <stdlib.h>

#include "common/memory.h"
#include "plans/version.h"

void step_list_add(struct step_list *list, const struct plan_step *step)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity > 0 ? 2 * list->capacity : 16;
        list->items = xreallocarray(list->items, list->capacity, sizeof *list->items);
    }
    list->items[list->count++] = *step;
}

void step_list_free(struct step_list *list)
{
    free(list->items);
}

static int version_order(const void *key, const void *element)
{
    const struct migration *migration = element;

    return version_compare(key, migration->version);
}

bool planning_find_version(const struct migrations *migrations, const char *version, size_t *index)
{
    const struct migration *found = migrations->count == 0
                                        ? NULL
                                        : bsearch(version, migrations->items, migrations->count,
                                                  sizeof *migrations->items, version_order);

    if (found != NULL)
        *index = (size_t)(found - migrations->items);
    return found != NULL;
}

const struct plan_step *planning_find_step(const struct planning *planning,
                                           const struct target_group *group,
                                           const struct applied *applied)
{
    const struct step_source *source = &planning->request->source;

    return source->find == NULL ? NULL : source->find(source->context, applied, group->engine);
}
