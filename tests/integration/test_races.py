"""Several commands at once on one fleet that has never been touched: whoever wins, each migration
runs once. FLEET_RACE_MIGRATIONS=50 runs the race at its full length."""

import os
import shutil

import pytest

from fleet import Agent, Fleet
from scenario import only

MIGRATIONS = int(os.environ.get("FLEET_RACE_MIGRATIONS", "12"))
TARGETS = ("one", "two")
ENDS = {0, 1, 4}
TRIES = 10


def write_migrations(fleet):
    """Each counts itself: a second run would show."""
    fleet.migration("001_canary", "CREATE TABLE canary (n INTEGER NOT NULL);\n"
                    "INSERT INTO canary VALUES (1);\n", "DROP TABLE canary;\n")
    for i in range(2, MIGRATIONS + 1):
        fleet.migration(f"{i:03d}_more", f"CREATE TABLE t{i} (id INTEGER);\n"
                        "UPDATE canary SET n = n + 1;\n",
                        f"UPDATE canary SET n = n - 1;\nDROP TABLE t{i};\n")


def race(engine, *fleets):
    """Four commands, spread over the fleets; then one after the other until all is done."""
    commands = [fleets[i % len(fleets)].start("apply", "prod", "--yes") for i in range(4)]
    ends = [command.communicate(timeout=300) + (command.returncode,) for command in commands]
    assert all(status in ENDS for _, _, status in ends), ends
    for fleet in fleets:
        tries = [fleet.run("apply", "prod", "--yes", expect=None)]
        while tries[-1].returncode != 0 and len(tries) < TRIES:
            tries.append(fleet.run("apply", "prod", "--yes", expect=None))
        assert tries[-1].returncode == 0, (tries[-1].stdout, ends)
    for name in TARGETS:
        assert engine.sql("SELECT n FROM canary", name) == str(MIGRATIONS), ends
        versions = engine.sql("SELECT version FROM fleet_history ORDER BY seq", name).split()
        assert versions == [f"{i:03d}" for i in range(1, MIGRATIONS + 1)], ends
        assert engine.sql("SELECT count(*) FROM fleet_intent", name) == "0"
        epochs = engine.sql("SELECT epoch FROM fleet_history ORDER BY seq", name).split()
        assert sorted(epochs, key=int) == epochs


def second(fleet, tmp_path):
    """Another machine's checkout of the same fleet, with a store of its own."""
    root = tmp_path / "second"
    root.mkdir()
    other = Fleet(root)
    shutil.copytree(fleet.migrations, other.migrations, dirs_exist_ok=True)
    other.envs, other.targets = fleet.envs, fleet.targets
    if fleet.has_ca:
        shutil.copytree(fleet.root / "keys", root / "keys")
        shutil.copytree(fleet.root / ".fleet/ca", root / ".fleet/ca")
        other.has_ca = True
    other.agents = {name: Agent(other, name, []) for name in fleet.agents}
    other.start_agents()
    return other


@pytest.fixture(params=["agent", "local"])
def contested(request, fleet, engine):
    """A fleet that nobody has touched."""
    if request.param == "agent":
        fleet.agent("db-1")
    for name in TARGETS:
        fleet.target(name, "prod", engine.create(name),
                     agent="db-1" if request.param == "agent" else None)
    fleet.start_agents()
    write_migrations(fleet)
    fleet.run("sum")
    return fleet


def test_four_commands_at_once_apply_each_migration_once(contested, engine):
    race(engine, contested)


@only("postgresql", "mysql")
def test_two_stores_and_two_agents_apply_each_migration_once(contested, engine, tmp_path):
    """The stores know nothing of each other, so that both choose the same epochs."""
    other = second(contested, tmp_path)
    try:
        race(engine, contested, other)
    finally:
        other.stop()


@only("sqlite")
def test_two_stores_apply_each_migration_once(contested, engine, tmp_path):
    test_two_stores_and_two_agents_apply_each_migration_once(contested, engine, tmp_path)
