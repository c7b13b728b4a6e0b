"""Files and history that do not agree, the ways out of that, baselines, and no way back."""

import hashlib

import pytest

from scenario import only, whole

USERS = ("CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY);\n", "DROP TABLE users;\n")


def table(number):
    return f"CREATE TABLE t{number} (id INTEGER);\n", f"DROP TABLE t{number};\n"


@pytest.fixture
def applied(one, engine):
    """001 and 003 are applied."""
    one.migration("001_users", *USERS)
    one.migration("003_three", *table(3))
    one.apply()
    return one


def test_a_migration_below_the_newest_is_refused_with_both_ways_out(applied):
    applied.migration("002_late", *table(2))
    applied.run("sum")
    said = applied.run("plan", "prod", expect=1).stderr
    assert "002" in said and "003" in said and "one" in said
    assert "--allow-out-of-order 002" in said and "fleet new --renumber" in said
    assert applied.status(expect=1)["one"]["state"] == "conflict"


def test_an_out_of_order_migration_runs_when_it_is_allowed(applied, engine):
    applied.migration("002_late", *table(2))
    applied.apply("--allow-out-of-order", "002")
    assert applied.status()["one"]["applied"] == 3
    applied.run("rollback", "prod", "--yes")
    assert "t2" not in engine.dump("one") and "t3" in engine.dump("one")


def test_a_late_migration_renumbered_is_simply_the_next(applied, engine):
    applied.migration("002_late", *table(2))
    applied.run("sum")
    applied.run("new", "--renumber", "migrations/002_late.up.sql")
    assert not list(applied.migrations.glob("002_*"))
    applied.apply()
    row = applied.status()["one"]
    assert row["applied"] == 3 and row["name"] == "late" and len(row["version"]) == 14


def test_an_edited_applied_file_is_refused_even_when_it_is_pinned_again(applied):
    applied.migration("001_users", USERS[0] + "-- edited\n", USERS[1])
    said = applied.run("plan", "prod", expect=2).stderr
    assert "001_users.up.sql" in said and "fleet.sum" in said
    pinned = applied.run("sum", expect=1)
    assert "001" in pinned.stdout + pinned.stderr


def test_an_edit_that_was_pinned_elsewhere_is_found_at_the_target(applied):
    """As when somebody wrote fleet.sum by hand, or where no target could be asked."""
    pinned, edited = (hashlib.sha256(text.encode()).hexdigest()
                      for text in (USERS[0], USERS[0] + "-- edited\n"))
    applied.migration("001_users", USERS[0] + "-- edited\n", USERS[1])
    sums = applied.migrations / "fleet.sum"
    sums.write_text(sums.read_text().replace(pinned, edited))
    said = applied.run("plan", "prod", expect=1).stderr
    assert "001_users.up.sql" in said and "one" in said and "restore" in said
    assert applied.status(expect=1)["one"]["state"] == "conflict"


def test_a_missing_applied_file_is_refused(applied):
    for path in applied.migrations.glob("003_*"):
        path.unlink()
    said = applied.run("plan", "prod", expect=2).stderr
    assert "003_three.up.sql" in said
    applied.run("sum", expect=None)
    said = applied.run("plan", "prod", expect=None)
    assert said.returncode in (1, 2) and "003" in said.stderr


def siblings(fleet, engine):
    """One target by migrations, and another that was built by hand."""
    fleet.agent("db-1")
    for name in ("one", "old"):
        fleet.target(name, "prod", engine.create(name), agent="db-1")
    fleet.start_agents()
    fleet.migration("001_users", *USERS)
    fleet.migration("002_two", *table(2))
    fleet.run("sum")
    fleet.run("apply", "--target", "one", "--yes")
    for text in (USERS[0], table(2)[0]):
        engine.sql(text, "old")


def test_a_baseline_is_taken_where_a_siblings_schema_is_equal(fleet, engine):
    siblings(fleet, engine)
    fleet.run("baseline", "old", "--at", "002", "--yes")
    assert fleet.status()["old"]["version"] == "002"
    assert "nothing to do" in fleet.run("apply", "prod", "--yes").stdout


def test_a_baseline_is_refused_where_the_schema_differs_unless_accepted(fleet, engine):
    siblings(fleet, engine)
    engine.sql("CREATE INDEX odd ON users (id)", "old")
    said = fleet.run("baseline", "old", "--at", "002", "--yes", expect=1)
    assert "one" in said.stdout + said.stderr and "--accept" in said.stdout + said.stderr
    assert fleet.status()["old"]["applied"] == 0
    fleet.run("baseline", "old", "--at", "002", "--accept", "an index for reports", "--yes")
    assert fleet.status()["old"]["version"] == "002"
    assert "an index for reports" in fleet.run("audit", "log").stdout


@pytest.mark.parametrize("down", [None, "", "-- only words\n"])
def test_a_step_without_a_way_back_needs_the_policys_leave(one, engine, down):
    one.migration("001_users", USERS[0], down)
    one.run("sum")
    said = one.run("plan", "prod", expect=None)
    assert "no way back" in said.stdout + said.stderr
    said = one.run("apply", "prod", "--yes", expect=None)
    assert said.returncode in (1, 2) and "irreversible" in said.stderr
    assert one.status()["one"]["applied"] == 0

    one.env("prod", "irreversible = allow")
    one.write_inventory()
    assert "no way back" in one.run("plan", "prod", expect=3).stdout
    one.run("apply", "prod", "--yes")
    said = one.run("rollback", "prod", "--yes", expect=None)
    assert said.returncode in (1, 2) and "no way back" in said.stdout + said.stderr
    assert one.status()["one"]["version"] == "001"


def test_a_reason_for_no_way_back_is_shown(one, engine):
    one.env("prod", "irreversible = allow")
    one.write_inventory()
    one.migration("001_users", "-- fleet: irreversible the old codes are gone\n" + USERS[0], None)
    one.run("sum")
    assert "the old codes are gone" in one.run("plan", "prod", expect=3).stdout


def test_nothing_to_undo_is_a_way_back(one, engine):
    one.migration("001_users", USERS[0], USERS[1])
    one.migration("002_touch", "UPDATE users SET id = id;\n", "-- fleet: nothing-to-undo\n")
    one.run("sum")
    assert "no way back" not in one.run("plan", "prod", expect=3).stdout
    one.run("apply", "prod", "--yes")
    one.run("rollback", "prod", "--steps", "2", "--yes")
    assert "users" not in engine.dump("one")


@only("mysql")
def test_an_opaque_statement_needs_the_policys_leave(one, engine):
    one.migration("001_opaque", USERS[0] + "TRUNCATE TABLE users;\n", USERS[1])
    said = one.apply(expect=1)["one"]
    assert "opaque" in said["error"]
    assert one.status()["one"]["applied"] == 0
