"""A script that fails in the seventh of nine statements, and what is left on the target then."""

from scenario import only, whole

BASE = ("CREATE TABLE base (id INTEGER NOT NULL PRIMARY KEY, n INTEGER NOT NULL);\n"
        "INSERT INTO base VALUES (1, 1), (2, 2);\n", "DROP TABLE base;\n")
# One kind of DDL and DML each, all of which must be gone again.
NINE = ["CREATE TABLE t1 (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40))",
        "INSERT INTO t1 VALUES (1, 'one')",
        "ALTER TABLE base ADD COLUMN added VARCHAR(10)",
        "CREATE INDEX base_n ON base (n)",
        "UPDATE base SET n = n + 10",
        "CREATE VIEW v1 AS SELECT id FROM t1",
        "INSERT INTO t1 VALUES (7, 'seven')",
        "CREATE TABLE t8 (id INTEGER)",
        "CREATE TABLE t9 (id INTEGER)"]
SYNTAX = "CREATE TABEL t7 (id INTEGER)"
DUPLICATE = "INSERT INTO t1 VALUES (1, 'again')"


def script(seventh):
    return ";\n".join(NINE[:6] + [seventh] + NINE[7:]) + ";\n"


def undoing(engine):
    """A down script that says which statement each of its own takes back."""
    drop = "DROP INDEX base_n ON base" if engine.name == "mysql" else "DROP INDEX base_n"
    pairs = [(9, "DROP TABLE t9"), (8, "DROP TABLE t8"), (7, "DELETE FROM t1 WHERE id = 7"),
             (6, "DROP VIEW v1"), (5, "UPDATE base SET n = n - 10"), (4, drop),
             (3, "ALTER TABLE base DROP COLUMN added"), (2, "DELETE FROM t1"),
             (1, "DROP TABLE t1")]
    return "".join(f"-- fleet: undoes {n}\n{text};\n" for n, text in pairs)


def with_base(fleet):
    fleet.migration("001_base", *BASE)
    fleet.apply()


def test_a_syntax_error_in_statement_seven_leaves_the_target_as_before(one, engine):
    with_base(one)
    before = whole(engine, one)
    one.migration("002_nine", script(SYNTAX), "DROP TABLE t1;\n")
    row = one.apply(expect=1)["one"]
    assert row["code"] == "syntax" and "statement 7 of 9" in row["error"]
    assert "TABEL" in row["error"]
    assert whole(engine, one) == before
    assert one.status()["one"]["version"] == "001"


@only("sqlite", "postgresql")
def test_a_run_time_error_in_statement_seven_leaves_the_target_as_before(one, engine):
    with_base(one)
    before = whole(engine, one)
    one.migration("002_nine", script(DUPLICATE), "DROP TABLE t1;\n")
    row = one.apply(expect=1)["one"]
    assert row["code"] == "sql" and "statement 7 of 9" in row["error"]
    assert whole(engine, one) == before


def test_paired_downs_take_back_what_ran_before_statement_seven(one, engine):
    with_base(one)
    before = whole(engine, one)
    one.migration("002_nine", script(DUPLICATE), undoing(engine))
    row = one.apply(expect=1)["one"]
    assert "statement 7 of 9" in row["error"] and row["statement"] == 7
    assert whole(engine, one) == before
    # The corrected script then runs as if nothing had been.
    one.migration("002_nine", script(NINE[6]), undoing(engine))
    one.apply()
    one.run("rollback", "prod", "--yes")
    assert whole(engine, one) == before


@only("mysql")
def test_without_pairs_mariadb_stops_at_a_recorded_statement(one, engine):
    with_base(one)
    one.migration("002_nine", script(DUPLICATE), "DROP TABLE t1;\n")
    row = one.apply(expect=4)["one"]
    assert row["state"] == "needs_operator" and "statement 7" in row["error"]
    stopped = engine.dump("one"), engine.rows("one")

    row = one.status(expect=4)["one"]
    assert row["state"] == "needs_operator"
    assert "002_nine failed at statement 7 of 9: INSERT INTO t1" in row["detail"]
    assert "002_nine failed at statement 7" in one.run("status", expect=4).stdout
    one.run("doctor", expect=4)
    # Nothing further runs there, not even another migration.
    one.json("apply", "prod", "--yes", expect=4)
    assert (engine.dump("one"), engine.rows("one")) == stopped


@only("mysql")
def test_pairs_that_leave_a_statement_out_do_not_guess(one, engine):
    with_base(one)
    down = undoing(engine).replace("-- fleet: undoes 4\nDROP INDEX base_n ON base;\n", "")
    one.migration("002_nine", script(DUPLICATE), down)
    row = one.apply(expect=4)["one"]
    assert row["state"] == "needs_operator"
    assert "t1" in engine.dump("one") and "base_n" in engine.dump("one")


def test_a_check_that_finds_a_row_fails_the_step(one, engine):
    with_base(one)
    before = whole(engine, one)
    one.migration("002_checked", "-- fleet: check SELECT id FROM base\n--   WHERE n > 11;\n"
                  "UPDATE base SET n = n + 10;\n",
                  "-- fleet: undoes 1\nUPDATE base SET n = n - 10;\n")
    row = one.apply(expect=1)["one"]
    assert row["code"] == "check" and "returned 1" in row["error"]
    assert row["file"] == "002_checked.up.sql" and row["line"] == 1
    assert whole(engine, one) == before


def test_earlier_steps_of_the_job_are_taken_back_too(one, engine):
    with_base(one)
    before = whole(engine, one)
    one.migration("002_fine", "CREATE TABLE fine (id INTEGER);\n", "DROP TABLE fine;\n")
    one.migration("003_nine", script(SYNTAX), "DROP TABLE t1;\n")
    row = one.apply(expect=1)["one"]
    assert row["state"] == "rolled_back"
    assert whole(engine, one) == before
    assert one.status()["one"]["version"] == "001"


def test_a_way_back_that_fails_halts_and_says_where_the_target_stays(one, engine):
    with_base(one)
    one.migration("002_fine", "CREATE TABLE fine (id INTEGER);\n", "DROP TABLE wrong_name;\n")
    one.migration("003_nine", script(SYNTAX), "DROP TABLE t1;\n")
    row = one.apply(expect=1)["one"]
    assert row["state"] == "halted" and "002" in row["error"] and "wrong_name" in row["error"]
    assert one.status()["one"]["version"] == "002"


@only("postgresql")
def test_a_failed_statement_names_its_place_in_the_file(one, engine):
    one.migration("001_wrong", "CREATE TABLE t (id integer);\n\nINSERT INTO t\nVALUES (nobody);\n",
                  "DROP TABLE t;\n")
    row = one.apply(expect=1)["one"]
    assert (row["file"], row["line"], row["statement"]) == ("001_wrong.up.sql", 4, 2)
    assert row["sqlstate"] == "42703"
    shown = one.run("apply", "prod", "--yes", expect=1).stdout
    assert "001_wrong.up.sql:4: " in shown and "(SQLSTATE 42703)" in shown
