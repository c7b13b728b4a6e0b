/*
 * inventory - what fleet there is: environments, agents, targets and their policies.
 *
 * Read from INI (docs/inventory.md lists each key) and validated whole: every fault of every file
 * is reported in one run. An inventory is an immutable document in one arena. A file that is
 * executable is run and its output read instead.
 */
#ifndef FLEET_INVENTORY_INVENTORY_H
#define FLEET_INVENTORY_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/diagnostics.h"
#include "common/digest.h"
#include "common/engine_kind.h"
#include "common/secret.h"

struct label {
    const char *key;
    const char *value;
};

/* A count, or a share of the targets of a rollout in tenths of a percent. */
struct amount {
    bool is_share;
    int64_t value; /* count, or permille */
};

/* What an amount allows of total targets: a share rounds down. */
int64_t amount_of(const struct amount *amount, int64_t total);

/* How many targets may fail: in all, or one after the other without a success in between. */
struct failure_budget {
    struct amount amount;
    bool is_consecutive; /* then a count */
};

enum wave_kind { WAVE_AMOUNT, WAVE_LABEL, WAVE_REST };

struct wave {
    enum wave_kind kind;
    const char *text;     /* as it was written: "10%", "tier=canary", "*" */
    struct amount amount; /* of WAVE_AMOUNT: how many targets up to and with this wave */
};

struct waves {
    const struct wave *items;
    size_t count;
};

/* What is taken back when a wave's failures spend the budget; nothing but a failed target's own
   steps by default. */
enum failure_action {
    FAILURE_ROLLBACK_TARGET,
    FAILURE_HALT, /* not even those */
    FAILURE_ROLLBACK_WAVE,
    FAILURE_ROLLBACK_ALL
};

/* "rollback-target", …; as on_failure is written. */
const char *failure_action_name(enum failure_action action);
bool failure_action_from_name(const char *name, enum failure_action *action) MUST_USE;

/* What is asked after each wave, and while it soaks; NULL where there is no such check. */
struct health_checks {
    const char *url;     /* must answer with 2xx */
    const char *command; /* of /bin/sh, must succeed */
};

/* Whether the text begins like a query; what it really is, is for the server to see. */
bool health_sql_is_query(const char *sql);

enum notify_format { NOTIFY_JSON, NOTIFY_SLACK };

/* Whom to tell what becomes of an environment's rollouts. */
struct notify {
    const char *url;         /* NULL: nobody, unless a file has it */
    const char *url_file;    /* for an URL that is a secret itself */
    const char *secret_file; /* signs what is sent; NULL: it is not signed */
    enum notify_format format;
};

/* A policy that is understood but that this release does not act on yet; apply refuses it. */
struct unbuilt_policy {
    const char *key;
    const char *file;
    int line;
};

struct policy {
    int max_parallel;                   /* default 64 */
    struct failure_budget max_failures; /* default 0 */
    bool irreversible_allowed;          /* irreversible = allow */
    bool opaque_allowed;                /* opaque = allow */
    bool drift_allowed;                 /* drift = allow */
    struct waves waves;                 /* none: all targets at once */
    enum failure_action on_failure;
    int64_t soak_ms;    /* between waves */
    bool manual_gate;   /* gate = manual: a person opens the way to the next wave */
    const char *window; /* when jobs may begin (inventory/window.h); NULL: at any time */
    struct health_checks health;
    int64_t
        confirm_within_ms;  /* what is not confirmed in this time goes back by itself; 0: stays */
    const char *health_sql; /* returns no row on a healthy target; NULL: none. Its agent runs it */
    struct notify notify;
    const char *const *requires; /* environments where all must have succeeded before */
    size_t requires_count;
    const struct unbuilt_policy *unbuilt;
    size_t unbuilt_count;
};

struct environment {
    const char *name;
    struct policy policy;
    int line;
};

struct inventory_agent {
    const char *name;
    const char *address; /* host:port */
    int line;
};

struct target {
    const char *name;
    const struct environment *environment;
    const struct inventory_agent *agent; /* NULL for agent = local */
    enum engine_kind engine;
    const struct label *labels;
    size_t label_count;
    /* Of a local target only; NULL otherwise. */
    const char *url;
    const char *schema; /* PostgreSQL: the target is this one schema */
    struct secret_source password;
    const char *const *init_sql;
    size_t init_sql_count;
    const char *file;
    int line;
};

/* The [operator] section; paths are resolved, NULL where not given. */
struct operator_settings {
    const char *name;
    const char *cert;
    const char *key;
    const char *ca;
    const char *crl;
    const char *signing_key;
};

/* A line of [lint], whose rule nobody has looked for yet. */
struct rule_setting {
    const char *rule;
    const char *severity;
    const char *file;
    int line;
};

struct inventory {
    const char *file;       /* the top file */
    const char *directory;  /* where relative paths start */
    const char *fleet;      /* its name */
    const char *migrations; /* resolved path of the folder */
    const char *state;      /* resolved path of the store, or its postgresql://… */
    struct secret_source state_password;
    struct operator_settings operator_settings;
    const struct rule_setting *rule_settings; /* in the order of the file */
    size_t rule_setting_count;
    const struct environment *environments;
    size_t environment_count;
    const struct inventory_agent *agents;
    size_t agent_count;
    const struct target *targets; /* in the order of the files, ranges expanded */
    size_t target_count;
    struct digest digest; /* of every byte that was read */
};

/* NULL when there is any fault; all of them are then in faults. */
const struct inventory *inventory_load(const char *path, struct diagnostics *faults) MUST_USE;
void inventory_free(const struct inventory *inventory);
AUTO_DEFINE_FOR(inventory, const struct inventory)

/* fleet.ini in the directory or the nearest one above; NULL if there is none. */
char *inventory_find(const char *directory) MUST_USE;

const struct environment *inventory_environment(const struct inventory *inventory,
                                                const char *name);
const struct target *inventory_target(const struct inventory *inventory, const char *name);

#endif
