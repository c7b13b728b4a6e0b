"""The store is lost: fleet doctor --rebuild makes it again from the targets and the agents."""

import shutil

import pytest

from fleet import wait_for
from scenario import Gate, only

NOTHING = "-- fleet: nothing-to-undo\n"
NAMES = ("one", "two")


@pytest.fixture(params=[None, "db-1"], ids=["local", "agent"])
def shop(fleet, engine, request):
    """Two targets at the first of two migrations."""
    if request.param:
        fleet.agent(request.param)
    for name in NAMES:
        fleet.target(name, "prod", engine.create(name), agent=request.param)
    fleet.start_agents()
    fleet.migration("001_log", "CREATE TABLE log (step INTEGER NOT NULL);\n" + Gate.TABLE, NOTHING)
    fleet.apply()
    return fleet


def lose_store(fleet):
    for path in (fleet.root / ".fleet").glob("state.db*"):
        path.unlink()


def rows(engine, name):
    """(rollout, epoch, step) of each row of the target's history."""
    text = engine.sql("SELECT rollout, epoch, direction, version, name FROM fleet_history"
                      " ORDER BY seq", name)
    found = [line.split("\t") for line in text.splitlines()]
    return [(r, int(epoch), f"{direction} {v}_{n}") for r, epoch, direction, v, n in found]


def assert_agree(fleet, engine):
    """Each row has one entry in the ledger, and none is there without a row; epochs only rise."""
    entries = fleet.json("audit", "log")["entries"]
    for name in NAMES:
        told = sorted((e["rollout"], e["subject"]) for e in entries
                      if e["target"] == name and e["what"] == "step" and e["result"] == "done")
        history = rows(engine, name)
        assert told == sorted((rollout, step) for rollout, _, step in history)
        epochs = [epoch for _, epoch, _ in history]
        assert epochs == sorted(epochs)


def test_a_deleted_store_is_rebuilt_and_the_fleet_goes_on(shop, engine):
    lose_store(shop)
    said = shop.run("doctor", "--rebuild").stdout
    kept = 2 if shop.agents else 0  # how its agent remembers that each job ended
    assert f"2 targets read, 2 rows of history, {4 + kept} entries added" in said
    assert "fences are of a store that is not this one" in said
    assert_agree(shop, engine)
    assert "0 entries added" in shop.run("doctor", "--rebuild").stdout
    before = max(epoch for name in NAMES for _, epoch, _ in rows(engine, name))
    shop.migration("002_more", "INSERT INTO log VALUES (2);\n", NOTHING)
    shop.apply()
    assert min(rows(engine, name)[-1][1] for name in NAMES) > before
    assert_agree(shop, engine)
    report = shop.json("audit", "report", "prod")
    assert "fences are of a store" not in shop.run("doctor", "--rebuild").stdout
    assert shop.json("audit", "report", "prod") == report


def test_a_store_that_is_lost_while_an_apply_was_killed(shop, engine):
    gate = Gate(engine)
    gate.close()
    shop.migration("002_two", "CREATE TABLE two (n INTEGER);\n", NOTHING)
    shop.migration("003_gate", gate.script + "INSERT INTO log VALUES (3);\n" + gate.statement,
                   NOTHING)
    shop.run("sum")
    apply = shop.start("apply", "prod", "--yes")
    gate.wait_until_reached()
    for agent in shop.agents.values():
        agent.kill()
    apply.kill()
    apply.communicate()
    lose_store(shop)
    if engine.name == "sqlite":
        wait_for(lambda: not engine.locked("one"), "the lock to be free")
    gate.open()
    for agent in shop.agents.values():
        agent.start()
    shop.run("doctor", "--rebuild")
    shop.run("apply", "prod", "--yes")
    for name in NAMES:
        assert [step for _, _, step in rows(engine, name)] == ["up 001_log", "up 002_two",
                                                               "up 003_gate"]
        assert engine.sql("SELECT step FROM log", name) == "3"
    assert_agree(shop, engine)


@only("sqlite")
def test_a_target_out_of_reach_is_added_by_the_next(shop, engine, tmp_path):
    aside = tmp_path / "aside"
    shutil.move(engine.path("two"), aside)
    engine.path("two").mkdir()
    lose_store(shop)
    said = shop.run("doctor", "--rebuild", expect=1).stdout
    assert "1 targets are out of reach: the same command again adds them" in said
    engine.path("two").rmdir()
    shutil.move(aside, engine.path("two"))
    assert "2 entries added" in shop.run("doctor", "--rebuild").stdout
    assert_agree(shop, engine)


@only("sqlite")
def test_the_old_store_put_back_gives_no_lower_epoch(shop, engine, tmp_path):
    state = shop.root / ".fleet/state.db"
    shutil.copy(state, tmp_path / "old")
    lose_store(shop)
    shop.run("doctor", "--rebuild")
    shop.migration("002_more", "INSERT INTO log VALUES (2);\n", NOTHING)
    shop.apply()
    lose_store(shop)
    shutil.copy(tmp_path / "old", state)
    shop.migration("003_more", "INSERT INTO log VALUES (3);\n", NOTHING)
    shop.apply()
    shop.run("doctor", "--rebuild")
    assert_agree(shop, engine)


def test_a_history_that_was_changed_is_not_taken_over(shop, engine):
    engine.sql("UPDATE fleet_history SET name = 'lie' WHERE seq = 1", "one")
    lose_store(shop)
    said = shop.run("doctor", "--rebuild", expect=1)
    assert "a history that cannot be trusted is not taken over" in said.stderr
