#include "plans/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "plans/canonical.h"
#include "plans/plan_decode.h"
#include "plans/plan_encode.h"
#include "plans/release.h"
#include "plans/version.h"

void plan_free(struct plan *plan)
{
    if (plan == NULL)
        return;
    arena_free(plan->arena);
    merkle_tree_free(plan->tree);
    free(plan);
}

static int target_order(const void *key, const void *element)
{
    const struct plan_target *target = element;

    return strcmp(key, target->name);
}

bool plan_target_fits_version(const struct plan_target *target, const char *version)
{
    if (target->release == NULL || target->release[0] == '\0' || version == NULL ||
        version[0] == '\0')
        return true;
    size_t length = release_length(target->engine, version);
    return strlen(target->release) == length && memcmp(target->release, version, length) == 0;
}

const char *plan_newest_version(const struct plan *plan)
{
    const char *newest = "";

    for (size_t r = 0; r < plan->recipe_count; r++) {
        const struct plan_recipe *recipe = &plan->recipes[r];

        for (size_t s = 0; s < recipe->step_count; s++) {
            const struct plan_step *step = &recipe->steps[s];

            if (step->direction == DIRECTION_UP && step->version[0] != '\0' &&
                (newest[0] == '\0' || version_compare(step->version, newest) > 0))
                newest = step->version;
        }
    }
    return newest;
}

bool plan_target_is_on(const struct plan_target *target, const char *identity, int64_t timeline)
{
    bool known = target->identity != NULL && target->identity[0] != '\0' && identity != NULL &&
                 identity[0] != '\0';

    return !known || (strcmp(target->identity, identity) == 0 &&
                      (target->timeline == 0 || timeline == 0 || target->timeline == timeline));
}

const struct plan_target *plan_find_target(const struct plan *plan, const char *name)
{
    if (plan->target_count == 0)
        return NULL;
    return bsearch(name, plan->targets, plan->target_count, sizeof *plan->targets, target_order);
}

static bool has_signed(const struct plan *plan, const struct public_key *key)
{
    for (size_t i = 0; i < plan->signature_count; i++)
        if (memcmp(&plan->signatures[i].key, key, sizeof *key) == 0)
            return true;
    return false;
}

bool plan_sign(struct plan *plan, const struct signing_key *key, const char *signer,
               struct error *err)
{
    struct plan_signature added = {.key = signing_key_public(key)};
    size_t count = plan->signature_count;

    if (has_signed(plan, &added.key))
        return true;
    if (!signing_key_sign(key, plan->digest.bytes, DIGEST_SIZE, &added.signature, err))
        return false;
    added.signer = arena_strdup(plan->arena, signer);
    struct plan_signature *all = arena_calloc(plan->arena, count + 1, sizeof *all);
    if (count > 0)
        memcpy(all, plan->signatures, count * sizeof *all);
    all[count] = added;
    plan->signatures = all;
    plan->signature_count = count + 1;
    return true;
}

void plan_write(const struct plan *plan, struct buffer *out)
{
    canonical_digest(out, "{\"digest\":", &plan->digest);
    canonical_integer(out, ",\"format\":", PLAN_FORMAT);
    buffer_append_text(out, ",\"header\":");
    plan_encode_header(&plan->header, out);
    buffer_append_text(out, ",\"recipes\":[");
    for (size_t i = 0; i < plan->recipe_count; i++) {
        plan_encode_comma(i, out);
        plan_encode_recipe(&plan->recipes[i], out);
    }
    buffer_append_text(out, "],\"scripts\":[");
    for (size_t i = 0; i < plan->script_count; i++) {
        plan_encode_comma(i, out);
        plan_encode_script(plan->scripts[i], out);
    }
    buffer_append_text(out, "],\"signatures\":[");
    for (size_t i = 0; i < plan->signature_count; i++) {
        plan_encode_comma(i, out);
        plan_encode_signature(&plan->signatures[i], PLAN_WITH_SIGNER, out);
    }
    buffer_append_text(out, "],\"targets\":[");
    for (size_t i = 0; i < plan->target_count; i++) {
        plan_encode_comma(i, out);
        plan_encode_target(&plan->targets[i], out);
    }
    buffer_append_text(out, "]}");
}

static bool read_targets(const json_t *array, struct plan *plan, struct error *err)
{
    size_t count = json_array_size(array);
    struct plan_target *targets = arena_calloc(plan->arena, count, sizeof *targets);

    for (size_t i = 0; i < count; i++) {
        char path[32];

        snprintf(path, sizeof path, "targets[%zu]", i);
        if (!plan_decode_target(json_array_get(array, i), path, plan, &targets[i], err))
            return false;
        if (i > 0 && strcmp(targets[i - 1].name, targets[i].name) >= 0)
            return error_set(err, ERROR_PROTOCOL, "%s: %s is there twice or out of order", path,
                             targets[i].name);
    }
    plan->targets = targets;
    plan->target_count = count;
    return true;
}

static bool read_document(const json_t *value, struct plan *plan, struct error *err)
{
    struct json_reader reader;
    struct digest stated;

    if (!plan_decode_format(value, err))
        return false;
    json_reader_start(&reader, value, "plan", plan->arena, err);
    json_read_digest(&reader, "digest", &stated);
    (void)json_read_integer(&reader, "format", PLAN_FORMAT, PLAN_FORMAT);
    const json_t *header = json_read_object(&reader, "header");
    const json_t *recipes = json_read_array(&reader, "recipes", PLAN_RECIPES_MAX);
    const json_t *scripts = json_read_array(&reader, "scripts", PLAN_SCRIPTS_MAX);
    const json_t *signatures = json_read_array(&reader, "signatures", PLAN_SIGNATURES_MAX);
    const json_t *targets = json_read_array(&reader, "targets", PLAN_TARGETS_MAX);
    if (!json_reader_end(&reader) || !plan_decode_header(header, plan, err) ||
        !plan_decode_scripts(scripts, plan, err) || !plan_decode_recipes(recipes, plan, err) ||
        !read_targets(targets, plan, err))
        return false;
    plan_seal(plan);
    if (!digest_equal(&stated, &plan->digest))
        return error_set(err, ERROR_VERIFY, "the plan was changed: its digest does not hold");
    return plan_decode_signatures(signatures, plan, err);
}

/* Whether these are the bytes that plan_write gives; white space or another order of fields would
   leave room for bytes that nothing covers. */
static bool is_canonical(const struct plan *plan, const char *bytes, size_t length)
{
    AUTO_BUFFER struct buffer written = {0};

    plan_write(plan, &written);
    if (length == written.length + 1 && bytes[length - 1] == '\n')
        length--;
    return length == written.length && memcmp(bytes, written.bytes, length) == 0;
}

struct plan *plan_read(const char *bytes, size_t length, struct error *err)
{
    AUTO(json) json_t *value = json_parse(bytes, length, err);
    AUTO(plan) struct plan *plan = xcalloc(1, sizeof *plan);

    plan->arena = arena_new();
    if (value == NULL || !read_document(value, plan, err))
        return NULL;
    if (!is_canonical(plan, bytes, length)) {
        error_set(err, ERROR_VERIFY, "the plan's file was changed: it is not canonical JSON");
        return NULL;
    }
    return TAKE(plan);
}
