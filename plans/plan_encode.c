#include "plans/plan_encode.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/text.h"
#include "plans/canonical.h"

/* Keeps the digest of a plan apart from that of anything else that is signed. */
static const char digest_context[] = "fleet-plan-v1\n";

void plan_encode_header(const struct plan_header *header, struct buffer *out)
{
    canonical_string(out, "{\"author\":", header->author);
    canonical_integer(out, ",\"created_ms\":", header->created_ms);
    canonical_string(out, ",\"environment\":", header->environment);
    canonical_integer(out, ",\"expires_ms\":", header->expires_ms);
    canonical_integer(out, ",\"finish_by_ms\":", header->finish_by_ms);
    canonical_string(out, ",\"fleet\":", header->fleet);
    canonical_digest(out, ",\"inventory\":", &header->inventory);
    canonical_string(out, ",\"nonce\":", header->nonce);
    buffer_append_text(out, ",\"policy\":{");
    if (header->policy.confirm_within_ms > 0) {
        canonical_integer(out, "\"confirm_within_ms\":", header->policy.confirm_within_ms);
        buffer_append_char(out, ',');
    }
    if (header->policy.health_sql != NULL && header->policy.health_sql[0] != '\0') {
        canonical_string(out, "\"health_sql\":", header->policy.health_sql);
        buffer_append_char(out, ',');
    }
    canonical_bool(out, "\"irreversible_allowed\":", header->policy.irreversible_allowed);
    canonical_bool(out, ",\"opaque_allowed\":", header->policy.opaque_allowed);
    if (header->policy.window != NULL && header->policy.window[0] != '\0')
        canonical_string(out, ",\"window\":", header->policy.window);
    canonical_integer(out, "},\"rollback_until_ms\":", header->rollback_until_ms);
    buffer_append_char(out, '}');
}

void plan_encode_comma(size_t index, struct buffer *out)
{
    if (index > 0)
        buffer_append_char(out, ',');
}

static void encode_base64(struct buffer *out, const char *before, const char *bytes, size_t length)
{
    AUTO(text) char *text = xcalloc(length / 3 + 1, 5);
    int written = EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)bytes, (int)length);

    canonical_text(out, before, text, (size_t)written);
}

void plan_encode_script(const struct plan_script *script, struct buffer *out)
{
    bool is_text = text_is_utf8(script->sql, script->length);

    if (!is_text)
        encode_base64(out, "{\"base64\":", script->sql, script->length);
    canonical_digest(out, is_text ? "{\"sha256\":" : ",\"sha256\":", &script->sha256);
    if (is_text)
        canonical_text(out, ",\"text\":", script->sql, script->length);
    buffer_append_char(out, '}');
}

static void encode_part(struct buffer *out, const char *before, const struct plan_part *part)
{
    buffer_append_text(out, before);
    canonical_string(out, "{\"file\":", part->file);
    canonical_digest(out, ",\"sha256\":", &part->script->sha256);
    buffer_append_char(out, '}');
}

static void encode_step(const struct plan_step *step, struct buffer *out)
{
    canonical_string(out, "{\"direction\":", direction_name(step->direction));
    canonical_string(out, ",\"name\":", step->name);
    if (step->no_way_back != NULL)
        canonical_string(out, ",\"no_way_back\":", step->no_way_back);
    if (step->run.script != NULL)
        encode_part(out, ",\"run\":", &step->run);
    canonical_digest(out, ",\"source_sha256\":", &step->source_sha256);
    if (step->undo.script != NULL)
        encode_part(out, ",\"undo\":", &step->undo);
    canonical_string(out, ",\"version\":", step->version);
    buffer_append_char(out, '}');
}

void plan_encode_recipe(const struct plan_recipe *recipe, struct buffer *out)
{
    canonical_string(out, "{\"engine\":", engine_kind_name(recipe->engine));
    buffer_append_text(out, ",\"steps\":[");
    for (size_t i = 0; i < recipe->step_count; i++) {
        plan_encode_comma(i, out);
        encode_step(&recipe->steps[i], out);
    }
    buffer_append_text(out, "]}");
}

void plan_encode_target(const struct plan_target *target, struct buffer *out)
{
    canonical_string(out, "{\"agent\":", target->agent);
    canonical_string(out, ",\"engine\":", engine_kind_name(target->engine));
    canonical_digest(out, ",\"head\":", &target->head);
    if (target->identity != NULL && target->identity[0] != '\0')
        canonical_string(out, ",\"identity\":", target->identity);
    canonical_string(out, ",\"name\":", target->name);
    canonical_digest(out, ",\"recipe\":", &target->recipe->digest);
    if (target->release != NULL && target->release[0] != '\0')
        canonical_string(out, ",\"release\":", target->release);
    if (target->repair != NULL) {
        buffer_append_text(out, ",\"repair\":");
        repair_encode(target->repair, out);
    }
    if (target->timeline != 0)
        canonical_integer(out, ",\"timeline\":", target->timeline);
    buffer_append_char(out, '}');
}

void plan_encode_signature(const struct plan_signature *signature, enum plan_signer signer,
                           struct buffer *out)
{
    canonical_hex(out, "{\"key\":", signature->key.bytes, PUBLIC_KEY_SIZE);
    canonical_hex(out, ",\"signature\":", signature->signature.bytes, SIGNATURE_SIZE);
    if (signer == PLAN_WITH_SIGNER)
        canonical_string(out, ",\"signer\":", signature->signer);
    buffer_append_char(out, '}');
}

struct digest plan_recipe_digest(const struct plan_recipe *recipe)
{
    AUTO_BUFFER struct buffer json = {0};

    plan_encode_recipe(recipe, &json);
    return digest_of(json.bytes, json.length);
}

struct digest plan_target_leaf(const struct plan_target *target, struct buffer *scratch)
{
    buffer_clear(scratch);
    plan_encode_target(target, scratch);
    return merkle_leaf(scratch->bytes, scratch->length);
}

struct digest plan_essence_digest(const struct plan_essence *essence)
{
    AUTO_BUFFER struct buffer json = {0};

    buffer_append_text(&json, digest_context);
    canonical_integer(&json, "{\"format\":", PLAN_FORMAT);
    buffer_append_text(&json, ",\"header\":");
    plan_encode_header(essence->header, &json);
    buffer_append_text(&json, ",\"recipes\":[");
    for (size_t i = 0; i < essence->recipe_count; i++)
        canonical_digest(&json, i > 0 ? "," : "", &essence->recipes[i]);
    canonical_integer(&json, "],\"targets\":{\"count\":", (int64_t)essence->target_count);
    canonical_digest(&json, ",\"root\":", essence->root);
    buffer_append_text(&json, "}}");
    return digest_of(json.bytes, json.length);
}

static void plant_tree(struct plan *plan)
{
    AUTO_BUFFER struct buffer scratch = {0};
    struct digest *leaves = xcalloc(plan->target_count, sizeof *leaves);

    for (size_t i = 0; i < plan->target_count; i++)
        leaves[i] = plan_target_leaf(&plan->targets[i], &scratch);
    plan->tree = merkle_tree_new(leaves, plan->target_count);
    plan->root = merkle_tree_root(plan->tree);
    free(leaves);
}

void plan_seal(struct plan *plan)
{
    struct digest *recipes = xcalloc(plan->recipe_count, sizeof *recipes);

    for (size_t i = 0; i < plan->recipe_count; i++)
        recipes[i] = plan->recipes[i].digest;
    plant_tree(plan);
    plan->digest = plan_essence_digest(&(struct plan_essence){
        &plan->header, recipes, plan->recipe_count, plan->target_count, &plan->root});
    free(recipes);
}
