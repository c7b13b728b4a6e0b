/* sections - what agent.ini's [agent] and [target:NAME] may say, as tables. */
#ifndef FLEET_AGENTS_DAEMON_SECTIONS_H
#define FLEET_AGENTS_DAEMON_SECTIONS_H

#include "agents/daemon/configuration.h"
#include "common/database.h"
#include "common/setting.h"

/* In the order of agent_section_kinds. */
enum { SECTION_AGENT, SECTION_TARGET, SECTION_COUNT };

extern const struct section_kind agent_section_kinds[SECTION_COUNT];

/* The object of [agent]. */
struct agent_section {
    struct agent_configuration configuration;
    const char *trusted_keys;
    int approvals;
    int max_request_mb;
    int log_level;
    int space_check; /* 0: off */
    int log_format;
};

/* The object of [target:NAME]. */
struct target_section {
    struct database_section database;
    const char *env;
    int approvals;
};

struct agent_section agent_section_defaults(const char *file);

#endif
