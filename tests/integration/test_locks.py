"""Locks that an application holds, and applications that must not wait for ours."""

import threading
import time

import pytest

from fleet import wait_for
from scenario import Session, Terminal, only

USERS = ("CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40));\n"
         "INSERT INTO users VALUES (1, 'Ann');\n", "DROP TABLE users;\n")
EMAIL = ("ALTER TABLE users ADD COLUMN email VARCHAR(200);\n",
         "ALTER TABLE users DROP COLUMN email;\n")
HOLD = {"sqlite": "BEGIN IMMEDIATE; UPDATE users SET name = 'Bob'",
        "postgresql": "BEGIN; UPDATE users SET name = 'Bob'",
        "mysql": "BEGIN; UPDATE users SET name = 'Bob'"}


def patient(fleet, engine, budget, timeout="200ms"):
    """A fleet whose agent waits for locks in short tries, for as long as the budget."""
    fleet.agent("db-1", f"lock_timeout = {timeout}\nlock_budget = {budget}\nmax_blocking = 500ms")
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


class Prober:
    """An application that asks again and again, and remembers how long it waited."""

    def __init__(self, engine, query="SELECT count(*) FROM users"):
        self.waits, self.ended, self.engine, self.query = [], threading.Event(), engine, query
        self.thread = threading.Thread(target=self.ask)
        self.thread.start()

    def ask(self):
        session = Session(self.engine, "SELECT 1")
        while not self.ended.is_set():
            began = time.monotonic()
            session.do(self.query)
            self.waits.append(time.monotonic() - began)
        session.end()

    def end(self):
        """The longest wait."""
        self.ended.set()
        self.thread.join()
        assert len(self.waits) > 3
        return max(self.waits)


@only("postgresql", "mysql")
@pytest.mark.parametrize("timeout, bound_s", [
    ("200ms", 0.2), ("60s", 0.5)], ids=["by-lock-timeout", "by-max-blocking"])
def test_an_application_never_waits_longer_than_allowed(fleet, engine, timeout, bound_s):
    application = patient(fleet, engine, "2s", timeout)
    prober = Prober(engine)
    fleet.run("apply", "prod", "--yes", expect=1)
    longest = prober.end()
    application.end()
    assert longest < bound_s + 1


@only("postgresql")
def test_an_index_in_the_making_gives_way_to_those_behind_it(fleet, engine):
    """It has no lock timeout. Queries wait behind a change of somebody else's that waits for it."""
    patient(fleet, engine, "60s").end()
    old = Session(engine, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
    fleet.migration("002_email", "-- fleet: no-transaction\n"
                    "CREATE INDEX CONCURRENTLY users_name ON users (name);\n",
                    "-- fleet: no-transaction\nDROP INDEX CONCURRENTLY users_name;\n")
    fleet.run("sum")
    apply = fleet.start("apply", "prod", "--yes")
    wait_for(lambda: engine.sql("SELECT count(*) FROM pg_locks WHERE NOT granted AND"
                                " locktype = 'virtualxid'", "one") == "1", "the index to wait")
    change = Session(engine, "SELECT 1")
    change.process.stdin.write("ALTER TABLE users ADD COLUMN age INTEGER;\n")
    change.process.stdin.flush()
    prober = Prober(engine)
    wait_for(lambda: " waiting " in apply.stdout.readline(), "the news that it waits")
    change.end()
    old.do("COMMIT")
    old.end()
    out, errors = apply.communicate(timeout=90)
    assert apply.returncode == 0, out + errors
    assert prober.end() < 0.5 + 1
    assert engine.sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid", "one") == "0"
    assert "age" in engine.dump("one") and "users_name" in engine.dump("one")


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


@only("mysql")
def test_a_way_back_that_meets_a_lock_is_tried_again(fleet, engine):
    """Statement 2 fails when it may go on; by then the application holds what statement 1 made."""
    first = patient(fleet, engine, "60s")
    fleet.migration("002_email", "CREATE TABLE notes (id INTEGER);\n"
                    "INSERT INTO users VALUES (1, 'twice');\n",
                    "-- fleet: undoes 1\nDROP TABLE notes;\n")
    fleet.run("sum")
    apply = fleet.start("apply", "prod", "--yes")
    wait_for(lambda: " waiting " in apply.stdout.readline(), "statement 2 to wait")
    second = Session(engine, "BEGIN; SELECT * FROM notes")
    first.do("COMMIT")
    first.end()
    attempts = set()

    def tried_again():
        attempts.add(engine.sql("SELECT query_id FROM information_schema.processlist"
                                " WHERE info LIKE 'DROP TABLE notes%'", "one"))
        return len(attempts - {""}) > 1
    wait_for(tried_again, "the way back to be tried twice")
    second.do("COMMIT")
    second.end()
    out, errors = apply.communicate(timeout=90)
    assert apply.returncode == 1 and "failed_clean" in out, out + errors
    assert "notes" not in engine.dump("one")
    assert engine.sql("SELECT count(*) FROM fleet_intent", "one") == "0"
