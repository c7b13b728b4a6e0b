/* manual - whether a page of docs/ speaks of every setting. */
#ifndef FLEET_TESTS_MANUAL_H
#define FLEET_TESTS_MANUAL_H

#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/setting.h"

/* The first key or kind of section that the page does not have as `KEY`, `[WORD]` or `[WORD:NAME]`;
   NULL if none is missing. */
static inline char *manual_lacks(const char *page, const struct section_kind *kinds, size_t count)
{
    AUTO_BUFFER struct buffer text = {0};
    struct error err = {0};

    if (!file_read(page, 1024 * 1024, &text, &err))
        return xasprintf("%s", err.message);
    for (size_t i = 0; i < count; i++) {
        AUTO(text)
        char *heading = xasprintf("`[%s%s]`", kinds[i].word, kinds[i].named ? ":NAME" : "");
        const char *section = strstr(buffer_text(&text), heading);

        if (section == NULL)
            return TAKE(heading);
        for (size_t j = 0; j < kinds[i].settings->count; j++) {
            const struct setting *row = &kinds[i].settings->rows[j];
            AUTO(text)
            char *key = xasprintf("`%s%s`", row->key, row->use == SETTING_FAMILY ? "NAME" : "");

            if (strstr(section, key) == NULL)
                return TAKE(key);
        }
    }
    return NULL;
}

#endif
