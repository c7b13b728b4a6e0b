#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/database.h"

static const struct scheme {
    const char *prefix;
    enum engine_kind engine;
    bool server;
} schemes[] = {
    {"postgresql://", ENGINE_POSTGRESQL, true},
    {"postgres://", ENGINE_POSTGRESQL, true}, /* libpq knows both */
    {"mysql://", ENGINE_MYSQL, true},
    {"sqlite:", ENGINE_SQLITE, false},
};

/* Query parameters that carry a secret in one client library or another. */
static const char *const secret_parameters[] = {"password", "passwd", "pwd", "pass", "sslpassword"};

static const struct scheme *scheme_of(const char *url)
{
    for (size_t i = 0; i < COUNT_OF(schemes); i++)
        if (strncmp(url, schemes[i].prefix, strlen(schemes[i].prefix)) == 0)
            return &schemes[i];
    return NULL;
}

static int hex_digit(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = digit == '\0' ? NULL : strchr(digits, tolower((unsigned char)digit));

    return at == NULL ? -1 : (int)(at - digits);
}

/* Whether the parameter at text, up to '=', '&' or the end, has that name, %-escapes undone. */
static bool parameter_is(const char *text, const char *name)
{
    while (*text != '\0' && *text != '=' && *text != '&') {
        int character = (unsigned char)*text;
        int high = *text == '%' ? hex_digit(text[1]) : -1;
        int low = high >= 0 ? hex_digit(text[2]) : -1;

        if (low >= 0)
            character = high * 16 + low;
        if (tolower(character) != *name)
            return false;
        text += low >= 0 ? 3 : 1;
        name++;
    }
    return *name == '\0';
}

static bool query_has_password(const char *query)
{
    while (query != NULL) {
        query++;
        for (size_t i = 0; i < COUNT_OF(secret_parameters); i++)
            if (parameter_is(query, secret_parameters[i]))
                return true;
        query = strchr(query, '&');
    }
    return false;
}

/* A ':' before the last '@' that stands before the query: wherever a client library draws the
   line between user and host, a password would be there. */
static bool authority_has_password(const char *authority)
{
    size_t length = strcspn(authority, "?");
    const char *at = memrchr(authority, '@', length);

    return at != NULL && memchr(authority, ':', (size_t)(at - authority)) != NULL;
}

static bool check_file(const char *path, struct error *err)
{
    if (path[0] == '\0')
        return error_set(err, ERROR_CONFIG, "the url names no file; it is sqlite:PATH");
    if (strncmp(path, "//", 2) == 0)
        return error_set(err, ERROR_CONFIG,
                         "a SQLite url is sqlite:PATH, without slashes before the path");
    if (strncmp(path, ":memory:", 8) == 0)
        return error_set(err, ERROR_CONFIG,
                         "a database in memory ends with the session; name a file");
    return true;
}

bool database_url_check(const char *url, enum engine_kind *engine, struct error *err)
{
    const struct scheme *scheme = scheme_of(url);

    if (scheme == NULL)
        return error_set(err, ERROR_CONFIG,
                         "the url's scheme is none of sqlite:, postgresql:// and mysql://");
    *engine = scheme->engine;
    const char *rest = url + strlen(scheme->prefix);
    if (!scheme->server)
        return check_file(rest, err);
    if (authority_has_password(rest) || query_has_password(strchr(rest, '?')))
        return error_set(err, ERROR_CONFIG,
                         "the url has a password in it, which others can read here; take it out "
                         "(and change it), and use password_file, password_env or "
                         "password_command");
    return true;
}
