#include "plans/script/dialect.h"

#include <assert.h>

static const struct dialect dialects[ENGINE_KIND_COUNT] = {
    [ENGINE_POSTGRESQL] =
        {
            .escape_setting = "standard_conforming_strings",
            .escape_toggle = "off",
            .escape_strings = true,
            .dollar_quotes = true,
            .nested_comments = true,
            .copy_data = true,
            .lone_statements = true,
            .quotes = "'\"",
            .command_mark = '\\',
            .command_client = "psql",
            .body = BODY_ATOMIC,
        },
    [ENGINE_MYSQL] =
        {
            .backslash_escapes = true,
            .escape_setting = "sql_mode",
            .escape_toggle = "NO_BACKSLASH_ESCAPES",
            .hash_comments = true,
            .dashes_need_space = true,
            .executable_comments = true,
            .delimiter_command = true,
            .quotes = "'\"`",
            .body = BODY_COMPOUND,
        },
    [ENGINE_SQLITE] =
        {
            .quotes = "'\"`",
            .brackets = true,
            .lone_statements = true,
            .command_mark = '.',
            .command_starts_line = true,
            .command_client = "sqlite3",
            .body = BODY_TRIGGER,
        },
};

const struct dialect *dialect_of(enum engine_kind engine)
{
    assert((unsigned)engine < ENGINE_KIND_COUNT);
    return &dialects[engine];
}
