#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/history.h"

static struct history_row row_of(enum direction direction, const char *version, const char *name)
{
    return (struct history_row){
        .seq = 1,
        .attempt_key = digest_of_text("attempt"),
        .part = 1,
        .parts = 1,
        .version = version,
        .name = name,
        .direction = direction,
        .source_sha256 = digest_of_text(name),
        .rendered_sha256 = digest_of_text("rendered"),
        .plan = digest_of_text("plan"),
        .rollout = "00112233445566778899aabbccddeeff",
        .operator_name = "ada",
        .epoch = 4,
        .started_ms = INT64_C(1772353800250),
        .ended_ms = INT64_C(1772353800300),
    };
}

static void link_rows(struct history_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        rows[i].seq = (int64_t)i + 1;
        rows[i].previous = i > 0 ? rows[i - 1].hash : (struct digest){0};
        rows[i].hash = history_row_hash(&rows[i]);
    }
}

static void assert_hash_covers_canonical_json(const struct history_row *row)
{
    AUTO(json) json_t *json = history_row_to_json(row);
    struct digest hash = history_row_hash(row);

    json_object_del(json, "hash");
    struct digest expected = json_digest(json);
    assert_true(digest_equal(&hash, &expected));
}

static void a_row_s_hash_is_that_of_its_canonical_json(void **state)
{
    (void)state;
    struct history_row row = row_of(DIRECTION_UP, "20260301083000", "create_orders");

    assert_hash_covers_canonical_json(&row);
    row.name = "quo\"ted \\ \x01\n caf\xc3\xa9 \xff \x7f";
    row.operator_name = "";
    row.seq = INT64_MAX;
    row.direction = DIRECTION_REPEAT;
    assert_hash_covers_canonical_json(&row);
}

static void the_hash_of_format_1_never_changes(void **state)
{
    (void)state;
    struct history_row row = row_of(DIRECTION_UP, "20260301083000", "create_orders");
    struct digest hash = history_row_hash(&row);
    char hex[DIGEST_HEX_SIZE];

    digest_to_hex(&hash, hex);
    assert_string_equal(hex, "a9117b4bf35c6ac4335668773ed32738e8242dfacfadc327be1176251fa60631");
}

static void every_field_is_part_of_the_hash(void **state)
{
    (void)state;
    const struct history_row row = row_of(DIRECTION_UP, "1", "a");
    struct digest hash = history_row_hash(&row);
    struct history_row changed[16];

    for (size_t i = 0; i < COUNT_OF(changed); i++)
        changed[i] = row;
    changed[0].seq++;
    changed[1].attempt_key.bytes[0]++;
    changed[2].parts++;
    changed[3].version = "2";
    changed[4].name = "b";
    changed[5].direction = DIRECTION_DOWN;
    changed[6].source_sha256.bytes[31]++;
    changed[7].rendered_sha256.bytes[31]++;
    changed[8].plan.bytes[31]++;
    changed[9].rollout = "x";
    changed[10].operator_name = "eve";
    changed[11].epoch++;
    changed[12].started_ms++;
    changed[13].ended_ms++;
    changed[14].fingerprint.bytes[0]++;
    changed[15].previous.bytes[0]++;
    for (size_t i = 0; i < COUNT_OF(changed); i++) {
        struct digest other = history_row_hash(&changed[i]);

        if (digest_equal(&hash, &other))
            fail_msg("change %zu did not change the hash", i);
    }
}

static void a_row_survives_json(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct history_row row = row_of(DIRECTION_DOWN, "", "quo\"ted\n");
    struct history_row read;
    struct error err = {0};

    link_rows(&row, 1);
    AUTO(json) json_t *json = history_row_to_json(&row);
    assert_true(history_row_from_json(json, arena, &read, &err));
    assert_true(history_verify(&read, 1, &err));
    assert_string_equal(read.name, row.name);
    assert_int_equal(read.direction, DIRECTION_DOWN);
}

static void a_row_of_a_newer_format_is_refused_by_name(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct history_row row = row_of(DIRECTION_UP, "1", "a");
    struct error err = {0};
    AUTO(json) json_t *json = history_row_to_json(&row);

    json_put(json, "format", json_integer(2));
    assert_false(history_row_from_json(json, arena, &row, &err));
    assert_string_equal(err.message, "row.format: 2, but this release knows 1 only");
}

static void make_three(struct history_row rows[3])
{
    rows[0] = row_of(DIRECTION_UP, "1", "a");
    rows[1] = row_of(DIRECTION_UP, "2", "b");
    rows[2] = row_of(DIRECTION_UP, "3", "c");
    link_rows(rows, 3);
}

static void assert_conflict_at(const struct history_row *rows, size_t count, const char *beginning)
{
    struct error err = {0};

    assert_false(history_verify(rows, count, &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
    assert_memory_equal(err.message, beginning, strlen(beginning));
}

static void a_chain_that_was_tampered_with_names_the_first_row_that_does_not_fit(void **state)
{
    (void)state;
    struct history_row rows[3];
    struct error err = {0};

    make_three(rows);
    assert_true(history_verify(rows, 3, &err));
    assert_true(history_verify(rows, 0, &err));
    rows[1].name = "other";
    assert_conflict_at(rows, 3, "history row 2 does not have the hash");
    rows[1].hash = history_row_hash(&rows[1]);
    assert_conflict_at(rows, 3, "history row 3 does not name the hash");
    make_three(rows);
    rows[1] = rows[2];
    assert_conflict_at(rows, 2, "history row 3 does not follow");
    make_three(rows);
    assert_conflict_at(rows + 1, 2, "history row 2 does not follow");
}

static void what_is_applied_is_a_fold_over_the_rows(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct history_row rows[] = {
        row_of(DIRECTION_BASELINE, "1", "one"), row_of(DIRECTION_REPEAT, "", "zebra"),
        row_of(DIRECTION_UP, "3", "three"),     row_of(DIRECTION_UP, "2", "two"),
        row_of(DIRECTION_REPEAT, "", "ant"),    row_of(DIRECTION_DOWN, "3", "three"),
        row_of(DIRECTION_REPEAT, "", "zebra"),
    };
    static const char *const expected[] = {"one", "two", "ant", "zebra"};

    rows[6].source_sha256 = digest_of_text("zebra, edited");
    struct applied_set set = history_fold(arena, rows, COUNT_OF(rows));
    assert_int_equal(set.count, COUNT_OF(expected));
    for (size_t i = 0; i < set.count; i++)
        assert_string_equal(set.items[i].name, expected[i]);
    assert_true(set.items[0].baseline);
    assert_false(set.items[1].baseline);
    assert_true(digest_equal(&set.items[3].source_sha256, &rows[6].source_sha256));
}

static void a_step_counts_once_its_last_part_is_there(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct history_row rows[4] = {
        row_of(DIRECTION_UP, "1", "a"),
        row_of(DIRECTION_UP, "1", "a"),
        row_of(DIRECTION_DOWN, "1", "a"),
        row_of(DIRECTION_DOWN, "1", "a"),
    };

    for (int i = 0; i < 4; i++) {
        rows[i].part = i % 2 + 1;
        rows[i].parts = 2;
    }
    assert_int_equal(history_fold(arena, rows, 1).count, 0);
    assert_int_equal(history_fold(arena, rows, 2).count, 1);
    assert_int_equal(history_fold(arena, rows, 3).count, 1);
    assert_int_equal(history_fold(arena, rows, 4).count, 0);
}

static void equal_sets_have_equal_ids_however_they_came_about(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    const struct history_row straight[] = {row_of(DIRECTION_UP, "1", "a")};
    const struct history_row crooked[] = {
        row_of(DIRECTION_UP, "1", "a"),
        row_of(DIRECTION_UP, "2", "b"),
        row_of(DIRECTION_DOWN, "2", "b"),
    };
    struct applied_set one = history_fold(arena, straight, 1);
    struct applied_set other = history_fold(arena, crooked, 3);
    struct applied_set longer = history_fold(arena, crooked, 2);
    struct applied_set empty = history_fold(arena, NULL, 0);

    assert_true(digest_equal(&one.id, &other.id));
    assert_false(digest_equal(&one.id, &longer.id));
    assert_int_equal(empty.count, 0);
}

static void a_set_survives_json_and_its_id_is_checked(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    const struct history_row rows[] = {
        row_of(DIRECTION_BASELINE, "1", "a"),
        row_of(DIRECTION_REPEAT, "", "caf\xff"),
    };
    struct applied_set set = history_fold(arena, rows, 2);
    struct applied_set read;
    struct error err = {0};
    AUTO(json) json_t *json = applied_set_to_json(&set);

    assert_true(applied_set_from_json(json, arena, &read, &err));
    assert_int_equal(read.count, 2);
    assert_true(read.items[0].baseline);
    assert_true(digest_equal(&read.id, &set.id));
    json_put(json_array_get(json_object_get(json, "items"), 1), "name", json_text("other"));
    assert_false(applied_set_from_json(json, arena, &read, &err));
    assert_string_equal(err.message, "set.id: not the digest of its items");
}

static void directions_have_names(void **state)
{
    (void)state;
    enum direction direction;

    for (int i = 0; i < DIRECTION_COUNT; i++) {
        assert_true(direction_from_name(direction_name((enum direction)i), &direction));
        assert_int_equal(direction, i);
    }
    assert_false(direction_from_name("sideways", &direction));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_s_hash_is_that_of_its_canonical_json),
        cmocka_unit_test(the_hash_of_format_1_never_changes),
        cmocka_unit_test(every_field_is_part_of_the_hash),
        cmocka_unit_test(a_row_survives_json),
        cmocka_unit_test(a_row_of_a_newer_format_is_refused_by_name),
        cmocka_unit_test(a_chain_that_was_tampered_with_names_the_first_row_that_does_not_fit),
        cmocka_unit_test(what_is_applied_is_a_fold_over_the_rows),
        cmocka_unit_test(a_step_counts_once_its_last_part_is_there),
        cmocka_unit_test(equal_sets_have_equal_ids_however_they_came_about),
        cmocka_unit_test(a_set_survives_json_and_its_id_is_checked),
        cmocka_unit_test(directions_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
