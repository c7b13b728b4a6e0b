"""Agents and databases that are not there, that end, and that come back."""

import signal

import pytest

from fleet import wait_for
from scenario import Gate, only

TABLE = ("CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY);\n", "DROP TABLE thing;\n")


@pytest.fixture
def twenty(fleet, tmp_path):
    """Twenty agents with a target each."""
    for i in range(20):
        fleet.agent(f"db-{i:02d}", "workers = 1")
        fleet.target(f"t{i:02d}", "prod", f"sqlite:{tmp_path}/t{i:02d}.db", agent=f"db-{i:02d}")
    fleet.env("prod", "max_failures = 1")
    fleet.start_agents()
    fleet.migration("001_thing", *TABLE)
    fleet.run("sum")
    fleet.agents["db-07"].kill()
    return fleet


def test_an_unreachable_agent_among_twenty_stops_no_other(twenty):
    rows = {row["target"]: row
            for row in twenty.json("apply", "prod", "--yes", expect=1)["targets"]}
    assert len(rows) == 20
    assert rows.pop("t07")["state"] == "unreachable"
    assert {row["state"] for row in rows.values()} == {"applied"}

    states = twenty.status(expect=1)
    assert states.pop("t07")["state"] == "unreachable"
    assert {row["version"] for row in states.values()} == {"001"}
    said = twenty.run("plan", "prod", expect=1)
    assert "t07" in said.stdout + said.stderr and "db-07" in said.stdout + said.stderr

    # When it is back it gets what the others have.
    twenty.agents["db-07"].start()
    twenty.run("apply", "prod", "--yes")
    assert {row["version"] for row in twenty.status().values()} == {"001"}


def test_nothing_starts_when_more_are_out_of_reach_than_may_fail(twenty):
    twenty.env("prod", "max_failures = 0")
    twenty.write_inventory()
    said = twenty.run("apply", "prod", "--yes", expect=1)
    assert "out of reach" in said.stderr and "nothing was started" in said.stderr
    assert all(row["applied"] in (0, None) for row in twenty.status(expect=1).values())


@only("postgresql", "mysql")
def test_a_database_that_is_down_is_one_targets_failure_until_it_is_back(fleet, engine, tmp_path):
    fleet.agent("db-1")
    fleet.target("one", "prod", engine.create("one"), agent="db-1")
    fleet.target("file", "prod", f"sqlite:{tmp_path}/file.db", agent="db-1")
    fleet.env("prod", "max_failures = 1")
    fleet.start_agents()
    fleet.migration("001_thing", *TABLE)
    fleet.apply()
    fleet.migration("002_more", "CREATE TABLE more (id INTEGER);\n", "DROP TABLE more;\n")
    fleet.run("sum")
    engine.server.kill()
    try:
        row = fleet.status(expect=1)["one"]
        assert row["state"] == "unreachable" and row["detail"]
        rows = fleet.apply(expect=1)
        assert rows["one"]["code"] == "connect" and rows["file"]["state"] == "applied"
    finally:
        engine.server.start()
    assert fleet.status()["one"]["version"] == "001"
    assert fleet.apply()["one"]["state"] == "applied"


@only("postgresql", "mysql")
def test_a_database_that_dies_in_mid_run_leaves_no_doubt_that_stays(one, engine):
    """What the server had not committed is gone with it; the same command applies it."""
    gate = Gate(engine)
    one.migration("001_gate", gate.TABLE, "DROP TABLE gate;\n")
    one.apply()
    gate.close()
    one.migration("002_passes", gate.script + "CREATE TABLE made (id INTEGER);\n" + gate.statement,
                  "DROP TABLE made;\n")
    one.run("sum")
    apply = one.start("apply", "prod", "--yes")
    gate.wait_until_reached()
    engine.server.kill()
    try:
        out, errors = apply.communicate(timeout=120)
        assert apply.returncode in (1, 4), out + errors
    finally:
        engine.server.start()
    gate.session.end()
    if engine.name == "mysql":
        row = one.status()["one"]
        assert row["state"] == "interrupted" and "goes on at statement 2" in row["detail"]
        assert engine.sql("SELECT n FROM gate", "one") == "1"
    one.run("apply", "prod", "--yes")
    assert engine.sql("SELECT n FROM gate", "one") == "2"


def test_an_agent_that_is_told_to_stop_ends_its_work_first(one, engine):
    gate = Gate(engine)
    one.migration("001_gate", gate.TABLE, "DROP TABLE gate;\n")
    one.apply()
    gate.close(count=3_000_000)
    one.migration("002_passes", gate.script + gate.statement, "-- fleet: nothing-to-undo\n")
    one.run("sum")
    apply = one.start("apply", "prod", "--yes")
    gate.wait_until_reached()
    agent = one.agents["db-1"]
    agent.signal(signal.SIGTERM)
    wait_for(lambda: "drain" in agent.log.read_text(), "the agent to drain")
    if engine.name != "sqlite":
        gate.open()
    out, errors = apply.communicate(timeout=60)
    assert apply.returncode == 0, out + errors
    assert agent.process.wait(timeout=60) == 0
    agent.start()
    assert one.status()["one"]["version"] == "002"


def test_an_idle_agent_ends_at_once_when_told(one, engine):
    assert one.status()["one"]["applied"] == 0
    assert one.agents["db-1"].stop() == 0


def test_a_reload_takes_a_new_certificate_and_keeps_what_runs(fleet, tmp_path):
    agent = fleet.agent("db-1")
    fleet.target("one", "prod", f"sqlite:{tmp_path}/one.db", agent="db-1")
    fleet.start_agents()
    fleet.run("inventory", "check")
    process = agent.process.pid
    fleet.run("ca", "issue", "agent", "db-1", "--out", "renewed")
    for kind in ("crt", "key"):
        (fleet.root / f"renewed/db-1.{kind}").replace(fleet.root / f"keys/db-1.{kind}")
    agent.signal(signal.SIGHUP)
    wait_for(lambda: "reload" in agent.log.read_text(), "the reload")
    fleet.run("inventory", "check")
    assert agent.process.poll() is None and agent.process.pid == process


def test_a_reload_with_a_broken_certificate_keeps_the_old_one(fleet, tmp_path):
    agent = fleet.agent("db-1")
    fleet.target("one", "prod", f"sqlite:{tmp_path}/one.db", agent="db-1")
    fleet.start_agents()
    (fleet.root / "keys/db-1.crt").write_text("no certificate\n")
    agent.signal(signal.SIGHUP)
    wait_for(lambda: "db-1.crt" in agent.log.read_text(), "the refusal in the log")
    fleet.run("inventory", "check")
