"""One rollout over sixty targets on three engines, each behind its agent: canary, a tenth, all."""

import pytest
from conftest import Databases, Sqlite

NAMES = [f"t{i:02d}" for i in range(60)]
WAVES = "waves = 1, 10%, 100%"
ITEMS = ("CREATE TABLE items (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL);\n"
         "INSERT INTO items VALUES (1, 'one'), (2, 'two');\n", "DROP TABLE items;\n")
PRICE = ("ALTER TABLE items ADD COLUMN price INTEGER;\n", "ALTER TABLE items DROP COLUMN price;\n")
UNIQUE = "CREATE UNIQUE INDEX items_name ON items (name);\n"
DROPS = {"mysql": "DROP INDEX items_name ON items;\n"}


class Wide:
    """The targets by turns on the three engines: t00 is a PostgreSQL database."""

    def __init__(self, fleet, engines):
        self.fleet = fleet
        self.engines = {name: engines[i % len(engines)] for i, name in enumerate(NAMES)}
        for engine in engines:
            fleet.agent(f"db-{engine.name}")
        for name, engine in self.engines.items():
            fleet.target(name, "prod", engine.create(name), agent=f"db-{engine.name}")
        fleet.start_agents()
        fleet.migration("001_items", *ITEMS)
        fleet.write_inventory()
        fleet.apply()

    def policy(self, *policy):
        self.fleet.env("prod", WAVES, *policy)
        self.fleet.write_inventory()
        self.fleet.migration("002_price", *PRICE)
        for engine in ("sqlite", "postgresql", "mysql"):
            self.fleet.migration("003_name", UNIQUE, DROPS.get(engine, "DROP INDEX items_name;\n"),
                                 engine=engine)
        self.fleet.run("sum")

    def whole(self):
        """Rows of each database, and the fingerprint of its schema."""
        found = self.fleet.json("status", "prod", "--fingerprint", expect=None)["targets"]
        prints = {row["target"]: row["fingerprint"] for row in found}
        return {name: (engine.rows(name), prints[name]) for name, engine in self.engines.items()}

    def apply(self, status):
        rows = self.fleet.json("apply", "prod", "--yes", expect=status)["targets"]
        return {row["target"]: row["state"] for row in rows}


@pytest.fixture
def wide(fleet, tmp_path, postgresql, mariadb):
    return Wide(fleet, [Databases(postgresql), Sqlite(tmp_path), Databases(mariadb)])


def test_a_change_reaches_all_of_them_wave_by_wave(fleet, wide):
    wide.policy()
    said = fleet.run("apply", "prod", "--yes").stdout
    assert "3 waves: 1, 5, 54 targets" in said and "60 of 60 done" in said
    assert {row["version"] for row in fleet.status().values()} == {"003"}


def test_what_makes_the_canary_ill_stops_there_and_is_taken_back(fleet, wide):
    # The application cannot live with the new column: its check fails as soon as the canary has it.
    canary = wide.engines["t00"]
    check = fleet.root / "check"
    check.write_text("#!/bin/sh\n" + " ".join(canary.client("t00")) + " -c 'SELECT price FROM items' > /dev/null"
                     " 2>&1 && exit 1\nexit 0\n")
    check.chmod(0o755)
    wide.policy("soak = 1s", "on_failure = rollback-all", f"health_command = {check}")
    before = wide.whole()
    found = wide.apply(1)
    assert found.pop("t00") == "rolled_back" and set(found.values()) == {"skipped"}
    assert wide.whole() == before


def test_three_failures_take_all_that_is_finished_back(fleet, wide):
    wide.policy("max_failures = 1", "on_failure = rollback-all", "max_parallel = 6")
    for name in ("t57", "t58", "t59"):  # one on each engine
        wide.engines[name].sql("INSERT INTO items VALUES (3, 'one')", name)
    before = wide.whole()
    found = wide.apply(1)
    assert set(found.values()) <= {"rolled_back", "skipped"}
    assert sum(state == "rolled_back" for state in found.values()) > 6
    assert wide.whole() == before
    # Once the cause is gone, the same command does it everywhere.
    for name in ("t57", "t58", "t59"):
        wide.engines[name].sql("DELETE FROM items WHERE id = 3", name)
    assert set(wide.apply(0).values()) == {"applied"}
