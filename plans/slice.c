#include "plans/slice.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/memory.h"
#include "plans/canonical.h"
#include "plans/inclusion.h"
#include "plans/plan_decode.h"
#include "plans/plan_encode.h"

/* Twice the depth of the tree for each target is more than any proof needs. */
enum { PROOF_PER_TARGET = 64 };

/* What of the plan a set of targets uses. */
struct share {
    const struct plan *plan;
    size_t *targets; /* ascending */
    size_t count;
    bool *recipes; /* by index into the plan's recipes */
    bool *scripts; /* by index into the plan's scripts */
};

static int by_index(const void *a, const void *b)
{
    size_t left = *(const size_t *)a;
    size_t right = *(const size_t *)b;

    return (left > right) - (left < right);
}

static int script_order(const void *key, const void *element)
{
    const struct plan_script *const *script = element;

    return digest_compare(key, &(*script)->sha256);
}

static void mark_script(struct share *share, const struct plan_script *script)
{
    const struct plan *plan = share->plan;

    if (script == NULL)
        return;
    const struct plan_script *const *found = bsearch(
        &script->sha256, plan->scripts, plan->script_count, sizeof *plan->scripts, script_order);
    assert(found != NULL);
    share->scripts[found - plan->scripts] = true;
}

static void mark_recipe(struct share *share, const struct plan_recipe *recipe)
{
    size_t index = (size_t)(recipe - share->plan->recipes);

    if (share->recipes[index])
        return;
    share->recipes[index] = true;
    for (size_t i = 0; i < recipe->step_count; i++) {
        mark_script(share, recipe->steps[i].run.script);
        mark_script(share, recipe->steps[i].undo.script);
    }
}

static void share_open(struct share *share, const struct plan *plan, const size_t *targets,
                       size_t count)
{
    *share = (struct share){.plan = plan, .count = count};
    share->targets = xcalloc(count, sizeof *share->targets);
    memcpy(share->targets, targets, count * sizeof *targets);
    qsort(share->targets, count, sizeof *share->targets, by_index);
    share->recipes = xcalloc(plan->recipe_count, sizeof *share->recipes);
    share->scripts = xcalloc(plan->script_count, sizeof *share->scripts);
    for (size_t i = 0; i < count; i++)
        mark_recipe(share, plan->targets[share->targets[i]].recipe);
}

static void share_close(struct share *share)
{
    free(share->targets);
    free(share->recipes);
    free(share->scripts);
}

static void write_proof(const struct share *share, struct buffer *out)
{
    AUTO_BUFFER struct buffer path = {0};
    struct leaf_set set = {share->plan->target_count, share->targets, share->count};

    inclusion_prove(share->plan->tree, &set, &path);
    buffer_append_text(out, ",\"proof\":[");
    for (size_t i = 0; i < path.length / DIGEST_SIZE; i++) {
        plan_encode_comma(i, out);
        canonical_hex(out, "", path.bytes + i * DIGEST_SIZE, DIGEST_SIZE);
    }
}

static void write_recipes(const struct share *share, struct buffer *out)
{
    const struct plan *plan = share->plan;
    size_t written = 0;

    buffer_append_text(out, "],\"recipe_digests\":[");
    for (size_t i = 0; i < plan->recipe_count; i++)
        canonical_digest(out, i > 0 ? "," : "", &plan->recipes[i].digest);
    buffer_append_text(out, "],\"recipes\":[");
    for (size_t i = 0; i < plan->recipe_count; i++) {
        if (!share->recipes[i])
            continue;
        plan_encode_comma(written++, out);
        plan_encode_recipe(&plan->recipes[i], out);
    }
    canonical_digest(out, "],\"root\":", &plan->root);
}

static void write_scripts(const struct share *share, struct buffer *out)
{
    size_t written = 0;

    buffer_append_text(out, ",\"scripts\":[");
    for (size_t i = 0; i < share->plan->script_count; i++) {
        if (!share->scripts[i])
            continue;
        plan_encode_comma(written++, out);
        plan_encode_script(share->plan->scripts[i], out);
    }
}

static void write_targets(const struct share *share, struct buffer *out)
{
    canonical_integer(out, "],\"target_count\":", (int64_t)share->plan->target_count);
    buffer_append_text(out, ",\"targets\":[");
    for (size_t i = 0; i < share->count; i++) {
        plan_encode_comma(i, out);
        canonical_integer(out, "{\"index\":", (int64_t)share->targets[i]);
        buffer_append_text(out, ",\"target\":");
        plan_encode_target(&share->plan->targets[share->targets[i]], out);
        buffer_append_char(out, '}');
    }
    buffer_append_text(out, "]}");
}

static void write_share(const struct share *share, struct buffer *out)
{
    const struct plan *plan = share->plan;

    canonical_integer(out, "{\"format\":", PLAN_FORMAT);
    buffer_append_text(out, ",\"header\":");
    plan_encode_header(&plan->header, out);
    write_proof(share, out);
    write_recipes(share, out);
    write_scripts(share, out);
    buffer_append_text(out, "],\"signatures\":[");
    for (size_t i = 0; i < plan->signature_count; i++) {
        plan_encode_comma(i, out);
        plan_encode_signature(&plan->signatures[i], PLAN_WITHOUT_SIGNER, out);
    }
    write_targets(share, out);
}

json_t *slice_encode(const struct plan *plan, const size_t *targets, size_t count)
{
    AUTO_BUFFER struct buffer bytes = {0};
    struct error err = {0};
    struct share share;

    share_open(&share, plan, targets, count);
    write_share(&share, &bytes);
    share_close(&share);
    json_t *value = json_parse(bytes.bytes, bytes.length, &err);
    assert(value != NULL);
    return value;
}

void slice_free(struct slice *slice)
{
    if (slice == NULL)
        return;
    arena_free(slice->plan.arena);
    free(slice);
}

/* A slice's fields as they are read, before they are known to fit together. */
struct claims {
    const json_t *header;
    const json_t *recipe_digests;
    const json_t *recipes;
    const json_t *scripts;
    const json_t *signatures;
    const json_t *targets;
    const json_t *proof;
    struct digest *digests; /* of recipe_digests */
    size_t digest_count;
    size_t target_count; /* of the whole plan */
    size_t *indexes;
    struct digest *path;
    size_t path_count;
};

static bool read_claims(const json_t *value, struct plan *plan, struct claims *claims,
                        struct error *err)
{
    struct json_reader reader;

    json_reader_start(&reader, value, "slice", plan->arena, err);
    (void)json_read_integer(&reader, "format", PLAN_FORMAT, PLAN_FORMAT);
    claims->header = json_read_object(&reader, "header");
    claims->targets = json_read_array(&reader, "targets", PLAN_TARGETS_MAX);
    claims->proof =
        json_read_array(&reader, "proof", PROOF_PER_TARGET * json_array_size(claims->targets));
    claims->recipe_digests = json_read_array(&reader, "recipe_digests", PLAN_RECIPES_MAX);
    claims->recipes = json_read_array(&reader, "recipes", PLAN_RECIPES_MAX);
    json_read_digest(&reader, "root", &plan->root);
    claims->scripts = json_read_array(&reader, "scripts", PLAN_SCRIPTS_MAX);
    claims->signatures = json_read_array(&reader, "signatures", PLAN_SIGNATURES_MAX);
    claims->target_count = (size_t)json_read_integer(&reader, "target_count", 1, PLAN_TARGETS_MAX);
    return json_reader_end(&reader);
}

static struct digest *read_digests(const json_t *array, const char *field, struct plan *plan,
                                   size_t *count, struct error *err)
{
    *count = json_array_size(array);
    struct digest *digests = arena_calloc(plan->arena, *count, sizeof *digests);
    for (size_t i = 0; i < *count; i++) {
        const char *hex = json_string_value(json_array_get(array, i));

        if (hex == NULL || !digest_from_hex(hex, &digests[i])) {
            error_set(err, ERROR_PROTOCOL, "slice.%s[%zu]: not a digest", field, i);
            return NULL;
        }
    }
    return digests;
}

static int digest_order(const void *key, const void *element)
{
    return digest_compare(key, element);
}

/* Each recipe must be one of those that the plan's digest covers. */
static bool recipes_are_listed(const struct plan *plan, const struct claims *claims,
                               struct error *err)
{
    for (size_t i = 1; i < claims->digest_count; i++)
        if (digest_compare(&claims->digests[i - 1], &claims->digests[i]) >= 0)
            return error_set(err, ERROR_PROTOCOL, "slice.recipe_digests[%zu]: out of order", i);
    for (size_t i = 0; i < plan->recipe_count; i++)
        if (bsearch(&plan->recipes[i].digest, claims->digests, claims->digest_count,
                    sizeof *claims->digests, digest_order) == NULL)
            return error_set(err, ERROR_VERIFY, "slice.recipes[%zu]: was changed: not of this plan",
                             i);
    return true;
}

static bool read_target(const json_t *value, size_t number, struct plan *plan,
                        struct claims *claims, struct plan_target *target, struct error *err)
{
    struct json_reader reader;
    char path[64];

    snprintf(path, sizeof path, "slice.targets[%zu]", number);
    json_reader_start(&reader, value, path, plan->arena, err);
    claims->indexes[number] =
        (size_t)json_read_integer(&reader, "index", 0, (int64_t)claims->target_count - 1);
    const json_t *inner = json_read_object(&reader, "target");
    return json_reader_end(&reader) && plan_decode_target(inner, path, plan, target, err);
}

static bool read_targets(struct plan *plan, struct claims *claims, struct error *err)
{
    size_t count = json_array_size(claims->targets);
    struct plan_target *targets = arena_calloc(plan->arena, count, sizeof *targets);

    claims->indexes = arena_calloc(plan->arena, count, sizeof *claims->indexes);
    for (size_t i = 0; i < count; i++)
        if (!read_target(json_array_get(claims->targets, i), i, plan, claims, &targets[i], err))
            return false;
    plan->targets = targets;
    plan->target_count = count;
    return true;
}

static bool targets_are_included(const struct plan *plan, const struct claims *claims,
                                 struct error *err)
{
    AUTO_BUFFER struct buffer scratch = {0};
    struct digest *leaves = arena_calloc(plan->arena, plan->target_count, sizeof *leaves);
    struct leaf_set set = {claims->target_count, claims->indexes, plan->target_count};

    for (size_t i = 0; i < plan->target_count; i++)
        leaves[i] = plan_target_leaf(&plan->targets[i], &scratch);
    return inclusion_verify(&set, leaves, claims->path, claims->path_count, &plan->root) ||
           error_set(err, ERROR_VERIFY,
                     "slice.proof: does not hold: a target was changed or is of another plan");
}

static bool read_slice(const json_t *value, struct plan *plan, struct error *err)
{
    struct claims claims = {0};

    if (!plan_decode_format(value, err) || !read_claims(value, plan, &claims, err) ||
        !plan_decode_header(claims.header, plan, err) ||
        !plan_decode_scripts(claims.scripts, plan, err) ||
        !plan_decode_recipes(claims.recipes, plan, err))
        return false;
    claims.digests =
        read_digests(claims.recipe_digests, "recipe_digests", plan, &claims.digest_count, err);
    if (claims.digests == NULL || !recipes_are_listed(plan, &claims, err))
        return false;
    claims.path = read_digests(claims.proof, "proof", plan, &claims.path_count, err);
    if (claims.path == NULL || !read_targets(plan, &claims, err) ||
        !targets_are_included(plan, &claims, err))
        return false;
    plan->digest = plan_essence_digest(&(struct plan_essence){
        &plan->header, claims.digests, claims.digest_count, claims.target_count, &plan->root});
    return plan_decode_signatures(claims.signatures, plan, err);
}

struct slice *slice_decode(const json_t *value, struct error *err)
{
    AUTO(slice) struct slice *slice = xcalloc(1, sizeof *slice);

    slice->plan.arena = arena_new();
    return read_slice(value, &slice->plan, err) ? TAKE(slice) : NULL;
}

/* Whose key it is; NULL if it is nobody's that is trusted. */
static const char *person_of(const struct slice_rules *rules, const struct public_key *key)
{
    for (size_t i = 0; i < rules->key_count; i++)
        if (memcmp(&rules->keys[i].key, key, sizeof *key) == 0)
            return rules->keys[i].person;
    return NULL;
}

static bool is_among(const char *person, const struct plan_signature *signatures, size_t count,
                     const struct slice_rules *rules)
{
    for (size_t i = 0; i < count; i++) {
        const char *other = person_of(rules, &signatures[i].key);

        if (other != NULL && strcmp(other, person) == 0)
            return true;
    }
    return false;
}

/* The number of distinct trusted persons that signed; their names go to names. */
static int count_persons(const struct plan *plan, const struct slice_rules *rules,
                         struct buffer *names)
{
    int persons = 0;

    for (size_t i = 0; i < plan->signature_count; i++) {
        const char *person = person_of(rules, &plan->signatures[i].key);

        if (person == NULL || is_among(person, plan->signatures, i, rules))
            continue;
        buffer_printf(names, "%s%s", persons > 0 ? ", " : "", person);
        persons++;
    }
    return persons;
}

static bool check_signatures(const struct plan *plan, const struct slice_rules *rules,
                             struct error *err)
{
    AUTO_BUFFER struct buffer names = {0};
    int persons = count_persons(plan, rules, &names);

    if (persons >= rules->signatures_needed)
        return true;
    return error_set(err, ERROR_VERIFY,
                     "the plan needs signatures of %d distinct trusted persons here and has %d%s%s"
                     " (of %zu signatures): have it approved, or add the signer's key to the"
                     " agent's trusted keys",
                     rules->signatures_needed, persons, persons > 0 ? ": " : "",
                     buffer_text(&names), plan->signature_count);
}

static bool check_instant(int64_t limit_ms, int64_t now_ms, const char *what, struct error *err)
{
    char limit[TIMESTAMP_SIZE];
    char now[TIMESTAMP_SIZE];

    if (now_ms <= limit_ms)
        return true;
    timestamp_format(limit_ms, limit);
    timestamp_format(now_ms, now);
    return error_set(err, ERROR_VERIFY, "the plan %s %s, and here it is %s: make a new plan", what,
                     limit, now);
}

bool slice_verify(const struct slice *slice, const struct slice_rules *rules, struct error *err)
{
    const struct plan_header *header = &slice->plan.header;

    if (rules->fleet != NULL && strcmp(rules->fleet, header->fleet) != 0)
        return error_set(err, ERROR_VERIFY, "the plan is for fleet %s, this is an agent of %s",
                         header->fleet, rules->fleet);
    if (rules->to_take_back)
        return check_instant(header->rollback_until_ms, rules->now_ms, "could be taken back until",
                             err) &&
               check_signatures(&slice->plan, rules, err);
    if (!rules->seen_before && !check_instant(header->expires_ms, rules->now_ms, "expired at", err))
        return false;
    return check_instant(header->finish_by_ms, rules->now_ms, "had to finish by", err) &&
           check_signatures(&slice->plan, rules, err);
}
