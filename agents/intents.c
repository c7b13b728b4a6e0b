#include "agents/intents.h"

static const struct intent *find(const struct intent *intents, size_t count,
                                 enum intent_status status)
{
    for (size_t i = 0; i < count; i++)
        if (intents[i].status == status)
            return &intents[i];
    return NULL;
}

const struct intent *intents_in_question(const struct intent *intents, size_t count)
{
    const struct intent *undoing = find(intents, count, INTENT_UNDOING);

    return undoing != NULL ? undoing : find(intents, count, INTENT_OPEN);
}

const struct intent *intents_last(const struct intent *intents, size_t count)
{
    const struct intent *last = &intents[0];

    for (size_t i = 1; i < count; i++)
        if (intents[i].statement > last->statement)
            last = &intents[i];
    return last;
}

bool intents_taken_back(const struct intent *intents, size_t count)
{
    return find(intents, count, INTENT_UNDOING) != NULL ||
           find(intents, count, INTENT_UNDONE) != NULL;
}

struct digest intents_digest(const struct intent *intents, size_t count)
{
    AUTO_BUFFER struct buffer text = {0};

    if (count == 0)
        return (struct digest){0};
    buffer_append_text(&text, "fleet-intents-v1\n");
    for (size_t i = 0; i < count; i++) {
        const struct intent *intent = &intents[i];
        char key[DIGEST_HEX_SIZE], sha256[DIGEST_HEX_SIZE];

        digest_to_hex(&intent->attempt_key, key);
        digest_to_hex(&intent->sha256, sha256);
        buffer_printf(&text, "%s %d %s %s %d\n", key, intent->statement, sha256, intent->class_name,
                      (int)intent->status);
    }
    return digest_of(text.bytes, text.length);
}
