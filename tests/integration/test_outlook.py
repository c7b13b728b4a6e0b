"""What stands in a step's way is told before it begins."""

import pytest

from scenario import Session, only

ORDERS = ("CREATE TABLE orders (id INTEGER NOT NULL PRIMARY KEY, note VARCHAR(40));\n"
          "INSERT INTO orders VALUES (1, 'first');\n", "DROP TABLE orders;\n")
OTHER = ("CREATE TABLE other (id INTEGER);\n", "DROP TABLE other;\n")
COLUMN = ("ALTER TABLE orders ADD COLUMN price INTEGER;\n", "ALTER TABLE orders DROP COLUMN price;\n")
INDEX = ("-- fleet: no-transaction\nCREATE INDEX CONCURRENTLY orders_note ON orders (note);\n",
         "-- fleet: no-transaction\nDROP INDEX CONCURRENTLY orders_note;\n")


@pytest.fixture
def hasty(fleet, engine):
    """A fleet whose agent calls a transaction of 10 ms a long one."""
    fleet.agent("db-1", "long_transaction = 10ms\nlock_budget = 300ms")
    fleet.target("one", "prod", engine.create("one"), agent="db-1")
    fleet.start_agents()
    fleet.migration("001_orders", *ORDERS)
    fleet.migration("002_other", *OTHER)
    fleet.apply()
    return fleet


def refused(fleet, *words):
    fleet.run("sum")
    row = next(iter(fleet.json("apply", "prod", "--yes", expect=1)["targets"]))
    assert row["code"] == "locked", row
    for word in ("the step would wait for", *words):
        assert word in row["error"], row["error"]


def held(engine, text):
    """A transaction that is 20 ms old."""
    session = Session(engine, text)
    session.do("SELECT pg_sleep(0.02)")
    return session


@only("postgresql")
@pytest.mark.parametrize("step", [COLUMN, INDEX])
def test_a_long_transaction_on_the_table_is_named_before_the_step_begins(hasty, engine, step):
    application = held(engine, "BEGIN; UPDATE orders SET note = 'mine'")
    hasty.migration("003_step", *step)
    refused(hasty, "pid ", "application psql (idle in transaction), in a transaction for ")
    application.do("COMMIT")
    application.end()
    hasty.apply()


@only("postgresql")
def test_a_long_transaction_elsewhere_is_in_nobodys_way(hasty, engine):
    application = held(engine, "BEGIN; UPDATE other SET id = 1")
    hasty.migration("003_step", *COLUMN)
    hasty.apply()
    application.do("COMMIT")
    application.end()


@only("postgresql")
def test_an_old_snapshot_holds_off_an_index_that_is_built_concurrently(hasty, engine):
    application = held(engine, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM other")
    hasty.migration("003_step", *INDEX)
    refused(hasty, "application psql (idle in transaction)")
    assert "orders_note" not in engine.dump("one")
    application.do("COMMIT")
    application.end()
    hasty.apply()


@only("postgresql")
def test_a_prepared_transaction_on_the_table_is_named_with_its_gid(hasty, engine):
    engine.sql("BEGIN; UPDATE orders SET note = 'mine'; PREPARE TRANSACTION 'it''s \"7\"';"
               " SELECT pg_sleep(0.02)", "one")
    hasty.migration("003_step", *COLUMN)
    refused(hasty, "prepared transaction 'it''s \"7\"' of user tests", "ROLLBACK PREPARED")
    engine.sql("ROLLBACK PREPARED 'it''s \"7\"'", "one")
    hasty.apply()


@only("postgresql")
def test_without_the_limit_nothing_is_foreseen(fleet, engine):
    fleet.agent("db-1", "long_transaction = 0s\nlock_budget = 300ms\nlock_timeout = 50ms")
    fleet.target("one", "prod", engine.create("one"), agent="db-1")
    fleet.start_agents()
    fleet.migration("001_orders", *ORDERS)
    fleet.apply()
    application = held(engine, "BEGIN; UPDATE orders SET note = 'mine'")
    fleet.migration("002_step", *COLUMN)
    fleet.run("sum")
    assert "would wait" not in fleet.run("apply", "prod", "--yes", expect=1).stdout
    application.do("COMMIT")
    application.end()
    fleet.apply()


def test_tables_that_are_there_and_that_are_not_are_measured_without_harm(hasty, engine):
    """Each statement asks for room; the disk has enough for one row."""
    rewrite = {"sqlite": "UPDATE orders SET note = 'x';\nCREATE INDEX orders_note ON orders (note);",
               "postgresql": "ALTER TABLE public.orders ALTER note TYPE text;\n"
                             'CREATE INDEX orders_note ON "orders" (note);',
               "mysql": "ALTER TABLE `orders` MODIFY note TEXT;\n"
                        "CREATE INDEX orders_note ON orders (note(10));"}[engine.name]
    absent = {"sqlite": "", "postgresql": "DROP TABLE IF EXISTS absent;\n",
              "mysql": "OPTIMIZE TABLE orders;\n"}[engine.name]
    hasty.migration("003_step", rewrite + "\n" + absent, "-- fleet: nothing-to-undo\n")
    hasty.apply()
    assert "orders_note" in engine.dump("one")


@only("mysql")
def test_a_prepared_transaction_whose_session_is_gone_is_named(fleet, engine):
    fleet.agent("db-1", "lock_budget = 2s\nlock_timeout = 1s")
    fleet.target("one", "prod", engine.create("one"), agent="db-1")
    fleet.start_agents()
    fleet.migration("001_orders", *ORDERS)
    fleet.apply()
    application = Session(engine, "XA START 'order 7'; UPDATE orders SET note = 'mine'; "
                                  "XA END 'order 7'; XA PREPARE 'order 7'")
    application.end()
    try:
        fleet.migration("002_note", "UPDATE orders SET note = 'x' WHERE id = 1;\n",
                        "-- fleet: nothing-to-undo\n")
        fleet.run("sum")
        said = fleet.run("apply", "prod", "--yes", expect=1).stdout
        assert "prepared transaction 'order 7'" in said
    finally:
        engine.sql("XA ROLLBACK 'order 7'", "one")
    fleet.apply()
