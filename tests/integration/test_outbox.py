"""Outcomes that could not be told: kept by the agent, and in the ledger once."""

import pytest

from fleet import wait_for
from scenario import Gate, only

NOTHING = "-- fleet: nothing-to-undo\n"


@pytest.fixture
def gated(one, engine):
    """Two migrations are pending, of which the first passes a closed gate."""
    gate = Gate(engine)
    one.migration("001_log", "CREATE TABLE log (step INTEGER NOT NULL);\n" + gate.TABLE,
                  "DROP TABLE log;\nDROP TABLE gate;\n")
    one.apply()
    gate.close()
    one.migration("002_two", gate.script + "INSERT INTO log VALUES (2);\n" + gate.statement, NOTHING)
    one.migration("003_three", "INSERT INTO log VALUES (3);\n", NOTHING)
    one.run("sum")
    return one, gate


def begin(fleet, gate):
    apply = fleet.start("apply", "prod", "--yes")
    gate.wait_until_reached()
    return apply


def ledger(fleet):
    """(what, subject, result) of all outcomes of target one, in order."""
    return [(row["what"], row["subject"], row["result"]) for row in fleet.json("audit", "log")["entries"]
            if row["target"] == "one" and row["what"] in ("step", "job")]


FIRST = [("step", "up 001_log", "done"), ("job", "", "applied")]
REST = [("step", "up 002_two", "done"), ("step", "up 003_three", "done"), ("job", "", "applied")]


@only("postgresql", "mysql")
def test_what_came_of_a_killed_apply_is_collected_by_the_next_status_once(gated, engine):
    fleet, gate = gated
    apply = begin(fleet, gate)
    apply.kill()
    apply.communicate()
    gate.open()
    wait_for(lambda: engine.sql("SELECT count(*) FROM fleet_history", "one") == "3",
             "the agent to end alone")
    assert ledger(fleet) == FIRST
    told = wait_for(lambda: fleet.run("status", "prod").stderr, "the agent to tell")
    assert "one: rollout" in told and "ended as applied, as agent db-1 tells now" in told
    assert ledger(fleet) == FIRST + REST
    assert fleet.run("status", "prod").stderr == ""
    fleet.run("apply", "prod", "--yes")
    assert ledger(fleet) == FIRST + REST


@only("postgresql", "mysql")
def test_an_agent_killed_after_its_orchestrator_tells_that_nobody_knows(gated, engine):
    fleet, gate = gated
    apply = begin(fleet, gate)
    apply.kill()
    apply.communicate()
    fleet.agents["db-1"].kill()
    gate.open()
    fleet.agents["db-1"].start()
    told = fleet.run("status", "prod", expect=None).stderr
    assert "ended as unknown" in told and "at work on up 002_two" in told
    fleet.run("apply", "prod", "--yes")
    outcomes = ledger(fleet)[len(FIRST):]
    assert outcomes[0] == ("job", "", "unknown") and outcomes[-1] == ("job", "", "applied")
    assert outcomes.count(REST[0]) == 1 and outcomes.count(REST[1]) == 1


def test_an_agent_that_has_ended_with_untold_outcomes_tells_them_when_it_is_back(gated, engine):
    fleet, gate = gated
    if engine.name == "sqlite":
        gate.close(count=5_000_000)
    apply = begin(fleet, gate)
    apply.kill()
    apply.communicate()
    if engine.name != "sqlite":
        gate.open()
    wait_for(lambda: engine.sql("SELECT count(*) FROM fleet_history", "one") == "3",
             "the agent to end alone")
    wait_for(lambda: b'"state":"applied","target":"one"' in journal(fleet).split(b"003_three")[-1],
             "the end to be written")
    fleet.agents["db-1"].kill()
    fleet.agents["db-1"].start()
    fleet.run("apply", "prod", "--yes")
    assert ledger(fleet) == FIRST + REST


def journal(fleet):
    return (fleet.root / "state/db-1/journal").read_bytes()
