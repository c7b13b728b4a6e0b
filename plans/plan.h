/*
 * plan - the immutable, signed document that says what will run where.
 *
 * Header, scripts by their SHA-256, recipes (ordered steps that refer to scripts) and targets, each
 * with its recipe and the history head that it was planned from. Targets are the leaves of an
 * RFC 6962 tree. The plan's digest covers format, header, the sorted recipe digests, and the tree's
 * size and root; operators sign that digest. docs/plan.md gives the bytes.
 */
#ifndef FLEET_PLANS_PLAN_H
#define FLEET_PLANS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buffer.h"
#include "common/digest.h"
#include "common/engine_kind.h"
#include "common/error.h"
#include "common/history.h"
#include "common/merkle.h"
#include "common/signing.h"
#include "plans/repair.h"

enum { PLAN_FORMAT = 1 };

struct plan_policy {
    bool irreversible_allowed;
    bool opaque_allowed;
    const char *window; /* when jobs may begin, but for ways back; NULL or "": at any time */
    int64_t
        confirm_within_ms;  /* what is not confirmed in this time goes back by itself; 0: stays */
    const char *health_sql; /* a query that returns no row on a healthy target; NULL or "": none */
};

struct plan_header {
    const char *fleet;
    const char *environment;
    const char *author; /* the operator who made it */
    int64_t created_ms;
    int64_t expires_ms;        /* the last instant of first acceptance */
    int64_t finish_by_ms;      /* the last instant at which a job may begin */
    int64_t rollback_until_ms; /* the last instant of an automatic way back */
    const char *nonce;         /* 32 hex digits */
    struct digest inventory;
    struct plan_policy policy;
};

/* A script's bytes under their digest; shared by all recipes of a plan. */
struct plan_script {
    struct digest sha256;
    const char *sql;
    size_t length;
};

/* One script in one step: which bytes, and the file they came from. script is NULL if there is
   none. */
struct plan_part {
    const char *file;
    const struct plan_script *script;
};

struct plan_step {
    const char *version; /* "" for a repeatable */
    const char *name;
    enum direction direction;
    struct plan_part run;        /* what this step runs; no script for a baseline */
    struct plan_part undo;       /* what takes it back; no script if there is no way back */
    const char *no_way_back;     /* why undo has no script; NULL if it has one, or for a baseline */
    struct digest source_sha256; /* of the up script: what the history compares with the folder */
};

struct plan_recipe {
    struct digest digest; /* of its canonical JSON */
    enum engine_kind engine;
    const struct plan_step *steps;
    size_t step_count;
};

struct plan_target {
    const char *name;
    const char *agent; /* "local" for the in-process one */
    enum engine_kind engine;
    struct digest head;   /* none for an empty history */
    const char *identity; /* of the database behind a server; NULL or "" if it was not known */
    int64_t timeline;     /* of that, as PostgreSQL counts them; 0 if it was not known */
    const char *release;  /* of the server (plans/release.h); NULL or "" if it does not matter */
    const struct plan_recipe *recipe;
    const struct repair *repair; /* settles what its part left first; NULL for none */
};

struct plan_signature {
    struct public_key key;
    const char *signer; /* a label for people; trust comes from the key */
    struct signature signature;
};

struct plan {
    struct arena *arena;
    struct plan_header header;
    const struct plan_script *const *scripts; /* by digest */
    size_t script_count;
    const struct plan_recipe *recipes; /* by digest */
    size_t recipe_count;
    const struct plan_target *targets; /* by name */
    size_t target_count;
    const struct plan_signature *signatures;
    size_t signature_count;
    struct merkle_tree *tree; /* over the targets, for slices; NULL in a slice's own plan */
    struct digest root;
    struct digest digest;
};

void plan_free(struct plan *plan);
AUTO_DEFINE(plan)

/* The target of that name; NULL if the plan has none. */
const struct plan_target *plan_find_target(const struct plan *plan, const char *name);

/* The greatest version that a step of the plan brings; "" if none does. */
const char *plan_newest_version(const struct plan *plan);

/* Whether a database is the one that the target was planned on. What either does not know is not
   compared. */
bool plan_target_is_on(const struct plan_target *target, const char *identity, int64_t timeline);
/* Whether a server's version is of the release that the target was planned on. What either does not
   know is not compared; NULL is such a version. */
bool plan_target_fits_version(const struct plan_target *target, const char *version);

/* Signs the digest and adds the signature; a key that has signed already adds nothing. */
bool plan_sign(struct plan *plan, const struct signing_key *key, const char *signer,
               struct error *err) MUST_USE;

/* Appends the whole document as canonical JSON, without a newline after it. */
void plan_write(const struct plan *plan, struct buffer *out);

/*
 * Reads and checks all of it: form, digests of scripts, recipes and targets, and that each
 * signature is its key's. Whether the keys are trusted is the caller's question. Only the bytes
 * that plan_write gives are accepted, and one newline after them, so no changed byte goes unseen.
 * ERROR_PROTOCOL for a wrong form, ERROR_UNSUPPORTED for a newer format, ERROR_VERIFY for what
 * does not fit.
 */
struct plan *plan_read(const char *bytes, size_t length, struct error *err) MUST_USE;

#endif
