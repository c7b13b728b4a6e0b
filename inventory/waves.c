#include "inventory/waves.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum { MOST_TARGETS = 1000000, PERMILLE = 1000 };

int64_t amount_of(const struct amount *amount, int64_t total)
{
    return amount->is_share ? total * amount->value / PERMILLE : amount->value;
}

bool amount_parse(const char *text, struct amount *amount)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 7)
        return false;
    int64_t value = strtol(text, NULL, 10);
    text += digits;
    *amount = (struct amount){.value = value};
    if (*text == '\0')
        return value <= MOST_TARGETS;
    value *= 10;
    if (text[0] == '.' && text[1] >= '0' && text[1] <= '9') {
        value += text[1] - '0';
        text += 2;
    }
    *amount = (struct amount){.is_share = true, .value = value};
    return strcmp(text, "%") == 0 && value <= PERMILLE;
}

/* What a list of waves has had so far. */
struct progress {
    bool amounts;
    bool labels;
    bool complete; /* 100% or * was there */
    struct amount last;
};

static bool check_amount(struct progress *progress, const char *item, const struct amount *amount,
                         struct error *err)
{
    if (amount->value == 0)
        return error_set(err, ERROR_CONFIG, "the wave '%s' has no target", item);
    if (progress->amounts && progress->last.is_share == amount->is_share &&
        amount->value <= progress->last.value)
        return error_set(err, ERROR_CONFIG,
                         "the wave '%s' is no larger than the one before; waves are cumulative",
                         item);
    if (progress->amounts && progress->last.is_share && !amount->is_share)
        return error_set(err, ERROR_CONFIG, "the wave '%s' is a count after a share", item);
    progress->amounts = true;
    progress->last = *amount;
    progress->complete = amount->is_share && amount->value == PERMILLE;
    return true;
}

static bool read_wave(struct progress *progress, char *item, struct wave *wave, struct error *err)
{
    char *equals = strchr(item, '=');

    wave->text = item;
    if (progress->complete)
        return error_set(err, ERROR_CONFIG, "the wave '%s' follows one that has all targets", item);
    if (amount_parse(item, &wave->amount)) {
        if (!check_amount(progress, item, &wave->amount, err))
            return false;
        wave->kind = WAVE_AMOUNT;
    } else if (strcmp(item, "*") == 0) {
        progress->complete = true;
        wave->kind = WAVE_REST;
    } else if (equals != NULL && equals != item && equals[1] != '\0') {
        progress->labels = true;
        wave->kind = WAVE_LABEL;
    } else {
        return error_set(err, ERROR_CONFIG,
                         "'%s' is not a wave; it is a count, a share, LABEL=VALUE or *", item);
    }
    if (progress->amounts && progress->labels)
        return error_set(err, ERROR_CONFIG, "waves go by amounts or by labels, not by both");
    return true;
}

static size_t count_items(const char *text)
{
    size_t count = 1;

    for (; (text = strchr(text, ',')) != NULL; text++)
        count++;
    return count;
}

bool waves_read(const char *text, struct arena *arena, struct waves *waves, struct error *err)
{
    struct progress progress = {0};
    struct wave *items = arena_calloc(arena, count_items(text), sizeof *items);
    char *rest = arena_strdup(arena, text);

    *waves = (struct waves){.items = items};
    for (char *item; (item = strsep(&rest, ",")) != NULL;) {
        item += strspn(item, " \t");
        item[strcspn(item, " \t")] = '\0';
        if (!read_wave(&progress, item, &items[waves->count++], err))
            return false;
    }
    if (!progress.complete)
        return error_set(err, ERROR_CONFIG, "the waves leave targets out; end the list with %s",
                         progress.labels ? "*" : "100%");
    return true;
}

static bool has_label(const struct target *target, const char *text)
{
    size_t key = strcspn(text, "=");

    for (size_t i = 0; i < target->label_count; i++)
        if (strlen(target->labels[i].key) == key &&
            strncmp(target->labels[i].key, text, key) == 0 &&
            strcmp(target->labels[i].value, text + key + 1) == 0)
            return true;
    return false;
}

static size_t cumulative(const struct amount *amount, size_t total)
{
    int64_t wanted = amount->value;

    if (amount->is_share)
        wanted = ((int64_t)total * amount->value + PERMILLE - 1) / PERMILLE;
    return wanted < (int64_t)total ? (size_t)wanted : total;
}

static bool belongs(const struct wave *wave, const struct target *target, size_t place,
                    size_t total)
{
    if (wave->kind == WAVE_AMOUNT)
        return place < cumulative(&wave->amount, total);
    return wave->kind == WAVE_REST || has_label(target, wave->text);
}

/* Leaves out the waves that have no target. */
static size_t close_ranks(size_t *wave_of, size_t count, size_t *sizes, size_t waves)
{
    size_t kept = 0;

    for (size_t i = 0; i < waves; i++)
        sizes[i] = sizes[i] > 0 ? kept++ : 0;
    for (size_t i = 0; i < count; i++)
        wave_of[i] = sizes[wave_of[i]];
    return kept;
}

size_t waves_assign(const struct waves *waves, const struct target *const *targets, size_t count,
                    size_t *wave_of)
{
    size_t *sizes = xcalloc(waves->count + 1, sizeof *sizes);

    for (size_t i = 0; i < count; i++) {
        size_t wave = 0;

        while (wave + 1 < waves->count && !belongs(&waves->items[wave], targets[i], i, count))
            wave++;
        wave_of[i] = wave;
        sizes[wave]++;
    }
    size_t kept = close_ranks(wave_of, count, sizes, waves->count + 1);
    free(sizes);
    return kept;
}
