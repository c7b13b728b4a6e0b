"""Raw access to targets, past the product: the sqlite3 module, psql, the mariadb client."""

import fcntl
import sqlite3
import subprocess
import time

DEADLINE_S = 60
END = "that was all"


class Lost(Exception):
    """The client's server went away."""


class SqlError(Exception):
    pass


class Client:
    """One long-lived process of the engine's own client; each answer ends with a line of ours."""

    def __init__(self, command, separator, null, error_words, mark):
        self.command, self.separator, self.null = command, separator, null
        self.error_words, self.mark = error_words, mark
        self.process = None

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, errors="replace")

    def ask(self, text):
        if self.process is None or self.process.poll() is not None:
            self.start()
        rows, errors = [], []
        try:
            self.process.stdin.write(f"{text.rstrip(';')};\n{self.mark}\n")
            self.process.stdin.flush()
        except OSError as error:
            raise Lost(str(error)) from error
        while True:
            line = self.process.stdout.readline()
            if line == "":
                self.process.wait()
                raise Lost(" ".join(errors))
            line = line.rstrip("\n")
            if line == END:
                break
            if line.startswith("ERROR 20"):  # the client's own: no server, or lost
                self.stop()
                raise Lost(line)
            if line.startswith(self.error_words):
                errors.append(line)
            elif line and not line.startswith(("NOTICE", "DETAIL", "HINT", "WARNING", "LINE",
                                               "drop cascades")):
                rows.append(tuple(None if v == self.null else v
                                  for v in line.split(self.separator)))
        if errors:
            if "connection" in errors[0] or "gone away" in errors[0]:
                self.stop()
                raise Lost(errors[0])
            raise SqlError(errors[0])
        return rows

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


class Site:
    """One database of one target."""

    def query(self, *statements):
        """The rows of the statements, read in one snapshot; waits for a server that is away."""
        end = time.monotonic() + DEADLINE_S
        while True:
            try:
                return self.snapshot(statements)
            except Lost:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)


class Sqlite(Site):
    engine = "sqlite"
    transactional = True

    def __init__(self, root, name):
        self.path = root / f"{name}.db"
        self.url = f"sqlite:{self.path}"

    def snapshot(self, statements):
        connection = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        try:
            connection.execute("BEGIN")
            return [[tuple(None if v is None else str(v) for v in row)
                     for row in connection.execute(text)] for text in statements]
        except sqlite3.OperationalError as error:
            raise SqlError(str(error)) from error
        finally:
            connection.close()

    def make(self, *statements):
        connection = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        for text in statements:
            connection.execute(text)
        connection.close()

    def clear(self):
        for path in self.path.parent.glob(self.path.name + "*"):
            path.unlink()

    def has_history(self):
        return self.query("SELECT 1 FROM sqlite_schema WHERE name = 'fleet_history'")[0] != []

    def schema(self):
        """What the database is made of, in a form that does not depend on how it came about."""
        objects = self.query("SELECT type, name, tbl_name FROM sqlite_schema WHERE name NOT LIKE"
                             " 'fleet\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
                             " AND tbl_name NOT LIKE 'fleet\\_%' ESCAPE '\\' ORDER BY 1, 2")[0]
        tables = [name for kind, name, _ in objects if kind in ("table", "view")]
        columns = self.query(*[f"SELECT name, type, \"notnull\", dflt_value, pk FROM"
                               f" pragma_table_info('{name}')" for name in tables]) if tables else []
        return [tuple(objects), *(tuple(c) for c in columns)]

    def leftovers(self):
        """The lock file of a killed process is no lock, and the next part removes it."""
        path = self.path.with_name(self.path.name + "-fleet-lock")
        if not path.exists():
            return []
        with open(path) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return [f"{path.name} is locked"]
        return []

    def invalid(self):
        return []

    def sessions(self):
        return []

    def close(self):
        pass


class PostgreSQL(Site):
    engine = "postgresql"
    transactional = True

    def __init__(self, server, name, url):
        self.server, self.name, self.url = server, name, url
        self.client = Client([*server.client(name), "-F", "\x1f", "-P", "null=\\N",
                              "-v", "ON_ERROR_STOP=0"], "\x1f", "\\N", ("ERROR:", "FATAL:", "psql:"),
                             f"\\echo {END}")

    def snapshot(self, statements):
        try:
            self.client.ask("BEGIN ISOLATION LEVEL REPEATABLE READ")
            return [self.client.ask(text) for text in statements]
        finally:
            if self.client.process is not None and self.client.process.poll() is None:
                self.client.ask("ROLLBACK")

    def make(self, *statements):
        for text in statements:
            self.client.ask(text)

    def clear(self):
        self.end_others()
        self.make("DROP SCHEMA IF EXISTS public CASCADE", "CREATE SCHEMA IF NOT EXISTS public",
                  "GRANT ALL ON SCHEMA public TO PUBLIC")

    def end_others(self):
        end = time.monotonic() + DEADLINE_S
        while self.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <>"
                         " pg_backend_pid() AND datname = current_database()")[0]:
            if time.monotonic() > end:
                raise Lost(f"sessions on {self.name} do not end")
            time.sleep(0.01)

    def has_history(self):
        return self.query("SELECT to_regclass('public.fleet_history')")[0][0][0] is not None

    def schema(self):
        return [tuple(rows) for rows in self.query(
            "SELECT table_name, column_name, data_type, is_nullable, column_default FROM"
            " information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE"
            " 'fleet\\_%' ORDER BY 1, ordinal_position",
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename"
            " NOT LIKE 'fleet\\_%' ORDER BY 1",
            "SELECT viewname FROM pg_views WHERE schemaname = 'public' ORDER BY 1")]

    def leftovers(self):
        return [f"advisory lock of {row[0]}" for row in self.query(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM"
            " pg_database WHERE datname = current_database())")[0]]

    def invalid(self):
        return [row[0] for row in self.query(
            "SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid")[0]]

    def sessions(self):
        return [" ".join(map(str, row)) for row in self.query(
            "SELECT pid, state, left(query, 60) FROM pg_stat_activity WHERE pid <>"
            " pg_backend_pid() AND datname = current_database()")[0]]

    def close(self):
        self.client.stop()


class MariaDB(Site):
    engine = "mysql"
    transactional = False

    def __init__(self, server, name, url):
        self.server, self.name, self.url = server, name, url
        self.client = Client([*server.client("mysql"), "--force", "--skip-reconnect"], "\t", "NULL",
                             ("ERROR ",), f"SELECT '{END}';")

    def snapshot(self, statements):
        self.client.ask(f"USE `{self.name}`;\nSTART TRANSACTION WITH CONSISTENT SNAPSHOT")
        try:
            return [self.client.ask(text) for text in statements]
        finally:
            if self.client.process is not None and self.client.process.poll() is None:
                self.client.ask("ROLLBACK")

    def make(self, *statements):
        self.client.ask(f"USE `{self.name}`")
        for text in statements:
            self.client.ask(text)

    def clear(self):
        self.end_others()
        self.client.ask(f"DROP DATABASE IF EXISTS `{self.name}`;\nCREATE DATABASE `{self.name}`")

    def end_others(self):
        end = time.monotonic() + DEADLINE_S
        while True:
            rows = self.client.ask("SELECT id FROM information_schema.processlist WHERE"
                                   f" db = '{self.name}' AND id <> CONNECTION_ID()")
            if not rows:
                return
            for row in rows:
                try:
                    self.client.ask(f"KILL {row[0]}")
                except SqlError:
                    pass
            if time.monotonic() > end:
                raise Lost(f"sessions on {self.name} do not end")
            time.sleep(0.01)

    def has_history(self):
        return self.query("SELECT 1 FROM information_schema.tables WHERE table_schema ="
                          f" '{self.name}' AND table_name = 'fleet_history'")[0] != []

    def schema(self):
        return [tuple(rows) for rows in self.query(
            "SELECT table_name, column_name, column_type, is_nullable, column_default FROM"
            f" information_schema.columns WHERE table_schema = '{self.name}' AND table_name NOT"
            " LIKE 'fleet\\_%' ORDER BY 1, ordinal_position",
            "SELECT table_name, index_name, seq_in_index, column_name FROM"
            f" information_schema.statistics WHERE table_schema = '{self.name}' AND table_name"
            " NOT LIKE 'fleet\\_%' ORDER BY 1, 2, 3",
            "SELECT table_name FROM information_schema.views WHERE table_schema ="
            f" '{self.name}' ORDER BY 1")]

    def leftovers(self):
        return []

    def invalid(self):
        return []

    def sessions(self):
        return [" ".join(map(str, row)) for row in self.query(
            "SELECT id, command, left(info, 60) FROM information_schema.processlist WHERE db ="
            f" '{self.name}' AND id <> CONNECTION_ID() AND command <> 'Killed'")[0]]

    def close(self):
        self.client.stop()
