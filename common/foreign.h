/*
 * foreign - the words for what another migration tool's own history says.
 *
 * The import reads the folders of these tools, an agent asks a target for their histories, the wire
 * carries question and answer. What the agent runs for it stands in plans/foreign_history.h.
 */
#ifndef FLEET_COMMON_FOREIGN_H
#define FLEET_COMMON_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>

enum foreign_tool {
    FOREIGN_GOLANG_MIGRATE,
    FOREIGN_DBMATE,
    FOREIGN_GOOSE,
    FOREIGN_FLYWAY,
    FOREIGN_DIESEL,
    FOREIGN_SQITCH,
    FOREIGN_TOOL_COUNT
};

/* By number, for tables of words: "golang-migrate". */
extern const char *const foreign_tool_names[FOREIGN_TOOL_COUNT];

const char *foreign_tool_name(enum foreign_tool tool);

/* What a row says of its version. */
enum foreign_state {
    FOREIGN_APPLIED,
    FOREIGN_REVERTED,
    FOREIGN_REACHED, /* it and all before it are applied */
    FOREIGN_DIRTY,   /* for a person to put right, as is the next */
    FOREIGN_FAILED,
    FOREIGN_STATE_COUNT
};

/* By number: "applied". */
extern const char *const foreign_state_names[FOREIGN_STATE_COUNT];

const char *foreign_state_name(enum foreign_state state);
bool foreign_state_from_name(const char *name, enum foreign_state *state);

/* Which history to read. */
struct foreign_request {
    enum foreign_tool tool;
    const char *table; /* as foreign_table_is_valid has it; "" for the tool's usual one */
};

/* So that all rows of a target, however they are escaped, fit one line of the wire. */
enum { FOREIGN_ROWS_MAX = 10000, FOREIGN_VERSION_MAX = 256 };

struct foreign_row {
    const char *version; /* any text of at most FOREIGN_VERSION_MAX bytes */
    enum foreign_state state;
};

/* The answer; rows are in the order in which they were written. */
struct foreign_history {
    bool present; /* false: there is no such table, so the tool was never at work there */
    const struct foreign_row *rows;
    size_t row_count;
};

enum { FOREIGN_NAME_SIZE = 64 };

/* TABLE or SCHEMA.TABLE, each of at most 63 ASCII letters, digits and "_", no digit first. */
bool foreign_table_is_valid(const char *text);

#endif
