#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/memory.h"
#include "inventory/builder.h"

static void add_unknown(const struct builder *builder, const struct environment_draft *draft,
                        const char *name)
{
    AUTO_BUFFER struct buffer message = {0};
    const char **names = xcalloc(builder->inventory->environment_count, sizeof *names);

    for (size_t i = 0; i < builder->inventory->environment_count; i++)
        names[i] = builder->environments[i].environment->name;
    buffer_printf(&message, "requires: unknown environment '%s'", name);
    setting_suggest(&message, name, names, builder->inventory->environment_count);
    free(names);
    diagnostics_add(builder->faults, ERROR_CONFIG, draft->file, draft->policy.requires.line, "%s",
                    buffer_text(&message));
}

/* Takes the next name off a list with commas; NULL at its end. */
static char *next_name(char **rest)
{
    char *name = strsep(rest, ",");

    if (name == NULL)
        return NULL;
    name += strspn(name, " \t");
    name[strcspn(name, " \t")] = '\0';
    return name;
}

/* Marks what the environment requires; with report, faults for names that are unknown. */
static void mark_required(const struct builder *builder, const struct environment_draft *draft,
                          bool *required, bool report)
{
    if (draft->policy.requires.line == 0)
        return;
    AUTO(text) char *list = xstrdup(draft->policy.requires.text);
    char *rest = list;

    for (char *name; (name = next_name(&rest)) != NULL;) {
        const struct environment_draft *other = name_index_find(builder->environment_index, name);

        if (other != NULL)
            required[other - builder->environments] = true;
        else if (report)
            add_unknown(builder, draft, name);
    }
}

/* Follows what is required until nothing new comes. */
static void close_over(const struct builder *builder, bool *required)
{
    size_t count = builder->inventory->environment_count;
    bool *followed = xcalloc(count, sizeof *followed);

    for (size_t i = 0; i < count;) {
        if (!required[i] || followed[i]) {
            i++;
            continue;
        }
        followed[i] = true;
        mark_required(builder, &builder->environments[i], required, false);
        i = 0;
    }
    free(followed);
}

void builder_check_requirements(struct builder *builder)
{
    size_t count = builder->inventory->environment_count;

    for (size_t i = 0; i < count; i++) {
        const struct environment_draft *draft = &builder->environments[i];
        bool *required = xcalloc(count, sizeof *required);

        mark_required(builder, draft, required, true);
        close_over(builder, required);
        if (required[i])
            diagnostics_add(builder->faults, ERROR_CONFIG, draft->file, draft->policy.requires.line,
                            "[env:%s] requires itself, directly or through others",
                            draft->environment->name);
        free(required);
    }
}
