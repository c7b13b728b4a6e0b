"""Workers on several machines share one rollout's jobs; what one of them loses another settles."""

import os
import re
import signal

import pytest
from fleet import wait_for
from scenario import only
from test_resume import assert_undisturbed, history
from test_shared_store import store  # noqa: F401
from waves import Command, Hold, make_waves


class Workers:
    def __init__(self, fleet, postgresql, name):
        self.postgresql, self.name = postgresql, name
        self.processes = [fleet.elsewhere(f"worker-{i}").start("worker", "--parallel", "2")
                          for i in range(3)]
        wait_for(lambda: len(self.alive()) == 3, "the workers' leases")

    def sql(self, text):
        return self.postgresql.sql(text, self.name).split("\n")

    def alive(self):
        return [int(line.split()[-1]) for line in
                self.sql("SELECT holder FROM fleet.lease WHERE name LIKE 'worker %' AND expires_at > now()") if line]

    def process_of(self, agent):
        """The process that has the agent's task."""
        found = self.sql("SELECT l.holder FROM fleet.task t JOIN fleet.lease l ON l.name = 'worker '"
                         f" || t.worker WHERE t.agent = '{agent}' AND t.state = 'claimed'")
        return int(re.search(r"process (\d+)$", found[0]).group(1))

    def end(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            out, errors = process.communicate(timeout=60)
            assert process.returncode in (0, -signal.SIGKILL), out + errors
            assert "Sanitizer" not in errors, errors


@pytest.fixture
def waves(fleet, engine, store):  # noqa: F811
    return make_waves(fleet, engine)


@pytest.fixture
def workers(fleet, waves, postgresql, store):  # noqa: F811
    found = Workers(fleet, postgresql, store)
    yield found
    found.end()


def test_workers_do_what_one_command_conducts(fleet, engine, waves, workers):
    said = fleet.run("apply", "prod", "--yes", "--workers").stdout
    assert "2 waves: 1, 4 targets" in said and "5 of 5 done" in said, said
    assert_undisturbed(fleet, engine, waves)
    assert workers.sql("SELECT count(*) FROM fleet.task") == ["0"]
    fleet.run("rollback", "prod", "--to", "001", "--yes", "--workers")
    assert {history(engine, name)[-1] for name in waves} == {"002"}  # taken back last
    assert {row["version"] for row in fleet.status().values() if row["environment"] == "prod"} == {"001"}


@pytest.mark.parametrize("engine, held", [("sqlite", "t0"), ("sqlite", "t3"), ("postgresql", "t3"), ("mysql", "t0")],
                         indirect=["engine"])
def test_a_worker_that_is_killed_costs_its_lease(fleet, engine, waves, workers, held):
    hold = Hold(engine, held)
    apply = Command(fleet, "apply", words=["--workers"])
    hold.wait_until_reached(apply)
    agent = next(target.agent for target in fleet.targets if target.name == held)
    os.kill(workers.process_of(agent), signal.SIGKILL)
    hold.let_go()
    assert "5 of 5 done" in apply.end(0)
    assert_undisturbed(fleet, engine, waves)
    wait_for(lambda: len(workers.alive()) == 2, "the lease's end")


@only("sqlite")
def test_a_job_that_runs_on_is_waited_for_by_the_next_worker(fleet, engine, waves, workers):
    hold = Hold(engine, "t3")
    apply = Command(fleet, "apply", words=["--workers"])
    hold.wait_until_reached(apply)
    dead = workers.process_of("db-1")
    os.kill(dead, signal.SIGKILL)
    wait_for(lambda: workers.process_of("db-1") != dead, "another worker")
    hold.let_go()
    assert "5 of 5 done" in apply.end(0)
    assert_undisturbed(fleet, engine, waves)


@only("sqlite")
def test_a_failure_is_taken_back_by_workers(fleet, engine, waves, workers):
    before = {name: engine.rows(name) for name in waves}
    engine.sql("INSERT INTO items VALUES (2, 'one')", "t3")
    before["t3"] = engine.rows("t3")
    said = fleet.run("apply", "prod", "--yes", "--workers", expect=1).stdout
    assert "taken back" in said or "rolled_back" in said, said
    assert {name: engine.rows(name) for name in waves} == before


@only("sqlite")
def test_a_stop_reaches_the_agents_of_workers(fleet, engine, waves, workers):
    hold = Hold(engine, "t0")
    apply = Command(fleet, "apply", words=["--workers"])
    hold.wait_until_reached(apply)
    fleet.run("rollout", "pause", "prod")
    hold.let_go()
    assert "1 of 5 done, 4 not begun" in apply.end(4)
    fleet.run("resume", "prod", "--yes", "--workers")
    assert_undisturbed(fleet, engine, waves)


@only("sqlite")
def test_without_workers_nothing_is_begun(fleet, engine, waves):
    refused = fleet.run("apply", "prod", "--yes", "--workers", expect=1)
    assert "start some with fleet worker" in refused.stderr, refused.stderr
    assert history(engine, "t0") == ["001"]
    assert [row["state"] for row in fleet.json("rollout", "list", "prod")["rollouts"]] == ["applied"]


@only("sqlite")
def test_workers_need_a_store_that_is_shared(fleet, engine):
    fleet.target("t0", "prod", engine.create("t0"))
    fleet.write_inventory()
    for words in (("worker",), ("apply", "prod", "--yes", "--workers")):
        refused = fleet.run(*words, expect=None)
        assert refused.returncode != 0 and "state = postgresql://" in refused.stderr, refused
