"""kill -9 of an agent while the server works on one statement; the same command again goes on behind it
or does it over, whatever the server made of it."""

import pytest

from fleet import wait_for
from scenario import Session, only

TABLES = ("CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, a INTEGER);\n"
          "INSERT INTO t VALUES (1, 1), (2, 2);\n"
          "CREATE TABLE canary (n INTEGER NOT NULL);\nINSERT INTO canary VALUES (0);\n",
          "DROP TABLE canary;\nDROP TABLE t;\n")
PATIENT = "-- fleet: lock-timeout=60s\n"
COUNT = "UPDATE canary SET n = n + 1;\n"
NOTHING = "-- fleet: nothing-to-undo\n"


def counted(engine):
    return engine.sql("SELECT n FROM canary", "one").strip()


def intents(engine):
    return engine.sql("SELECT count(*) FROM fleet_intent", "one").strip()


def kill_while_waiting(fleet, engine, waiting, release):
    """The statement waits for an application; its client dies; the application gives way or stays."""
    application = Session(engine, "BEGIN; SELECT * FROM t")
    apply = fleet.start("apply", "prod", "--yes")
    wait_for(lambda: engine.sql(waiting, "one").strip() == "1", "the statement to wait")
    fleet.agents["db-1"].kill()
    out, errors = apply.communicate(timeout=60)
    assert apply.returncode == 4, out + errors
    if release == "before":
        application.do("COMMIT")
        application.end()
    fleet.agents["db-1"].start()
    again = fleet.start("apply", "prod", "--yes")
    if release == "after":
        application.do("COMMIT")
        application.end()
    out, errors = again.communicate(timeout=120)
    assert again.returncode == 0, out + errors


WAITS_IN_MARIADB = ("SELECT count(*) FROM information_schema.processlist WHERE db = database()"
                    " AND state = 'Waiting for table metadata lock' AND info LIKE '{}%'")


@only("mysql")
@pytest.mark.parametrize("release", ["before", "after"])
@pytest.mark.parametrize("statement, shown, expected", [
    ("ALTER TABLE t ADD COLUMN b INTEGER", "SHOW COLUMNS FROM t LIKE 'b'", True),
    ("ALTER TABLE t DROP COLUMN a", "SHOW COLUMNS FROM t LIKE 'a'", False),
    ("ALTER TABLE t MODIFY a BIGINT", "SHOW COLUMNS FROM t WHERE Type LIKE 'bigint%'", True),
    ("CREATE INDEX i ON t (a)", "SHOW INDEX FROM t WHERE Key_name = 'i'", True),
    ("RENAME TABLE t TO u", "SHOW TABLES LIKE 'u'", True),
    ("DROP TABLE t", "SHOW TABLES LIKE 't'", False),
])
def test_a_definition_whose_client_died_is_done_once(one, engine, statement, shown, expected,
                                                     release):
    one.migration("001_tables", *TABLES)
    one.apply()
    one.migration("002_change", f"{PATIENT}{COUNT}{statement};\n{COUNT}", NOTHING)
    one.run("sum")
    kill_while_waiting(one, engine, WAITS_IN_MARIADB.format(statement.split(" t")[0][:12]), release)
    assert (engine.sql(shown, "one").strip() != "") == expected
    assert counted(engine) == "2" and intents(engine) == "0"


@only("postgresql")
@pytest.mark.parametrize("release", ["before", "after"])
def test_an_index_whose_builder_died_is_there_once_and_valid(one, engine, release):
    one.migration("001_tables", *TABLES)
    one.apply()
    one.migration("002_index", "-- fleet: no-transaction\n" + COUNT
                  + "CREATE INDEX CONCURRENTLY i ON t (a);\n" + COUNT,
                  "-- fleet: no-transaction\nDROP INDEX CONCURRENTLY i;\n")
    one.run("sum")
    # The application has written: CONCURRENTLY waits for all who might still write without the index.
    application = Session(engine, "BEGIN; UPDATE t SET a = a")
    apply = one.start("apply", "prod", "--yes")
    wait_for(lambda: engine.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                                " AND query LIKE 'CREATE INDEX CONC%'", "one").strip() == "1",
             "the index to wait")
    one.agents["db-1"].kill()
    apply.communicate(timeout=60)
    if release == "before":
        application.do("COMMIT")
        application.end()
    one.agents["db-1"].start()
    again = one.start("apply", "prod", "--yes")
    if release == "after":
        application.do("COMMIT")
        application.end()
    out, errors = again.communicate(timeout=120)
    assert again.returncode == 0, out + errors
    assert engine.sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid", "one").strip() == "0"
    assert engine.sql("SELECT count(*) FROM pg_indexes WHERE indexname = 'i'", "one").strip() == "1"
    assert counted(engine) == "2" and intents(engine) == "0"


@only("mysql")
def test_a_call_that_was_cut_off_is_told_by_its_probe(one, engine):
    one.migration("001_tables", TABLES[0] + "CREATE PROCEDURE settle() BEGIN ALTER TABLE t ADD COLUMN b"
                  " INTEGER; UPDATE canary SET n = n + 1; END;\n",
                  "DROP PROCEDURE settle;\n" + TABLES[1])
    one.apply()
    one.migration("002_call", PATIENT + "-- fleet: probe SELECT 1 FROM canary WHERE n > 0\n"
                  "CALL settle();\nCREATE TABLE behind (id INTEGER);\n", NOTHING)
    one.run("sum")
    kill_while_waiting(one, engine, WAITS_IN_MARIADB.format("ALTER TABLE"), "before")
    assert counted(engine) == "1" and intents(engine) == "0"
    assert engine.sql("SHOW TABLES LIKE 'behind'", "one").strip() == "behind"


@only("mysql")
def test_a_call_without_a_probe_is_refused_or_left_to_an_operator(one, engine):
    one.migration("001_tables", TABLES[0] + "CREATE PROCEDURE settle() UPDATE t SET a = 0;\n",
                  "DROP PROCEDURE settle;\n" + TABLES[1])
    one.apply()
    one.migration("002_call", PATIENT + "CALL settle();\n", NOTHING)
    row = one.apply(expect=1)["one"]
    assert row["code"] == "unsupported" and "probe" in row["error"]
    one.env("prod", "opaque = allow")
    one.write_inventory()
    application = Session(engine, "BEGIN; UPDATE t SET a = a")
    apply = one.start("apply", "prod", "--yes")
    wait_for(lambda: engine.sql("SELECT count(*) FROM information_schema.processlist WHERE db ="
                                " database() AND info LIKE 'UPDATE t SET a = 0%'", "one").strip()
             == "1", "the procedure to wait")
    one.agents["db-1"].kill()
    apply.communicate(timeout=60)
    application.do("COMMIT")
    application.end()
    one.agents["db-1"].start()
    row = one.apply(expect=4)["one"]
    assert row["state"] == "needs_operator" and "CALL settle()" in row["error"]


@only("mysql")
def test_a_drop_of_two_tables_that_dropped_one_is_not_called_clean(one, engine):
    one.env("prod", "opaque = allow")
    one.write_inventory()
    one.migration("001_tables", *TABLES)
    one.apply()
    one.migration("002_drop", "DROP TABLE t, nope;\n", NOTHING)
    assert one.apply(expect=4)["one"]["state"] == "needs_operator"
    assert engine.sql("SHOW TABLES LIKE 't'", "one").strip() == ""


@only("mysql")
def test_settings_and_prepared_statements_come_back_when_a_part_goes_on(one, engine):
    one.migration("001_tables", *TABLES)
    one.apply()
    one.migration("002_many", PATIENT + "SET @change = 'ALTER TABLE t ADD COLUMN c INTEGER';\n"
                  "PREPARE change_it FROM @change;\nANALYZE TABLE canary;\n"
                  "ALTER TABLE t ADD COLUMN b INTEGER;\n"
                  "-- fleet: probe SELECT 1 FROM information_schema.columns WHERE table_schema ="
                  " database() AND table_name = 't' AND column_name = 'c'\n"
                  "EXECUTE change_it;\n" + COUNT, NOTHING)
    one.run("sum")
    kill_while_waiting(one, engine, WAITS_IN_MARIADB.format("ALTER TABLE"), "before")
    columns = engine.sql("SHOW COLUMNS FROM t", "one")
    assert "b\t" in columns and "c\t" in columns
    assert counted(engine) == "1" and intents(engine) == "0"
