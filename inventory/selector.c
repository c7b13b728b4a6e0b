#include "inventory/selector.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/memory.h"
#include "common/text.h"

void selection_free(struct selection *selection)
{
    free(selection->targets);
    *selection = (struct selection){0};
}

/* One part of a selector against one target. */
typedef bool (*part_matcher)(const char *part, const struct target *target);

static bool matches_environment(const char *part, const struct target *target)
{
    return strcmp(part, target->environment->name) == 0;
}

static bool matches_name(const char *part, const struct target *target)
{
    return fnmatch(part, target->name, 0) == 0;
}

static bool matches_label(const char *part, const struct target *target)
{
    size_t key = strcspn(part, "=");

    for (size_t i = 0; i < target->label_count; i++) {
        const struct label *label = &target->labels[i];

        if (strncmp(part, label->key, key) == 0 && label->key[key] == '\0')
            return fnmatch(part + key + 1, label->value, 0) == 0;
    }
    return false;
}

/* Keeps what any of the parts matches; hits counts for each part. */
static void narrow(const char *const *parts, size_t count, part_matcher matches,
                   const struct inventory *inventory, bool *kept, size_t *hits)
{
    for (size_t i = 0; i < inventory->target_count && count > 0; i++) {
        bool any = false;

        for (size_t j = 0; j < count; j++) {
            bool hit = matches(parts[j], &inventory->targets[i]);

            hits[j] += hit;
            any |= hit;
        }
        kept[i] &= any;
    }
}

/* Each appends the nearest of the words that there are; nothing if none is near. */
typedef void (*part_suggester)(const char *part, const struct inventory *inventory,
                               struct buffer *out);

static void suggest_among(const char *part, const char **names, size_t count, struct buffer *out)
{
    const char *nearest = text_nearest(part, names, count);

    if (nearest != NULL && strcmp(nearest, part) != 0)
        buffer_append_text(out, nearest);
    free(names);
}

static void suggest_environment(const char *part, const struct inventory *inventory,
                                struct buffer *out)
{
    const char **names = xcalloc(inventory->environment_count, sizeof *names);

    for (size_t i = 0; i < inventory->environment_count; i++)
        names[i] = inventory->environments[i].name;
    suggest_among(part, names, inventory->environment_count, out);
}

static void suggest_name(const char *part, const struct inventory *inventory, struct buffer *out)
{
    const char **names = xcalloc(inventory->target_count, sizeof *names);

    for (size_t i = 0; i < inventory->target_count; i++)
        names[i] = inventory->targets[i].name;
    suggest_among(part, names, inventory->target_count, out);
}

static void suggest_label(const char *part, const struct inventory *inventory, struct buffer *out)
{
    const struct label *before = NULL; /* the targets of a range share their labels */

    for (size_t i = 0; i < inventory->target_count; i++) {
        const struct target *target = &inventory->targets[i];

        for (size_t j = 0; j < target->label_count && target->labels != before; j++) {
            AUTO(text)
            char *label = xasprintf("%s=%s", target->labels[j].key, target->labels[j].value);
            const char *candidate = label;

            if (text_nearest(part, &candidate, 1) != NULL) {
                buffer_append_text(out, label);
                return;
            }
        }
        before = target->labels;
    }
}

/* One kind of part: how it matches, and how it finds what was meant. */
struct dimension {
    const char *option;
    part_matcher matches;
    part_suggester suggest;
};

static bool refuse(const struct dimension *dimension, const char *part,
                   const struct inventory *inventory, struct error *err)
{
    AUTO_BUFFER struct buffer nearest = {0};

    dimension->suggest(part, inventory, &nearest);
    if (nearest.length == 0)
        return error_set(err, ERROR_USAGE, "%s %s matches no target", dimension->option, part);
    return error_set(err, ERROR_USAGE, "%s %s matches no target, did you mean '%s'?",
                     dimension->option, part, buffer_text(&nearest));
}

static bool narrow_by(const struct dimension *dimension, const char *const *parts, size_t count,
                      const struct inventory *inventory, bool *kept, struct error *err)
{
    size_t *hits = xcalloc(count, sizeof *hits);
    bool ok = true;

    narrow(parts, count, dimension->matches, inventory, kept, hits);
    for (size_t i = 0; i < count && ok; i++)
        if (hits[i] == 0)
            ok = refuse(dimension, parts[i], inventory, err);
    free(hits);
    return ok;
}

static bool check_labels(const struct selector *selector, struct error *err)
{
    for (size_t i = 0; i < selector->label_count; i++) {
        const char *equals = strchr(selector->labels[i], '=');

        if (equals == NULL || equals == selector->labels[i] || equals[1] == '\0')
            return error_set(err, ERROR_USAGE, "--label %s is not KEY=VALUE, such as region=eu",
                             selector->labels[i]);
    }
    return true;
}

static bool narrow_by_all(const struct selector *selector, const struct inventory *inventory,
                          bool *kept, struct error *err)
{
    static const struct dimension by_environment = {"--env", matches_environment,
                                                    suggest_environment};
    static const struct dimension by_name = {"--target", matches_name, suggest_name};
    static const struct dimension by_label = {"--label", matches_label, suggest_label};

    return check_labels(selector, err) &&
           narrow_by(&by_environment, selector->environments, selector->environment_count,
                     inventory, kept, err) &&
           narrow_by(&by_name, selector->targets, selector->target_count, inventory, kept, err) &&
           narrow_by(&by_label, selector->labels, selector->label_count, inventory, kept, err);
}

bool selector_apply(const struct selector *selector, const struct inventory *inventory,
                    struct selection *selection, struct error *err)
{
    bool *kept = xcalloc(inventory->target_count, sizeof *kept);

    memset(kept, true, inventory->target_count * sizeof *kept);
    bool ok = narrow_by_all(selector, inventory, kept, err);
    *selection = (struct selection){0};
    if (ok)
        selection->targets = xcalloc(inventory->target_count, sizeof(struct target *));
    for (size_t i = 0; i < inventory->target_count && ok; i++)
        if (kept[i])
            selection->targets[selection->count++] = &inventory->targets[i];
    free(kept);
    if (ok && selection->count == 0 && inventory->target_count > 0) {
        selection_free(selection);
        return error_set(err, ERROR_USAGE, "no target is in all of the parts of the selection");
    }
    return ok;
}
