/* sections - what [fleet], [operator], [agent:NAME] and [target:NAME] may say, as tables. */
#ifndef FLEET_INVENTORY_SECTIONS_H
#define FLEET_INVENTORY_SECTIONS_H

#include "common/database.h"
#include "common/setting.h"
#include "inventory/inventory.h"

/* In the order of section_kinds. */
enum {
    SECTION_FLEET,
    SECTION_OPERATOR,
    SECTION_LINT,
    SECTION_ENV,
    SECTION_AGENT,
    SECTION_TARGET,
    SECTION_COUNT
};

extern const struct section_kind section_kinds[SECTION_COUNT];

/* Before the first section there are includes only. */
extern const struct setting_table preamble_settings;

struct fleet_section {
    const char *name;
    const char *migrations;
    const char *state;
    struct secret_source state_password;
};

struct label_list {
    const struct label *items;
    size_t count;
};

struct target_section {
    struct database_section database;
    struct setting_text env;
    struct setting_text agent;
    struct label_list labels;
    struct setting_text variable; /* the key of the last var.NAME; line 0 if there is none */
};

#endif
