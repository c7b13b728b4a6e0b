"""A change meets a canary first, then more, and is taken back across the fleet when it fails."""

import datetime
import signal

import pytest
from conftest import Databases, Sqlite
from scenario import only, whole

BASE = ("CREATE TABLE items (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL);\n"
        "INSERT INTO items VALUES (1, 'one'), (2, 'two');\n", "DROP TABLE items;\n")
PRICE = ("ALTER TABLE items ADD COLUMN price INTEGER;\n", "ALTER TABLE items DROP COLUMN price;\n")


def unique(engine):
    drop = "DROP INDEX items_name ON items;\n" if engine.name == "mysql" else "DROP INDEX items_name;\n"
    return "CREATE UNIQUE INDEX items_name ON items (name);\n", drop


def with_base(fleet, engine, count, *policy, agents=2):
    """Targets t00, t01 … on a few agents, each with two rows, and two migrations to come."""
    names = [f"t{i:02d}" for i in range(count)]
    for number in range(agents):
        fleet.agent(f"db-{number}")
    for i, name in enumerate(names):
        fleet.target(name, "prod", engine.create(name), agent=f"db-{i % agents}" if agents else None)
    fleet.start_agents()
    fleet.migration("001_items", *BASE)
    fleet.write_inventory()
    fleet.run("sum")
    fleet.run("apply", "prod", "--yes")
    fleet.env("prod", *policy)
    fleet.write_inventory()
    fleet.migration("002_price", *PRICE)
    fleet.migration("003_name", *unique(engine))
    fleet.run("sum")
    return names


def break_on(engine, *names):
    """The unique index of 003 cannot be made on these."""
    for name in names:
        engine.sql("INSERT INTO items VALUES (3, 'one')", name)


def states(rows):
    return {row["target"]: row["state"] for row in rows["targets"]}


def ledger(fleet, what):
    return [entry for entry in fleet.json("audit", "log")["entries"] if entry["what"] == what]


def test_a_change_goes_from_a_canary_over_a_tenth_to_all(fleet, engine):
    with_base(fleet, engine, 20, "waves = 1, 10%, 100%", "soak = 0s")
    out = fleet.run("apply", "prod", "--yes").stdout
    assert "3 waves: 1, 1, 18 targets" in out
    assert [line for line in out.splitlines() if line.startswith("wave ")] == [
        "wave 1 of 3: 1 target", "wave 2 of 3: 1 target", "wave 3 of 3: 18 targets"]
    assert "20 of 20 done" in out
    assert {row["version"] for row in fleet.status().values()} == {"003"}
    # Nothing of a wave began before the one before it was over.
    ended = [entry["target"] for entry in ledger(fleet, "job") if entry["result"] == "applied"]
    assert ended[20:22] == ["t00", "t01"]


def test_a_failure_on_the_canary_stops_there(fleet, engine):
    names = with_base(fleet, engine, 10, "waves = 1, 100%")
    break_on(engine, "t00")
    before = {name: whole(engine, fleet, name) for name in names}
    found = states(fleet.json("apply", "prod", "--yes", expect=1))
    assert found.pop("t00") == "rolled_back"
    assert set(found.values()) == {"skipped"}
    assert {name: whole(engine, fleet, name) for name in names} == before


def test_waves_go_by_labels(fleet, engine):
    names = with_base(fleet, engine, 4, "waves = tier=canary, *")
    fleet.targets[2].keys.append("labels = tier=canary")
    fleet.write_inventory()
    break_on(engine, "t02")
    found = states(fleet.json("apply", "prod", "--yes", expect=1))
    assert found.pop("t02") == "rolled_back"
    assert len(found) == len(names) - 1 and set(found.values()) == {"skipped"}


@pytest.mark.parametrize("policy,back", [("rollback-all", range(9)), ("rollback-wave", range(2, 9))])
def test_failures_past_the_budget_take_finished_targets_back(fleet, engine, policy, back):
    names = with_base(fleet, engine, 12, "waves = 2, 100%", "max_failures = 1", "max_parallel = 2",
                      f"on_failure = {policy}")
    break_on(engine, "t09", "t10", "t11")
    before = {name: whole(engine, fleet, name) for name in names}
    fleet.run("plan", "prod", expect=3)
    found = states(fleet.json("apply", "prod", "--yes", expect=1))

    kept = [name for name in names if found[name] == "applied"]
    assert kept == ([] if policy == "rollback-all" else ["t00", "t01"])
    for name in names:
        assert (whole(engine, fleet, name) == before[name]) is (name not in kept), name
    assert {found[name] for name in names if name not in kept} <= {"rolled_back", "skipped"}
    for index in back:
        assert fleet.status()[names[index]]["version"] == "001"

    # The way back is a rollout of its own, which says what it takes back.
    there, back_again = ledger(fleet, "rollout")[-2:]
    assert back_again["detail"] == f"takes back {there['rollout']}"
    ends = ledger(fleet, "rollout-end")[-2:]
    assert [end["result"] for end in ends] == ["stopped", "rolled_back"]
    # Each wave was written down before it was sent, there and back.
    waves = [(entry["rollout"] == there["rollout"], entry["subject"]) for entry in ledger(fleet, "wave")]
    assert waves == ([(True, "1 of 2"), (True, "2 of 2"), (False, "2 of 2"), (False, "1 of 2")]
                     if policy == "rollback-all" else
                     [(True, "1 of 2"), (True, "2 of 2"), (False, "2 of 2")])


@only("sqlite")
@pytest.mark.parametrize("broken,stops", [(["t00", "t02", "t04"], False), (["t00", "t02", "t03"], True)])
def test_only_failures_in_a_row_may_stop_a_rollout(fleet, engine, broken, stops):
    with_base(fleet, engine, 5, "max_failures = 1 consecutive", "max_parallel = 1", agents=1)
    break_on(engine, *broken)
    out = fleet.run("apply", "prod", "--yes", expect=1).stdout
    assert ("more failures than max_failures allows (1 in a row)" in out) is stops, out
    assert fleet.status()["t01"]["version"] == "003"


def test_data_that_came_meanwhile_outlives_the_way_back(fleet, engine):
    with_base(fleet, engine, 3, "waves = 2, *", "on_failure = rollback-all")
    break_on(engine, "t02")
    fleet.run("apply", "prod", "--yes", expect=1)
    assert engine.sql("SELECT count(*) FROM items", "t00").strip() == "2"
    assert engine.sql("SELECT count(*) FROM items", "t02").strip() == "3"
    # Once the cause is gone the same command, with a plan of its own, does it.
    engine.sql("DELETE FROM items WHERE id = 3", "t02")
    fleet.run("apply", "prod", "--yes")
    assert {row["version"] for row in fleet.status().values()} == {"003"}


def test_a_way_back_that_fails_halts_and_says_where(fleet, engine):
    with_base(fleet, engine, 3, "waves = 1, 2, *", "on_failure = rollback-all")
    fleet.migration("002_price", PRICE[0], "ALTER TABLE absent DROP COLUMN price;\n")
    fleet.run("sum")
    break_on(engine, "t02")
    engine.sql("INSERT INTO items VALUES (4, 'one')", "t02")
    rows = {row["target"]: row for row in fleet.json("apply", "prod", "--yes", expect=4)["targets"]}
    assert rows["t01"]["state"] == "halted" and "stays at 002 price" in rows["t01"]["error"]
    # A way back that fails stops everything: the wave before it is left alone.
    assert rows["t00"]["state"] == "applied"
    assert fleet.status()["t00"]["version"] == "003"


def test_halt_leaves_the_steps_before_the_failed_one(fleet, engine):
    with_base(fleet, engine, 1, "on_failure = halt")
    break_on(engine, "t00")
    found = states(fleet.json("apply", "prod", "--yes", expect=1))
    assert found == {"t00": "halted"}
    assert fleet.status()["t00"]["version"] == "002"


def test_what_is_not_there_is_no_failure_of_the_way_back(fleet, engine):
    """A job that was taken back by its own agent needs no way back."""
    with_base(fleet, engine, 2, "on_failure = rollback-all", "max_parallel = 1")
    break_on(engine, "t00", "t01")
    found = states(fleet.json("apply", "prod", "--yes", expect=1))
    assert "applied" not in found.values()
    assert {row["version"] for row in fleet.status().values()} == {"001"}


def window(first, days):
    """From some days after today on, in UTC."""
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    today = datetime.datetime.now(datetime.timezone.utc).weekday()
    return f"window = {names[(today + first) % 7]}-{names[(today + first + days - 1) % 7]} 00:00-24:00 UTC"


@only("sqlite")
def test_outside_its_window_nothing_begins(fleet, engine):
    names = with_base(fleet, engine, 3, window(2, 3))
    before = {name: whole(engine, fleet, name) for name in names}
    fleet.run("plan", "prod", "-o", "prod.plan", expect=3)
    for what in ("prod", "prod.plan"):
        said = fleet.run("apply", what, "--yes", expect=1).stderr
        assert "is closed; it opens" in said and "nothing was started" in said, said
    assert {name: whole(engine, fleet, name) for name in names} == before


@only("sqlite")
def test_inside_its_window_a_rollout_runs_and_a_rollback_at_any_time(fleet, engine):
    with_base(fleet, engine, 3, window(6, 3), "waves = 1, 100%")
    fleet.run("apply", "prod", "--yes")
    assert {row["version"] for row in fleet.status().values()} == {"003"}
    fleet.env("prod", window(2, 3))
    fleet.write_inventory()
    fleet.run("rollback", "prod", "--steps", "1", "--yes")
    assert {row["version"] for row in fleet.status().values()} == {"002"}


@only("sqlite")
def test_ctrl_c_between_two_waves_begins_nothing_more(fleet, engine):
    with_base(fleet, engine, 3, "waves = 1, 100%", "soak = 1h", "on_failure = rollback-all")
    apply = fleet.start("apply", "prod", "--yes")
    said = ""
    while "the next one begins in" not in said:
        line = apply.stdout.readline()
        assert line, said
        said += line
    apply.send_signal(signal.SIGINT)
    rest, _ = apply.communicate(timeout=60)
    assert apply.returncode == 4, said + rest
    assert "1 of 3 done, 2 not begun" in rest
    assert [row["version"] for row in fleet.status().values()] == ["003", "001", "001"]


@only("sqlite")
def test_the_data_says_which_wave_a_target_was_in(fleet, engine):
    with_base(fleet, engine, 3, "waves = 1, 100%")
    rows = fleet.json("apply", "prod", "--yes")["targets"]
    assert [row["wave"] for row in rows] == [1, 2, 2]


def test_three_of_sixty_fail_and_all_engines_go_back(fleet, tmp_path, postgresql, mariadb):
    """One rollout over PostgreSQL, MariaDB and SQLite, each behind an agent of its own."""
    engines = [Databases(postgresql), Databases(mariadb), Sqlite(tmp_path)]
    names = [f"t{i:02d}" for i in range(60)]
    of = {name: engines[i % 3] for i, name in enumerate(names)}
    for engine in engines:
        fleet.agent(f"db-{engine.name}")
    for name in names:
        fleet.target(name, "prod", of[name].create(name), agent=f"db-{of[name].name}")
    fleet.start_agents()
    fleet.migration("001_items", *BASE)
    fleet.apply()
    fleet.env("prod", "waves = 1, 10%, 100%", "max_failures = 1", "max_parallel = 12",
              "on_failure = rollback-all")
    fleet.write_inventory()
    fleet.migration("002_price", *PRICE)
    up, down = unique(engines[0])
    fleet.migration("003_name", up, down)
    fleet.migration("003_name.mysql", up, unique(engines[1])[1])
    fleet.run("sum")
    for name in ("t20", "t37", "t51"):
        of[name].sql("INSERT INTO items VALUES (3, 'one')", name)
    prints = fleet.json("status", "--fingerprint")["targets"]
    before = {name: (of[name].dump(name), of[name].rows(name)) for name in names}

    rows = fleet.apply(expect=1)
    assert {row["state"] for row in rows.values()} <= {"rolled_back", "skipped"}
    assert {rows[name]["wave"] for name in names[:6]} == {1, 2}
    assert all(rows[name]["state"] == "rolled_back" for name in names[:6])
    assert {name: (of[name].dump(name), of[name].rows(name)) for name in names} == before
    again = fleet.json("status", "--fingerprint")["targets"]
    assert [row["fingerprint"] for row in again] == [row["fingerprint"] for row in prints]


def test_targets_without_an_agent_go_back_as_well(fleet, engine):
    names = with_base(fleet, engine, 5, "waves = 1, 2, 100%", "on_failure = rollback-all", agents=0)
    break_on(engine, "t02")
    before = {name: whole(engine, fleet, name) for name in names}
    found = states(fleet.json("apply", "prod", "--yes", expect=1))
    assert [found[name] for name in names[:3]] == ["rolled_back"] * 3
    assert {name: whole(engine, fleet, name) for name in names} == before
    engine.sql("DELETE FROM items WHERE id = 3", "t02")
    fleet.run("apply", "prod", "--yes")
    fleet.run("rollback", "prod", "--steps", "2", "--yes")
    assert {row["version"] for row in fleet.status().values()} == {"001"}
