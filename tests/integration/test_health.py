"""A change that breaks what stands on the database stops at its wave, and goes back."""

import http.server
import threading

import pytest
from conftest import Databases, Sqlite
from scenario import only, whole
from test_rollout import BASE, PRICE, ledger, states, with_base


class Service:
    """Something that answers on a URL with the status that a function of it gives."""

    def __init__(self, answer):
        self.asked = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(handler):
                self.asked += 1
                handler.send_response(answer(self))
                handler.send_header("Content-Length", "0")
                handler.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/health"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def serve():
    services = []

    def start(answer):
        services.append(Service(answer))
        return services[-1]

    yield start
    for service in services:
        service.stop()


@only("sqlite")
def test_a_service_that_is_well_lets_all_waves_through(fleet, engine, serve):
    service = serve(lambda service: 200)
    with_base(fleet, engine, 4, "waves = 1, 50%, 100%", f"health_url = {service.url}", "soak = 0s")
    fleet.run("apply", "prod", "--yes")
    assert service.asked == 3
    assert {row["version"] for row in fleet.status().values()} == {"003"}


def test_a_change_that_makes_the_service_ill_goes_back_from_the_canary(fleet, engine, serve):
    """The service is ill as soon as the canary has the new column."""
    names = with_base(fleet, engine, 4, "waves = 1, 100%", "on_failure = rollback-wave",
                      "max_failures = 100%")
    before = {name: whole(engine, fleet, name) for name in names}
    service = serve(lambda service: 503)
    fleet.env("prod", "waves = 1, 100%", "on_failure = rollback-wave", "max_failures = 100%",
              f"health_url = {service.url}")
    fleet.write_inventory()
    found = states(fleet.json("apply", "prod", "--yes", expect=1))
    assert found.pop("t00") == "rolled_back"
    assert set(found.values()) == {"skipped"}
    assert service.asked == 3
    assert {name: whole(engine, fleet, name) for name in names} == before
    [entry] = ledger(fleet, "health")
    assert entry["subject"] == "wave 1" and entry["detail"].endswith("answered 503"), entry


@only("sqlite")
def test_a_service_may_need_a_second_try(fleet, engine, serve):
    service = serve(lambda service: 200 if service.asked > 1 else 500)
    with_base(fleet, engine, 2, f"health_url = {service.url}")
    fleet.run("apply", "prod", "--yes")
    assert service.asked == 2


def test_a_target_that_is_ill_stops_there_and_goes_back(fleet, engine):
    """The change itself is fine; what it finds on one target is not."""
    names = with_base(fleet, engine, 6, "waves = 1, 50%, 100%", "on_failure = rollback-all",
                      "health_sql = SELECT id FROM items WHERE name = 'bad' AND price IS NULL")
    engine.sql("INSERT INTO items VALUES (7, 'bad')", "t02")
    assert "\nhealth: SELECT id FROM items" in fleet.run("plan", "prod", expect=3).stdout
    before = {name: whole(engine, fleet, name) for name in names}
    found = states(fleet.json("apply", "prod", "--yes", expect=1))
    assert [found[name] for name in names] == ["rolled_back"] * 3 + ["skipped"] * 3
    assert {name: whole(engine, fleet, name) for name in names} == before
    [entry] = ledger(fleet, "health")
    assert entry["subject"] == "wave 2"
    assert entry["detail"] == "target t02: health_sql must return no row, and returned 1"
    engine.sql("DELETE FROM items WHERE id = 7", "t02")
    fleet.run("apply", "prod", "--yes")
    assert {row["version"] for row in fleet.status().values()} == {"003"}


def test_a_query_of_health_cannot_change_anything(fleet, engine):
    writes = {"postgresql": "WITH gone AS (DELETE FROM items RETURNING id) SELECT id FROM gone WHERE id = 99",
              "mysql": "WITH x AS (SELECT 1 AS id) DELETE FROM items WHERE id IN (SELECT id FROM x)",
              "sqlite": "WITH x AS (SELECT 1) DELETE FROM items"}[engine.name]
    with_base(fleet, engine, 1, f"health_sql = {writes}", agents=1)
    fleet.run("apply", "prod", "--yes", expect=1)
    assert engine.sql("SELECT count(*) FROM items", "t00").strip() == "2"


@only("sqlite")
def test_targets_without_an_agent_are_asked_for_their_health(fleet, engine):
    names = with_base(fleet, engine, 2, "on_failure = rollback-all", "health_sql = SELECT id FROM items",
                      agents=0)
    out = fleet.run("apply", "prod", "--yes", expect=1).stdout
    assert "2 of 2 targets are not well, the first: target t00" in out, out
    assert [fleet.status()[name]["version"] for name in names] == ["001", "001"]


@only("sqlite")
def test_the_last_wave_is_watched_too_and_all_goes_back(fleet, engine):
    names = with_base(fleet, engine, 3, "waves = 1, 100%", "on_failure = rollback-all",
                      "health_command = test $FLEET_WAVE -lt $FLEET_WAVES || { echo 'it is ill' >&2; exit 3; }")
    out = fleet.run("apply", "prod", "--yes", expect=1).stdout
    assert "stopped: health_command: /bin/sh ended with status 3: it is ill" in out, out
    assert "taking back wave 2 of 2" in out and "taking back wave 1 of 2" in out
    assert [fleet.status()[name]["version"] for name in names] == ["001"] * 3


@only("sqlite")
def test_a_command_is_told_where_it_is(fleet, engine):
    with_base(fleet, engine, 2, "waves = 1, 100%",
              "health_command = echo $FLEET_ENVIRONMENT $FLEET_WAVE/$FLEET_WAVES $FLEET_VERSION >> told")
    fleet.run("apply", "prod", "--yes")
    assert (fleet.root / "told").read_text() == "prod 1/2 003\nprod 2/2 003\n"
    fleet.run("rollback", "prod", "--steps", "1", "--yes")
    assert len((fleet.root / "told").read_text().splitlines()) == 2


@only("sqlite")
def test_what_nothing_takes_back_can_be_gone_on_with_once_it_is_well(fleet, engine):
    with_base(fleet, engine, 3, "waves = 1, 100%", "health_command = test -e well")
    out = fleet.run("apply", "prod", "--yes", expect=1).stdout
    assert "1 of 3 done, 2 not begun" in out and "stopped: health_command" in out, out
    assert [row["version"] for row in fleet.status().values()] == ["003", "001", "001"]
    fleet.run("resume", "prod", "--yes", expect=1)
    assert [row["version"] for row in fleet.status().values()] == ["003", "001", "001"]
    (fleet.root / "well").touch()
    fleet.run("resume", "prod", "--yes")
    assert {row["version"] for row in fleet.status().values()} == {"003"}
    # What came to its end is not watched any more.
    (fleet.root / "well").unlink()
    fleet.run("resume", "prod", "--yes")


@only("sqlite")
def test_a_rollout_that_was_killed_while_its_last_wave_soaked_is_watched_again(fleet, engine):
    with_base(fleet, engine, 3, "soak = 1h", "on_failure = rollback-all",
              "health_command = test ! -e ill")
    apply = fleet.start("apply", "prod", "--yes")
    said = ""
    while "its health is watched for" not in said:
        line = apply.stdout.readline()
        assert line, said
        said += line
    apply.kill()
    apply.communicate()
    assert {row["version"] for row in fleet.status().values()} == {"003"}
    (fleet.root / "ill").touch()
    out = fleet.run("resume", "prod", "--yes", expect=1).stdout
    assert "taking back wave 1 of 1" in out, out
    assert {row["version"] for row in fleet.status().values()} == {"001"}


def test_a_canary_that_falls_ill_keeps_the_change_from_all_engines(fleet, tmp_path, postgresql, mariadb):
    """One rollout over three engines, canary, a tenth, all: the canary finds what no script would."""
    engines = [Databases(postgresql), Databases(mariadb), Sqlite(tmp_path)]
    names = [f"t{i:02d}" for i in range(30)]
    of = {name: engines[i % 3] for i, name in enumerate(names)}
    for engine in engines:
        fleet.agent(f"db-{engine.name}")
    for name in names:
        fleet.target(name, "prod", of[name].create(name), agent=f"db-{of[name].name}")
    fleet.start_agents()
    fleet.migration("001_items", *BASE)
    fleet.apply()
    fleet.env("prod", "waves = 1, 10%, 100%", "soak = 0s", "on_failure = rollback-wave",
              "health_sql = SELECT id FROM items WHERE price IS NULL AND name = 'sold'")
    fleet.write_inventory()
    fleet.migration("002_price", *PRICE)
    fleet.run("sum")
    of["t00"].sql("INSERT INTO items VALUES (3, 'sold')", "t00")
    before = {name: whole(of[name], fleet, name) for name in names}

    rows = fleet.apply(expect=1)
    assert rows.pop("t00")["state"] == "rolled_back"
    assert {row["state"] for row in rows.values()} == {"skipped"}
    assert {name: whole(of[name], fleet, name) for name in names} == before
    of["t00"].sql("DELETE FROM items WHERE id = 3", "t00")
    assert {row["state"] for row in fleet.apply().values()} == {"applied"}
