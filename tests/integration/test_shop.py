"""The example project on every engine at once: its schema is edited, the change goes out in one rollout, and comes back."""

import shutil
from pathlib import Path

import pytest
from conftest import Databases, Sqlite

TESTS = Path(__file__).resolve().parents[1]
SHOP = TESTS.parent / "examples/shop"
EDITED = TESTS / "data/diff/shop"
ROWS = [
    "INSERT INTO customer (id, email, name) VALUES (1, 'ann@shop.example', 'Ann'), (2, 'bob@shop.example', 'Bob')",
    "INSERT INTO product (id, sku, title, price) VALUES (7, 'T-1', 'Tea', 4.50)",
    "INSERT INTO orders (customer_id, state) VALUES (2, 'paid')",
    "INSERT INTO order_line (order_id, line, product_id, quantity, price) VALUES (1, 1, 7, 3, 4.50)",
    "UPDATE product SET price = 5 WHERE id = 7",
]


@pytest.fixture
def shop(fleet, tmp_path, postgresql, mariadb):
    """One agent with a target of each engine; the example's migrations and schema."""
    shutil.rmtree(fleet.migrations)
    shutil.copytree(SHOP / "migrations", fleet.migrations)
    shutil.copy(SHOP / "schema.sql", fleet.root)
    fleet.agent("db-1")
    engines = {"lite": Sqlite(tmp_path), "post": Databases(postgresql), "maria": Databases(mariadb)}
    for name, engine in engines.items():
        fleet.target(name, "prod", engine.create(f"shop_{name}"), agent="db-1")
    fleet.start_agents()
    return fleet, engines


def states(engines):
    return {name: (engine.dump(f"shop_{name}"), sorted(engine.rows(f"shop_{name}")))
            for name, engine in engines.items()}


def ask(engines, sql):
    return {name: engine.sql(sql, f"shop_{name}").replace("|", "\t").split()
            for name, engine in engines.items()}


def test_an_edited_schema_goes_to_every_engine_in_one_rollout_and_comes_back(shop):
    fleet, engines = shop
    assert "no difference" in fleet.run("diff", "--check").stdout
    fleet.apply()
    for name, engine in engines.items():
        assert f"no difference to {name}" in fleet.run("diff", "--to", name).stdout
        engine.sql(";\n".join(ROWS) + ";\n", f"shop_{name}")
    before = states(engines)

    shutil.copy(EDITED / "schema.sql", fleet.root)
    path = Path(fleet.run("diff", "shipments").stdout.strip())
    assert path.read_text() == (EDITED / "expected.change.sql").read_text()
    assert {row["state"] for row in fleet.apply().values()} == {"applied"}
    for name, engine in engines.items():
        assert f"no difference to {name}" in fleet.run("diff", "--to", name).stdout
    assert ask(engines, "SELECT code, email FROM product, customer WHERE customer.id = 2") == \
        dict.fromkeys(engines, ["T-1", "bob@shop.example"])

    fleet.run("rollback", "prod", "--yes")
    assert states(engines) == before
    assert ask(engines, "SELECT name FROM customer ORDER BY id") == dict.fromkeys(engines, ["Ann", "Bob"])
    assert {row["state"] for row in fleet.apply().values()} == {"applied"}
