"""Fixtures of the scenarios: servers once for a whole run, a fleet for each test."""

import re
import sqlite3
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
import servers as test_servers  # noqa: E402
from fleet import Fleet  # noqa: E402


class Sqlite:
    """SQLite files with the few verbs that the servers have."""

    name = "sqlite"

    def __init__(self, root):
        self.root = root

    def path(self, name):
        return self.root / f"{name}.db"

    def create(self, name):
        sqlite3.connect(self.path(name)).close()
        return self.url(name)

    def url(self, name):
        return f"sqlite:{self.path(name)}"

    def client(self, name):
        return ["sqlite3", "-batch", self.path(name)]

    def locked(self, name):
        """Whether somebody is writing."""
        connection = sqlite3.connect(self.path(name), timeout=0)
        try:
            connection.execute("BEGIN IMMEDIATE")
            return False
        except sqlite3.OperationalError:
            return True
        finally:
            connection.close()

    def sql(self, text, name):
        connection = sqlite3.connect(self.path(name))
        try:
            rows, statement = [], ""
            for part in re.split("(?<=;)", text):
                statement += part
                if sqlite3.complete_statement(statement):
                    rows += connection.execute(statement).fetchall()
                    statement = ""
            rows += connection.execute(statement).fetchall()
            connection.commit()
            return "\n".join("\t".join(map(str, row)) for row in rows)
        finally:
            connection.close()

    def dump(self, name):
        rows = self.sql("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
                        " AND tbl_name NOT LIKE 'fleet_%' ORDER BY type, name", name)
        return rows

    def rows(self, name):
        connection = sqlite3.connect(self.path(name))
        try:
            lines = list(connection.iterdump())
        finally:
            connection.close()
        return [line for line in lines if line.startswith("INSERT INTO") and "fleet_" not in line]


@pytest.fixture(scope="session")
def postgresql():
    server = test_servers.PostgreSQL()
    server.name = "postgresql"
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mariadb():
    server = test_servers.MariaDB()
    server.name = "mysql"
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def engine(request, tmp_path):
    """Each engine in turn: databases with create, url, sql, dump and a name."""
    if request.param == "sqlite":
        yield Sqlite(tmp_path)
        return
    server = request.getfixturevalue("mariadb" if request.param == "mysql" else "postgresql")
    yield Databases(server)


class Databases:
    """A server's databases of one test: their names are unique, and end with the server."""

    count = 0

    def __init__(self, server):
        Databases.count += 1
        self.server, self.name, self.prefix = server, server.name, f"t{Databases.count}_"

    def create(self, name):
        return self.server.create(self.prefix + name)

    def url(self, name):
        return self.server.url(self.prefix + name)

    def tcp_url(self, name):
        return self.server.tcp_url(self.prefix + name)

    def client(self, name):
        return self.server.client(self.prefix + name)

    def sql(self, text, name):
        return self.server.sql(text, self.prefix + name).replace("|", "\t")

    def dump(self, name):
        return self.server.dump(self.prefix + name).replace(self.prefix + name, "DATABASE")

    def rows(self, name):
        return self.server.rows(self.prefix + name)


@pytest.fixture
def fleet(tmp_path):
    root = tmp_path / "fleet"
    root.mkdir()
    made = Fleet(root)
    yield made
    made.stop()


@pytest.fixture
def one(fleet, engine):
    """A fleet whose one target, "one" in prod, is an empty database behind an agent."""
    fleet.agent("db-1")
    fleet.target("one", "prod", engine.create("one"), agent="db-1")
    fleet.start_agents()
    return fleet
