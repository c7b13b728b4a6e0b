"""The connection to the database is lost exactly at COMMIT: nobody knows, until the target says."""

import pytest

import servers
from cut import Cut
from scenario import only

NOTHING = "-- fleet: nothing-to-undo\n"


@pytest.fixture
def cut(request, fleet, engine):
    """A fleet whose target is reached through a proxy, with two migrations to apply."""
    proxy = Cut(engine.server.port)
    request.addfinalizer(proxy.close)
    password = fleet.root / "password"
    password.write_text(servers.PASSWORD + "\n")
    password.chmod(0o600)
    fleet.agent("db-1")
    engine.create("one")
    url = engine.tcp_url("one").replace(f":{engine.server.port}/", f":{proxy.port}/")
    if engine.name == "postgresql":
        url += "?sslmode=disable"
    fleet.target("one", "prod", url, agent="db-1",
                 agent_keys=[f"password_file = {password}"])
    fleet.start_agents()
    fleet.migration("001_canary", "CREATE TABLE canary (n INTEGER);\n"
                    "INSERT INTO canary VALUES (1);\n", "DROP TABLE canary;\n")
    fleet.apply()
    for name in ("002_more", "003_most"):
        fleet.migration(name, "UPDATE canary SET n = n + 1;\n", "UPDATE canary SET n = n - 1;\n")
    fleet.run("sum")
    return proxy


def canary(engine):
    versions = engine.sql("SELECT version FROM fleet_history ORDER BY seq", "one").split()
    return int(engine.sql("SELECT n FROM canary", "one")), versions


@only("postgresql", "mysql")
def test_a_lost_reply_to_commit_is_settled_at_once_where_the_target_answers(fleet, engine, cut):
    cut.arm("reply", nth=2, stays_down=False)
    fleet.run("apply", "prod", "--yes")
    assert cut.struck and canary(engine) == (3, ["001", "002", "003"])


@only("postgresql", "mysql")
@pytest.mark.parametrize("lost", ["request", "reply"])
def test_a_lost_commit_stays_unknown_until_the_target_answers(fleet, engine, cut, lost):
    there = lost == "reply"
    cut.arm(lost, nth=2, stays_down=True)
    report = fleet.json("apply", "prod", "--yes", expect=4)
    row = report["targets"][0]
    assert cut.struck and row["state"] == "unknown", report
    # Nothing is taken back, the step before neither.
    assert canary(engine) == ((3, ["001", "002", "003"]) if there else (2, ["001", "002"]))
    assert "unknown" in fleet.run("audit", "log", expect=None).stdout
    assert "one" in fleet.run("status", expect=None).stdout
    cut.heal()
    status = fleet.status(expect=None)["one"]
    assert status["version"] == ("003" if there else "002")
    fleet.run("apply", "prod", "--yes")
    assert canary(engine) == (3, ["001", "002", "003"])
    assert engine.sql("SELECT count(*) FROM fleet_intent", "one") == "0"
    applied = [row["version"] for row in fleet.json("audit", "report")["applied"]]
    assert applied == ["001", "002", "003"]
