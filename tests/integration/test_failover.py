"""Another server than the plan was made for, and servers that must not be written to."""

import shutil

import pytest
import servers as test_servers
from fleet import wait_for
from scenario import only

TABLE = ("CREATE TABLE t (id INTEGER);\n", "DROP TABLE t;\n")


@pytest.fixture
def primary():
    server = test_servers.PostgreSQL()
    yield server
    server.stop()


def standby_of(primary):
    """Puts a hot standby, made by pg_basebackup, in the primary's place."""
    copy = primary.root / "copy"
    with open(primary.data / "pg_hba.conf", "a") as hba:
        hba.write("local replication all trust\n")
    primary.sql("SELECT pg_reload_conf()")
    primary._run([str(primary.bin / "pg_basebackup"), "-h", str(primary.root), "-p",
                  str(primary.port), "-U", "tests", "-D", str(copy), "-R", "-X", "stream",
                  "-c", "fast"])
    primary.kill()
    shutil.rmtree(primary.data)
    copy.rename(primary.data)
    primary.start()


def test_a_standby_is_refused_and_a_promoted_one_needs_a_new_plan(fleet, primary):
    fleet.agent("db-1")
    fleet.target("one", "prod", primary.create("one"), agent="db-1")
    fleet.start_agents()
    fleet.migration("001_t", *TABLE)
    fleet.run("sum")
    plan = fleet.root / "plan.json"
    fleet.run("plan", "prod", "-o", str(plan), expect=3)
    standby_of(primary)
    assert "replica" in fleet.run("plan", "prod", expect=1).stderr
    assert fleet.status()["one"]["state"] == "read_only"
    fleet.run("apply", str(plan), "--yes", expect=1)
    primary._run([str(primary.bin / "pg_ctl"), "-D", str(primary.data), "-w", "promote"])
    assert "failover" in fleet.run("apply", str(plan), "--yes", expect=1).stderr
    assert primary.sql("SELECT to_regclass('fleet_history'), to_regclass('t')", "one") == "|"
    fleet.apply()
    assert fleet.status()["one"]["state"] == "current"


@only("postgresql", "mysql")
def test_a_read_only_server_is_refused_before_anything_runs(one, engine):
    one.migration("001_t", *TABLE)
    one.run("sum")
    server = engine.server
    switch = {"postgresql": ("ALTER SYSTEM SET default_transaction_read_only = %s;"
                             "\nSELECT pg_reload_conf()", "on", "off"),
              "mysql": ("SET GLOBAL read_only = %s", "1", "0")}[engine.name]
    for text in (switch[0] % switch[1]).split("\n"):
        server.sql(text)
    try:
        wait_for(lambda: one.status()["one"]["state"] == "read_only", "the server's new setting")
        assert "read-only" in one.run("plan", "prod", expect=1).stderr
    finally:
        for text in (switch[0] % switch[2]).split("\n"):
            server.sql("SET default_transaction_read_only = off;\n" + text
                       if engine.name == "postgresql" else text)
    assert "fleet_history" not in engine.dump("one")
    wait_for(lambda: one.status()["one"]["state"] == "pending", "the server's old setting")
    one.apply()


@only("mysql")
def test_a_server_that_is_made_read_only_after_the_plan_refuses_an_ordinary_user(fleet, engine):
    server = engine.server
    server.create("one")
    server.sql("CREATE USER plain@localhost; GRANT ALL ON one.* TO plain@localhost")
    fleet.agent("db-1")
    fleet.target("one", "prod", f"mysql://plain@localhost/one?socket={server.socket}", agent="db-1")
    fleet.start_agents()
    fleet.migration("001_t", *TABLE)
    fleet.run("sum")
    plan = fleet.root / "plan.json"
    fleet.run("plan", "prod", "-o", str(plan), expect=3)
    server.sql("SET GLOBAL read_only = 1")
    try:
        said = fleet.run("apply", str(plan), "--yes", expect=1)
        assert "read-only" in said.stdout + said.stderr
        assert server.sql("SHOW TABLES", "one") == ""
        assert fleet.status()["one"]["state"] == "read_only"
    finally:
        server.sql("SET GLOBAL read_only = 0")
        server.sql("DROP USER plain@localhost")
    fleet.target("one", "prod", engine.server.url("one"), agent="db-1")


def test_a_plan_says_of_what_release_the_server_is(one, engine):
    one.migration("001_t", *TABLE)
    one.run("sum")
    plan = one.root / "plan.json"
    one.run("plan", "prod", "-o", str(plan), expect=3)
    assert ('"release":' in plan.read_text()) == (engine.name != "sqlite")
