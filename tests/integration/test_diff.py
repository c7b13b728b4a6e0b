"""fleet diff: schema.sql is edited, the change is written, applied on every engine, and taken back."""

import shutil
from pathlib import Path

from scenario import only

DATA = Path(__file__).resolve().parents[1] / "data/diff"


def begin(fleet):
    shutil.copy(DATA / "001_shop.change.sql", fleet.migrations)
    fleet.apply()


def written(fleet, *words):
    """The change that fleet diff writes."""
    return Path(fleet.run("diff", *words).stdout.strip())


def test_an_edited_schema_becomes_one_change_for_every_engine(one, engine):
    begin(one)
    engine.sql("INSERT INTO customers (email, country) VALUES ('a@x', 'DE')", "one")
    engine.sql("INSERT INTO orders (customer, total, note) VALUES (1, 12.50, 'first')", "one")
    shutil.copy(DATA / "schema.sql", one.root)
    path = written(one, "purchases")
    assert path.name.endswith("_purchases.change.sql")
    assert path.read_text() == (DATA / "expected.change.sql").read_text()
    before = engine.dump("one"), sorted(engine.rows("one"))

    assert one.apply()["one"]["state"] == "applied"
    rows = engine.sql("SELECT address, country, points, total, note FROM customers JOIN purchases"
                      " ON purchases.customer = customers.id", "one")
    assert [float(word) if word[0].isdigit() else word for word in rows.replace("|", "\t").split()] == \
        ["a@x", "DE", 0, 12.5, "first"]
    assert "no difference to " in one.run("diff", "--check").stdout
    one.run("rollback", "prod", "--yes")
    assert (engine.dump("one"), sorted(engine.rows("one"))) == before
    assert one.apply()["one"]["state"] == "applied"


def test_a_target_is_compared_with_what_it_should_be(one, engine):
    begin(one)
    same = "the migrations: no difference to one\n"
    assert one.run("diff", "--to", "one").stdout == same
    assert one.run("diff", "--from", "one", "--to", DATA / "001_shop.change.sql").stdout == \
        f"one: no difference to {DATA / '001_shop.change.sql'}\n"
    engine.sql("ALTER TABLE orders ADD COLUMN seen INTEGER;"
               + ("DROP INDEX orders_by_customer ON orders;" if engine.name == "mysql"
                  else "DROP INDEX orders_by_customer;")
               + "CREATE VIEW totals AS SELECT customer FROM orders;", "one")
    said = one.run("diff", "--to", "one", expect=3)
    assert said.stdout == "DROP INDEX orders_by_customer;\nALTER TABLE orders ADD COLUMN seen INTEGER;\n"
    assert "note: of one this is outside of portable DDL and not compared:\n-- view " in said.stderr
    said = one.run("diff", "--from", "one", "--to", DATA / "001_shop.change.sql", expect=3)
    assert "ALTER TABLE orders DROP COLUMN seen;\n" in said.stdout
    assert "CREATE INDEX orders_by_customer ON orders (" in said.stdout
    assert "nobody" in one.run("diff", "--to", "nobody", expect=1).stderr


def test_what_a_target_has_becomes_a_schema_file(one, engine):
    begin(one)
    dumped = one.run("schema", "dump", "one").stdout
    (one.root / "schema.sql").write_text(dumped)
    assert "no difference" in one.run("diff", "--from", "one").stdout
    assert "no difference" in one.run("diff", "--check").stdout
    assert one.run("schema", "dump", "one", "--lines").stdout.count("\n") > 10
    engine.sql("CREATE VIEW totals AS SELECT customer FROM orders;", "one")
    said = one.run("schema", "dump", "one", expect=3).stdout
    assert said.startswith(dumped) and "2 of 2 tables whole:\n-- view " in said


@only("sqlite")
def test_a_check_for_ci_writes_nothing(one, engine):
    begin(one)
    shutil.copy(DATA / "schema.sql", one.root)
    said = one.run("diff", "--check", expect=3)
    assert said.stdout == (DATA / "expected.change.sql").read_text()
    assert [path.name for path in one.migrations.glob("*.sql")] == ["001_shop.change.sql"]


@only("sqlite")
def test_what_looks_renamed_is_noted(one, engine):
    begin(one)
    text = (DATA / "001_shop.change.sql").read_text()
    (one.root / "schema.sql").write_text(text.replace("email", "address"))
    said = one.run("diff", "--check", expect=1)
    assert "new column \"address\" is NOT NULL" in said.stderr
    (one.root / "schema.sql").write_text(text.replace("country CHAR(2)", "land CHAR(2)"))
    said = one.run("diff", "--check", expect=3)
    assert "put -- fleet: renamed-from country" in said.stderr
    assert "DROP COLUMN country" in said.stdout and "ADD COLUMN land" in said.stdout


@only("sqlite")
def test_what_cannot_be_read_says_where(one, engine):
    begin(one)
    (one.root / "schema.sql").write_text("CREATE TABLE a (id BIGINT PRIMARY KEY);\nDROP TABLE a;\n")
    assert "schema.sql:2: " in one.run("diff", "x", expect=1).stderr
    (one.root / "schema.sql").unlink()
    assert "schema.sql" in one.run("diff", "x", expect=1).stderr
    one.migration("002_raw", "CREATE TABLE raw (a INTEGER);\n", "DROP TABLE raw;\n")
    one.run("sum")
    (one.root / "schema.sql").write_text("CREATE TABLE a (id BIGINT PRIMARY KEY);\n")
    assert "migration 002_raw is in SQL of the engines" in one.run("diff", "x", expect=1).stderr
