"""The main job: inventory, plan, apply through an agent over mutual TLS, history, rollback, report."""

import pytest

USERS = ("CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL);\n",
         "DROP TABLE users;\n")
EMAIL = ("ALTER TABLE users ADD COLUMN email VARCHAR(200);\n", "ALTER TABLE users DROP COLUMN email;\n")


def one_target(fleet, engine, name="one"):
    """A fleet of one target behind one agent, with two migrations."""
    fleet.agent("db-1")
    fleet.target(name, "prod", engine.create(name), agent="db-1")
    fleet.start_agents()
    fleet.migration("001_users", *USERS)
    fleet.migration("002_email", *EMAIL)
    fleet.run("sum")


def columns(engine, name, table="users"):
    queries = {
        "sqlite": f"SELECT name FROM pragma_table_info('{table}') ORDER BY 1",
        "postgresql": "SELECT column_name FROM information_schema.columns"
                      f" WHERE table_name = '{table}' ORDER BY 1",
        "mysql": "SELECT column_name FROM information_schema.columns"
                 f" WHERE table_name = '{table}' AND table_schema = database() ORDER BY 1",
    }
    return engine.sql(queries[engine.name], name).split()


def test_plan_apply_status_rollback_and_report(fleet, engine):
    one_target(fleet, engine)

    plan = fleet.run("plan", "prod", "--sql", expect=3)
    assert "2 steps" in plan.stdout and "ADD COLUMN email" in plan.stdout
    fleet.run("apply", "--env", "prod", "--yes")
    assert columns(engine, "one") == ["email", "id", "name"]
    assert fleet.status()["one"]["version"] == "002"
    assert fleet.status()["one"]["state"] == "current"
    fleet.run("plan", "--env", "prod", expect=0)

    fleet.run("rollback", "--env", "prod", "--yes")
    assert columns(engine, "one") == ["id", "name"]
    assert fleet.status()["one"]["version"] == "001"
    fleet.run("rollback", "--env", "prod", "--to", "0", "--yes")
    assert columns(engine, "one") == []

    fleet.run("apply", "--env", "prod", "--yes")
    rows = fleet.json("audit", "report")["applied"]
    assert [row["version"] for row in rows] == ["001", "002"]
    assert {row["operator"] for row in rows} == {"alice"}
    assert {row["signed_by"] for row in rows} == {"alice"}


def test_a_second_apply_does_nothing(fleet, engine):
    one_target(fleet, engine)
    fleet.run("apply", "prod", "--yes")
    head = fleet.status()["one"]["head"]
    assert "nothing to do" in fleet.run("apply", "prod", "--yes").stdout
    assert fleet.status()["one"]["head"] == head


def test_the_fingerprint_returns_with_the_schema(fleet, engine):
    one_target(fleet, engine)
    fleet.run("apply", "prod", "--to", "001", "--yes")
    before = fleet.json("status", "--fingerprint")["targets"][0]["fingerprint"]
    fleet.run("apply", "prod", "--yes")
    changed = fleet.json("status", "--fingerprint")["targets"][0]["fingerprint"]
    fleet.run("rollback", "prod", "--yes")
    after = fleet.json("status", "--fingerprint")["targets"][0]["fingerprint"]
    assert before == after != changed


def test_rollback_runs_the_bytes_that_were_applied_not_todays_files(fleet, engine):
    one_target(fleet, engine)
    fleet.run("apply", "prod", "--yes")
    fleet.migration("002_email", EMAIL[0], "DROP TABLE users;\n")
    fleet.run("sum")
    fleet.run("rollback", "prod", "--yes")
    assert columns(engine, "one") == ["id", "name"]


def test_a_failed_step_takes_its_own_target_back(fleet, engine):
    fleet.agent("db-1")
    for name in ("good", "bad"):
        fleet.target(name, "prod", engine.create(name), agent="db-1")
    fleet.env("prod", "max_failures = 1")
    fleet.start_agents()
    fleet.migration("001_users", *USERS)
    fleet.run("sum")
    fleet.run("apply", "prod", "--yes")
    engine.sql("INSERT INTO users (id, name) VALUES (1, 'Ann'), (2, 'Ann')", "bad")
    before = engine.dump("bad")

    fleet.migration("002_email", *EMAIL)
    drop = "DROP INDEX users_name ON users;" if engine.name == "mysql" else "DROP INDEX users_name;"
    fleet.migration("003_name", "CREATE UNIQUE INDEX users_name ON users (name);\n", drop)
    fleet.run("sum")
    fleet.run("apply", "prod", "--yes", expect=1)

    assert engine.dump("bad") == before
    rows = fleet.status()
    assert rows["bad"]["version"] == "001" and rows["good"]["version"] == "003"
    assert engine.sql("SELECT count(*) FROM users", "bad").strip() == "2"


@pytest.mark.parametrize("budget,begun", [("max_failures = 0", False), ("max_failures = 20", True)])
def test_max_failures_decides_about_the_others(fleet, engine, budget, begun):
    names = [f"t{i:02d}" for i in range(12)]
    fleet.agent("db-1", "workers = 1")
    for name in names:
        fleet.target(name, "prod", engine.create(name), agent="db-1")
    fleet.env("prod", budget, "max_parallel = 1")
    fleet.start_agents()
    fleet.migration("001_users", "CREATE TABLE users (id INTEGER, id INTEGER);\n", "DROP TABLE users;\n")
    fleet.run("sum")
    rows = fleet.json("apply", "prod", "--yes", expect=1)["targets"]
    assert len(rows) == 12
    assert any(row["state"] == "skipped" for row in rows) is not begun
