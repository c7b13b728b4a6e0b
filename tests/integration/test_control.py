"""What operators ask of a rollout from elsewhere: pause, continue, abort; and gates that a person opens."""

from pathlib import Path

import pytest
from fleet import wait_for
from scenario import only, whole
from waves import POLICY, Command, Hold, make_waves, rollouts


@pytest.fixture
def waves(fleet, engine):
    return make_waves(fleet, engine)


def listed(fleet):
    return fleet.json("rollout", "list", "prod")["rollouts"]


def shown(fleet):
    return {row["target"]: row["state"] for row in fleet.json("rollout", "show", "prod")["targets"]}


def paused(fleet, engine, verb="pause"):
    """A rollout that was asked to stop while its canary was at work."""
    hold = Hold(engine, "t0")
    apply = Command(fleet, "apply")
    hold.wait_until_reached(apply)
    assert listed(fleet)[0]["state"] == "running"
    assert "asked: what runs in prod is finished" in fleet.run("rollout", verb, "prod").stdout
    hold.let_go()
    said = apply.end(4)
    assert "1 of 5 done, 4 not begun" in said, said


def test_paused_from_elsewhere_and_continued(fleet, engine, waves):
    paused(fleet, engine)
    assert rollouts(fleet)[-1] == "paused"
    assert shown(fleet) == {"t0": "applied", **dict.fromkeys(waves[1:], "skipped")}
    asked = [entry for entry in fleet.json("audit", "log")["entries"] if entry["what"] == "request"]
    assert [(entry["result"], entry["who"]) for entry in asked] == [("pause", "alice")]
    said = fleet.run("rollout", "continue", "prod", "--yes").stdout
    assert "paused: 1 of 5 applied" in said and "5 of 5 done" in said
    assert [row["state"] for row in listed(fleet)[:2]] == ["applied", "paused"]
    assert listed(fleet)[0]["first"] == listed(fleet)[1]["rollout"]
    assert set(shown(fleet).values()) == {"applied"}


def test_nothing_is_asked_of_what_does_not_run(fleet, engine, waves):
    refused = fleet.run("rollout", "pause", "prod", expect=1).stderr
    assert "no rollout of prod is running" in refused
    refused = fleet.run("rollout", "abort", "prod", expect=1).stderr
    assert "is at its end: applied" in refused


def test_a_second_rollout_names_who_has_the_environment(fleet, engine, waves):
    hold = Hold(engine, "t0")
    apply = Command(fleet, "apply")
    hold.wait_until_reached(apply)
    for words in (("apply", "prod"), ("resume", "prod")):
        refused = fleet.run(*words, "--yes", expect=1).stderr
        assert f"rollout {listed(fleet)[0]['rollout']} of prod, begun by alice at" in refused
        assert "is running" in refused
    fleet.run("apply", "calm", "--yes")  # another environment
    hold.let_go()
    assert "5 of 5 done" in apply.end(0)


def test_aborted_it_is_not_gone_on_with(fleet, engine, waves):
    paused(fleet, engine, "abort")
    assert rollouts(fleet)[-1] == "aborted"
    for words in (("resume", "prod", "--yes"), ("rollout", "continue", "prod", "--yes")):
        assert "was aborted: fleet apply makes a new plan" in fleet.run(*words, expect=1).stderr
    fleet.run("apply", "prod", "--yes")
    assert {row["version"] for row in fleet.status().values() if row["environment"] == "prod"} == {"003"}


def test_aborted_with_its_way_back(fleet, engine, waves):
    before = {name: whole(engine, fleet, name) for name in waves}
    paused(fleet, engine)
    said = fleet.run("rollout", "abort", "prod", "--rollback", "--yes", expect=1).stdout
    assert "goes on taking back from wave 1 of 2" in said and "1 taken back" in said
    assert {name: whole(engine, fleet, name) for name in waves} == before
    assert listed(fleet)[0]["direction"] == "back" and listed(fleet)[0]["state"] == "rolled_back"


def test_one_that_runs_is_stopped_and_taken_back_by_one_command(fleet, engine, waves):
    before = {name: whole(engine, fleet, name) for name in waves}
    hold = Hold(engine, "t0")
    apply = Command(fleet, "apply")
    hold.wait_until_reached(apply)
    abort = Command(fleet, "rollout", "abort", words=["--rollback"])
    abort.read_until("asked: what runs in prod is finished")
    hold.let_go()
    apply.end(4)
    assert "goes on taking back from wave 1 of 2" in abort.end(1)
    assert rollouts(fleet)[-2:] == ["aborted", "rolled_back"]
    assert {name: whole(engine, fleet, name) for name in waves} == before


def test_a_manual_gate_waits_for_a_person(fleet, engine, waves):
    fleet.env("prod", *POLICY, "gate = manual")
    fleet.write_inventory()
    said = fleet.run("apply", "prod", "--yes", expect=4).stdout
    assert "1 of 5 done, 4 not begun" in said
    assert "stopped: wave 1 of 2 is over and its gate is manual: fleet rollout continue" in said
    # To resume is not to open a gate.
    said = fleet.run("resume", "prod", "--yes", expect=4).stdout
    assert "its gate is manual" in said
    said = fleet.run("rollout", "continue", "prod", "--yes").stdout
    assert "wave 2 of 2: 4 targets" in said and "5 of 5 done" in said
    assert "nothing is left to go on with" in fleet.run("rollout", "continue", "prod", "--yes").stdout


def test_detached_it_runs_on_by_itself(fleet, engine, waves):
    hold = Hold(engine, "t0")
    said = fleet.run("apply", "prod", "--yes", "--detach").stdout
    assert "of prod runs on its own" in said
    assert listed(fleet)[0]["state"] == "running"
    log = Path(said.strip().rsplit(" ", 1)[1])
    hold.let_go()
    wait_for(lambda: listed(fleet)[0]["state"] == "applied", "it to come to its end")
    wait_for(lambda: "5 of 5 done" in log.read_text(), "it to say so")
    assert set(shown(fleet).values()) == {"applied"}


@only("sqlite")
def test_what_cannot_begin_says_so_although_detached(fleet, engine, waves):
    fleet.agents["db-0"].stop()
    refused = fleet.run("apply", "prod", "--yes", "--detach", expect=1)
    assert "out of reach" in refused.stdout + refused.stderr
    assert "runs on its own" not in refused.stdout


@only("sqlite")
def test_a_rollout_is_shown_by_the_beginning_of_its_id(fleet, engine, waves):
    first = listed(fleet)[-1]
    rows = fleet.json("rollout", "show", first["rollout"])["targets"]
    assert {row["target"] for row in rows} == set(waves)
    refused = fleet.run("rollout", "show", "0000000000", expect=2).stderr
    assert "no rollout 0000000000" in refused
