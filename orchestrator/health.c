#include "orchestrator/health.h"

#include <string.h>

#include "common/buffer.h"
#include "common/memory.h"
#include "common/process.h"
#include "orchestrator/web.h"

enum {
    TRIES = 3,
    BETWEEN_TRIES_MS = 1000,
    URL_TIMEOUT_MS = 5000,
    COMMAND_TIMEOUT_MS = 60 * 1000,
    OUTPUT_MAX = 64 * 1024,
    TOLD_MAX = 200 /* of what a command wrote, in a message */
};

/* A redirection is no answer: it says that health is told elsewhere. */
static bool ask_url(const char *url, struct error *err)
{
    const struct web_request request = {.url = url, .timeout_ms = URL_TIMEOUT_MS};
    long status = 0;

    if (!web_ask(&request, &status, err))
        return error_wrap(err, "health_url %s", url);
    if (status >= 200 && status < 300)
        return true;
    return error_set(err, ERROR_CHECK, "health_url %s answered %ld", url, status);
}

static bool check_url(const char *url, const struct health_patience *patience, struct error *err)
{
    for (int tried = 1; !ask_url(url, err); tried++) {
        if (tried == TRIES)
            return false;
        patience->pause(patience->context, BETWEEN_TRIES_MS);
        error_clear(err);
        if (patience->stop_asked(patience->context))
            return error_set(err, ERROR_CANCELLED, "health_url: stopped on request");
    }
    return true;
}

/* The first line of what it wrote says most. */
static bool tell_command(const struct buffer *diagnostics, struct error *err)
{
    const char *said = buffer_text(diagnostics);
    int length = (int)strcspn(said, "\r\n");
    const struct error why = *err;

    if (length > TOLD_MAX)
        length = TOLD_MAX;
    error_clear(err);
    return error_set(err, ERROR_CHECK, "health_command: %s%s%.*s", why.message,
                     length > 0 ? ": " : "", length, said);
}

static bool check_command(const char *command, const struct health_moment *moment,
                          struct error *err)
{
    AUTO(text) char *environment = xasprintf("FLEET_ENVIRONMENT=%s", moment->environment);
    AUTO(text) char *wave = xasprintf("FLEET_WAVE=%zu", moment->wave);
    AUTO(text) char *waves = xasprintf("FLEET_WAVES=%zu", moment->waves);
    AUTO(text) char *version = xasprintf("FLEET_VERSION=%s", moment->version);
    const char *const variables[] = {environment, wave, waves, version, NULL};
    const char *const argv[] = {"/bin/sh", "-c", command, NULL};
    const struct process_limits limits = {
        .timeout_ms = COMMAND_TIMEOUT_MS, .output = OUTPUT_MAX, .variables = variables};
    AUTO_BUFFER struct buffer output = {0};
    AUTO_BUFFER struct buffer diagnostics = {0};

    return process_run(argv, &limits, &output, &diagnostics, err) ||
           tell_command(&diagnostics, err);
}

bool health_check(const struct health_checks *checks, const struct health_moment *moment,
                  const struct health_patience *patience, struct error *err)
{
    return (checks->url == NULL || check_url(checks->url, patience, err)) &&
           (checks->command == NULL || check_command(checks->command, moment, err));
}
