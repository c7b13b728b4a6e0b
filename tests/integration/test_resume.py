"""A rollout whose command was killed or stopped goes on by fleet resume, as if nothing had been."""

import signal

import pytest
from fleet import wait_for
from scenario import whole
from waves import POLICY, Command, Hold, make_waves, rollouts

# What becomes of a target whose second statement of 003 fails.
STATUS = {"sqlite": 1, "postgresql": 1, "mysql": 4}
ENDS = {"sqlite": "rolled_back", "postgresql": "rolled_back", "mysql": "needs_operator"}


@pytest.fixture
def waves(fleet, engine):
    return make_waves(fleet, engine)


def history(engine, name):
    return engine.sql("SELECT version FROM fleet_history ORDER BY seq", name).split()


def assert_undisturbed(fleet, engine, names):
    """The same history, data and schema as where nobody was killed."""
    fleet.run("apply", "calm", "--yes")
    for name in names:
        assert history(engine, name) == history(engine, "calm") == ["001", "002", "003"], name
        assert whole(engine, fleet, name) == whole(engine, fleet, "calm"), name
    assert {row["version"] for row in fleet.status().values()} == {"003"}


@pytest.mark.parametrize("held", ["t0", "t3"])
def test_killed_in_a_wave_whose_jobs_end_by_themselves(fleet, engine, waves, held):
    hold = Hold(engine, held)
    apply = Command(fleet, "apply")
    hold.wait_until_reached(apply)
    apply.kill()
    hold.let_go()
    wait_for(lambda: history(engine, held)[-1] == "003", "the agent to finish its job")
    said = fleet.run("resume", "prod", "--yes").stdout
    assert ("goes on with wave 2 of 2" in said) == (held == "t0") and "5 of 5" in said, said
    assert_undisturbed(fleet, engine, waves)
    assert rollouts(fleet)[-3:-1] == (["applied", "interrupted"] if held == "t3" else ["interrupted", "applied"])
    again = fleet.run("resume", "prod", "--yes").stdout
    assert "5 of 5 applied" in again and "nothing is left to go on with" in again


@pytest.mark.parametrize("held", ["t0", "t3"])
def test_killed_in_a_wave_whose_jobs_still_run(fleet, engine, waves, held):
    hold = Hold(engine, held)
    apply = Command(fleet, "apply")
    hold.wait_until_reached(apply)
    apply.kill()
    resume = Command(fleet, "resume")
    waits = f"{held}: its agent is still at work; waits for its end\n"
    line = None
    while line != waits:
        line = resume.process.stderr.readline()
        assert line, resume.process.stdout.read()
    hold.let_go()
    assert "5 of 5" in resume.end(0)
    assert_undisturbed(fleet, engine, waves)


def test_killed_between_two_waves(fleet, engine, waves):
    fleet.env("prod", *POLICY, "soak = 2s")
    fleet.write_inventory()
    apply = Command(fleet, "apply")
    apply.read_until("the next one begins in")
    apply.kill()
    said = fleet.run("resume", "prod", "--yes").stdout
    assert "1 of 5 applied" in said and "goes on with wave 2 of 2" in said
    assert said.index("the next one begins in") < said.index("wave 2 of 2: 4 targets")
    assert_undisturbed(fleet, engine, waves)


def fail_on(engine, name):
    engine.sql("INSERT INTO items VALUES (2, 'one')", name)


def assert_taken_back(engine, fleet, before):
    """All is as it was before; on MariaDB but for the target that stopped inside a step."""
    for name, was in before.items():
        if engine.name != "mysql" or name != "t1":
            assert whole(engine, fleet, name) == was, name


def test_killed_while_it_stops_for_failures(fleet, engine, waves):
    """Whether its way back had begun or not: all of it is taken back."""
    fail_on(engine, "t1")
    before = {name: whole(engine, fleet, name) for name in waves}
    failing, hold = Hold(engine, "t1"), Hold(engine, "t3")
    apply = Command(fleet, "apply")
    failing.wait_until_reached(apply)
    hold.wait_until_reached(apply)
    failing.let_go()
    apply.read_until("t1 ", ENDS[engine.name])
    apply.kill()
    hold.let_go()
    fleet.run("resume", "prod", "--yes", expect=STATUS[engine.name])
    assert_taken_back(engine, fleet, before)


@pytest.mark.parametrize("agent_dies", [False, True], ids=["agent-lives", "agent-dies"])
def test_killed_on_the_way_back(fleet, engine, waves, agent_dies):
    fail_on(engine, "t1")
    before = {name: whole(engine, fleet, name) for name in waves}
    failing = Hold(engine, "t1")
    apply = Command(fleet, "apply")
    failing.wait_until_reached(apply)
    canary = Hold(engine, "t0")
    failing.let_go()
    canary.wait_until_reached(apply)
    apply.kill()
    if agent_dies:
        fleet.agents["db-0"].kill()
    canary.let_go()
    if agent_dies:
        fleet.agents["db-0"].start()
    said = fleet.run("resume", "prod", "--yes", expect=STATUS[engine.name]).stdout
    assert not agent_dies or "goes on taking back" in said or "4 taken back" in said
    assert_taken_back(engine, fleet, before)


def test_stopped_by_a_person_it_goes_on_as_it_began(fleet, engine, waves):
    hold = Hold(engine, "t0")
    apply = Command(fleet, "apply")
    hold.wait_until_reached(apply)
    apply.process.send_signal(signal.SIGINT)
    wait_for(lambda: "rollout stopped" in fleet.agents["db-0"].log.read_text(), "the agent to hear of it")
    hold.let_go()
    assert "fleet resume goes on" in apply.end(4)
    assert rollouts(fleet)[-1] == "paused"
    # What the inventory says by now is for the next plan.
    fleet.env("prod", "waves = 100%", "on_failure = halt", "max_failures = 100%")
    fleet.write_inventory()
    said = fleet.run("resume", "prod", "--yes").stdout
    assert "paused: 1 of 5 applied" in said and "wave 2 of 2: 4 targets" in said
    assert_undisturbed(fleet, engine, waves)
