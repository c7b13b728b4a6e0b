#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "plan_fixture.h"
#include "plans/plan_builder.h"
#include "plans/plan_encode.h"

static void write_signed(struct buffer *out, size_t targets)
{
    struct error err = {0};
    AUTO(plan) struct plan *plan = fixture_plan(targets);
    AUTO(signing_key) struct signing_key *key = fixture_key();

    assert_true(plan_sign(plan, key, "ann", &err));
    plan_write(plan, out);
}

/* Reads the document with the first place of `from` replaced by `to`. */
static enum error_code code_after(const char *document, const char *from, const char *to,
                                  struct error *err)
{
    AUTO_BUFFER struct buffer changed = {0};
    const char *at = strstr(document, from);

    assert_non_null(at);
    buffer_append(&changed, document, (size_t)(at - document));
    buffer_append_text(&changed, to);
    buffer_append_text(&changed, at + strlen(from));
    AUTO(plan) struct plan *plan = plan_read(changed.bytes, changed.length, err);
    assert_true((plan == NULL) == (err->code != ERROR_NONE));
    return err->code;
}

static void what_was_written_is_read_again(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO_BUFFER struct buffer first = {0};
    AUTO_BUFFER struct buffer second = {0};

    write_signed(&first, 5);
    AUTO(plan) struct plan *plan = plan_read(first.bytes, first.length, &err);
    assert_non_null(plan);
    plan_write(plan, &second);
    assert_string_equal(buffer_text(&second), buffer_text(&first));
    assert_int_equal(plan->target_count, 5);
    assert_string_equal(plan->targets[0].name, "t-000");
    assert_string_equal(plan->header.author, fixture_header().author);
    assert_string_equal(plan->header.policy.window, "");
    assert_int_equal(plan->signature_count, 1);
    assert_string_equal(plan->signatures[0].signer, "ann");
}

static void a_plan_without_targets_is_fine(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO_BUFFER struct buffer document = {0};

    write_signed(&document, 0);
    AUTO(plan) struct plan *plan = plan_read(document.bytes, document.length, &err);
    assert_non_null(plan);
}

static void a_window_is_signed_with_the_plan(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO_BUFFER struct buffer document = {0};
    struct plan_header header = fixture_header();
    AUTO(plan_builder) struct plan_builder *builder = plan_builder_new();

    header.policy.window = "Mon-Fri 09:00-17:00 UTC";
    header.policy.health_sql = "SELECT 1 WHERE 1 = 2";
    AUTO(plan) struct plan *plan = plan_builder_seal(builder, &header, NULL, 0);
    plan_write(plan, &document);
    AUTO(plan) struct plan *again = plan_read(document.bytes, document.length, &err);
    assert_string_equal(again->header.policy.window, "Mon-Fri 09:00-17:00 UTC");
    assert_string_equal(again->header.policy.health_sql, "SELECT 1 WHERE 1 = 2");
    assert_int_equal(code_after(buffer_text(&document), "Mon-Fri 09:00", "Mon-Sun 09:00", &err),
                     ERROR_VERIFY);
}

static void the_document_is_canonical_json(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO_BUFFER struct buffer document = {0};
    AUTO_BUFFER struct buffer again = {0};

    write_signed(&document, 3);
    AUTO(json) json_t *value = json_parse(document.bytes, document.length, &err);
    assert_non_null(value);
    json_write_canonical(value, &again);
    assert_string_equal(buffer_text(&again), buffer_text(&document));
}

static json_t *target_value(const struct plan_target *target)
{
    json_t *value = json_object();

    json_object_set_new(value, "recipe", json_hex(&target->recipe->digest));
    json_object_set_new(value, "name", json_string(target->name));
    json_object_set_new(value, "head", json_hex(&target->head));
    json_object_set_new(value, "engine", json_string(engine_kind_name(target->engine)));
    json_object_set_new(value, "agent", json_string(target->agent));
    return value;
}

static void a_leaf_is_the_canonical_json_of_its_target(void **state)
{
    (void)state;
    AUTO(plan) struct plan *plan = fixture_plan(4);
    AUTO_BUFFER struct buffer scratch = {0};

    for (size_t i = 0; i < plan->target_count; i++) {
        AUTO_BUFFER struct buffer expected = {0};
        AUTO(json) json_t *value = target_value(&plan->targets[i]);

        json_write_canonical(value, &expected);
        struct digest leaf = merkle_leaf(expected.bytes, expected.length);
        struct digest found = plan_target_leaf(&plan->targets[i], &scratch);
        assert_true(digest_equal(&leaf, &found));
    }
}

/* The digest as docs/plan.md defines it, computed another way. */
static struct digest digest_by_jansson(const struct plan *plan)
{
    struct error err = {0};
    AUTO_BUFFER struct buffer header = {0};
    AUTO_BUFFER struct buffer essence = {0};
    json_t *recipes = json_array();

    plan_encode_header(&plan->header, &header);
    for (size_t i = 0; i < plan->recipe_count; i++)
        json_array_append_new(recipes, json_hex(&plan->recipes[i].digest));
    AUTO(json)
    json_t *value =
        json_pack("{s:i, s:o, s:o, s:{s:I, s:o}}", "format", 1, "header",
                  json_parse(header.bytes, header.length, &err), "recipes", recipes, "targets",
                  "count", (json_int_t)plan->target_count, "root", json_hex(&plan->root));
    buffer_append_text(&essence, "fleet-plan-v1\n");
    json_write_canonical(value, &essence);
    return digest_of(essence.bytes, essence.length);
}

static void the_digest_covers_header_recipes_and_root(void **state)
{
    (void)state;
    AUTO(plan) struct plan *plan = fixture_plan(3);
    struct digest expected = digest_by_jansson(plan);

    assert_true(digest_equal(&plan->digest, &expected));
}

/* Golden: format 1 stays readable, so these bytes must not move. */
static void the_digest_of_format_1_stays(void **state)
{
    (void)state;
    AUTO(plan) struct plan *plan = fixture_plan(3);
    char hex[DIGEST_HEX_SIZE];

    digest_to_hex(&plan->digest, hex);
    assert_string_equal(hex, "a78945affba23d5bdc40d8792998ffc4a2af775a076e752141ad50c7c22802fd");
}

static void every_changed_byte_is_refused(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer document = {0};
    static const char others[] = {' ', '0', '"'};

    write_signed(&document, 2);
    /* The signer's label stands outside what is signed; docs/plan.md says so. */
    const char *label = strstr(document.bytes, "\"signer\":\"ann\"");
    assert_non_null(label);
    for (size_t i = 0; i < document.length; i++) {
        char original = document.bytes[i];
        bool is_label = document.bytes + i >= label && document.bytes + i < label + 14;

        for (size_t k = 0; k <= COUNT_OF(others) && !is_label; k++) {
            struct error err = {0};

            document.bytes[i] = k < COUNT_OF(others) ? others[k] : (char)(original ^ 1);
            if (document.bytes[i] == original)
                continue;
            assert_null(plan_read(document.bytes, document.length, &err));
            assert_int_not_equal(err.code, ERROR_NONE);
        }
        document.bytes[i] = original;
    }
}

static void a_cut_document_is_refused(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer document = {0};

    write_signed(&document, 2);
    for (size_t length = 0; length < document.length; length += 7) {
        struct error err = {0};

        assert_null(plan_read(document.bytes, length, &err));
    }
}

static void one_newline_may_follow_and_nothing_else(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO_BUFFER struct buffer document = {0};

    write_signed(&document, 2);
    buffer_append_char(&document, '\n');
    AUTO(plan) struct plan *plan = plan_read(document.bytes, document.length, &err);
    assert_non_null(plan);
    buffer_append_char(&document, '\n');
    assert_null(plan_read(document.bytes, document.length, &err));
    assert_int_equal(err.code, ERROR_VERIFY);
}

static void an_edited_script_is_named_in_the_error(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO_BUFFER struct buffer document = {0};

    write_signed(&document, 2);
    assert_int_equal(code_after(document.bytes, "DROP TABLE users", "DROP TABLE theirs", &err),
                     ERROR_VERIFY);
    assert_non_null(strstr(err.message, "scripts["));
}

static void a_changed_header_breaks_the_digest(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO_BUFFER struct buffer document = {0};

    write_signed(&document, 2);
    assert_int_equal(code_after(document.bytes, "\"expires_ms\":2000", "\"expires_ms\":9000", &err),
                     ERROR_VERIFY);
    assert_non_null(strstr(err.message, "its digest does not hold"));
}

static void a_newer_format_says_what_to_do(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO_BUFFER struct buffer document = {0};

    write_signed(&document, 2);
    assert_int_equal(code_after(document.bytes, "\"format\":1", "\"format\":2", &err),
                     ERROR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "format 2"));
}

static void wrong_forms_are_protocol_errors(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        const char *to;
    } cases[] = {
        {"\"format\":1", "\"format\":1,\"extra\":1"},
        {"\"environment\":\"test\"", "\"environment\":\"../x\""},
        {"\"environment\":\"test\"", "\"environment\":7"},
        {"\"created_ms\":1000", "\"created_ms\":-1"},
        {"\"created_ms\":1000", "\"created_ms\":253402300800000"},
        {"\"created_ms\":1000", "\"created_ms\":1000.0"},
        {"\"nonce\":\"00", "\"nonce\":\"0g"},
        {"\"direction\":\"up\"", "\"direction\":\"sideways\""},
        {"\"engine\":\"sqlite\"", "\"engine\":\"oracle\""},
        {"\"scripts\":[", "\"scripts\":[7,"},
        {"\"targets\":[", "\"targets\":[[],"},
    };
    AUTO_BUFFER struct buffer document = {0};

    write_signed(&document, 2);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct error err = {0};

        assert_int_equal(code_after(document.bytes, cases[i].from, cases[i].to, &err),
                         ERROR_PROTOCOL);
    }
}

/* A plan of one step without a way back, read again. */
static enum error_code code_of_one_way(bool is_allowed)
{
    AUTO(plan_builder) struct plan_builder *builder = plan_builder_new();
    AUTO_BUFFER struct buffer document = {0};
    struct error err = {0};
    struct plan_step step = {.version = "1", .name = "purge", .no_way_back = "no down script"};
    struct plan_target target = {.name = "t", .agent = "local", .engine = ENGINE_SQLITE};
    struct plan_header header = fixture_header();

    step.run = (struct plan_part){"1_purge.up.sql", plan_builder_script(builder, "SELECT 1", 8)};
    target.recipe = plan_builder_recipe(builder, ENGINE_SQLITE, &step, 1);
    header.policy.irreversible_allowed = is_allowed;
    AUTO(plan) struct plan *plan = plan_builder_seal(builder, &header, &target, 1);
    plan_write(plan, &document);
    AUTO(plan) struct plan *again = plan_read(document.bytes, document.length, &err);
    assert_true((again == NULL) == (err.code != ERROR_NONE));
    return err.code;
}

static void a_step_without_a_way_back_needs_the_policy(void **state)
{
    (void)state;
    assert_int_equal(code_of_one_way(true), ERROR_NONE);
    assert_int_equal(code_of_one_way(false), ERROR_VERIFY);
}

static void a_step_has_a_way_back_or_a_reason_not_both(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO_BUFFER struct buffer document = {0};

    write_signed(&document, 2);
    assert_int_equal(code_after(document.bytes, "\"name\":\"empty\"",
                                "\"name\":\"empty\",\"no_way_back\":\"x\"", &err),
                     ERROR_VERIFY);
    assert_non_null(strstr(err.message, "either"));
}

static void a_key_signs_once(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO(plan) struct plan *plan = fixture_plan(1);
    AUTO(signing_key) struct signing_key *ann = fixture_key();
    AUTO(signing_key) struct signing_key *bob = fixture_key();

    assert_true(plan_sign(plan, ann, "ann", &err));
    assert_true(plan_sign(plan, ann, "ann again", &err));
    assert_int_equal(plan->signature_count, 1);
    assert_true(plan_sign(plan, bob, "bob", &err));
    assert_int_equal(plan->signature_count, 2);
    assert_string_equal(plan->signatures[0].signer, "ann");
}

static void a_signature_of_another_plan_is_refused(void **state)
{
    (void)state;
    struct error err = {0};
    AUTO(plan) struct plan *plan = fixture_plan(1);
    AUTO(plan) struct plan *other = fixture_plan(2);
    AUTO(signing_key) struct signing_key *key = fixture_key();
    AUTO_BUFFER struct buffer document = {0};

    assert_true(plan_sign(other, key, "ann", &err));
    plan->signatures = other->signatures;
    plan->signature_count = 1;
    plan_write(plan, &document);
    assert_null(plan_read(document.bytes, document.length, &err));
    assert_int_equal(err.code, ERROR_VERIFY);
    assert_non_null(strstr(err.message, "signatures[0]"));
}

static void a_target_is_found_by_its_name(void **state)
{
    (void)state;
    AUTO(plan) struct plan *plan = fixture_plan(5);

    assert_ptr_equal(plan_find_target(plan, "t-003"), &plan->targets[3]);
    assert_null(plan_find_target(plan, "t-005"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_again),
        cmocka_unit_test(a_plan_without_targets_is_fine),
        cmocka_unit_test(a_window_is_signed_with_the_plan),
        cmocka_unit_test(the_document_is_canonical_json),
        cmocka_unit_test(a_leaf_is_the_canonical_json_of_its_target),
        cmocka_unit_test(the_digest_covers_header_recipes_and_root),
        cmocka_unit_test(the_digest_of_format_1_stays),
        cmocka_unit_test(every_changed_byte_is_refused),
        cmocka_unit_test(a_cut_document_is_refused),
        cmocka_unit_test(one_newline_may_follow_and_nothing_else),
        cmocka_unit_test(an_edited_script_is_named_in_the_error),
        cmocka_unit_test(a_changed_header_breaks_the_digest),
        cmocka_unit_test(a_newer_format_says_what_to_do),
        cmocka_unit_test(wrong_forms_are_protocol_errors),
        cmocka_unit_test(a_step_without_a_way_back_needs_the_policy),
        cmocka_unit_test(a_step_has_a_way_back_or_a_reason_not_both),
        cmocka_unit_test(a_key_signs_once),
        cmocka_unit_test(a_signature_of_another_plan_is_refused),
        cmocka_unit_test(a_target_is_found_by_its_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
