#include "agents/engines/mysql_address.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

enum { CONNECT_TIMEOUT_S = 10, LONGEST_TIMEOUT_S = 300, LARGEST_PORT = 65535 };

struct span {
    const char *start;
    const char *end;
};

static const struct {
    const char *name;
    enum mysql_tls tls;
} modes[] = {
    {"disabled", MYSQL_TLS_OFF},
    {"required", MYSQL_TLS_REQUIRED},
    {"verify-identity", MYSQL_TLS_VERIFIED},
};

static int hex_value(char digit)
{
    if (isdigit((unsigned char)digit))
        return digit - '0';
    return tolower((unsigned char)digit) - 'a' + 10;
}

static bool decode(struct arena *arena, struct span part, const char **text, struct error *err)
{
    char *out = arena_copy(arena, part.start, (size_t)(part.end - part.start));
    char *to = out;

    for (const char *at = part.start; at < part.end; at++) {
        if (*at != '%') {
            *to++ = *at;
            continue;
        }
        if (part.end - at < 3 || !isxdigit((unsigned char)at[1]) ||
            !isxdigit((unsigned char)at[2]) || (at[1] == '0' && at[2] == '0'))
            return error_set(err, ERROR_CONFIG,
                             "\"%.3s\" in the url is not a %%-encoded character; write %%25 for "
                             "a percent sign",
                             at);
        *to++ = (char)(hex_value(at[1]) * 16 + hex_value(at[2]));
        at += 2;
    }
    *to = '\0';
    *text = out;
    return true;
}

static bool parse_number(const char *text, unsigned long largest, unsigned *number)
{
    char *end;

    if (!isdigit((unsigned char)*text))
        return false;
    unsigned long value = strtoul(text, &end, 10);
    if (*end != '\0' || value == 0 || value > largest)
        return false;
    *number = (unsigned)value;
    return true;
}

/* MySQL's own spelling VERIFY_IDENTITY is understood too. */
static bool set_mode(struct mysql_address *address, const char *value, struct error *err)
{
    char mode[32];

    snprintf(mode, sizeof mode, "%s", value);
    for (char *at = mode; *at != '\0'; at++)
        *at = *at == '_' ? '-' : (char)tolower((unsigned char)*at);
    for (size_t i = 0; i < COUNT_OF(modes); i++)
        if (strcmp(mode, modes[i].name) == 0) {
            address->tls = modes[i].tls;
            return true;
        }
    return error_set(err, ERROR_CONFIG,
                     "ssl-mode=%s in the url is none of disabled, required, verify-identity",
                     value);
}

static bool set_timeout(struct mysql_address *address, const char *value, struct error *err)
{
    if (parse_number(value, LONGEST_TIMEOUT_S, &address->connect_timeout_s))
        return true;
    return error_set(err, ERROR_CONFIG,
                     "connect-timeout=%s in the url is not a number of seconds from 1 to %d", value,
                     LONGEST_TIMEOUT_S);
}

/* A parameter is a text as it stands, or has a setter that understands it. */
static const struct {
    const char *name;
    size_t text_offset;
    bool (*set)(struct mysql_address *address, const char *value, struct error *err);
} parameters[] = {
    {"connect-timeout", 0, set_timeout},
    {"socket", offsetof(struct mysql_address, socket), NULL},
    {"ssl-ca", offsetof(struct mysql_address, ssl_ca), NULL},
    {"ssl-cert", offsetof(struct mysql_address, ssl_cert), NULL},
    {"ssl-key", offsetof(struct mysql_address, ssl_key), NULL},
    {"ssl-mode", 0, set_mode},
};

static bool set_parameter(size_t index, struct mysql_address *address, const char *value,
                          struct error *err)
{
    if (parameters[index].set != NULL)
        return parameters[index].set(address, value, err);
    memcpy((char *)address + parameters[index].text_offset, &value, sizeof value);
    return true;
}

static bool refuse_parameter(const char *name, struct error *err)
{
    const char *names[COUNT_OF(parameters)];

    for (size_t i = 0; i < COUNT_OF(parameters); i++)
        names[i] = parameters[i].name;
    const char *near = text_nearest(name, names, COUNT_OF(names));
    if (near != NULL)
        return error_set(err, ERROR_CONFIG, "unknown parameter '%s' in the url, did you mean '%s'?",
                         name, near);
    return error_set(err, ERROR_CONFIG,
                     "unknown parameter '%s' in the url; known are connect-timeout, socket, "
                     "ssl-ca, ssl-cert, ssl-key, ssl-mode",
                     name);
}

static bool parse_parameter(struct arena *arena, struct span part, struct mysql_address *address,
                            struct error *err)
{
    const char *equals = memchr(part.start, '=', (size_t)(part.end - part.start));
    const char *name = "";
    const char *value = "";

    if (equals == NULL)
        return error_set(err, ERROR_CONFIG, "parameter '%.*s' in the url has no value",
                         (int)(part.end - part.start), part.start);
    if (!decode(arena, (struct span){part.start, equals}, &name, err) ||
        !decode(arena, (struct span){equals + 1, part.end}, &value, err))
        return false;
    for (size_t i = 0; i < COUNT_OF(parameters); i++)
        if (strcmp(parameters[i].name, name) == 0)
            return set_parameter(i, address, value, err);
    if (strcmp(name, "password") == 0)
        return error_set(err, ERROR_CONFIG,
                         "the url holds a password; use password_file, password_env or "
                         "password_command");
    return refuse_parameter(name, err);
}

static bool parse_parameters(struct arena *arena, const char *text, struct mysql_address *address,
                             struct error *err)
{
    while (*text != '\0') {
        const char *end = text + strcspn(text, "&");

        if (end > text && !parse_parameter(arena, (struct span){text, end}, address, err))
            return false;
        text = *end == '&' ? end + 1 : end;
    }
    return true;
}

static bool parse_user(struct arena *arena, struct span part, struct mysql_address *address,
                       struct error *err)
{
    if (memchr(part.start, ':', (size_t)(part.end - part.start)) != NULL)
        return error_set(err, ERROR_CONFIG,
                         "the url holds a password; use password_file, password_env or "
                         "password_command");
    return part.start == part.end || decode(arena, part, &address->user, err);
}

/* HOST, HOST:PORT or [IPV6]:PORT. */
static bool parse_host(struct arena *arena, struct span part, struct mysql_address *address,
                       struct error *err)
{
    const char *port = memrchr(part.start, ':', (size_t)(part.end - part.start));
    struct span host = part;
    const char *number = "";

    if (port != NULL && memchr(port, ']', (size_t)(part.end - port)) == NULL) {
        host.end = port;
        if (!decode(arena, (struct span){port + 1, part.end}, &number, err))
            return false;
        if (!parse_number(number, LARGEST_PORT, &address->port))
            return error_set(err, ERROR_CONFIG, "port \"%s\" in the url is not 1 to %d", number,
                             LARGEST_PORT);
    }
    if (host.end - host.start > 2 && *host.start == '[' && host.end[-1] == ']') {
        host.start++;
        host.end--;
    }
    return host.start == host.end || decode(arena, host, &address->host, err);
}

static bool parse_authority(struct arena *arena, struct span part, struct mysql_address *address,
                            struct error *err)
{
    const char *at = memrchr(part.start, '@', (size_t)(part.end - part.start));

    if (at == NULL)
        return parse_host(arena, part, address, err);
    return parse_user(arena, (struct span){part.start, at}, address, err) &&
           parse_host(arena, (struct span){at + 1, part.end}, address, err);
}

static const char *after_scheme(const char *url)
{
    static const char *const schemes[] = {"mysql://", "mariadb://"};

    for (size_t i = 0; i < COUNT_OF(schemes); i++)
        if (strncmp(url, schemes[i], strlen(schemes[i])) == 0)
            return url + strlen(schemes[i]);
    return NULL;
}

bool mysql_address_parse(struct arena *arena, const char *url, struct mysql_address *address,
                         struct error *err)
{
    const char *authority = after_scheme(url);

    *address = (struct mysql_address){.connect_timeout_s = CONNECT_TIMEOUT_S};
    if (authority == NULL)
        return error_set(err, ERROR_CONFIG, "the url is not mysql://USER@HOST:PORT/DATABASE");
    const char *slash = authority + strcspn(authority, "/?");
    const char *path = *slash == '/' ? slash + 1 : slash;
    const char *query = path + strcspn(path, "?");

    if (!parse_authority(arena, (struct span){authority, slash}, address, err) ||
        !decode(arena, (struct span){path, query}, &address->database, err) ||
        !parse_parameters(arena, *query == '?' ? query + 1 : query, address, err))
        return false;
    if (*address->database == '\0' || strchr(address->database, '/') != NULL)
        return error_set(err, ERROR_CONFIG,
                         "the url names no database: mysql://USER@HOST:PORT/DATABASE");
    if (address->tls == MYSQL_TLS_NOT_GIVEN)
        address->tls = address->ssl_ca != NULL ? MYSQL_TLS_VERIFIED : MYSQL_TLS_OFF;
    return true;
}
