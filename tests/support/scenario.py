"""What scenarios share beside the fleet: which engines, what a database holds, an application."""

import os
import pty
import subprocess

import pytest

from fleet import FLEET, wait_for


def only(*engines):
    """A scenario for these engines alone."""
    return pytest.mark.parametrize("engine", engines, indirect=True)


def whole(engine, fleet, name="one"):
    """All that must not have changed where nothing happened: schema, rows and fingerprint."""
    rows = fleet.json("status", "--fingerprint", "--target", name)["targets"]
    return engine.dump(name), engine.rows(name), rows[0]["fingerprint"]


class Session:
    """An application's session: the engine's own client with a transaction that stays open."""

    def __init__(self, engine, text, name="one"):
        self.process = subprocess.Popen(engine.client(name), stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.do(text)

    def do(self, text):
        """Returns when all of it has run."""
        self.process.stdin.write(f"{text};\nSELECT 'that was all';\n")
        self.process.stdin.flush()
        said = []
        while not said or said[-1] != "that was all":
            said.append(self.process.stdout.readline().rstrip("\n"))
            assert self.process.poll() is None or said[-1], said

    def end(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Terminal:
    """A command on a pseudo-terminal, as a person runs it."""

    def __init__(self, fleet, *words, environment=None):
        self.ours, theirs = pty.openpty()
        variables = {**os.environ, "TERM": "xterm-256color", **(environment or {})}
        self.process = subprocess.Popen([FLEET, *words], cwd=fleet.root, stdin=theirs,
                                        stdout=theirs, stderr=theirs, env=variables,
                                        start_new_session=True)
        os.close(theirs)
        self.said = b""

    def read(self):
        try:
            part = os.read(self.ours, 65536)
        except OSError:  # the other side is closed
            part = b""
        self.said += part
        return part != b""

    def read_until(self, text):
        while text not in self.said:
            assert self.read(), self.said

    def write(self, text):
        os.write(self.ours, text)

    def end(self):
        while self.read():
            pass
        os.close(self.ours)
        return self.process.wait(timeout=60)


class Gate:
    """A place inside a migration at which it runs until the test opens the gate.

    On the servers the statement waits for a row's lock that a session holds. On SQLite, where a
    script that runs waits for nobody, it counts up to a number that the gate's table gives.
    """

    TABLE = "CREATE TABLE gate (n BIGINT NOT NULL);\nINSERT INTO gate VALUES (1);\n"
    STATEMENT = "UPDATE gate SET n = n + 1"
    COUNTING = ("WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c"
                " WHERE x < (SELECT n FROM gate)) UPDATE gate SET n = (SELECT max(x) FROM c)")
    WAITING = {
        "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND"
                      " datname = current_database() AND query LIKE '%UPDATE gate%'",
        "mysql": "SELECT count(*) FROM information_schema.processlist WHERE db = database()"
                 " AND info LIKE 'UPDATE gate%'",
    }

    def __init__(self, engine, name="one"):
        self.engine, self.name = engine, name
        self.session = None
        self.script = "-- fleet: lock-timeout=60s\n"
        self.statement = (self.COUNTING if engine.name == "sqlite" else self.STATEMENT) + ";\n"

    def close(self, count=10**12):
        if self.engine.name == "sqlite":
            self.engine.sql(f"UPDATE gate SET n = {count}", self.name)
        else:
            self.session = Session(self.engine, "BEGIN; SELECT n FROM gate FOR UPDATE", self.name)

    def reached(self):
        if self.engine.name == "sqlite":
            return self.engine.locked(self.name)
        return int(self.engine.sql(self.WAITING[self.engine.name], self.name)) > 0

    def wait_until_reached(self):
        wait_for(self.reached, "the migration to reach the gate")

    def open(self):
        """On SQLite only when nobody runs the statement any more."""
        if self.session is not None:
            self.session.end()
        else:
            self.engine.sql("UPDATE gate SET n = 1", self.name)
