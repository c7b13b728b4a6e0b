"""Targets that are one schema each of the same PostgreSQL database."""

from scenario import only

pytestmark = only("postgresql")
TENANTS = ("tenant_1", "tenant_2", "tenant_3")
ORDERS = ("""CREATE TYPE state AS ENUM ('new', 'done');
CREATE TABLE orders (id serial PRIMARY KEY, s state DEFAULT 'new',
    parent integer REFERENCES orders);
CREATE INDEX orders_s ON orders (s);
CREATE FUNCTION how_many() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM orders';
CREATE VIEW fresh AS SELECT id FROM orders WHERE s = 'new';
""", "DROP VIEW fresh;\nDROP FUNCTION how_many;\nDROP TABLE orders;\nDROP TYPE state;\n")


def tenants(fleet, engine):
    engine.create("one")
    for name in TENANTS:
        engine.sql(f"CREATE SCHEMA {name}", "one")
    agent = fleet.agent("db-1")
    fleet.target("tenant-%d", "prod", engine.url("one"), agent="db-1", keys=["range = 1..3"],
                 agent_keys=["range = 1..3", "schema = tenant_%d"])
    fleet.env("prod", "max_failures = 2")
    fleet.start_agents()
    fleet.migration("001_orders", *ORDERS)
    assert agent.process.poll() is None


def tables(engine, schema):
    return engine.sql(f"SELECT tablename FROM pg_tables WHERE schemaname = '{schema}' ORDER BY 1",
                      "one").split()


def test_three_tenants_of_one_database_have_a_history_each(fleet, engine):
    tenants(fleet, engine)
    rows = fleet.apply()
    assert {row["state"] for row in rows.values()} == {"applied"} and len(rows) == 3
    for name in TENANTS:
        assert "orders" in tables(engine, name) and "fleet_history" in tables(engine, name)
        assert engine.sql(f"SELECT count(*) FROM {name}.fleet_history", "one") == "1"
    assert tables(engine, "public") == []


def test_tenants_with_the_same_tables_have_the_same_fingerprint(fleet, engine):
    tenants(fleet, engine)
    fleet.apply()
    rows = fleet.json("status", "--fingerprint")["targets"]
    assert len({row["fingerprint"] for row in rows}) == 1
    engine.sql("ALTER TABLE tenant_2.orders ADD COLUMN odd integer", "one")
    rows = {row["target"]: row for row in fleet.json("status", "--fingerprint")["targets"]}
    assert rows["tenant-1"]["fingerprint"] == rows["tenant-3"]["fingerprint"]
    assert rows["tenant-2"]["fingerprint"] != rows["tenant-1"]["fingerprint"]


def test_one_tenants_failure_and_rollback_leave_the_others(fleet, engine):
    tenants(fleet, engine)
    fleet.apply()
    engine.sql("ALTER TABLE tenant_2.orders ADD COLUMN note text", "one")
    fleet.migration("002_note", "ALTER TABLE orders ADD COLUMN note text;\n",
                    "ALTER TABLE orders DROP COLUMN note;\n")
    rows = fleet.apply("--allow-drift", expect=1)
    assert [rows[f"tenant-{i}"]["state"] == "applied" for i in (1, 2, 3)] == [True, False, True]
    fleet.run("rollback", "--target", "tenant-3", "--to", "0", "--yes")
    states = fleet.status()
    assert [states[f"tenant-{i}"]["version"] for i in (1, 2, 3)] == ["002", "001", None]
    assert tables(engine, "tenant_3") == ["fleet_fence", "fleet_history", "fleet_intent"]


def test_a_tenant_without_its_schema_gets_it_with_the_first_migration(fleet, engine):
    tenants(fleet, engine)
    engine.sql("DROP SCHEMA tenant_2", "one")
    fleet.run("sum")
    assert fleet.status()["tenant-2"]["pending"] == 1
    fleet.apply()
    assert "orders" in tables(engine, "tenant_2")
