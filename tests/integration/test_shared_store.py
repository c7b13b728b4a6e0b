"""A store in PostgreSQL: what one machine began another sees, waits for, and goes on with."""

import pytest
import servers
from fleet import wait_for
from scenario import only
from test_resume import assert_undisturbed, history
from waves import Command, Hold, make_waves, rollouts


@pytest.fixture
def store(fleet, postgresql, tmp_path):
    """Over TCP, with the password that a file holds."""
    name = f"store_{abs(hash(str(tmp_path))) % 10**9}"
    postgresql.create(name)
    password = fleet.root / "store.password"
    password.write_text(servers.PASSWORD + "\n")
    password.chmod(0o600)
    fleet.store = [f"state = {postgresql.tcp_url(name)}", f"state_password_file = {password}"]
    return name


@pytest.fixture
def waves(fleet, engine, store):
    return make_waves(fleet, engine)


def test_what_one_machine_began_another_goes_on_with(fleet, engine, waves):
    other = fleet.elsewhere("b")
    hold = Hold(engine, "t3")
    apply = Command(fleet, "apply")
    hold.wait_until_reached(apply)

    running = other.json("rollout", "list")["rollouts"][0]
    assert running["state"] == "running" and running["operator"] == "alice"
    refused = other.run("apply", "prod", "--yes", expect=None)
    assert refused.returncode != 0 and "is running" in refused.stderr, refused.stderr
    assert f"process {apply.process.pid}" in refused.stderr

    apply.kill()
    hold.let_go()
    wait_for(lambda: history(engine, "t3")[-1] == "003", "the agent to finish its job")
    # The lease ends by the server's clock.
    wait_for(lambda: other.run("resume", "prod", "--yes", expect=None).returncode == 0, "the other's resume")
    assert_undisturbed(other, engine, waves)
    assert "interrupted" in rollouts(fleet) and rollouts(fleet) == rollouts(other)
    assert not list(fleet.root.glob(".fleet/state.db*"))


@only("sqlite")
def test_a_rollout_is_stopped_from_another_machine(fleet, engine, waves):
    other = fleet.elsewhere("b")
    hold = Hold(engine, "t0")
    apply = Command(fleet, "apply")
    hold.wait_until_reached(apply)
    other.run("rollout", "pause", "prod")
    hold.let_go()
    assert "1 of 5 done, 4 not begun" in apply.end(4)
    assert history(engine, "t1") == ["001"]
    other.run("resume", "prod", "--yes")
    assert_undisturbed(other, engine, waves)


@only("sqlite")
def test_nothing_more_is_sent_once_the_store_is_away(fleet, engine):
    server = servers.PostgreSQL()
    try:
        server.create("store")
        fleet.store = [f"state = {server.url('store')}"]
        names = make_waves(fleet, engine)
        hold = Hold(engine, "t0")
        apply = Command(fleet, "apply")
        hold.wait_until_reached(apply)
        server.kill()
        hold.let_go()
        out, errors = apply.process.communicate(timeout=60)
        assert apply.process.returncode != 0 and "store postgresql://" in errors, out + errors
        assert [history(engine, name) for name in names[1:]] == [["001"]] * 4
        refused = fleet.run("apply", "prod", "--yes", expect=None)
        assert refused.returncode != 0 and "store postgresql://" in refused.stderr

        server.start()
        wait_for(lambda: fleet.run("resume", "prod", "--yes", expect=None).returncode == 0, "the resume")
        assert_undisturbed(fleet, engine, names)
    finally:
        server.stop()


@only("sqlite")
def test_a_missing_password_is_asked_for_by_its_key(fleet, engine, store):
    fleet.target("t0", "prod", engine.create("t0"))
    fleet.store.pop()
    fleet.write_inventory()
    refused = fleet.run("rollout", "list", expect=None)
    assert refused.returncode != 0 and "state_password_file" in refused.stderr, refused.stderr
