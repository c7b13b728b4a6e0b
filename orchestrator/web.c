#include "orchestrator/web.h"

#include <curl/curl.h>

enum { BODY_MAX = 1024 * 1024 };

static void free_curl(CURL **curl)
{
    curl_easy_cleanup(*curl);
}

static void free_headers(struct curl_slist **headers)
{
    curl_slist_free_all(*headers);
}

/* What it says does not matter, as long as it comes to an end. */
static size_t drop_body(char *bytes, size_t size, size_t count, void *context)
{
    size_t *left = context;
    size_t length = size * count;

    (void)bytes;
    if (length > *left)
        return 0;
    *left -= length;
    return length;
}

static bool add_headers(const struct web_request *request, struct curl_slist **headers)
{
    for (size_t i = 0; request->headers != NULL && request->headers[i] != NULL; i++) {
        struct curl_slist *longer = curl_slist_append(*headers, request->headers[i]);

        if (longer == NULL)
            return false;
        *headers = longer;
    }
    return true;
}

static bool set_up(CURL *curl, const struct web_request *request, size_t *left, char *why)
{
    return curl_easy_setopt(curl, CURLOPT_URL, request->url) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, request->timeout_ms) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_USERAGENT, "fleet/" FLEET_VERSION) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop_body) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, left) == CURLE_OK;
}

static bool set_body(CURL *curl, const struct web_request *request,
                     const struct curl_slist *headers)
{
    return request->body == NULL ||
           (curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->length) ==
                CURLE_OK &&
            curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body) == CURLE_OK &&
            curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK);
}

bool web_ask(const struct web_request *request, long *status, struct error *err)
{
    __attribute__((cleanup(free_curl))) CURL *curl = curl_easy_init();
    __attribute__((cleanup(free_headers))) struct curl_slist *headers = NULL;
    char why[CURL_ERROR_SIZE] = "";
    size_t left = BODY_MAX;

    if (curl == NULL || !add_headers(request, &headers) || !set_up(curl, request, &left, why) ||
        !set_body(curl, request, headers))
        return error_set(err, ERROR_INTERNAL, "the request cannot be prepared");
    CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK)
        return error_set(err, ERROR_CHECK, "%s", why[0] != '\0' ? why : curl_easy_strerror(code));
    return curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status) == CURLE_OK ||
           error_set(err, ERROR_INTERNAL, "the answer has no status");
}
