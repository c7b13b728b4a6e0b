#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plans/schema/desired.h"
#include "plans/schema/parser.h"
#include "plans/schema/print.h"

enum { ROUNDS = 2000 };

static struct desired read_schema(struct arena *arena, const char *text)
{
    struct desired desired;
    struct error err = {0};

    if (!desired_read(arena, text, strlen(text), &desired, &err))
        fail_msg("line %d: %s\n%s", err.line, err.message, text);
    return desired;
}

static bool diff(struct arena *arena, const char *from, const char *to, struct diff *found,
                 struct error *err)
{
    struct desired before = read_schema(arena, from);
    const struct desired after = read_schema(arena, to);

    return diff_models(&before.model, &after.model, after.renamings, after.renaming_count, found,
                       err);
}

static void print_all(const struct diff *found, struct buffer *out)
{
    for (size_t i = 0; i < found->count; i++)
        print_operation(&found->operations[i], out);
}

static void expect(const char *from, const char *to, const char *operations)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO_BUFFER struct buffer text = {0};
    struct error err = {0};
    struct diff found;

    if (!diff(arena, from, to, &found, &err))
        fail_msg("%s", err.message);
    print_all(&found, &text);
    assert_string_equal(buffer_text(&text), operations);
}

#define PEOPLE "CREATE TABLE people (id BIGINT PRIMARY KEY, name VARCHAR(40) NOT NULL);\n"

static void what_is_the_same_needs_nothing(void **state)
{
    (void)state;
    expect(PEOPLE, PEOPLE, "");
    expect(PEOPLE,
           "CREATE TABLE people (name VARCHAR(40) NOT NULL, id BIGINT NOT NULL, PRIMARY KEY (id))",
           "");
    expect("CREATE TABLE t (a INTEGER, CONSTRAINT one CHECK (a > 0))",
           "CREATE TABLE t (a INTEGER, CHECK (a > 0))", "");
}

static void columns_come_change_and_go(void **state)
{
    (void)state;
    expect(PEOPLE,
           "CREATE TABLE people (id BIGINT PRIMARY KEY, name TEXT DEFAULT 'x', age INTEGER CHECK "
           "(age > 0));",
           "ALTER TABLE people ALTER COLUMN name TYPE TEXT;\n"
           "ALTER TABLE people ALTER COLUMN name SET DEFAULT 'x';\n"
           "ALTER TABLE people ALTER COLUMN name DROP NOT NULL;\n"
           "ALTER TABLE people ADD COLUMN age INTEGER;\n"
           "ALTER TABLE people ADD CONSTRAINT people_check CHECK (age > 0);\n");
    expect(PEOPLE, "CREATE TABLE people (id BIGINT PRIMARY KEY)",
           "ALTER TABLE people DROP COLUMN name;\n");
}

static void tables_come_after_those_that_they_refer_to(void **state)
{
    (void)state;
    expect(PEOPLE,
           "CREATE TABLE people (id BIGINT PRIMARY KEY, name VARCHAR(40) NOT NULL);\n"
           "CREATE TABLE b (id BIGINT PRIMARY KEY);\n"
           "CREATE TABLE a (id BIGINT PRIMARY KEY, b BIGINT REFERENCES b (id));\n"
           "CREATE INDEX a_b ON a (b DESC);\n",
           "CREATE TABLE b (\n    id BIGINT PRIMARY KEY\n);\n"
           "CREATE TABLE a (\n    id BIGINT PRIMARY KEY,\n    b BIGINT,\n"
           "    FOREIGN KEY (b) REFERENCES b (id)\n);\n"
           "CREATE INDEX a_b ON a (b DESC);\n");
}

#define CIRCLE                                                              \
    "CREATE TABLE a (id BIGINT PRIMARY KEY, b BIGINT);\n"                   \
    "CREATE TABLE b (id BIGINT PRIMARY KEY, a BIGINT REFERENCES a (id));\n" \
    "ALTER TABLE a ADD CONSTRAINT a_to_b FOREIGN KEY (b) REFERENCES b (id);\n"

static void a_circle_of_tables_comes_and_goes(void **state)
{
    (void)state;
    expect(PEOPLE, PEOPLE CIRCLE,
           "CREATE TABLE b (\n    id BIGINT PRIMARY KEY,\n    a BIGINT\n);\n"
           "CREATE TABLE a (\n    id BIGINT PRIMARY KEY,\n    b BIGINT,\n"
           "    CONSTRAINT a_to_b FOREIGN KEY (b) REFERENCES b (id)\n);\n"
           "ALTER TABLE b ADD CONSTRAINT b_a_fkey FOREIGN KEY (a) REFERENCES a (id);\n");
}

static void a_constraint_without_a_name_goes_by_the_one_that_it_got(void **state)
{
    (void)state;
    expect("CREATE TABLE t (a INTEGER, UNIQUE (a))", "CREATE TABLE t (a INTEGER)",
           "ALTER TABLE t DROP CONSTRAINT t_a_key;\n");
}

static void what_was_renamed_keeps_its_values(void **state)
{
    (void)state;
    expect(PEOPLE,
           "-- fleet: renamed-from people\nCREATE TABLE persons (\n    id BIGINT PRIMARY KEY,\n"
           "    -- fleet: renamed-from name\n    full_name VARCHAR(40) NOT NULL\n);",
           "ALTER TABLE people RENAME TO persons;\n"
           "ALTER TABLE persons RENAME COLUMN name TO full_name;\n");
    /* It may stay there. */
    expect("CREATE TABLE persons (id BIGINT PRIMARY KEY)",
           "-- fleet: renamed-from people\nCREATE TABLE persons (id BIGINT PRIMARY KEY)", "");
}

static void what_looks_renamed_is_noted_and_not_guessed(void **state)
{
    (void)state;
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = {0};
    struct diff found;

    assert_true(
        diff(arena, PEOPLE,
             "CREATE TABLE people (id BIGINT PRIMARY KEY, called VARCHAR(40) NOT NULL DEFAULT '')",
             &found, &err));
    assert_int_equal(found.note_count, 1);
    assert_non_null(strstr(found.notes[0], "renamed-from name"));
    assert_true(diff(arena, PEOPLE,
                     "CREATE TABLE folk (id BIGINT PRIMARY KEY, name VARCHAR(40) NOT NULL)", &found,
                     &err));
    assert_int_equal(found.note_count, 1);
    assert_non_null(strstr(found.notes[0], "renamed-from people"));
}

static void expect_conflict(const char *from, const char *to, const char *message)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = {0};
    struct diff found;

    assert_false(diff(arena, from, to, &found, &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
    if (strstr(err.message, message) == NULL)
        fail_msg("%s", err.message);
}

static void what_no_operation_does_is_said(void **state)
{
    (void)state;
    expect_conflict("CREATE TABLE t (a INTEGER, b INTEGER, PRIMARY KEY (a))",
                    "CREATE TABLE t (a INTEGER NOT NULL, b INTEGER, PRIMARY KEY (b))",
                    "primary key");
    expect_conflict("CREATE TABLE t (a INTEGER PRIMARY KEY)",
                    "CREATE TABLE t (a INTEGER GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY)",
                    "IDENTITY");
    expect_conflict("CREATE TABLE t (a INTEGER)", "CREATE TABLE t (a INTEGER, b INTEGER NOT NULL)",
                    "give it a default");
}

static void a_directive_about_nothing_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        PEOPLE "-- fleet: renamed-from x\n",
        PEOPLE "-- fleet: renamed-from x\nCREATE INDEX i ON people (name)",
        ("-- fleet: renamed-from x y\n" PEOPLE),
    };

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct desired desired;
        struct error err = {0};

        assert_false(desired_read(arena, texts[i], strlen(texts[i]), &desired, &err));
        assert_int_equal(err.code, ERROR_SYNTAX);
        assert_true(err.line > 0);
    }
}

/* Random schemas of few names, so that two of them have much in common. */

static unsigned below(unsigned *seed, unsigned limit)
{
    return (unsigned)rand_r(seed) % limit;
}

static void put_random_column(struct buffer *out, unsigned *seed, unsigned number)
{
    static const char *const types[] = {"INTEGER",     "BIGINT", "VARCHAR(20)",
                                        "VARCHAR(30)", "TEXT",   "DECIMAL(8, 2)"};
    static const char *const values[] = {"7", "8", "'it''s'", "'b'", "'c'", "1.50"};
    unsigned type = below(seed, COUNT_OF(types));
    bool has_default = below(seed, 2) == 0;

    buffer_printf(out, ", c%u %s", number, types[type]);
    if (has_default)
        buffer_printf(out, " DEFAULT %s", values[type]);
    if (has_default && below(seed, 2) == 0)
        buffer_append_text(out, " NOT NULL");
}

static void put_random_table(struct buffer *out, unsigned *seed, unsigned number, unsigned tables)
{
    unsigned columns = 0;

    buffer_printf(out, "CREATE TABLE t%u (\"Id\" BIGINT PRIMARY KEY", number);
    for (unsigned i = 0; i < 4; i++)
        if (below(seed, 3) > 0) {
            put_random_column(out, seed, i);
            columns |= 1u << i;
        }
    for (unsigned i = 0; i < 4; i++)
        if ((columns & (1u << i)) != 0 && below(seed, 3) == 0)
            buffer_printf(out,
                          ", CONSTRAINT t%u_c%u CHECK (c%u IS NOT NULL OR NOT (\"Id\" IN (%u, 2)))",
                          number, i, i, below(seed, 3));
    for (unsigned i = 0; i < number; i++)
        if ((tables & (1u << i)) != 0 && below(seed, 3) == 0)
            buffer_printf(
                out, ", r%u BIGINT, CONSTRAINT t%u_t%u FOREIGN KEY (r%u) REFERENCES t%u (\"Id\")",
                i, number, i, i, i);
    buffer_append_text(out, ");\n");
    if (below(seed, 2) == 0)
        buffer_printf(out, "CREATE INDEX t%u_by ON t%u (\"Id\"%s);\n", number, number,
                      below(seed, 2) == 0 ? " DESC" : "");
}

static void put_random_schema(struct buffer *out, unsigned *seed)
{
    unsigned tables = below(seed, 15) + 1;

    for (unsigned i = 0; i < 4; i++)
        if ((tables & (1u << i)) != 0)
            put_random_table(out, seed, i, tables);
}

static void assert_same(struct arena *arena, const char *one, const char *other)
{
    struct error err = {0};
    struct diff found;

    assert_true(diff(arena, one, other, &found, &err));
    if (found.count > 0)
        fail_msg("not the same:\n%s\n%s", one, other);
}

/* from, changed by what was printed of the difference, is to. */
static void assert_leads(struct arena *arena, const char *from, const char *to,
                         const struct diff *found)
{
    AUTO_BUFFER struct buffer text = {0};
    AUTO_BUFFER struct buffer after = {0};
    struct desired before = read_schema(arena, from);
    struct change change = {0};
    struct error err = {0};
    struct operation inverse;
    const char *loss;

    print_all(found, &text);
    if (found->count > 0 && !parser_read(arena, buffer_text(&text), text.length, &change, &err))
        fail_msg("%s\n%s", err.message, buffer_text(&text));
    for (size_t i = 0; i < change.count; i++)
        if (!model_apply(&before.model, &change.operations[i], &inverse, &loss, &err))
            fail_msg("%s\n%s", err.message, buffer_text(&text));
    print_model(&before.model, &after);
    assert_same(arena, buffer_text(&after), to);
}

static void a_difference_leads_from_one_schema_to_the_other(void **state)
{
    (void)state;
    unsigned seed = 1, led = 0;

    for (int i = 0; i < ROUNDS; i++) {
        AUTO(arena) struct arena *arena = arena_new();
        AUTO_BUFFER struct buffer from = {0};
        AUTO_BUFFER struct buffer to = {0};
        AUTO_BUFFER struct buffer printed = {0};
        struct error err = {0};
        struct diff found;

        put_random_schema(&from, &seed);
        put_random_schema(&to, &seed);
        const struct desired wanted = read_schema(arena, buffer_text(&to));
        print_model(&wanted.model, &printed);
        assert_same(arena, buffer_text(&printed), buffer_text(&to));
        if (diff(arena, buffer_text(&from), buffer_text(&to), &found, &err)) {
            assert_leads(arena, buffer_text(&from), buffer_text(&to), &found);
            led++;
        } else {
            assert_int_equal(err.code, ERROR_CONFLICT); /* such as another type */
        }
    }
    assert_true(led > ROUNDS / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_the_same_needs_nothing),
        cmocka_unit_test(columns_come_change_and_go),
        cmocka_unit_test(tables_come_after_those_that_they_refer_to),
        cmocka_unit_test(a_circle_of_tables_comes_and_goes),
        cmocka_unit_test(a_constraint_without_a_name_goes_by_the_one_that_it_got),
        cmocka_unit_test(what_was_renamed_keeps_its_values),
        cmocka_unit_test(what_looks_renamed_is_noted_and_not_guessed),
        cmocka_unit_test(what_no_operation_does_is_said),
        cmocka_unit_test(a_directive_about_nothing_is_refused),
        cmocka_unit_test(a_difference_leads_from_one_schema_to_the_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
