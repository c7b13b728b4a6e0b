#include "agents/fingerprint.h"

#include "agents/sorted_lines.h"

bool fingerprint_lines(struct session *session, struct buffer *out, struct error *err)
{
    AUTO_BUFFER struct buffer lines = {0};

    if (!session->engine->introspect(session, &lines, err))
        return false;
    sorted_lines_append(&lines, out);
    return true;
}

bool fingerprint_take(struct session *session, struct digest *fingerprint, struct error *err)
{
    AUTO_BUFFER struct buffer schema = {0};

    if (!fingerprint_lines(session, &schema, err))
        return error_wrap(err, "cannot take the schema's fingerprint");
    *fingerprint = digest_of(buffer_text(&schema), schema.length);
    return true;
}
