"""confirm_within: what nobody confirms goes back by itself, whoever died meanwhile."""

import time

import pytest
from fleet import wait_for
from scenario import only, whole
from test_resume import history
from waves import POLICY, Command, Hold, make_waves

WITHIN = "confirm_within = 4s"
REST_S = 10  # for the way back itself


@pytest.fixture
def waves(fleet, engine):
    names = make_waves(fleet, engine)
    policy(fleet)
    return names


def policy(fleet, *lines):
    fleet.env("prod", *POLICY, WITHIN, *lines)
    fleet.write_inventory()


def versions(engine, name):
    """What is applied there now."""
    found = []
    for row in engine.sql("SELECT direction, version FROM fleet_history ORDER BY seq", name).split("\n"):
        direction, version = row.replace("|", "\t").split("\t")
        if direction == "up":
            found.append(version)
        else:
            found.remove(version)
    return found


def jobs(fleet):
    return {row["target"]: row["state"] for row in fleet.json("rollout", "show", "prod")["targets"]}


def wait_until_back(engine, names, since):
    wait_for(lambda: all(versions(engine, name) == ["001"] for name in names), "the way back")
    assert time.monotonic() - since < 4 + REST_S


def test_what_is_confirmed_stays(fleet, engine, waves):
    said = fleet.run("apply", "prod", "--yes").stdout
    assert "goes back by itself unless it is confirmed within 4.0 s" in said and "5 of 5 done" in said, said
    assert "not confirmed" not in said
    time.sleep(5)  # longer than it would wait
    assert {name: versions(engine, name) for name in waves} == dict.fromkeys(waves, ["001", "002", "003"])
    assert "5 of 5 targets of prod keep" in fleet.run("confirm", "prod").stdout  # again, and late: it is confirmed


@pytest.mark.parametrize("held", ["t0", "t3"])
def test_without_its_command_a_wave_goes_back(fleet, engine, waves, held):
    """Killed while a target of the wave is held up: its agent ends the job, and waits in vain."""
    before = {name: whole(engine, fleet, name) for name in waves}
    hold = Hold(engine, held)
    apply = Command(fleet, "apply")
    hold.wait_until_reached(apply)
    apply.kill()
    hold.let_go()
    wait_for(lambda: "003" in history(engine, held), "the agent to finish its job")
    since = time.monotonic()
    # The first wave was confirmed when the second began.
    wave = ["t0"] if held == "t0" else ["t1", "t2", "t3", "t4"]
    wait_until_back(engine, wave, since)
    for name in wave:
        wait_for(lambda: whole(engine, fleet, name) == before[name], "its old fingerprint")
    if held == "t3":
        assert versions(engine, "t0") == ["001", "002", "003"]
    fleet.run("status", "prod")
    assert jobs(fleet)[held] == "rolled_back"
    policy(fleet)
    again = fleet.run("apply", "prod", "--yes").stdout
    assert "failed" not in again
    assert {name: versions(engine, name) for name in waves} == dict.fromkeys(waves, ["001", "002", "003"])


def test_an_agent_that_died_meanwhile_takes_it_back_too(fleet, engine, waves):
    policy(fleet, "soak = 3s")
    apply = Command(fleet, "apply")
    apply.read_until("the next one begins in")
    apply.kill()
    agent = fleet.agents["db-0"]
    agent.kill()
    agent.start()
    wait_until_back(engine, ["t0"], time.monotonic())
    assert len(list(fleet.root.glob("state/db-0/unconfirmed/*.json"))) == 1  # that it went is remembered


@only("sqlite")
def test_an_agent_that_died_in_the_run_waits_from_its_start_on(fleet, engine, waves):
    hold = Hold(engine, "t0")
    apply = Command(fleet, "apply")
    hold.wait_until_reached(apply)
    agent = fleet.agents["db-0"]
    agent.kill()
    hold.let_go()
    apply.process.communicate()
    agent.start()
    wait_for(lambda: "waits" not in "".join(p.read_text() for p in
                                            fleet.root.glob("state/db-0/unconfirmed/*.json")), "its way back")
    assert versions(engine, "t0") == ["001"]
    said = fleet.run("apply", "prod", "--yes", expect=None).stdout
    assert versions(engine, "t0") == ["001", "002", "003"], said


@only("sqlite")
def test_a_person_may_confirm_it(fleet, engine, waves):
    """Also what the command had not heard of when it died."""
    hold = Hold(engine, "t3")
    apply = Command(fleet, "apply")
    hold.wait_until_reached(apply)
    apply.kill()
    hold.let_go()
    wait_for(lambda: "003" in history(engine, "t3"), "the agent to finish its job")
    assert "5 of 5 targets of prod keep" in fleet.run("confirm", "prod").stdout
    time.sleep(6)
    assert {name: versions(engine, name) for name in waves} == dict.fromkeys(waves, ["001", "002", "003"])


@only("sqlite")
def test_a_late_confirmation_is_told(fleet, engine, waves):
    policy(fleet, "soak = 3s")
    apply = Command(fleet, "apply")
    apply.read_until("the next one begins in")
    apply.kill()
    wait_until_back(engine, ["t0"], time.monotonic())
    late = fleet.run("confirm", "prod", expect=None)
    assert late.returncode != 0 and "no confirmation came within" in late.stderr, late


@only("sqlite")
def test_no_other_plan_runs_where_one_waits(fleet, engine, waves):
    policy(fleet, "soak = 3s")
    apply = Command(fleet, "apply")
    apply.read_until("the next one begins in")
    apply.kill()
    refused = fleet.json("rollback", "prod", "--target", "t0", "--to", "001", "--yes", expect=None)["targets"]
    assert refused[0]["state"] == "refused" and "fleet confirm" in refused[0]["error"], refused


@only("sqlite")
def test_a_wave_that_is_taken_back_waits_for_nothing(fleet, engine, waves):
    policy(fleet, "health_command = false")
    said = fleet.run("apply", "prod", "--yes", expect=1).stdout
    assert "1 taken back" in said and "not confirmed" not in said, said
    assert not list(fleet.root.glob("state/*/unconfirmed/*.json"))


@only("sqlite")
def test_what_cannot_go_back_cannot_wait(fleet, engine, waves):
    fleet.migration("004_gone", "DROP TABLE items;\n", None)
    fleet.run("sum")
    policy(fleet, "irreversible = allow")
    refused = fleet.run("apply", "prod", "--yes", expect=None)
    assert refused.returncode != 0 and "take confirm_within out of" in refused.stderr + refused.stdout, refused
