"""What goes to prod has succeeded on all of test: the same bytes, on each engine."""

from conftest import Databases, Sqlite
from scenario import only

ITEMS = ("CREATE TABLE items (id INTEGER NOT NULL PRIMARY KEY);\n", "DROP TABLE items;\n")
PRICE = ("ALTER TABLE items ADD COLUMN price INTEGER;\n", "ALTER TABLE items DROP COLUMN price;\n")


def with_two_environments(fleet, engine, agent="db-1"):
    """test has two targets, prod one; prod requires test."""
    if agent is not None:
        fleet.agent(agent)
    for name, env in (("test-a", "test"), ("test-b", "test"), ("prod-a", "prod")):
        fleet.target(name, env, engine.create(name.replace("-", "_")), agent=agent)
    if agent is not None:
        fleet.start_agents()
    fleet.env("prod", "requires = test")
    fleet.migration("001_items", *ITEMS)
    fleet.write_inventory()
    fleet.run("sum")


def versions(fleet):
    return {name: row["version"] for name, row in fleet.status().items()}


def test_nothing_goes_to_prod_before_all_of_test_has_it(fleet, engine):
    with_two_environments(fleet, engine)
    for words in (("plan", "prod"), ("apply", "prod", "--yes")):
        said = fleet.run(*words, expect=1).stderr
        assert "001_items is not applied there (2 targets, first test-a)" in said, said
    fleet.run("apply", "--target", "test-a", "--yes")
    said = fleet.run("apply", "prod", "--yes", expect=1).stderr
    assert "001_items is not applied there (target test-b)" in said, said
    fleet.run("apply", "test", "--yes")
    fleet.run("apply", "prod", "--yes")
    assert set(versions(fleet).values()) == {"001"}

    # What was tried on test and taken back there has not succeeded.
    fleet.migration("002_price", *PRICE)
    fleet.run("sum")
    fleet.run("apply", "test", "--yes")
    fleet.run("plan", "prod", "-o", "prod.plan", expect=3)
    fleet.run("rollback", "test", "--steps", "1", "--yes")
    for what in ("prod", "prod.plan"):
        said = fleet.run("apply", what, "--yes", expect=1).stderr
        assert "002_price is not applied there" in said, said
    fleet.run("apply", "test", "--yes")
    fleet.run("apply", "prod.plan", "--yes")
    assert set(versions(fleet).values()) == {"002"}
    # The way back waits for nobody.
    fleet.run("rollback", "prod", "--steps", "1", "--yes")


@only("sqlite")
def test_targets_without_an_agent_are_asked_too(fleet, engine):
    with_two_environments(fleet, engine, agent=None)
    fleet.run("apply", "prod", "--yes", expect=1)
    fleet.run("apply", "test", "--yes")
    fleet.run("apply", "prod", "--yes")
    assert set(versions(fleet).values()) == {"001"}


@only("sqlite")
def test_a_target_of_test_that_is_out_of_reach_proves_nothing(fleet, engine):
    fleet.agent("db-1")
    fleet.agent("db-2")
    fleet.target("test-a", "test", engine.create("test_a"), agent="db-2")
    fleet.target("prod-a", "prod", engine.create("prod_a"), agent="db-1")
    fleet.start_agents()
    fleet.env("prod", "requires = test")
    fleet.migration("001_items", *ITEMS)
    fleet.write_inventory()
    fleet.run("sum")
    fleet.run("apply", "test", "--yes")
    fleet.agents["db-2"].stop()
    said = fleet.run("apply", "prod", "--yes", expect=1).stderr
    assert "requires test, whose history cannot be read" in said and "(target test-a)" in said, said


def test_an_engine_that_test_lacks_was_never_tried(fleet, tmp_path, postgresql):
    fleet.agent("db-1")
    fleet.target("test-a", "test", Sqlite(tmp_path).create("test_a"), agent="db-1")
    fleet.target("prod-a", "prod", Databases(postgresql).create("prod_a"), agent="db-1")
    fleet.start_agents()
    fleet.env("prod", "requires = test")
    fleet.migration("001_items", *ITEMS)
    fleet.write_inventory()
    fleet.run("sum")
    fleet.run("apply", "test", "--yes")
    said = fleet.run("apply", "prod", "--yes", expect=1).stderr
    assert "001_items was never tried on postgresql" in said, said
