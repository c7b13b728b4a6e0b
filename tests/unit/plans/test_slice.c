#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "plan_fixture.h"
#include "plans/slice.h"

enum { NOW_MS = 1500 };

/* A plan of nine targets that ann and bob have signed, and rules that trust them. */
struct scene {
    struct plan *plan;
    struct signing_key *ann;
    struct signing_key *bob;
    struct trusted_key keys[3];
    struct slice_rules rules;
};

static int open_scene(void **state)
{
    static struct scene scene;
    struct error err = {0};

    scene = (struct scene){.plan = fixture_plan(9), .ann = fixture_key(), .bob = fixture_key()};
    scene.keys[0] = (struct trusted_key){signing_key_public(scene.ann), "ann"};
    scene.keys[1] = (struct trusted_key){signing_key_public(scene.bob), "bob"};
    scene.rules = (struct slice_rules){.fleet = "shop",
                                       .now_ms = NOW_MS,
                                       .keys = scene.keys,
                                       .key_count = 2,
                                       .signatures_needed = 2};
    *state = &scene;
    return plan_sign(scene.plan, scene.ann, "ann", &err) &&
                   plan_sign(scene.plan, scene.bob, "bob", &err)
               ? 0
               : -1;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;

    plan_free(scene->plan);
    signing_key_free(scene->ann);
    signing_key_free(scene->bob);
    return 0;
}

static struct slice *slice_of(const struct plan *plan, const size_t *targets, size_t count)
{
    struct error err = {0};
    AUTO(json) json_t *value = slice_encode(plan, targets, count);
    struct slice *slice = slice_decode(value, &err);

    if (slice == NULL)
        print_error("%s\n", err.message);
    return slice;
}

static struct slice *any_slice(const struct scene *scene)
{
    return slice_of(scene->plan, (size_t[]){3}, 1);
}

static void a_slice_holds_its_targets_and_what_they_use(void **state)
{
    const struct scene *scene = *state;
    AUTO(slice) struct slice *slice = slice_of(scene->plan, (size_t[]){6, 2, 4}, 3);
    struct error err = {0};

    assert_non_null(slice);
    assert_true(digest_equal(&slice->plan.digest, &scene->plan->digest));
    assert_int_equal(slice->plan.target_count, 3);
    assert_string_equal(slice->plan.targets[0].name, "t-002");
    assert_string_equal(slice->plan.targets[2].name, "t-006");
    assert_int_equal(slice->plan.recipe_count, 1);
    assert_ptr_equal(slice->plan.targets[1].recipe, &slice->plan.recipes[0]);
    assert_true(slice->plan.script_count < scene->plan->script_count);
    assert_true(slice_verify(slice, &scene->rules, &err));
}

static void every_share_of_the_plan_decodes(void **state)
{
    const struct scene *scene = *state;

    for (unsigned subset = 1; subset < 1U << 9; subset += 3) {
        size_t targets[9];
        size_t count = 0;

        for (size_t i = 0; i < 9; i++)
            if (subset >> i & 1)
                targets[count++] = i;
        AUTO(slice) struct slice *slice = slice_of(scene->plan, targets, count);
        assert_non_null(slice);
        assert_int_equal(slice->plan.target_count, count);
    }
}

static void assert_refused(const char *bytes, size_t length, const struct scene *scene)
{
    struct error err = {0};
    AUTO(json) json_t *value = json_parse(bytes, length, &err);

    if (value == NULL)
        return;
    AUTO(slice) struct slice *slice = slice_decode(value, &err);
    if (slice != NULL && slice_verify(slice, &scene->rules, &err)) {
        print_error("accepted: %s\n", bytes);
        fail();
    }
    assert_int_not_equal(err.code, ERROR_NONE);
}

static void any_changed_byte_is_refused(void **state)
{
    const struct scene *scene = *state;
    static const char others[] = {' ', '0', 'f', '"'};
    AUTO(json) json_t *value = slice_encode(scene->plan, (size_t[]){2, 5}, 2);
    AUTO_BUFFER struct buffer bytes = {0};

    json_write_canonical(value, &bytes);
    for (size_t i = 0; i < bytes.length; i++) {
        char original = bytes.bytes[i];

        for (size_t k = 0; k <= COUNT_OF(others); k++) {
            bytes.bytes[i] = k < COUNT_OF(others) ? others[k] : (char)(original ^ 1);
            if (bytes.bytes[i] != original)
                assert_refused(bytes.bytes, bytes.length, scene);
        }
        bytes.bytes[i] = original;
    }
}

static void a_removed_or_added_field_is_refused(void **state)
{
    const struct scene *scene = *state;
    AUTO(json) json_t *value = slice_encode(scene->plan, (size_t[]){2}, 1);
    struct error err = {0};
    const char *key;
    json_t *field;

    json_object_foreach(value, key, field)
    {
        AUTO(json) json_t *changed = json_copy(value);
        struct error why = {0};

        json_object_del(changed, key);
        assert_null(slice_decode(changed, &why));
        assert_int_equal(why.code, ERROR_PROTOCOL);
    }
    json_object_set_new(value, "extra", json_true());
    assert_null(slice_decode(value, &err));
    assert_int_equal(err.code, ERROR_PROTOCOL);
}

static void a_target_of_another_plan_is_refused(void **state)
{
    const struct scene *scene = *state;
    AUTO(plan) struct plan *other = fixture_plan(10);
    AUTO(json) json_t *value = slice_encode(scene->plan, (size_t[]){2}, 1);
    AUTO(json) json_t *stranger = slice_encode(other, (size_t[]){9}, 1);
    struct error err = {0};
    json_t *target =
        json_object_get(json_array_get(json_object_get(stranger, "targets"), 0), "target");

    /* The same recipe, so that only the proof can tell. */
    json_t *ours = json_array_get(json_object_get(value, "targets"), 0);
    json_object_set(target, "recipe", json_object_get(json_object_get(ours, "target"), "recipe"));
    json_object_set(target, "engine", json_object_get(json_object_get(ours, "target"), "engine"));
    json_object_set(ours, "target", target);
    assert_null(slice_decode(value, &err));
    assert_int_equal(err.code, ERROR_VERIFY);
    assert_non_null(strstr(err.message, "proof"));
}

static void a_recipe_of_another_plan_is_refused(void **state)
{
    const struct scene *scene = *state;
    AUTO(json) json_t *value = slice_encode(scene->plan, (size_t[]){2}, 1);
    AUTO(json) json_t *other = slice_encode(scene->plan, (size_t[]){3}, 1);
    struct error err = {0};

    json_object_set(value, "recipes", json_object_get(other, "recipes"));
    json_object_set(value, "scripts", json_object_get(other, "scripts"));
    assert_null(slice_decode(value, &err));
    assert_int_equal(err.code, ERROR_VERIFY);
}

static void values_of_any_other_type_are_refused(void **state)
{
    const struct scene *scene = *state;
    json_t *hostile[] = {json_null(),      json_true(),  json_integer(-1), json_real(1e300),
                         json_string("x"), json_array(), json_object()};
    AUTO(json) json_t *value = slice_encode(scene->plan, (size_t[]){2}, 1);
    const char *key;
    json_t *field;

    json_object_foreach(value, key, field)
    {
        for (size_t i = 0; i < COUNT_OF(hostile); i++) {
            AUTO(json) json_t *changed = json_copy(value);
            struct error err = {0};

            json_object_set(changed, key, hostile[i]);
            AUTO(slice) struct slice *slice = slice_decode(changed, &err);
            /* Signatures may be none: that is for slice_verify to count. */
            assert_true(slice == NULL || !slice_verify(slice, &scene->rules, &err));
        }
    }
    for (size_t i = 0; i < COUNT_OF(hostile); i++)
        json_decref(hostile[i]);
}

static void a_key_that_is_not_trusted_does_not_count(void **state)
{
    struct scene *scene = *state;
    AUTO(slice) struct slice *slice = any_slice(scene);
    AUTO(signing_key) struct signing_key *eve = fixture_key();
    struct error err = {0};

    scene->keys[1].key = signing_key_public(eve);
    assert_false(slice_verify(slice, &scene->rules, &err));
    assert_int_equal(err.code, ERROR_VERIFY);
    assert_non_null(strstr(err.message, "has 1: ann"));
}

static void two_keys_of_one_person_count_once(void **state)
{
    struct scene *scene = *state;
    AUTO(slice) struct slice *slice = any_slice(scene);
    struct error err = {0};

    scene->keys[1].person = "ann";
    assert_false(slice_verify(slice, &scene->rules, &err));
    error_clear(&err);
    scene->rules.signatures_needed = 1;
    assert_true(slice_verify(slice, &scene->rules, &err));
}

static void a_signature_given_twice_is_refused(void **state)
{
    const struct scene *scene = *state;
    AUTO(json) json_t *value = slice_encode(scene->plan, (size_t[]){2}, 1);
    json_t *signatures = json_object_get(value, "signatures");
    struct error err = {0};

    json_array_append(signatures, json_array_get(signatures, 0));
    assert_null(slice_decode(value, &err));
    assert_int_equal(err.code, ERROR_VERIFY);
}

static void no_signature_is_needed_in_process(void **state)
{
    struct scene *scene = *state;
    AUTO(plan) struct plan *unsigned_plan = fixture_plan(1);
    AUTO(slice) struct slice *slice = slice_of(unsigned_plan, (size_t[]){0}, 1);
    struct slice_rules rules = {.now_ms = NOW_MS};
    struct error err = {0};

    assert_true(slice_verify(slice, &rules, &err));
    assert_false(slice_verify(slice, &scene->rules, &err));
}

static void another_fleet_is_refused(void **state)
{
    struct scene *scene = *state;
    AUTO(slice) struct slice *slice = any_slice(scene);
    struct error err = {0};

    scene->rules.fleet = "bank";
    assert_false(slice_verify(slice, &scene->rules, &err));
    assert_int_equal(err.code, ERROR_VERIFY);
    assert_non_null(strstr(err.message, "shop"));
}

static bool accepted_at(struct scene *scene, int64_t now_ms, bool seen_before)
{
    AUTO(slice) struct slice *slice = any_slice(scene);
    struct error err = {0};

    scene->rules.now_ms = now_ms;
    scene->rules.seen_before = seen_before;
    return slice_verify(slice, &scene->rules, &err);
}

static void expiry_binds_the_first_acceptance_only(void **state)
{
    assert_true(accepted_at(*state, 2000, false));
    assert_false(accepted_at(*state, 2001, false));
    assert_true(accepted_at(*state, 2001, true));
}

static void finish_by_binds_always(void **state)
{
    assert_true(accepted_at(*state, 3000, true));
    assert_false(accepted_at(*state, 3001, true));
}

static void a_way_back_has_a_limit_of_its_own(void **state)
{
    struct scene *scene = *state;

    scene->rules.to_take_back = true;
    assert_true(accepted_at(scene, 3001, true));
    assert_true(accepted_at(scene, 4000, false));
    assert_false(accepted_at(scene, 4001, true));
    scene->rules.signatures_needed = 5;
    assert_false(accepted_at(scene, 3001, true));
}

#define SCENE_TEST(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(a_slice_holds_its_targets_and_what_they_use),
        SCENE_TEST(every_share_of_the_plan_decodes),
        SCENE_TEST(any_changed_byte_is_refused),
        SCENE_TEST(a_removed_or_added_field_is_refused),
        SCENE_TEST(a_target_of_another_plan_is_refused),
        SCENE_TEST(a_recipe_of_another_plan_is_refused),
        SCENE_TEST(values_of_any_other_type_are_refused),
        SCENE_TEST(a_key_that_is_not_trusted_does_not_count),
        SCENE_TEST(two_keys_of_one_person_count_once),
        SCENE_TEST(a_signature_given_twice_is_refused),
        SCENE_TEST(no_signature_is_needed_in_process),
        SCENE_TEST(another_fleet_is_refused),
        SCENE_TEST(expiry_binds_the_first_acceptance_only),
        SCENE_TEST(finish_by_binds_always),
        SCENE_TEST(a_way_back_has_a_limit_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
