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

static bool check_wave(struct progress *progress, const char *item, struct error *err)
{
    const char *equals = strchr(item, '=');
    struct amount amount;

    if (progress->complete)
        return error_set(err, ERROR_CONFIG, "the wave '%s' follows one that has all targets", item);
    if (amount_parse(item, &amount)) {
        if (!check_amount(progress, item, &amount, err))
            return false;
    } else if (strcmp(item, "*") == 0) {
        progress->complete = true;
    } else if (equals != NULL && equals != item && equals[1] != '\0') {
        progress->labels = true;
    } else {
        return error_set(err, ERROR_CONFIG,
                         "'%s' is not a wave; it is a count, a share, LABEL=VALUE or *", item);
    }
    if (progress->amounts && progress->labels)
        return error_set(err, ERROR_CONFIG, "waves go by amounts or by labels, not by both");
    return true;
}

bool waves_check(const char *text, struct error *err)
{
    struct progress progress = {0};
    AUTO(text) char *list = xstrdup(text);
    char *rest = list;

    for (char *item; (item = strsep(&rest, ",")) != NULL;) {
        item += strspn(item, " \t");
        item[strcspn(item, " \t")] = '\0';
        if (!check_wave(&progress, item, err))
            return false;
    }
    if (!progress.complete)
        return error_set(err, ERROR_CONFIG, "the waves leave targets out; end the list with %s",
                         progress.labels ? "*" : "100%");
    return true;
}
