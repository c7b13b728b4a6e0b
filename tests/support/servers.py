"""PostgreSQL and MariaDB servers for tests: started unprivileged in a temporary directory on free
loopback ports and a socket there, with durable defaults, and stopped and removed at the end
whatever happens."""

import atexit
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DEADLINE_S = 60
PASSWORD = "tests-only"


class PortTaken(Exception):
    """Between our choice of a port and the server's start somebody else took it."""


def _need(path, package):
    if not path:
        raise SystemExit(f"{package} is not installed: run scripts/deps")
    return str(path)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """What both servers share: a directory of an unprivileged user, a process, an end."""

    user = None  # the package's own user, taken when root runs the tests

    def __init__(self):
        self.process = None
        self.port = _free_port()
        self.root = Path(tempfile.mkdtemp(prefix="fleet-server-"))
        self.root.chmod(0o755)
        self.data = self.root / "data"
        self.log = self.root / "log"
        # MariaDB names its temporary files by process id, which containers share.
        self.environment = dict(os.environ, TMPDIR=str(self.root))
        if os.geteuid() == 0:
            shutil.chown(self.root, self.user, self.user)
        else:
            self.user = pwd.getpwuid(os.geteuid()).pw_name
        atexit.register(self.stop)

    def _as_user(self, command, *options):
        if os.geteuid() == 0:
            options = (f"--reuid={self.user}", f"--regid={self.user}", "--init-groups", *options)
        return ["setpriv", *options, "--", *command] if options else command

    def _run(self, command):
        done = subprocess.run(self._as_user(command), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, cwd=self.root,
                              env=self.environment)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} failed:\n{done.stdout}")

    def start(self, other_port=False):
        """Starts the server, on the same port as before unless another is allowed."""
        for _ in range(5):
            try:
                return self._start(self.command())
            except PortTaken:
                if not other_port:
                    raise
                self.port = _free_port()
        raise RuntimeError("found no free port")

    def _start(self, command):
        # Killed with us, even when nothing of ours gets to run any more.
        command = self._as_user(command, "--pdeathsig=KILL")
        before = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, cwd=self.root,
                                            env=self.environment, start_new_session=True)
        end = time.monotonic() + DEADLINE_S
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > end:
                said = self.log.read_bytes()[before:].decode(errors="replace")
                if "Address already in use" in said:
                    raise PortTaken(said)
                raise RuntimeError(f"{command[-1]}: the server did not start:\n{said}")
            time.sleep(0.05)

    def certificate(self):
        """A certificate of its own for TLS to the database; the CA of it is itself."""
        cert, key = self.root / "server.crt", self.root / "server.key"
        self._run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                   "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                   "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                   "-keyout", str(key), "-out", str(cert)])
        return cert, key

    def kill(self):
        """As a crash would end it."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.root, ignore_errors=True)


class PostgreSQL(Server):
    user = "postgres"
    stop_signal = signal.SIGINT  # fast shutdown

    def __init__(self, max_connections=300):
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        self.bin = Path(_need(found and found[-1].parent, "postgresql"))
        super().__init__()
        self._run([str(self.bin / "initdb"), "-D", str(self.data), "-U", "tests", "-A", "trust",
                   "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"])
        cert, key = self.certificate()
        with open(self.data / "postgresql.conf", "a") as conf:
            conf.write(f"listen_addresses = '127.0.0.1'\n"
                       f"unix_socket_directories = '{self.root}'\n"
                       f"max_connections = {max_connections}\nssl = on\n"
                       f"ssl_cert_file = '{cert}'\nssl_key_file = '{key}'\n"
                       "max_prepared_transactions = 5\n")
        (self.data / "pg_hba.conf").write_text(
            "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        self.ca = cert
        self.start(other_port=True)
        self.sql(f"ALTER USER tests PASSWORD '{PASSWORD}'")

    def command(self):
        return [str(self.bin / "postgres"), "-D", str(self.data), "-p", str(self.port)]

    def ready(self):
        done = subprocess.run([str(self.bin / "pg_isready"), "-q", "-h", str(self.root), "-p",
                               str(self.port)])
        return done.returncode == 0

    def client(self, database="postgres"):
        return [str(self.bin / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h",
                str(self.root), "-p", str(self.port), "-U", "tests", "-d", database]

    def sql(self, text, database="postgres"):
        done = subprocess.run(self.client(database), input=text, text=True, capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def create(self, name):
        self.sql(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def url(self, database="postgres"):
        return f"postgresql://tests@/{database}?host={self.root}&port={self.port}"

    def tcp_url(self, database="postgres"):
        return f"postgresql://tests@127.0.0.1:{self.port}/{database}"

    def dump(self, database, part="--schema-only"):
        """What the engine's own tool prints, fleet's tables and noise left out."""
        done = subprocess.run(
            [str(self.bin / "pg_dump"), "-h", str(self.root), "-p", str(self.port), "-U", "tests",
             part, "--no-owner", "-T", "*.fleet_*", database],
            capture_output=True, text=True, check=True)
        return "\n".join(line for line in done.stdout.splitlines()
                         if not line.startswith(("--", "\\restrict", "\\unrestrict")))

    def rows(self, database):
        """All rows, as the engine's own tool prints them."""
        return self.dump(database, "--data-only")


class PgBouncer(Server):
    """A pooler in front of a PostgreSQL server, on a socket in its own directory."""

    user = "postgres"
    stop_signal = signal.SIGINT

    def __init__(self, server, mode="transaction", size=2):
        self.program = _need(shutil.which("pgbouncer", path="/usr/sbin:/usr/bin"), "pgbouncer")
        self.server, self.mode, self.size = server, mode, size
        super().__init__()
        self.start(other_port=True)

    def command(self):
        configuration = self.root / "pgbouncer.ini"
        configuration.write_text(
            f"[databases]\n* = host={self.server.root} port={self.server.port} user=tests\n"
            f"[pgbouncer]\nlisten_addr =\nlisten_port = {self.port}\n"
            f"unix_socket_dir = {self.root}\nauth_type = any\npool_mode = {self.mode}\n"
            f"default_pool_size = {self.size}\n")
        return [self.program, str(configuration)]

    def ready(self):
        return (self.root / f".s.PGSQL.{self.port}").exists()

    def url(self, database):
        return f"postgresql://tests@/{database}?host={self.root}&port={self.port}"

    def sql(self, text, database):
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
                               self.url(database)], input=text, text=True, capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()


class MariaDB(Server):
    user = "mysql"
    stop_signal = signal.SIGTERM

    def __init__(self, max_connections=300):
        self.server = _need(shutil.which("mariadbd", path="/usr/sbin:/usr/bin"), "mariadb-server")
        super().__init__()
        self.max_connections = max_connections
        self.socket = self.root / "socket"
        self._run([_need(shutil.which("mariadb-install-db"), "mariadb-server"), "--no-defaults",
                   f"--datadir={self.data}", "--auth-root-authentication-method=normal",
                   "--skip-test-db", "--skip-name-resolve"])
        self.ca, self.key = self.certificate()
        self.start(other_port=True)
        self.sql(f"CREATE USER tests@localhost; GRANT ALL ON *.* TO tests@localhost;"
                 f"CREATE USER tests@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';"
                 f"GRANT ALL ON *.* TO tests@'127.0.0.1'; CREATE DATABASE test")

    def command(self):
        return [self.server, "--no-defaults", f"--datadir={self.data}", f"--socket={self.socket}",
                f"--port={self.port}", "--bind-address=127.0.0.1", f"--pid-file={self.root}/pid",
                f"--max-connections={self.max_connections}", f"--ssl-cert={self.ca}",
                f"--ssl-key={self.key}", f"--ssl-ca={self.ca}",
                "--character-set-server=utf8mb4", "--skip-name-resolve"]

    def ready(self):
        done = subprocess.run(["mariadb-admin", "--no-defaults", f"--socket={self.socket}",
                               "-u", "root", "ping"], capture_output=True)
        return done.returncode == 0

    def client(self, database="mysql"):
        return ["mariadb", "--no-defaults", f"--socket={self.socket}", "-u", "root", "-N", "-B",
                "-n", "--default-character-set=utf8mb4", database]

    def sql(self, text, database="mysql"):
        done = subprocess.run(self.client(database), input=text, text=True, capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def create(self, name):
        self.sql(f"CREATE DATABASE `{name}`")
        return self.url(name)

    def url(self, database="test"):
        return f"mysql://tests@localhost/{database}?socket={self.socket}"

    def tcp_url(self, database="test"):
        return f"mysql://tests@127.0.0.1:{self.port}/{database}"

    def dump(self, database, parts=("--no-data", "--routines", "--triggers")):
        """What the engine's own tool prints, fleet's tables and noise left out."""
        ignored = [f"--ignore-table={database}.fleet_{name}"
                   for name in ("history", "fence", "intent")]
        done = subprocess.run(
            ["mariadb-dump", "--no-defaults", f"--socket={self.socket}", "-u", "root", *parts,
             "--skip-comments", "--skip-dump-date", *ignored, database],
            capture_output=True, text=True, check=True)
        return done.stdout

    def rows(self, database):
        """All rows, as the engine's own tool prints them."""
        return self.dump(database, ("--no-create-info", "--skip-triggers"))


def environment(postgresql=None, mariadb=None):
    """The variables by which tests in other languages find the servers."""
    found = {}
    if postgresql:
        password = postgresql.root / "password"
        password.write_text(PASSWORD + "\n")
        password.chmod(0o600)
        found |= {"FLEET_TEST_POSTGRESQL_URL": postgresql.url(),
                  "FLEET_TEST_POSTGRESQL_TCP_URL": postgresql.tcp_url(),
                  "FLEET_TEST_POSTGRESQL_CA": str(postgresql.ca),
                  "FLEET_TEST_POSTGRESQL_PASSWORD_FILE": str(password)}
    if mariadb:
        password = mariadb.root / "password"
        password.write_text(PASSWORD + "\n")
        password.chmod(0o600)
        found |= {"FLEET_TEST_MYSQL_URL": mariadb.url(),
                  "FLEET_TEST_MYSQL_TCP_URL": mariadb.tcp_url(),
                  "FLEET_TEST_MYSQL_CA": str(mariadb.ca),
                  "FLEET_TEST_MYSQL_PASSWORD_FILE": str(password)}
    return found


def exit_on_signals():
    """A terminated test run still stops its servers."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
