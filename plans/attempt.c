#include "plans/attempt.h"

#include <string.h>

/* Each value goes with its label and its length, so that no two lists have the same bytes. */
static void add_labelled(struct buffer *out, const char *label, const char *value)
{
    buffer_printf(out, "%s=%zu:%s\n", label, strlen(value), value);
}

struct digest attempt_key(const struct digest *plan, const char *target,
                          const struct plan_step *step, enum direction direction)
{
    AUTO_BUFFER struct buffer text = {0};
    char hex[DIGEST_HEX_SIZE];

    digest_to_hex(plan, hex);
    add_labelled(&text, "fleet-attempt", "1");
    add_labelled(&text, "plan", hex);
    add_labelled(&text, "target", target);
    add_labelled(&text, "version", step->version);
    add_labelled(&text, "name", step->name);
    add_labelled(&text, "direction", direction_name(direction));
    add_labelled(&text, "part", "1");
    return digest_of(text.bytes, text.length);
}
