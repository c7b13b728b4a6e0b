"""What a script does to its session and transaction: own BEGIN and COMMIT, pragmas, settings."""

import pytest

from scenario import only, whole

PARENTS = """CREATE TABLE parents (id INTEGER NOT NULL PRIMARY KEY);
CREATE TABLE children (id INTEGER NOT NULL PRIMARY KEY, parent INTEGER NOT NULL,
    FOREIGN KEY (parent) REFERENCES parents (id) ON DELETE CASCADE);
INSERT INTO parents VALUES (1), (2);
INSERT INTO children VALUES (10, 1), (20, 2);
"""
NO_PARENTS = "DROP TABLE children;\nDROP TABLE parents;\n"
NOTHING = "-- fleet: nothing-to-undo\n"

# SQLite's own way to change a table: without foreign keys the drop cascades nothing.
REBUILD = """CREATE TABLE parents_new (id INTEGER NOT NULL PRIMARY KEY, name TEXT);
INSERT INTO parents_new (id) SELECT id FROM parents;
DROP TABLE parents;
ALTER TABLE parents_new RENAME TO parents;
"""


def children(engine):
    return engine.sql("SELECT id FROM children ORDER BY id", "one").split()


@pytest.mark.parametrize("form", ["BEGIN;\n{}COMMIT;\n", "-- a comment\nbegin ; {}\ncommit"])
def test_a_scripts_own_begin_and_commit_are_taken_off(one, engine, form):
    one.migration("001_parents", form.format(PARENTS), form.format(NO_PARENTS))
    one.apply()
    assert children(engine) == ["10", "20"]
    one.run("rollback", "prod", "--yes")


@only("sqlite", "postgresql")
def test_a_script_with_its_own_begin_and_commit_is_still_all_or_nothing(one, engine):
    one.migration("001_parents", PARENTS, NO_PARENTS)
    one.apply()
    before = whole(engine, one)
    one.migration("002_bad", "BEGIN;\nDELETE FROM children;\nDROP TABLE nowhere;\nCOMMIT;\n",
                  NOTHING)
    assert "statement 2 of 2" in one.apply(expect=1)["one"]["error"]
    assert whole(engine, one) == before


@pytest.mark.parametrize("stray", ["COMMIT", "ROLLBACK", "BEGIN"])
def test_stray_transaction_control_is_refused_before_anything_runs(one, engine, stray):
    one.migration("001_parents", PARENTS, NO_PARENTS)
    one.apply()
    before = whole(engine, one)
    one.migration("002_stray", f"DELETE FROM children;\n{stray};\nDELETE FROM parents;\n", NOTHING)
    row = one.apply(expect=1)["one"]
    assert "002 stray: statement 2 of 3: transaction control" in row["error"]
    assert whole(engine, one) == before


@only("postgresql")
def test_a_dumps_header_empties_search_path_for_its_own_script_only(one, engine):
    header = ("SET statement_timeout = 0;\nSET lock_timeout = 0;\n"
              "SELECT pg_catalog.set_config('search_path', '', false);\n"
              "SET check_function_bodies = false;\nSET default_table_access_method = heap;\n")
    one.migration("001_dump", header + "CREATE TABLE public.dumped (id integer);\n",
                  "DROP TABLE dumped;\n")
    one.migration("002_after", "ALTER TABLE dumped ADD COLUMN seen text DEFAULT"
                  " current_setting('search_path') || current_setting('check_function_bodies');\n"
                  "INSERT INTO dumped (id) VALUES (1);\n", "ALTER TABLE dumped DROP COLUMN seen;\n")
    one.apply()
    assert engine.sql("SELECT seen FROM dumped", "one") == '"$user", publicon'
    assert engine.sql("SELECT count(*) FROM public.fleet_history", "one") == "2"
    one.run("rollback", "prod", "--to", "0", "--yes")


@only("postgresql")
def test_a_role_that_a_script_takes_on_is_given_back(one, engine):
    engine.sql("DROP ROLE IF EXISTS owner_role; CREATE ROLE owner_role;"
               "GRANT CREATE ON SCHEMA public TO owner_role", "one")
    one.migration("001_owned", "SET ROLE owner_role;\nCREATE TABLE owned (id integer);\n",
                  "DROP TABLE owned;\n")
    one.migration("002_ours", "CREATE TABLE ours (id integer);\n", "DROP TABLE ours;\n")
    one.apply()
    assert engine.sql("SELECT tableowner FROM pg_tables WHERE tablename IN ('owned', 'ours')"
                      " ORDER BY tablename", "one").split() == ["tests", "owner_role"]
    one.run("rollback", "prod", "--to", "0", "--yes")


@pytest.fixture
def strict(fleet, engine):
    """As one, and SQLite's sessions enforce foreign keys, which they don't by themselves."""
    fleet.agent("db-1")
    fleet.target("one", "prod", engine.create("one"), agent="db-1",
                 agent_keys=["init_sql = PRAGMA foreign_keys = ON"])
    fleet.start_agents()
    return fleet


@only("sqlite")
@pytest.mark.parametrize("form", [
    "-- fleet: foreign-keys=off\n{}",
    "PRAGMA foreign_keys = OFF;\n{}PRAGMA foreign_keys = ON;\n",
    "PRAGMA foreign_keys=off;\nBEGIN TRANSACTION;\n{}COMMIT;\nPRAGMA foreign_keys=on;\n"])
def test_a_table_is_rebuilt_without_cascading_deletes(strict, engine, form):
    strict.migration("001_parents", PARENTS, NO_PARENTS)
    strict.migration("002_rebuild", form.format(REBUILD), NOTHING)
    strict.apply()
    assert children(engine) == ["10", "20"]
    # The next script has foreign keys on again.
    strict.migration("003_delete", "DELETE FROM parents WHERE id = 1;\n", NOTHING)
    strict.apply()
    assert children(engine) == ["20"]


@only("sqlite")
def test_foreign_keys_that_a_script_breaks_while_they_are_off_fail_it(strict, engine):
    strict.migration("001_parents", PARENTS, NO_PARENTS)
    strict.apply()
    before = whole(engine, strict)
    strict.migration("002_orphans", "-- fleet: foreign-keys=off\n"
                     "DELETE FROM parents WHERE id = 2;\n", NOTHING)
    row = strict.apply(expect=1)["one"]
    assert "children" in row["error"] and "foreign key" in row["error"]
    assert whole(engine, strict) == before


@only("mysql")
@pytest.mark.parametrize("form", [
    "-- fleet: foreign-keys=off\n{}",
    "SET FOREIGN_KEY_CHECKS = 0;\n{}SET FOREIGN_KEY_CHECKS = 1;\n",
    "SET FOREIGN_KEY_CHECKS = 0;\n{}"])
def test_a_parent_is_dropped_with_foreign_key_checks_off_for_its_script_only(one, engine, form):
    one.migration("001_parents", PARENTS, NO_PARENTS)
    one.migration("002_drop", form.format("DROP TABLE parents;\nCREATE TABLE parents"
                                          " (id INTEGER NOT NULL PRIMARY KEY);\n"), NOTHING)
    one.apply()
    assert children(engine) == ["10", "20"]
    one.migration("003_orphan", "INSERT INTO children VALUES (30, 3);\n", NOTHING)
    assert "foreign key" in one.apply(expect=1)["one"]["error"]


@only("postgresql")
def test_foreign_keys_off_is_refused_where_the_engine_has_no_such_switch(one, engine):
    one.migration("001_off", "-- fleet: foreign-keys=off\n" + PARENTS, NO_PARENTS)
    assert "foreign-keys" in one.apply(expect=1)["one"]["error"]


def test_init_sql_sets_every_session_of_the_target(fleet, engine):
    settings = {
        "sqlite": ("PRAGMA recursive_triggers = ON",
                   "SELECT recursive_triggers AS answer FROM pragma_recursive_triggers", "1"),
        "postgresql": ("SET application_name = 'from init_sql'",
                       "SELECT current_setting('application_name') AS answer", "from init_sql"),
        "mysql": ("SET lc_time_names = 'de_DE'", "SELECT @@lc_time_names AS answer", "de_DE"),
    }
    init, question, answer = settings[engine.name]
    fleet.agent("db-1")
    fleet.target("one", "prod", engine.create("one"), agent="db-1",
                 agent_keys=[f"init_sql = {init}"])
    fleet.start_agents()
    fleet.migration("001_seen", f"CREATE TABLE seen AS {question};\n", "DROP TABLE seen;\n")
    fleet.migration("002_again", f"UPDATE seen SET answer = ({question});\n", NOTHING)
    fleet.apply()
    assert engine.sql("SELECT answer FROM seen", "one") == answer


def test_init_sql_that_fails_is_named(fleet, engine):
    fleet.agent("db-1")
    fleet.target("one", "prod", engine.create("one"), agent="db-1",
                 agent_keys=["init_sql = SELECT * FROM nowhere"])
    fleet.start_agents()
    row = fleet.json("inventory", "check", expect=1)["targets"][0]
    assert "init_sql" in row["error"] and "nowhere" in row["error"]
