/*
 * database - how a configuration says where a database is, the same in fleet.ini and agent.ini.
 *
 *   sqlite:PATH    postgresql://[USER@]HOST[:PORT]/NAME[?…]    mysql://[USER@]HOST[:PORT]/NAME
 *
 * A section describes one database or, with a range, as many as the range has numbers: each
 * placeholder in its name, url, schema and password_file becomes the number.
 */
#ifndef FLEET_COMMON_DATABASE_H
#define FLEET_COMMON_DATABASE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/engine_kind.h"
#include "common/secret.h"
#include "common/setting.h"

/* The engine of a URL's scheme. ERROR_CONFIG for an unknown scheme, for a form that no engine
   reads, and for a password anywhere in it; the message never repeats the URL. */
bool database_url_check(const char *url, enum engine_kind *engine, struct error *err) MUST_USE;

struct number_range {
    long first;
    long last;
    int line; /* 0: no range was given */
};

/* What a section says; DATABASE_SETTINGS are the rows that fill it. */
struct database_section {
    struct number_range range;
    struct setting_text engine;
    struct setting_text url;
    struct setting_text schema;
    struct setting_text password_file;
    struct setting_text password_env;
    struct setting_text password_command;
    const char **init_sql;
    size_t init_sql_count;
    int init_sql_line;
};

/* One database of a section. */
struct database {
    const char *name;
    const char *url;
    const char *schema;
    struct secret_source password;
};

setting_reader database_range;       /* struct number_range */
setting_reader database_engine;      /* struct setting_text */
setting_reader database_url;         /* struct setting_text */
setting_reader database_schema;      /* struct setting_text */
setting_reader database_init_sql;    /* struct database_section */
setting_reader database_no_password; /* refuses */

#define DATABASE_SETTINGS(type, member)                                                 \
    {.key = "range",                                                                    \
     .read = database_range,                                                            \
     .offset = offsetof(type, member.range),                                            \
     .form = "FIRST..LAST, rising and at most 100,000 numbers, such as 0..399"},        \
        {.key = "engine",                                                               \
         .read = database_engine,                                                       \
         .offset = offsetof(type, member.engine),                                       \
         .form = "postgresql, mysql or sqlite"},                                        \
        {.key = "url",                                                                  \
         .read = database_url,                                                          \
         .offset = offsetof(type, member.url),                                          \
         .form = "sqlite:PATH, postgresql://USER@HOST/NAME or mysql://USER@HOST/NAME"}, \
        {.key = "schema",                                                               \
         .read = database_schema,                                                       \
         .offset = offsetof(type, member.schema),                                       \
         .form = "a PostgreSQL schema's name, at most 63 bytes"},                       \
        {.key = "password_file",                                                        \
         .read = setting_located,                                                       \
         .offset = offsetof(type, member.password_file),                                \
         .form = "a file that holds the password"},                                     \
        {.key = "password_env",                                                         \
         .read = setting_located,                                                       \
         .offset = offsetof(type, member.password_env),                                 \
         .form = "the name of an environment variable"},                                \
        {.key = "password_command",                                                     \
         .read = setting_located,                                                       \
         .offset = offsetof(type, member.password_command),                             \
         .form = "a command that prints the password"},                                 \
        {.key = "password", .read = database_no_password, .form = "not a key"},         \
    {                                                                                   \
        .key = "init_sql", .read = database_init_sql, .offset = offsetof(type, member), \
        .form = "one SQL statement; the key may be repeated", .use = SETTING_REPEATED   \
    }

/* Who reads a section, for its faults. */
struct database_place {
    const char *file;
    const char *pattern; /* the section's name */
    int line;            /* of the section */
};

/* Whether the parts fit each other: a range and its placeholders, the engine and its url, at most
   one password source. *engine is the one to use. */
bool database_section_check(const struct database_section *section,
                            const struct database_place *place, enum engine_kind *engine,
                            struct diagnostics *faults) MUST_USE;

/* How many databases the section describes: 1 without a range. */
size_t database_section_size(const struct database_section *section);

/* The database with that index; what has no placeholder is shared. Relative paths of the url and
   the password file start beside base. */
struct database database_section_at(const struct database_section *section, const char *pattern,
                                    size_t index, const char *base, struct arena *arena);

/* The first name of the section that the grammar refuses; NULL if all are good. */
const char *database_bad_name(const struct database_section *section, const char *pattern,
                              struct arena *arena);

#endif
