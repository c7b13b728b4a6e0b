"""Scripts outside a transaction that fail where it is easy to be wrong about what they left."""

from scenario import only, whole

TABLE = ("CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY);\n", "DROP TABLE t;\n")


def outside(engine, text):
    """Statement by statement, on an engine that would take a transaction too."""
    return text if engine.name == "mysql" else "-- fleet: no-transaction\n" + text


def fail(one, script, state, code=1):
    one.migration("002_next", script, "SELECT 1;\n")
    row = one.apply(expect=code)["one"]
    assert row["state"] == state, row["error"]
    return row


@only("mysql", "postgresql")
def test_rows_go_when_the_session_statement_after_them_fails(one, engine):
    one.migration("001_table", *TABLE)
    one.apply()
    before = whole(engine, one)
    fail(one, outside(engine, "INSERT INTO t VALUES (1);\nSET no_such_setting = 1;\n"),
         "failed_clean")
    assert whole(engine, one) == before
    one.migration("002_next", outside(engine, "INSERT INTO t VALUES (1);\n"), "SELECT 1;\n")
    one.apply()
    assert engine.sql("SELECT count(*) FROM t", "one").strip() == "1"


@only("mysql", "postgresql")
def test_a_change_that_stands_is_not_called_clean_when_a_session_statement_fails(one, engine):
    """Where DDL is transactional the change waits for its mark, and goes as rows do."""
    one.migration("001_table", *TABLE)
    one.apply()
    if engine.name == "postgresql":
        before = whole(engine, one)
        fail(one, outside(engine, "ALTER TABLE t ADD COLUMN a INTEGER;\nSET no_such_setting = 1;\n"),
             "failed_clean")
        assert whole(engine, one) == before
        return
    row = fail(one, outside(engine, "ALTER TABLE t ADD COLUMN a INTEGER;\nSET no_such_setting = 1;"
                                    "\n"), "needs_operator", 4)
    assert "statement 2 of 2" in row["error"]


@only("mysql")
def test_rows_that_a_session_statement_committed_are_not_called_clean(one, engine):
    one.migration("001_table", *TABLE)
    one.apply()
    fail(one, "SET autocommit = 0;\nINSERT INTO t VALUES (1);\nSET autocommit = 1;\n"
              "SET no_such_setting = 1;\n", "needs_operator", 4)
    assert engine.sql("SELECT count(*) FROM t", "one").strip() == "1"


@only("mysql")
def test_rows_that_the_server_cannot_take_back_are_not_called_clean(one, engine):
    one.migration("001_table", "CREATE TABLE m (id INTEGER PRIMARY KEY) ENGINE=MyISAM;\n",
                  "DROP TABLE m;\n")
    one.apply()
    row = fail(one, "INSERT INTO m VALUES (1), (2), (1);\n", "failed_clean")
    assert "m has no transactions" in row["error"] and row["statement"] == 1
    one.env("prod", "opaque = allow")
    one.write_inventory()
    fail(one, "INSERT INTO m VALUES (1), (2), (1);\n", "needs_operator", 4)
    assert engine.sql("SELECT count(*) FROM m", "one").strip() == "2"


@only("mysql")
def test_a_failed_create_or_replace_has_dropped_the_table_and_says_so(one, engine):
    one.migration("001_table", *TABLE)
    one.env("prod", "opaque = allow")
    one.write_inventory()
    one.apply()
    fail(one, "CREATE OR REPLACE TABLE t (id INTEGER PRIMARY KEY) SELECT 1 AS id UNION ALL "
              "SELECT 1;\n", "needs_operator", 4)
    assert engine.sql("SHOW TABLES LIKE 't'", "one").strip() == ""


@only("mysql")
def test_set_statement_is_what_it_sets_for(one, engine):
    one.migration("001_table", *TABLE)
    one.apply()
    row = fail(one, "SET STATEMENT lock_wait_timeout = 5 FOR ALTER TABLE t ADD COLUMN a INTEGER;\n"
                    "ALTER TABLE t ADD COLUMN a INTEGER;\n", "needs_operator", 4)
    assert "statements up to 1 have run" in row["error"]


@only("mysql", "postgresql")
def test_what_a_function_or_procedure_sets_ends_with_its_step(one, engine):
    """Here the first step's settings would keep the second from being run, or change it."""
    if engine.name == "postgresql":
        one.migration("001_quiet", "-- fleet: no-transaction\nSELECT pg_catalog.set_config("
                                   "'search_path', '', false);\nCREATE TABLE public.a (id INTEGER);\n",
                      "DROP TABLE a;\n")
    else:
        one.env("prod", "opaque = allow")
        one.write_inventory()
        one.migration("001_quiet", "CREATE PROCEDURE quiet() SET SESSION default_storage_engine = "
                                   "MyISAM;\nCALL quiet();\n", "DROP PROCEDURE quiet;\n")
    one.migration("002_b", "CREATE TABLE b (id INTEGER);\n", "DROP TABLE b;\n")
    one.apply()
    if engine.name == "mysql":
        assert "InnoDB" in engine.sql("SHOW CREATE TABLE b", "one")


def test_a_temporary_table_hides_none_of_the_next_step(one, engine):
    one.migration("001_a", "CREATE TABLE a (id INTEGER);\n", "DROP TABLE a;\n")
    one.migration("002_scratch", "CREATE TEMPORARY TABLE a (id INTEGER);\n", "SELECT 1;\n")
    one.migration("003_b", "ALTER TABLE a ADD COLUMN b INTEGER;\n",
                  "ALTER TABLE a DROP COLUMN b;\n")
    one.apply()
    assert engine.sql("SELECT count(b) FROM a", "one").strip() == "0"


@only("mysql")
def test_rows_that_a_session_statement_committed_come_once(one, engine):
    one.migration("001_table", "CREATE TABLE t (id INTEGER);\n", "DROP TABLE t;\n")
    one.apply()
    script = "SET autocommit = 0;\nINSERT INTO t VALUES (1);\nSET autocommit = 1;\n"
    fail(one, "-- fleet: check SELECT 1\n" + script, "needs_operator", 4)
    one.migration("002_next", script, "SELECT 1;\n")
    one.apply()
    assert engine.sql("SELECT count(*) FROM t", "one").strip() == "1"


@only("mysql")
def test_a_part_whose_statements_have_all_run_does_not_begin_anew(one, engine):
    """As after a crash between the mark of the last statement and the history's row."""
    one.migration("001_table", *TABLE)
    one.apply()
    script = "CREATE TABLE more (id INTEGER);\n"
    fail(one, "-- fleet: check SELECT 1\n" + script, "needs_operator", 4)
    engine.sql("UPDATE fleet_intent SET status = 'done'", "one")
    one.migration("002_next", script, "SELECT 1;\n")
    one.apply()
    assert engine.sql("SELECT count(*) FROM fleet_intent", "one").strip() == "0"
