"""kill -9 of an agent or of fleet apply in mid-run; then the same command again."""

import pytest

from fleet import wait_for
from scenario import Gate, only

NOTHING = "-- fleet: nothing-to-undo\n"
STEPS = ("001", "002", "003", "004")


@pytest.fixture
def gated(one, engine):
    """Four migrations of which the third passes a closed gate; each leaves one row in log."""
    gate = Gate(engine)
    one.migration("001_log", "CREATE TABLE log (step INTEGER NOT NULL);\n" + gate.TABLE
                  + "INSERT INTO log VALUES (1);\n", "DROP TABLE log;\nDROP TABLE gate;\n")
    one.apply()
    gate.close()
    one.migration("002_two", "INSERT INTO log VALUES (2);\n", NOTHING)
    one.migration("003_three", gate.script + "CREATE TABLE made (id INTEGER);\n"
                  "INSERT INTO log VALUES (3);\n" + gate.statement, NOTHING)
    one.migration("004_four", "INSERT INTO log VALUES (4);\n", NOTHING)
    one.run("sum")
    return one, gate


def steps(engine):
    return engine.sql("SELECT step FROM log ORDER BY step", "one").split()


def history(engine):
    return engine.sql("SELECT version FROM fleet_history ORDER BY seq", "one").split()


def applied_once(engine):
    return steps(engine) == ["1", "2", "3", "4"] and history(engine) == list(STEPS)


def end_with(fleet, engine):
    """The same command again: applied once."""
    fleet.run("apply", "prod", "--yes")
    assert applied_once(engine)
    assert engine.sql("SELECT count(*) FROM fleet_intent", "one") == "0"
    assert fleet.status()["one"]["applied"] == 4


def told(fleet):
    """What the ledger has of rollouts' ends, and of steps that were done."""
    entries = fleet.json("audit", "log")["entries"]
    ends = [entry["result"] for entry in entries if entry["what"] == "rollout-end"]
    return ends, [entry["subject"].split("_")[0] for entry in entries
                  if entry["what"] == "step" and entry["result"] == "done"]


@pytest.mark.parametrize("verb", ["status", "apply"])
def test_what_a_killed_command_did_on_local_targets_is_told_by_the_next(fleet, engine, verb):
    fleet.target("one", "prod", engine.create("one"))
    gate = Gate(engine)
    fleet.write_inventory()
    fleet.migration("001_gate", gate.TABLE, NOTHING)
    fleet.apply()
    gate.close()
    fleet.migration("002_two", "CREATE TABLE two (n INTEGER);\n", "DROP TABLE two;\n")
    fleet.migration("003_three", gate.script + gate.statement, NOTHING)
    fleet.run("sum")
    apply = fleet.start("apply", "prod", "--yes")
    gate.wait_until_reached()
    assert "cut off" not in fleet.run("status", "prod", expect=None).stderr  # it lives
    apply.kill()
    apply.communicate()
    assert told(fleet) == (["applied"], ["up 001"])
    if engine.name == "sqlite":
        wait_for(lambda: not engine.locked("one"), "the lock to be free")
    if verb == "status":
        said = fleet.run("status", "prod", expect=None)
        assert "was cut off" in said.stderr
        assert told(fleet) == (["applied", "interrupted"], ["up 001", "up 002"])
    gate.open()
    fleet.run("apply", "prod", "--yes")
    assert "cut off" not in fleet.run("status", "prod").stderr
    assert told(fleet) == (["applied", "interrupted", "applied"], ["up 001", "up 002", "up 003"])


def test_an_agent_killed_in_mid_run_and_the_same_command_again(gated, engine):
    fleet, gate = gated
    apply = fleet.start("apply", "prod", "--yes")
    gate.wait_until_reached()
    fleet.agents["db-1"].kill()
    out, errors = apply.communicate(timeout=60)
    assert apply.returncode == 4 and "one" in out, out + errors
    gate.open()
    fleet.agents["db-1"].start()
    end_with(fleet, engine)


@only("postgresql", "mysql")
def test_an_agent_killed_whose_statement_lives_on_at_the_server(gated, engine):
    """The server does not know that its client is dead as long as the statement waits."""
    fleet, gate = gated
    apply = fleet.start("apply", "prod", "--yes")
    gate.wait_until_reached()
    fleet.agents["db-1"].kill()
    apply.communicate(timeout=60)
    fleet.agents["db-1"].start()
    again = fleet.start("apply", "prod", "--yes")
    assert gate.reached()
    gate.open()
    again.communicate(timeout=120)
    end_with(fleet, engine)


@pytest.mark.parametrize("data", [False, True], ids=["table", "json"])
def test_a_way_back_of_an_earlier_step_that_is_cut_off_is_finished_by_the_next_apply(one, engine,
                                                                                    data):
    """Of two steps the second fails, and the agent dies while it takes the first one back."""
    gate = Gate(engine)
    one.migration("001_log", "CREATE TABLE log (step INTEGER NOT NULL);\n" + gate.TABLE, NOTHING)
    one.apply()
    one.migration("002_two", "INSERT INTO log VALUES (2);\nCREATE TABLE two (n INTEGER);\n",
                  gate.script + "DROP TABLE two;\n" + gate.statement + "DELETE FROM log;\n")
    one.migration("003_three", "INSERT INTO nowhere VALUES (3);\n", NOTHING)
    one.run("sum")
    gate.close()
    apply = one.start("apply", "prod", "--yes")
    gate.wait_until_reached()
    one.agents["db-1"].kill()
    apply.communicate(timeout=60)
    gate.open()
    one.agents["db-1"].start()
    one.migration("003_three", "INSERT INTO log VALUES (3);\n", NOTHING)
    one.run("sum")
    if data:
        done = one.run("apply", "prod", "--yes", "--output", "json", expect=None)
        if done.returncode == 1:
            assert "the same command again goes on" in done.stderr
            one.run("apply", "prod", "--yes", "--output", "json")
    else:
        one.run("apply", "prod", "--yes")
    assert steps(engine) == ["2", "3"]
    went = engine.sql("SELECT direction, version FROM fleet_history ORDER BY seq", "one")
    back = ["down\t002", "up\t002"] if engine.name == "mysql" else []
    assert went.splitlines() == ["up\t001", "up\t002", *back, "up\t003"]
    assert one.status()["one"]["state"] == "current"


def test_fleet_apply_killed_in_mid_run_and_the_same_command_again(gated, engine):
    """The agent goes on alone; until it has ended, nobody else gets at the target."""
    fleet, gate = gated
    if engine.name == "sqlite":
        gate.close(count=5_000_000)
    apply = fleet.start("apply", "prod", "--yes")
    gate.wait_until_reached()
    apply.kill()
    apply.communicate()
    if engine.name != "sqlite":
        assert "is at work on this target" in fleet.run("apply", "prod", "--yes", expect=1).stdout
        gate.open()
    wait_for(lambda: history(engine) == list(STEPS), "the agent to end alone")
    fleet.run("apply", "prod", "--yes")
    assert applied_once(engine)
    rows = fleet.json("audit", "report")["applied"]
    assert [row["version"] for row in rows] == list(STEPS)


def test_everything_killed_in_mid_run_and_the_same_commands_again(gated, engine):
    fleet, gate = gated
    apply = fleet.start("apply", "prod", "--yes")
    gate.wait_until_reached()
    apply.kill()
    fleet.agents["db-1"].kill()
    apply.communicate()
    gate.open()
    fleet.agents["db-1"].start()
    end_with(fleet, engine)


@only("mysql")
@pytest.mark.parametrize("verb", ["rollback", "apply"])
def test_a_rollback_cut_off_is_finished_by_the_next_command(one, engine, verb):
    """By an apply too, as it would go up again had the rollback come to its end."""
    gate = Gate(engine)
    one.migration("001_log", "CREATE TABLE log (step INTEGER NOT NULL);\n" + gate.TABLE,
                  "DROP TABLE log;\nDROP TABLE gate;\n")
    one.migration("002_made", "CREATE TABLE made (id INTEGER);\n",
                  gate.script + "INSERT INTO log VALUES (9);\n" + gate.statement
                  + "DROP TABLE made;\n")
    one.apply()
    gate.close()
    back = one.start("rollback", "prod", "--yes")
    gate.wait_until_reached()
    one.agents["db-1"].kill()
    back.communicate(timeout=60)
    gate.open()
    one.agents["db-1"].start()
    assert one.status()["one"]["state"] == "interrupted"
    one.run(verb, "prod", "--yes")
    assert steps(engine) == ["9"]
    assert history(engine) == ["001", "002", "002"] + (["002"] if verb == "apply" else [])
    one.run("apply", "prod", "--yes")
