#include "common/foreign.h"

#include <assert.h>
#include <string.h>

const char *const foreign_tool_names[FOREIGN_TOOL_COUNT] = {
    [FOREIGN_GOLANG_MIGRATE] = "golang-migrate",
    [FOREIGN_DBMATE] = "dbmate",
    [FOREIGN_GOOSE] = "goose",
    [FOREIGN_FLYWAY] = "flyway",
    [FOREIGN_DIESEL] = "diesel",
    [FOREIGN_SQITCH] = "sqitch",
};

const char *const foreign_state_names[FOREIGN_STATE_COUNT] = {
    [FOREIGN_APPLIED] = "applied", [FOREIGN_REVERTED] = "reverted", [FOREIGN_REACHED] = "reached",
    [FOREIGN_DIRTY] = "dirty",     [FOREIGN_FAILED] = "failed",
};

const char *foreign_tool_name(enum foreign_tool tool)
{
    assert((unsigned)tool < FOREIGN_TOOL_COUNT);
    return foreign_tool_names[tool];
}

const char *foreign_state_name(enum foreign_state state)
{
    assert((unsigned)state < FOREIGN_STATE_COUNT);
    return foreign_state_names[state];
}

bool foreign_state_from_name(const char *name, enum foreign_state *state)
{
    for (int i = 0; i < FOREIGN_STATE_COUNT; i++) {
        if (strcmp(foreign_state_names[i], name) == 0) {
            *state = (enum foreign_state)i;
            return true;
        }
    }
    return false;
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define DIGITS "0123456789"

/* The length of the name that the text begins with; 0 if it begins with none. */
static size_t name_length(const char *text)
{
    size_t length = strspn(text, LETTERS DIGITS);

    return strspn(text, LETTERS) > 0 && length < FOREIGN_NAME_SIZE ? length : 0;
}

bool foreign_table_is_valid(const char *text)
{
    size_t first = name_length(text);

    if (first == 0 || text[first] == '\0')
        return first > 0;
    const char *second = text + first + 1;
    size_t length = name_length(second);
    return text[first] == '.' && length > 0 && second[length] == '\0';
}
