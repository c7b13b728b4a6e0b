#include "plans/repair.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "plans/canonical.h"

enum { VERDICT_LENGTH_MAX = 16 };

static const char *const verdict_names[REPAIR_VERDICT_COUNT] = {
    [REPAIR_DONE] = "done",
    [REPAIR_UNDONE] = "undone",
    [REPAIR_CONTINUE] = "continue",
    [REPAIR_TAKEN_BACK] = "taken_back",
};

const char *repair_verdict_name(enum repair_verdict verdict)
{
    assert((unsigned)verdict < REPAIR_VERDICT_COUNT);
    return verdict_names[verdict];
}

void repair_encode(const struct repair *repair, struct buffer *out)
{
    canonical_digest(out, "{\"intents\":", &repair->intents);
    canonical_integer(out, ",\"statement\":", repair->statement);
    canonical_string(out, ",\"verdict\":", repair_verdict_name(repair->verdict));
    buffer_append_char(out, '}');
}

static enum repair_verdict read_verdict(struct json_reader *reader)
{
    const char *name = json_read_text(reader, "verdict", VERDICT_LENGTH_MAX);

    for (int i = 0; !reader->failed && i < REPAIR_VERDICT_COUNT; i++)
        if (strcmp(verdict_names[i], name) == 0)
            return (enum repair_verdict)i;
    if (!reader->failed)
        json_reader_fail(reader, "verdict", "unknown");
    return REPAIR_TAKEN_BACK;
}

const struct repair *repair_read(struct json_reader *reader, const char *field)
{
    const json_t *value = json_read_optional(reader, field);
    struct json_reader inner;

    if (value == NULL)
        return NULL;
    struct repair *repair = arena_calloc(reader->arena, 1, sizeof *repair);
    json_reader_start_in(&inner, reader, field, -1, value);
    json_read_digest(&inner, "intents", &repair->intents);
    repair->statement = (int)json_read_integer(&inner, "statement", 0, INT32_MAX);
    repair->verdict = read_verdict(&inner);
    if (!inner.failed && (repair->statement == 0) != (repair->verdict == REPAIR_TAKEN_BACK))
        json_reader_fail(&inner, "statement", "does not fit the verdict");
    reader->failed = !json_reader_end(&inner);
    return repair;
}
