"""Ctrl-C and SIGTERM: the first lets fleet apply finish what runs, the second ends it like a crash."""

import contextlib
import signal

import pytest

from fleet import wait_for
from scenario import Gate, Session

NOTHING = "-- fleet: nothing-to-undo\n"
SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "term"])


def interrupt(apply, number):
    """Returns once the command has said that it stops."""
    apply.send_signal(number)
    line = apply.stderr.readline()
    assert line == "stopping: what runs is finished, nothing else begins; once more leaves at once\n"


@contextlib.contextmanager
def held_up(engine, gate):
    """While it lasts, a command's migration with the gate's statement comes to no end."""
    if engine.name != "sqlite":
        gate.close()
        yield lambda apply: gate.wait_until_reached()
        gate.open()
        return
    writer = Session(engine, "BEGIN IMMEDIATE")
    yield lambda apply: wait_for(lambda: "waiting" in apply.stdout.readline(), "it to wait")
    writer.do("ROLLBACK")
    writer.end()


def versions(engine, name):
    return engine.sql("SELECT version FROM fleet_history ORDER BY seq", name).split()


@SIGNALS
@pytest.mark.parametrize("agent", [None, "db-1"], ids=["local", "agent"])
def test_the_first_signal_lets_what_runs_come_to_its_end(fleet, engine, agent, number):
    names = ["one", "two", "three"]
    if agent:
        fleet.make_ca()
        fleet.agent(agent)
    for name in names:
        fleet.target(name, "prod", engine.create(name), agent=agent)
    fleet.envs["prod"] = ["max_parallel = 1"]
    gate = Gate(engine)
    fleet.migration("001_log", "CREATE TABLE log (step INTEGER NOT NULL);\n" + gate.TABLE, NOTHING)
    fleet.start_agents()
    fleet.apply()
    fleet.migration("002_two", gate.script + "INSERT INTO log VALUES (2);\n" + gate.STATEMENT
                    + ";\n", NOTHING)
    fleet.run("sum")
    with held_up(engine, gate) as wait_until_reached:
        apply = fleet.start("apply", "prod", "--yes")
        wait_until_reached(apply)
        interrupt(apply, number)
        if agent:
            log = fleet.agents[agent].log
            wait_for(lambda: "rollout stopped" in log.read_text(), "the agent to hear of it")
    said, _ = apply.communicate(timeout=60)
    assert apply.returncode == 4, said
    assert "1 of 3 done, 2 not begun" in said
    assert "stopped on request; fleet resume goes on" in said
    assert [versions(engine, name)[1:] for name in names] == [["002"], [], []]
    rollouts = fleet.json("audit", "log")["entries"]
    assert rollouts[-1]["result"] == "paused"
    fleet.run("apply", "prod", "--yes")
    assert [versions(engine, name)[1:] for name in names] == [["002"]] * 3


@SIGNALS
def test_a_second_signal_leaves_at_once_and_the_next_apply_goes_on(fleet, engine, number):
    fleet.target("one", "prod", engine.create("one"))
    gate = Gate(engine)
    fleet.migration("001_log", "CREATE TABLE log (step INTEGER NOT NULL);\n" + gate.TABLE, NOTHING)
    fleet.write_inventory()
    fleet.apply()
    gate.close()
    fleet.migration("002_two", gate.script + "INSERT INTO log VALUES (2);\n" + gate.statement,
                    NOTHING)
    fleet.run("sum")
    apply = fleet.start("apply", "prod", "--yes")
    gate.wait_until_reached()
    interrupt(apply, number)
    apply.send_signal(number)
    apply.communicate(timeout=60)
    assert apply.returncode == -number
    if engine.name == "sqlite":
        wait_for(lambda: not engine.locked("one"), "the lock to be free")
    gate.open()
    fleet.run("apply", "prod", "--yes")
    assert engine.sql("SELECT step FROM log", "one") == "2"
    assert versions(engine, "one") == ["001", "002"]
