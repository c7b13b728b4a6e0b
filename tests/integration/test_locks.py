"""Locks that an application holds, and applications that must not wait for ours."""

import threading
import time

from fleet import wait_for
from scenario import Session, Terminal, only

USERS = ("CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40));\n"
         "INSERT INTO users VALUES (1, 'Ann');\n", "DROP TABLE users;\n")
EMAIL = ("ALTER TABLE users ADD COLUMN email VARCHAR(200);\n",
         "ALTER TABLE users DROP COLUMN email;\n")
HOLD = {"sqlite": "BEGIN IMMEDIATE; UPDATE users SET name = 'Bob'",
        "postgresql": "BEGIN; UPDATE users SET name = 'Bob'",
        "mysql": "BEGIN; UPDATE users SET name = 'Bob'"}


def patient(fleet, engine, budget):
    """A fleet whose agent waits for locks in short tries, for as long as the budget."""
    fleet.agent("db-1", f"lock_timeout = 200ms\nlock_budget = {budget}")
    fleet.target("one", "prod", engine.create("one"), agent="db-1")
    fleet.start_agents()
    fleet.migration("001_users", *USERS)
    fleet.apply()
    fleet.migration("002_email", *EMAIL)
    fleet.run("sum")
    return Session(engine, HOLD[engine.name])


def test_a_lock_that_is_released_in_time_is_waited_for(fleet, engine):
    application = patient(fleet, engine, "60s")
    apply = fleet.start("apply", "prod", "--yes")
    # Comes when the first try met the lock, not at the end.
    wait_for(lambda: " waiting " in apply.stdout.readline(), "the news that it waits")
    application.do("COMMIT")
    out, errors = apply.communicate(timeout=90)
    application.end()
    assert apply.returncode == 0, out + errors
    assert fleet.status()["one"]["version"] == "002"
    assert engine.sql("SELECT name FROM users", "one") == "Bob"


def test_a_lock_that_stays_is_an_error_that_names_the_blocker(fleet, engine):
    application = patient(fleet, engine, "1s")
    row = next(iter(fleet.json("apply", "prod", "--yes", expect=1)["targets"]))
    assert row["code"] == "locked"
    blocker = {"sqlite": str(application.process.pid), "mysql": "user root",
               "postgresql": "user tests, application psql"}[engine.name]
    assert blocker in row["error"], row["error"]
    application.do("ROLLBACK")
    application.end()
    assert fleet.status()["one"]["version"] == "001"
    fleet.run("apply", "prod", "--yes")
    assert engine.sql("SELECT name FROM users", "one") == "Ann"


@only("postgresql", "mysql")
def test_an_application_never_waits_longer_than_the_lock_timeout(fleet, engine):
    application = patient(fleet, engine, "2s")
    waits, ended = [], threading.Event()

    def read():
        reader = Session(engine, "SELECT 1")
        while not ended.is_set():
            began = time.monotonic()
            reader.do("SELECT count(*) FROM users")
            waits.append(time.monotonic() - began)
        reader.end()
    thread = threading.Thread(target=read)
    thread.start()
    fleet.run("apply", "prod", "--yes", expect=1)
    ended.set()
    thread.join()
    application.end()
    assert max(waits) < 0.2 + 1 and len(waits) > 3


def test_four_commands_at_once_apply_nothing_twice(one, engine):
    one.migration("001_users", *USERS)
    for i in range(2, 12):
        one.migration(f"{i:03d}_row", f"INSERT INTO users VALUES ({i}, 'x');\n",
                      f"DELETE FROM users WHERE id = {i};\n")
    one.run("sum")
    runs = [one.start("apply", "prod", "--yes") for _ in range(4)]
    results = [run.communicate(timeout=120) + (run.returncode,) for run in runs]
    assert any(status == 0 for _, _, status in results), results
    assert engine.sql("SELECT count(*) FROM users", "one") == "11"
    versions = engine.sql("SELECT version FROM fleet_history ORDER BY seq", "one").split()
    assert versions == [f"{i:03d}" for i in range(1, 12)]


def test_a_target_that_moved_while_a_person_thought_refuses_the_plan(one, engine):
    """The agent's own look at the history; the command looked before it asked."""
    one.migration("001_users", *USERS)
    one.apply()
    one.migration("002_more", "INSERT INTO users VALUES (2, 'x');\n", "-- fleet: nothing-to-undo\n")
    one.run("sum")
    person = Terminal(one, "apply", "prod")
    person.read_until(b"Apply on 1 target of prod?")
    one.run("apply", "prod", "--yes")
    person.write(b"yes\n")
    assert person.end() == 1
    assert b"refused" in person.said or b"stale" in person.said, person.said
    assert engine.sql("SELECT count(*) FROM users", "one") == "2"
    assert engine.sql("SELECT count(*) FROM fleet_history", "one") == "2"
