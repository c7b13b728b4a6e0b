"""Steps outside a transaction, steps for some environments, repeatables, and slow ones."""

from scenario import only, whole

THINGS = ("CREATE TABLE things (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40));\n"
          "INSERT INTO things VALUES (1, 'x'), (2, 'x');\n", "DROP TABLE things;\n")
OUTSIDE = "-- fleet: no-transaction\n"
NOTHING = "-- fleet: nothing-to-undo\n"


@only("sqlite", "postgresql")
def test_statements_outside_a_transaction_run_one_by_one(one, engine):
    one.migration("001_things", *THINGS)
    one.migration("002_vacuum", OUTSIDE + "VACUUM;\nANALYZE;\nUPDATE things SET name = 'y';\n",
                  NOTHING)
    one.apply()
    assert engine.sql("SELECT count(*) FROM things WHERE name = 'y'", "one") == "2"
    assert engine.sql("SELECT count(*) FROM fleet_intent", "one") == "0"


@only("sqlite", "postgresql")
def test_a_failure_outside_a_transaction_is_taken_back_by_pairs_or_stops(one, engine):
    one.migration("001_things", *THINGS)
    one.apply()
    before = whole(engine, one)
    up = OUTSIDE + "CREATE TABLE made (id INTEGER);\nCREATE UNIQUE INDEX u ON things (name);\n"
    one.migration("002_outside", up, "-- fleet: undoes 1\nDROP TABLE made;\n")
    one.apply(expect=1)
    assert whole(engine, one) == before
    one.migration("002_outside", up, "DROP TABLE made;\n")
    assert one.apply(expect=4)["one"]["state"] == "needs_operator"
    assert "002_outside failed at statement 2" in one.status(expect=4)["one"]["detail"]


@only("postgresql")
def test_an_index_that_cannot_be_built_concurrently_leaves_nothing(one, engine):
    one.migration("001_things", *THINGS)
    one.apply()
    one.migration("002_index", OUTSIDE + "CREATE UNIQUE INDEX CONCURRENTLY u ON things (name);\n",
                  OUTSIDE + "DROP INDEX CONCURRENTLY u;\n")
    row = one.apply(expect=1)["one"]
    assert row["state"] == "failed_clean" and "statement 1" in row["error"]
    assert engine.sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid", "one") == "0"
    assert engine.sql("SELECT count(*) FROM fleet_intent", "one") == "0"
    # Nor does one that fails before it begins.
    one.migration("002_index", OUTSIDE + "CREATE INDEX CONCURRENTLY u ON nowhere (name);\n",
                  NOTHING)
    assert one.apply(expect=1)["one"]["state"] == "failed_clean"


@only("postgresql")
def test_a_statement_that_needs_no_transaction_says_what_to_write(one, engine):
    one.migration("001_things", *THINGS)
    one.migration("002_index", "CREATE INDEX CONCURRENTLY n ON things (name);\n", "DROP INDEX n;\n")
    row = one.apply(expect=1)["one"]
    assert "no-transaction" in row["error"] and row["state"] == "rolled_back"


def test_a_step_for_other_environments_is_passed_over(one, engine):
    one.migration("001_things", *THINGS)
    one.migration("002_seed", "-- fleet: env=dev,test\nDELETE FROM things;\n", NOTHING)
    one.migration("003_more", "INSERT INTO things VALUES (3, 'z');\n",
                  "DELETE FROM things WHERE id = 3;\n")
    one.apply()
    assert engine.sql("SELECT count(*) FROM things", "one") == "3"
    one.run("plan", "prod")


def test_a_repeatable_runs_again_when_its_bytes_change_and_only_then(one, engine):
    folder = one.migrations / "repeatable"
    folder.mkdir()
    view = "DROP VIEW IF EXISTS seen;\nCREATE VIEW seen AS SELECT {} AS n FROM things;\n"
    (folder / "seen.sql").write_text(view.format("count(*)"))
    (folder / "seen.down.sql").write_text("DROP VIEW seen;\n")
    one.migration("001_things", *THINGS)
    one.apply()
    assert engine.sql("SELECT n FROM seen", "one") == "2"
    one.run("plan", "prod")
    (folder / "seen.sql").write_text(view.format("count(*) + 10"))
    one.apply()
    assert engine.sql("SELECT n FROM seen", "one") == "12"
    assert engine.sql("SELECT count(*) FROM fleet_history", "one") == "3"
    assert "nothing to do" in one.run("apply", "prod", "--yes").stdout


def test_a_statement_that_takes_too_long_is_ended(one, engine):
    slow = {"sqlite": "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
                      " SELECT count(*) FROM c",
            "postgresql": "SELECT pg_sleep(600)", "mysql": "SELECT sleep(600)"}[engine.name]
    one.migration("001_things", *THINGS)
    one.apply()
    before = whole(engine, one)
    one.migration("002_slow", f"-- fleet: statement-timeout=200ms\n{slow};\n", NOTHING)
    row = one.apply(expect=None)["one"]
    assert row["code"] == "timeout" and "statement 1" in row["error"]
    assert whole(engine, one) == before
