#include "orchestrator/notice.h"

#include <openssl/hmac.h>
#include <string.h>

#include "common/digest.h"
#include "common/json.h"
#include "common/openssl.h"

static const char *event_of(const struct notice *notice)
{
    if (strcmp(notice->what, "rollout-end") == 0)
        return "ended";
    if (strcmp(notice->what, "health") == 0)
        return "unhealthy";
    if (strncmp(notice->detail, "takes back", strlen("takes back")) == 0)
        return "rollback";
    return notice->detail[0] != '\0' ? "resumed" : "started";
}

static void write_json(const struct notice *notice, const char *store, struct buffer *out)
{
    AUTO(json) json_t *object = json_object();
    bool ended = strcmp(notice->what, "rollout-end") == 0;

    json_put(object, "format", json_integer(1));
    json_put(object, "event", json_text(event_of(notice)));
    json_put(object, "environment", json_text(notice->environment));
    json_put(object, "rollout", json_text(notice->rollout));
    json_put(object, "operator", json_text(notice->operator_name));
    json_put(object, "result", json_text(ended ? notice->result : ""));
    json_put(object, "detail", json_text(notice->detail));
    json_put(object, "at", json_text(notice->at));
    json_put(object, "store", json_text(store));
    json_put(object, "seq", json_integer(notice->seq));
    json_write_canonical(object, out);
}

static void write_slack(const struct notice *notice, struct buffer *out)
{
    AUTO(json) json_t *object = json_object();
    AUTO_BUFFER struct buffer text = {0};
    bool ended = strcmp(notice->what, "rollout-end") == 0;

    buffer_printf(&text, "%s: rollout %.12s %s%s%s (%s)", notice->environment, notice->rollout,
                  event_of(notice), ended ? ": " : "", ended ? notice->result : "",
                  notice->operator_name);
    if (notice->detail[0] != '\0')
        buffer_printf(&text, ": %s", notice->detail);
    json_put(object, "text", json_text(buffer_text(&text)));
    json_write_canonical(object, out);
}

void notice_write(const struct notice *notice, const char *store, enum notify_format format,
                  struct buffer *out)
{
    if (format == NOTIFY_SLACK)
        write_slack(notice, out);
    else
        write_json(notice, store, out);
}

bool notice_sign(const char *key, const struct buffer *body, char signature[NOTICE_SIGNATURE_SIZE],
                 struct error *err)
{
    unsigned char digest[32];
    unsigned int length = sizeof digest;

    if (HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)body->bytes, body->length,
             digest, &length) == NULL)
        return openssl_error(err, ERROR_INTERNAL, "cannot sign a notification");
    hex_encode(digest, sizeof digest, signature);
    return true;
}
