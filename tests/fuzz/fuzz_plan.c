/* Any bytes as a plan and as a slice: no crash, and an accepted plan is written as it was read. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "plans/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void read_as_plan(const char *text, size_t length)
{
    struct error err = {0};
    AUTO_BUFFER struct buffer again = {0};
    AUTO(plan) struct plan *plan = plan_read(text, length, &err);

    assert((plan == NULL) == (err.code != ERROR_NONE));
    if (plan == NULL)
        return;
    plan_write(plan, &again);
    assert(again.length <= length && memcmp(again.bytes, text, again.length) == 0);
}

static void read_as_slice(const char *text, size_t length)
{
    struct error err = {0};
    struct slice_rules rules = {.fleet = "shop", .now_ms = 1500, .signatures_needed = 1};
    AUTO(json) json_t *value = json_parse(text, length, &err);

    if (value == NULL)
        return;
    AUTO(slice) struct slice *slice = slice_decode(value, &err);
    assert((slice == NULL) == (err.code != ERROR_NONE));
    if (slice != NULL)
        assert(!slice_verify(slice, &rules, &err));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    read_as_plan((const char *)bytes, length);
    read_as_slice((const char *)bytes, length);
    return 0;
}
