#include "plans/plan_decode.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/name.h"
#include "common/text.h"
#include "plans/plan_encode.h"
#include "plans/version.h"

enum {
    STEPS_MAX = 100 * 1000,
    SCRIPT_BYTES_MAX = 64 * 1024 * 1024,
    LABEL_MAX = 255,
    REASON_MAX = 1000,
    QUERY_MAX = 64 * 1024,
    CONFIRM_MAX_MS = 24 * 60 * 60 * 1000,
    PATH_ROOM = 96
};

/* The last millisecond of the year 9999. */
static const int64_t INSTANT_MAX = 253402300799999;

bool plan_decode_format(const json_t *value, struct error *err)
{
    const json_t *format = json_object_get(value, "format");

    if (!json_is_integer(format) || json_integer_value(format) <= PLAN_FORMAT)
        return true;
    return error_set(err, ERROR_UNSUPPORTED,
                     "the plan has format %" JSON_INTEGER_FORMAT
                     ", this release knows up to %d: use the release that made it, or a newer one",
                     json_integer_value(format), PLAN_FORMAT);
}

/* A text that holds to a grammar; "" after a fault. */
static const char *read_checked(struct json_reader *reader, const char *field,
                                bool (*is_valid)(const char *text))
{
    const char *text = json_read_text(reader, field, LABEL_MAX);

    if (reader->failed)
        return "";
    if (!is_valid(text))
        json_reader_fail(reader, field, "not a valid name here");
    return text;
}

static bool nonce_is_valid(const char *text)
{
    uint8_t bytes[16];

    return strlen(text) == 2 * sizeof bytes && hex_decode(text, bytes, sizeof bytes);
}

static bool decode_policy(const json_t *value, struct plan *plan, struct error *err)
{
    struct json_reader reader;
    struct plan_policy *policy = &plan->header.policy;

    json_reader_start(&reader, value, "header.policy", plan->arena, err);
    policy->irreversible_allowed = json_read_bool(&reader, "irreversible_allowed");
    policy->opaque_allowed = json_read_bool(&reader, "opaque_allowed");
    policy->confirm_within_ms =
        json_read_optional_integer(&reader, "confirm_within_ms", 1, CONFIRM_MAX_MS, 0);
    policy->health_sql = json_read_optional_text(&reader, "health_sql", QUERY_MAX, "");
    policy->window = json_read_optional_text(&reader, "window", LABEL_MAX, "");
    return json_reader_end(&reader);
}

bool plan_decode_header(const json_t *value, struct plan *plan, struct error *err)
{
    struct json_reader reader;
    struct plan_header *header = &plan->header;

    json_reader_start(&reader, value, "header", plan->arena, err);
    header->author = json_read_text(&reader, "author", LABEL_MAX);
    header->created_ms = json_read_integer(&reader, "created_ms", 0, INSTANT_MAX);
    header->environment = read_checked(&reader, "environment", name_is_valid);
    header->expires_ms = json_read_integer(&reader, "expires_ms", 0, INSTANT_MAX);
    header->finish_by_ms = json_read_integer(&reader, "finish_by_ms", 0, INSTANT_MAX);
    header->fleet = read_checked(&reader, "fleet", name_is_valid);
    json_read_digest(&reader, "inventory", &header->inventory);
    header->nonce = read_checked(&reader, "nonce", nonce_is_valid);
    const json_t *policy = json_read_object(&reader, "policy");
    header->rollback_until_ms = json_read_integer(&reader, "rollback_until_ms", 0, INSTANT_MAX);
    return json_reader_end(&reader) && decode_policy(policy, plan, err);
}

/* Strict base64: only what the encoder itself gives for those bytes. */
static bool decode_base64(struct arena *arena, const char *text, struct plan_script *script)
{
    size_t length = strlen(text);

    if (length == 0 || length % 4 != 0)
        return false;
    char *bytes = arena_calloc(arena, length / 4 * 3 + 1, 1);
    int decoded = EVP_DecodeBlock((unsigned char *)bytes, (const unsigned char *)text, (int)length);
    if (decoded < 0)
        return false;
    size_t padding = (size_t)(text[length - 1] == '=') + (size_t)(text[length - 2] == '=');
    script->sql = bytes;
    script->length = (size_t)decoded - padding;
    bytes[script->length] = '\0';
    AUTO(text) char *again = xcalloc(length + 1, 1);
    int encoded =
        EVP_EncodeBlock((unsigned char *)again, (const unsigned char *)bytes, (int)script->length);
    return (size_t)encoded == length && memcmp(again, text, length) == 0 &&
           !text_is_utf8(script->sql, script->length);
}

static bool decode_script(const json_t *value, const char *path, struct plan *plan,
                          struct plan_script *script, struct error *err)
{
    struct json_reader reader;

    json_reader_start(&reader, value, path, plan->arena, err);
    json_read_digest(&reader, "sha256", &script->sha256);
    if (json_object_get(value, "base64") == NULL) {
        script->sql = json_read_text(&reader, "text", SCRIPT_BYTES_MAX);
        script->length = reader.failed ? 0 : strlen(script->sql);
    } else {
        const char *text = json_read_text(&reader, "base64", SCRIPT_BYTES_MAX);

        if (!reader.failed && !decode_base64(plan->arena, text, script))
            json_reader_fail(&reader, "base64", "not the base64 form of bytes that are no text");
    }
    if (!json_reader_end(&reader))
        return false;
    struct digest found = digest_of(script->sql, script->length);
    return digest_equal(&found, &script->sha256) ||
           error_set(err, ERROR_VERIFY, "%s: its text was changed: SHA-256 differs", path);
}

static bool ascends(const struct digest *previous, const struct digest *next, const char *path,
                    struct error *err)
{
    return previous == NULL || digest_compare(previous, next) < 0 ||
           error_set(err, ERROR_PROTOCOL, "%s: twice there, or out of order", path);
}

bool plan_decode_scripts(const json_t *array, struct plan *plan, struct error *err)
{
    size_t count = json_array_size(array);
    const struct plan_script **scripts = arena_calloc(plan->arena, count, sizeof *scripts);
    const struct digest *previous = NULL;

    for (size_t i = 0; i < count; i++) {
        struct plan_script *script = arena_calloc(plan->arena, 1, sizeof *script);
        char path[PATH_ROOM];

        snprintf(path, sizeof path, "scripts[%zu]", i);
        if (!decode_script(json_array_get(array, i), path, plan, script, err) ||
            !ascends(previous, &script->sha256, path, err))
            return false;
        scripts[i] = script;
        previous = &script->sha256;
    }
    plan->scripts = scripts;
    plan->script_count = count;
    return true;
}

static int script_order(const void *key, const void *element)
{
    const struct plan_script *const *script = element;

    return digest_compare(key, &(*script)->sha256);
}

static int recipe_order(const void *key, const void *element)
{
    const struct plan_recipe *recipe = element;

    return digest_compare(key, &recipe->digest);
}

/* An absent part has no script. */
static bool decode_part(const json_t *value, const char *path, const struct plan *plan,
                        struct plan_part *part, struct error *err)
{
    struct json_reader reader;
    struct digest sha256;

    if (value == NULL)
        return true;
    json_reader_start(&reader, value, path, plan->arena, err);
    part->file = json_read_text(&reader, "file", LABEL_MAX);
    json_read_digest(&reader, "sha256", &sha256);
    if (!json_reader_end(&reader))
        return false;
    const struct plan_script *const *found =
        plan->script_count == 0 ? NULL
                                : bsearch(&sha256, plan->scripts, plan->script_count,
                                          sizeof *plan->scripts, script_order);
    if (found == NULL)
        return error_set(err, ERROR_VERIFY, "%s: refers to a script that is not there", path);
    part->script = *found;
    return true;
}

/* What each direction must and must not have. */
static const char *step_fault(const struct plan_step *step, const struct plan_policy *policy)
{
    bool is_repeat = step->direction == DIRECTION_REPEAT;
    bool has_way_back = step->undo.script != NULL;

    if (is_repeat != (step->version[0] == '\0') || (!is_repeat && !version_is_valid(step->version)))
        return "version does not fit the direction";
    if (step->direction == DIRECTION_BASELINE)
        return step->run.script == NULL && !has_way_back && step->no_way_back == NULL
                   ? NULL
                   : "a baseline runs nothing";
    if (step->run.script == NULL)
        return "nothing to run";
    if (has_way_back == (step->no_way_back != NULL))
        return "needs either a way back or the reason why there is none";
    if (!has_way_back && !policy->irreversible_allowed)
        return "has no way back, which the plan's policy does not allow";
    if (!has_way_back && policy->confirm_within_ms > 0)
        return "has no way back, which what waits for its confirmation needs";
    return NULL;
}

static enum direction read_direction(struct json_reader *reader)
{
    enum direction direction = DIRECTION_UP;
    const char *name = json_read_text(reader, "direction", LABEL_MAX);

    if (!reader->failed &&
        (!direction_from_name(name, &direction) || direction == DIRECTION_REPAIR))
        json_reader_fail(reader, "direction", "unknown");
    return direction;
}

static bool decode_step(const json_t *value, const char *path, const struct plan *plan,
                        struct plan_step *step, struct error *err)
{
    struct json_reader reader;
    char part[PATH_ROOM + 8];

    json_reader_start(&reader, value, path, plan->arena, err);
    step->direction = read_direction(&reader);
    step->name = json_read_text(&reader, "name", LABEL_MAX);
    step->no_way_back = json_read_optional_text(&reader, "no_way_back", REASON_MAX, NULL);
    const json_t *run = json_read_optional(&reader, "run");
    json_read_digest(&reader, "source_sha256", &step->source_sha256);
    const json_t *undo = json_read_optional(&reader, "undo");
    step->version = json_read_text(&reader, "version", LABEL_MAX);
    if (!json_reader_end(&reader))
        return false;
    snprintf(part, sizeof part, "%s.run", path);
    if (!decode_part(run, part, plan, &step->run, err))
        return false;
    snprintf(part, sizeof part, "%s.undo", path);
    if (!decode_part(undo, part, plan, &step->undo, err))
        return false;
    const char *fault = step_fault(step, &plan->header.policy);
    return fault == NULL || error_set(err, ERROR_VERIFY, "%s: %s", path, fault);
}

static enum engine_kind read_engine(struct json_reader *reader)
{
    enum engine_kind engine = ENGINE_SQLITE;
    const char *name = json_read_text(reader, "engine", LABEL_MAX);

    if (!reader->failed && !engine_kind_from_name(name, &engine))
        json_reader_fail(reader, "engine", "unknown");
    return engine;
}

static bool decode_recipe(const json_t *value, size_t number, const struct plan *plan,
                          struct plan_recipe *recipe, struct error *err)
{
    struct json_reader reader;
    char path[PATH_ROOM];

    snprintf(path, sizeof path, "recipes[%zu]", number);
    json_reader_start(&reader, value, path, plan->arena, err);
    recipe->engine = read_engine(&reader);
    const json_t *array = json_read_array(&reader, "steps", STEPS_MAX);
    if (!json_reader_end(&reader))
        return false;
    recipe->step_count = json_array_size(array);
    struct plan_step *steps = arena_calloc(plan->arena, recipe->step_count, sizeof *steps);
    for (size_t i = 0; i < recipe->step_count; i++) {
        snprintf(path, sizeof path, "recipes[%zu].steps[%zu]", number, i);
        if (!decode_step(json_array_get(array, i), path, plan, &steps[i], err))
            return false;
    }
    recipe->steps = steps;
    recipe->digest = plan_recipe_digest(recipe);
    return true;
}

bool plan_decode_recipes(const json_t *array, struct plan *plan, struct error *err)
{
    size_t count = json_array_size(array);
    struct plan_recipe *recipes = arena_calloc(plan->arena, count, sizeof *recipes);
    const struct digest *previous = NULL;

    for (size_t i = 0; i < count; i++) {
        char path[PATH_ROOM];

        snprintf(path, sizeof path, "recipes[%zu]", i);
        if (!decode_recipe(json_array_get(array, i), i, plan, &recipes[i], err) ||
            !ascends(previous, &recipes[i].digest, path, err))
            return false;
        previous = &recipes[i].digest;
    }
    plan->recipes = recipes;
    plan->recipe_count = count;
    return true;
}

bool plan_decode_target(const json_t *value, const char *path, const struct plan *plan,
                        struct plan_target *target, struct error *err)
{
    struct json_reader reader;
    struct digest recipe;

    json_reader_start(&reader, value, path, plan->arena, err);
    target->agent = read_checked(&reader, "agent", name_is_valid);
    target->engine = read_engine(&reader);
    json_read_digest(&reader, "head", &target->head);
    target->identity = json_read_optional_text(&reader, "identity", LABEL_MAX, "");
    target->name = read_checked(&reader, "name", name_is_valid);
    json_read_digest(&reader, "recipe", &recipe);
    target->repair = repair_read(&reader, "repair");
    target->timeline = json_read_optional_integer(&reader, "timeline", 0, UINT32_MAX, 0);
    target->release = json_read_optional_text(&reader, "release", LABEL_MAX, "");
    if (!json_reader_end(&reader))
        return false;
    target->recipe = plan->recipe_count == 0 ? NULL
                                             : bsearch(&recipe, plan->recipes, plan->recipe_count,
                                                       sizeof *plan->recipes, recipe_order);
    if (target->recipe == NULL)
        return error_set(err, ERROR_VERIFY, "%s: its recipe was changed or is missing", path);
    if (target->repair != NULL &&
        (target->recipe->step_count != 1 || target->recipe->steps[0].run.script == NULL))
        return error_set(err, ERROR_VERIFY, "%s: a repair is of one step with a script", path);
    return target->recipe->engine == target->engine ||
           error_set(err, ERROR_VERIFY, "%s: its recipe is for %s", path,
                     engine_kind_name(target->recipe->engine));
}

static bool decode_signature(const json_t *value, const char *path, struct plan *plan,
                             struct plan_signature *signature, struct error *err)
{
    struct json_reader reader;

    json_reader_start(&reader, value, path, plan->arena, err);
    const char *key = json_read_text(&reader, "key", LABEL_MAX);
    if (!reader.failed && !public_key_from_hex(key, &signature->key))
        json_reader_fail(&reader, "key", "not a public key");
    const char *bytes = json_read_text(&reader, "signature", LABEL_MAX);
    if (!reader.failed && !hex_decode(bytes, signature->signature.bytes, SIGNATURE_SIZE))
        json_reader_fail(&reader, "signature", "not 128 hex digits");
    signature->signer = json_read_optional_text(&reader, "signer", LABEL_MAX, "");
    if (!json_reader_end(&reader))
        return false;
    return signature_verify(&signature->key, plan->digest.bytes, DIGEST_SIZE,
                            &signature->signature) ||
           error_set(err, ERROR_VERIFY,
                     "%s: not over this plan: the plan or the signature was changed", path);
}

static bool is_repeated(const struct plan_signature *signatures, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(&signatures[i].key, &signatures[count].key, sizeof signatures->key) == 0)
            return true;
    return false;
}

bool plan_decode_signatures(const json_t *array, struct plan *plan, struct error *err)
{
    size_t count = json_array_size(array);
    struct plan_signature *signatures = arena_calloc(plan->arena, count, sizeof *signatures);

    for (size_t i = 0; i < count; i++) {
        char path[PATH_ROOM];

        snprintf(path, sizeof path, "signatures[%zu]", i);
        if (!decode_signature(json_array_get(array, i), path, plan, &signatures[i], err))
            return false;
        if (is_repeated(signatures, i))
            return error_set(err, ERROR_VERIFY, "%s: its key has signed already", path);
    }
    plan->signatures = signatures;
    plan->signature_count = count;
    return true;
}
