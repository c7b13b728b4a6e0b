#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plans/introspection/found.h"
#include "plans/introspection/resolve.h"
#include "plans/schema/desired.h"
#include "plans/schema/diff.h"
#include "plans/schema/print.h"

static void tell(struct arena *arena, enum engine_kind engine, const char *lines,
                 struct buffer *out)
{
    struct found found;

    found_read(arena, engine, lines, strlen(lines), &found);
    print_model(&found.model, out);
    for (size_t i = 0; i < found.outside_count; i++)
        buffer_printf(out, "%s, %s: %s\n",
                      found.outside[i].table != NULL ? found.outside[i].table : "-",
                      found.outside[i].part, found.outside[i].reason);
}

static void expect(enum engine_kind engine, const char *lines, const char *told)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO_BUFFER struct buffer out = {0};

    tell(arena, engine, lines, &out);
    assert_string_equal(buffer_text(&out), told);
}

/* A table of one INTEGER "a" and an own part, whose reason is expected. */
static void expect_outside(enum engine_kind engine, const char *line, const char *told)
{
    static const char *const heads[] = {
        [ENGINE_POSTGRESQL] = "table public.t\ncolumn public.t.a integer\n"
                              "column public.t.b boolean\ncolumn public.t.c text\n",
        [ENGINE_MYSQL] = "table `t` column: `a` int(11) DEFAULT NULL\n"
                         "table `t` column: `b` tinyint(1) DEFAULT NULL\n"
                         "table `t` column: `c` longtext DEFAULT NULL\n",
        [ENGINE_SQLITE] = "table t a integer\ntable t b boolean check ( b in ( 0 , 1 ) )\n"
                          "table t c text\n",
    };
    static const char table[] =
        "CREATE TABLE t (\n    a INTEGER,\n    b BOOLEAN,\n    c TEXT\n);\n";
    AUTO(arena) struct arena *arena = arena_new();

    expect(engine, arena_printf(arena, "%s%s\n", heads[engine], line),
           arena_printf(arena, "%s%s\n", table, told));
}

static void a_check_of_postgresql_is_told(void **state)
{
    (void)state;
    static const char head[] = "table public.t\n"
                               "column public.t.a integer\n"
                               "column public.t.s smallint\n"
                               "column public.t.d numeric(9,3)\n"
                               "column public.t.f double precision\n"
                               "column public.t.v character varying(30)\n"
                               "column public.t.w date\n";
    static const char table[] = "CREATE TABLE t (\n    a INTEGER,\n    s SMALLINT,\n"
                                "    d DECIMAL(9, 3),\n    f DOUBLE PRECISION,\n"
                                "    v VARCHAR(30),\n    w DATE";
    static const char *const cases[][2] = {
        {"(a > '-5'::integer)", "a > (-5)"},
        {"(a = ANY (ARRAY[1, 2]))", "a IN (1, 2)"},
        {"((v)::text <> ALL ((ARRAY['q'::character varying, 'r'::character varying])::text[]))",
         "v NOT IN ('q', 'r')"},
        {"((d * (2)::numeric) < 5000.5)", "(d * 2) < 5000.5"},
        {"((f / (4)::double precision) > (5)::double precision)", "(f / 4) > 5"},
        {"(COALESCE((s)::integer, 0) < 3)", "COALESCE(s, 0) < 3"},
        {"((v)::text !~~ '%\\\\_x'::text)", "v NOT LIKE '%\\_x'"},
        {"(char_length((v)::text) < 9)", "LENGTH(v) < 9"},
        {"((w > '1999-12-31'::date) AND (NOT (a IS NULL)))",
         "(w > '1999-12-31') AND (NOT (a IS NULL))"},
        {"(((v)::text || 'it''s'::text) <> ''::text)", "(v || 'it''s') <> ''"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena) struct arena *arena = arena_new();

        expect(ENGINE_POSTGRESQL,
               arena_printf(arena, "%sconstraint public.t.k CHECK (%s)\n", head, cases[i][0]),
               arena_printf(arena, "%s,\n    CONSTRAINT k CHECK (%s)\n);\n", table, cases[i][1]));
    }
}

static void a_check_of_mysql_is_told(void **state)
{
    (void)state;
    static const char head[] = "table `t` column: `a` int(11) DEFAULT NULL\n"
                               "table `t` column: `b` tinyint(1) DEFAULT NULL\n"
                               "table `t` column: `d` decimal(9,3) DEFAULT NULL\n"
                               "table `t` column: `v` varchar(30) DEFAULT NULL\n";
    static const char table[] = "CREATE TABLE t (\n    a INTEGER,\n    b BOOLEAN,\n"
                                "    d DECIMAL(9, 3),\n    v VARCHAR(30)";
    static const char *const cases[][2] = {
        {"`b` <> 0 or `b` in (1,0)", "(b <> FALSE) OR (b IN (TRUE, FALSE))"},
        {"`a` DIV 2 between -7 and 7", "(a / 2) BETWEEN (-7) AND 7"},
        {"`d` / 2 < 1", "(d / 2) < 1"},
        {"char_length(concat(`v`,'x\\'y')) < 60", "LENGTH((v || 'x''y')) < 60"},
        {"ucase(`v`) collate utf8mb4_bin  not like '%A\\\\_B'", "UPPER(v) NOT LIKE '%A\\_B'"},
        {"`v` <> _utf8mb4'b\\\\c'", "v <> 'b\\c'"},
        {"coalesce(`b`,0) = 1", "COALESCE(b, FALSE) = TRUE"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena) struct arena *arena = arena_new();

        expect(ENGINE_MYSQL,
               arena_printf(arena, "%stable `t` constraint: CONSTRAINT `k` CHECK (%s)\n", head,
                            cases[i][0]),
               arena_printf(arena, "%s,\n    CONSTRAINT k CHECK (%s)\n);\n", table, cases[i][1]));
    }
}

static void a_check_of_sqlite_is_told(void **state)
{
    (void)state;
    static const char head[] = "table t a integer\ntable t r real\ntable t v text\n";
    static const char table[] = "CREATE TABLE t (\n    a INTEGER,\n    r REAL,\n    v TEXT";
    static const char *const cases[][2] = {
        {"a == 1 or a != 2", "(a = 1) OR (a <> 2)"},
        {"a notnull and r isnull", "(a IS NOT NULL) AND (r IS NULL)"},
        {"( cast ( r as real ) / 4 ) > 5.50", "(r / 4) > 5.50"},
        {"v glob 'a*[*]?_'", "v LIKE 'a%*_\\_'"},
        {"v not glob '[?]\\\\'", "v NOT LIKE '?\\\\'"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena) struct arena *arena = arena_new();

        expect(ENGINE_SQLITE,
               arena_printf(arena, "%stable t constraint k check ( %s )\ntable t\n", head,
                            cases[i][0]),
               arena_printf(arena, "%s,\n    CONSTRAINT k CHECK (%s)\n);\n", table, cases[i][1]));
    }
}

struct line_case {
    const char *line;
    const char *told;
};

static void expect_all_outside(enum engine_kind engine, const struct line_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect_outside(engine, cases[i].line, cases[i].told);
}

static void what_of_postgresql_portable_ddl_lacks_is_named(void **state)
{
    (void)state;
    static const struct line_case cases[] = {
        {"column public.t.x text[]", "t, column \"x\": portable DDL has no arrays (text[])"},
        {"column public.t.x public.mood", "t, column \"x\": portable DDL has no type public.mood"},
        {"column public.t.x integer default nextval('s'::regclass)",
         "t, column \"x\": a sequence numbers it: portable DDL has GENERATED AS IDENTITY for that"},
        {"column public.t.x date default 'today'::date",
         "t, column \"x\": portable DDL has no default 'today'"},
        {"column public.t.x text default public.random_string(26)",
         "t, column \"x\": portable DDL has no function random_string for a default"},
        {"column public.t.x numeric(4,1) default (1 + 1)",
         "t, column \"x\": portable DDL has no words for +"},
        {"column public.t.x text default CURRENT_USER",
         "t, column \"x\": portable DDL has no words for current_user"},
        {"column public.t.x timestamp with time zone default '1970-01-01 00:00:00'::timestamp "
         "without time zone",
         "t, column \"x\": the default '1970-01-01 00:00:00' has no zone, and so is the session's"},
        {"constraint public.t.k CHECK (((c)::public.mood = 'a'::public.mood))",
         "t, constraint \"k\": portable DDL has no type public.mood"},
        {"index public.i CREATE INDEX i ON public.t USING btree (public.canon(c))",
         "t, index \"i\": portable DDL has no expressions or beginnings of values in an index"},
        {"materialized view public.v as  SELECT 1;",
         "-, materialized view public.v: portable DDL has no words for it"},
        {"column public.t.x character varying",
         "t, column \"x\": portable DDL has no such type without a size"},
        {"column public.t.x text collate \"C\"",
         "t, column \"x\": portable DDL has no words for collate"},
        {"constraint public.t.k CHECK ((((a)::numeric / (2)::numeric) > (0)::numeric))",
         "t, constraint \"k\": portable DDL has no casts"},
        {"constraint public.t.k CHECK (((c)::integer > 0))",
         "t, constraint \"k\": portable DDL has no casts"},
        {"constraint public.t.k CHECK ((c ~ '^a'::text))",
         "t, constraint \"k\": portable DDL has no ~"},
        {"constraint public.t.k CHECK ((btrim(c) <> ''::text))",
         "t, constraint \"k\": portable DDL has no function btrim"},
        {"constraint public.t.k CHECK ((z > 0))", "t, constraint \"k\": column \"z\" is not in it"},
        {"constraint public.t.k EXCLUDE USING gist (c WITH =)",
         "t, constraint \"k\": portable DDL has no words for exclude"},
        {"index public.i CREATE INDEX i ON public.t USING btree (a) WHERE b",
         "t, index \"i\": portable DDL has no words for where"},
        {"index public.i CREATE INDEX i ON public.t USING btree (lower(c))",
         "t, index \"i\": portable DDL has no expressions or beginnings of values in an index"},
        {"view public.v as  SELECT 1;", "-, view public.v: portable DDL has no words for it"},
        {"table app.u", "-, table app.u: it is in schema app: portable DDL has "
                        "tables of one schema, public"},
    };

    expect_all_outside(ENGINE_POSTGRESQL, cases, COUNT_OF(cases));
}

static void what_of_mysql_portable_ddl_lacks_is_named(void **state)
{
    (void)state;
    static const struct line_case cases[] = {
        {"table `t` column: `x` text DEFAULT NULL",
         "t, column \"x\": portable DDL has no type text: its TEXT is longtext here"},
        {"table `t` column: `x` int(10) unsigned NOT NULL",
         "t, column \"x\": portable DDL has no words for unsigned"},
        {"table `t` column: `x` varchar(9) CHARACTER SET latin1 DEFAULT NULL",
         "t, column \"x\": portable DDL has no character sets and collations (latin1)"},
        {"table `t` constraint: CONSTRAINT `k` CHECK (`c` like 'a%')",
         "t, constraint \"k\": LIKE goes by the collation of the column here, which portable DDL "
         "has no words for"},
        {"table `t` constraint: CONSTRAINT `k` CHECK (`a` / 2 > 1)",
         "t, constraint \"k\": portable DDL has no division of whole numbers that keeps a "
         "fraction"},
        {"table `t` index: FULLTEXT KEY `i` (`c`)",
         "t, an index: portable DDL has no words for fulltext"},
        {"table `t` options: ENGINE=MyISAM DEFAULT CHARSET=utf8mb4",
         "t, its options: portable DDL has no words for myisam"},
    };

    expect_all_outside(ENGINE_MYSQL, cases, COUNT_OF(cases));
}

static void what_of_sqlite_portable_ddl_lacks_is_named(void **state)
{
    (void)state;
    static const struct line_case cases[] = {
        {"table t x datetime", "t, column \"x\": portable DDL has no type datetime"},
        {"table t x varchar ( 9 )",
         "t, column \"x\": longer ones could be in it: the CHAR and VARCHAR of portable DDL have a "
         "CHECK of the length"},
        {"table t x text primary key",
         "t, column \"x\": SQLite lets NULL into column \"x\" of the key: portable DDL makes it "
         "NOT NULL"},
        {"table t x text collate nocase", "t, column \"x\": portable DDL has no words for collate"},
        {"table t constraint k check ( c like 'a%' )",
         "t, constraint \"k\": LIKE takes a for A here, which portable DDL has no words for"},
        {"table t without rowid", "t, its options: portable DDL has no words for without"},
        {"trigger u create trigger u after insert on t begin select 1; end",
         "-, trigger u: portable DDL has no words for it"},
    };

    expect_all_outside(ENGINE_SQLITE, cases, COUNT_OF(cases));
}

static void keys_of_postgresql_are_told_once(void **state)
{
    (void)state;
    expect(ENGINE_POSTGRESQL,
           "sequence public.p_id_seq\n"
           "table public.p\n"
           "table public.\"C d\"\n"
           "column public.p.id bigint not null identity by default\n"
           "column public.\"C d\".a bigint not null\n"
           "constraint public.p.old_pkey PRIMARY KEY (id)\n"
           "constraint public.\"C d\".f FOREIGN KEY (a) REFERENCES public.p(id) ON DELETE CASCADE\n"
           "constraint public.\"C d\".u UNIQUE (a)\n"
           "index public.old_pkey CREATE UNIQUE INDEX old_pkey ON public.p USING btree (id)\n"
           "index public.u CREATE UNIQUE INDEX u ON public.\"C d\" USING btree (a)\n"
           "index public.i CREATE UNIQUE INDEX i ON public.\"C d\" USING btree (a DESC)\n"
           "sequence public.p_id_seq as bigint start 1 increment 1 from 1 to 9223372036854775807 "
           "cache 1 owned by public.p.id\n",
           "CREATE TABLE p (\n    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY\n);\n\n"
           "CREATE TABLE \"C d\" (\n    a BIGINT NOT NULL,\n    CONSTRAINT u UNIQUE (a),\n"
           "    CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) ON DELETE CASCADE\n);\n"
           "CREATE UNIQUE INDEX i ON \"C d\" (a DESC);\n");
}

static void keys_of_mysql_are_told_once(void **state)
{
    (void)state;
    expect(ENGINE_MYSQL,
           "database: COLLATE utf8mb4_general_ci\n"
           "table `p` column: `id` bigint(20) NOT NULL AUTO_INCREMENT\n"
           "table `p` column: `f` bigint(20) DEFAULT NULL\n"
           "table `p` column: `j` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT '{}' "
           "CHECK (json_valid(`j`))\n"
           "table `p` column: `u` char(36) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL\n"
           "table `p` column: `w` datetime(6) DEFAULT current_timestamp(6)\n"
           "table `p` index: PRIMARY KEY (`id`)\n"
           "table `p` index: UNIQUE KEY `k` (`u`)\n"
           "table `p` index: UNIQUE KEY `i` (`u` DESC)\n"
           "table `p` index: KEY `own` (`f`)\n"
           "table `p` constraint: CONSTRAINT `own` FOREIGN KEY (`f`) REFERENCES `p` (`id`)\n"
           "table `p` options: ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci\n",
           "CREATE TABLE p (\n    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,\n"
           "    f BIGINT,\n    j JSON DEFAULT '{}',\n    u UUID NOT NULL,\n"
           "    w TIMESTAMP DEFAULT CURRENT_TIMESTAMP,\n    CONSTRAINT k UNIQUE (u),\n"
           "    CONSTRAINT own FOREIGN KEY (f) REFERENCES p (id)\n);\n"
           "CREATE UNIQUE INDEX i ON p (u DESC);\n");
}

static void columns_of_sqlite_are_told_by_their_checks(void **state)
{
    (void)state;
    expect(ENGINE_SQLITE,
           "table \"C d\" id integer not null primary key autoincrement\n"
           "table \"C d\" v varchar ( 9 ) default 'a' check ( length ( v ) <= 9 )\n"
           "table \"C d\" j text check ( j is null or json_valid ( j ) )\n"
           "table \"C d\" w text default current_timestamp\n"
           "table \"C d\" d numeric ( 9 , 3 ) default - 1.5 check ( d > 0 )\n"
           "table \"C d\" o bigint constraint f references \"C d\" ( id ) on delete set null\n"
           "table \"C d\" u smallint not null unique\n"
           "table \"C d\"\n"
           "index i create index i on \"C d\" ( v desc , o )\n",
           "CREATE TABLE \"C d\" (\n    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,\n"
           "    v VARCHAR(9) DEFAULT 'a',\n    j JSON,\n"
           "    w TIMESTAMP DEFAULT CURRENT_TIMESTAMP,\n    d DECIMAL(9, 3) DEFAULT -1.5,\n"
           "    o BIGINT,\n    u SMALLINT NOT NULL,\n    CHECK (d > 0),\n    UNIQUE (u),\n"
           "    CONSTRAINT f FOREIGN KEY (o) REFERENCES \"C d\" (id) ON DELETE SET NULL\n);\n"
           "CREATE INDEX i ON \"C d\" (v DESC, o);\n");
}

static void read_schema(struct arena *arena, const char *text, struct model *model)
{
    struct desired desired;
    struct error err = {0};

    if (!desired_read(arena, text, strlen(text), &desired, &err))
        fail_msg("%s", err.message);
    *model = desired.model;
}

/* How many operations make what the lines tell of what is wanted, as the engine sees it. */
static size_t differences(enum engine_kind engine, const char *wanted, const char *lines)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct model model;
    struct found found;
    struct diff diff;
    struct error err = {0};

    read_schema(arena, wanted, &model);
    found_read(arena, engine, lines, strlen(lines), &found);
    resolve(engine, &found.model, &model);
    assert_int_equal(found.outside_count, 0);
    if (!diff_models(&model, &found.model, NULL, 0, &diff, &err))
        fail_msg("%s", err.message);
    for (size_t i = 0; i < diff.count; i++) {
        AUTO_BUFFER struct buffer text = {0};
        print_operation(&diff.operations[i], &text);
        print_message("%s", buffer_text(&text));
    }
    return diff.count;
}

static void what_an_engine_cannot_tell_apart_is_no_difference(void **state)
{
    (void)state;
    static const char wanted[] =
        "CREATE TABLE t (id INTEGER GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, d DATE,"
        " f DOUBLE PRECISION DEFAULT 1.50, \"Up\" UUID, CHECK (d BETWEEN '2020-01-01' AND "
        "'2020-01-02' OR NOT (f IN (1, 2))));"
        "CREATE UNIQUE INDEX i ON t (d)";

    assert_int_equal(
        differences(ENGINE_SQLITE, wanted,
                    "table t id integer not null primary key autoincrement\ntable t d text\n"
                    "table t f real default 1.5\ntable t up text\n"
                    "table t check ( ( d >= '2020-01-01' and d <= '2020-01-02' ) or "
                    "( f <> 1 and f <> 2.0 ) )\n"
                    "index i create unique index i on t ( d )\n"),
        0);
    assert_int_equal(
        differences(ENGINE_MYSQL, wanted,
                    "table `t` column: `id` int(11) NOT NULL AUTO_INCREMENT\n"
                    "table `t` column: `d` date DEFAULT NULL\n"
                    "table `t` column: `f` double DEFAULT 1.5\n"
                    "table `t` column: `Up` char(36) CHARACTER SET ascii DEFAULT NULL\n"
                    "table `t` index: PRIMARY KEY (`id`)\ntable `t` index: UNIQUE KEY `i` (`d`)\n"
                    "table `t` constraint: CONSTRAINT `t_check` CHECK (`d` between '2020-01-01' "
                    "and '2020-01-02' or `f` not in (1,2))\n"),
        0);
    assert_int_equal(differences(ENGINE_SQLITE, "CREATE TABLE t (a INTEGER, CHECK (a < 1))",
                                 "table t a integer\ntable t check ( a <= 1 )\n"),
                     2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_of_postgresql_is_told),
        cmocka_unit_test(a_check_of_mysql_is_told),
        cmocka_unit_test(a_check_of_sqlite_is_told),
        cmocka_unit_test(what_of_postgresql_portable_ddl_lacks_is_named),
        cmocka_unit_test(what_of_mysql_portable_ddl_lacks_is_named),
        cmocka_unit_test(what_of_sqlite_portable_ddl_lacks_is_named),
        cmocka_unit_test(keys_of_postgresql_are_told_once),
        cmocka_unit_test(keys_of_mysql_are_told_once),
        cmocka_unit_test(columns_of_sqlite_are_told_by_their_checks),
        cmocka_unit_test(what_an_engine_cannot_tell_apart_is_no_difference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
