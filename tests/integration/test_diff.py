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
    assert "the migrations make what schema.sql says" in one.run("diff", "--check").stdout
    one.run("rollback", "prod", "--yes")
    assert (engine.dump("one"), sorted(engine.rows("one"))) == before
    assert one.apply()["one"]["state"] == "applied"


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
