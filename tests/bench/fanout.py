#!/usr/bin/python3
"""bench/fanout: one small migration on many databases, as a whole process.

    tests/bench/fanout.py [--runs N] [--engine ENGINE]

In turn, in one run: the floor (tests/bench/floor.c), fleet apply --yes through one agent over TLS, the
engines' own command line tools under xargs -P 8, and dbmate under xargs -P 8 if a native one is on the PATH.
Prints medians, their ratios to the floor, the share of the fingerprint, and the CPU of fleet and of the
agent. All are timed as whole processes, and so is the floor, its connections included; what its statements
alone take, and how much of fleet's time that is, is printed beside it. Ends with 1 if an aim is missed."""

import argparse
import os
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
os.environ.setdefault("FLEET_BIN_DIR", str(HERE.parents[1] / "build/release"))
import servers  # noqa: E402
from fleet import BIN, Fleet  # noqa: E402

COUNTS = {"sqlite": 200, "postgresql": 100, "mysql": 100}
AIMS = {"sqlite": 1.3, "postgresql": 1.5, "mysql": 1.8}  # times the floor
TABLES = ("CREATE TABLE item (id INTEGER PRIMARY KEY, title VARCHAR(80) NOT NULL);"
          "CREATE TABLE floor_version (version VARCHAR(40));"
          "CREATE TABLE cli_version (version VARCHAR(40));")


class Bench:
    """The databases of one engine, and each way to migrate them by one column."""

    def __init__(self, engine, root, server):
        self.engine, self.root, self.server = engine, root, server
        self.names = [f"bench_{i:03d}" for i in range(COUNTS[engine])]
        self.column = 0
        for name in self.names:
            if engine == "sqlite":
                with sqlite3.connect(root / f"{name}.db") as database:
                    database.executescript(TABLES)
            else:
                server.create(name)
                server.sql(TABLES, name)

    def url(self, name):
        return f"sqlite:{self.root}/{name}.db" if self.engine == "sqlite" else self.server.url(name)

    def next_column(self):
        self.column += 1
        return f"c{self.column}"

    def floor(self):
        """Seconds for the connections, and for the statements on them."""
        lines = {
            "sqlite": lambda n: f"{self.root}/{n}.db",
            "postgresql": lambda n: f"host={self.server.root} port={self.server.port} user=tests"
                                    f" dbname={n}",
            "mysql": lambda n: f"{self.server.socket}\ttests\t{n}",
        }[self.engine]
        done = subprocess.run([BIN / "tests/floor", self.engine, self.next_column()], text=True,
                              input="\n".join(map(lines, self.names)) + "\n",
                              capture_output=True, check=True)
        return tuple(map(float, done.stdout.split()))

    def cli(self):
        column = self.next_column()
        sql = (f"BEGIN; ALTER TABLE item ADD COLUMN {column} INTEGER;"
               f" INSERT INTO cli_version VALUES ('{column}'); COMMIT;")
        command = {
            "sqlite": ["sqlite3", f"{self.root}/{{}}.db", sql],
            "postgresql": self.server and [*self.server.client("{}"), "-c", sql]
            if self.engine == "postgresql" else None,
            "mysql": self.server and [*self.server.client("{}"), "-e", sql]
            if self.engine == "mysql" else None,
        }[self.engine]
        return self.xargs(command)

    def xargs(self, command, environment=None):
        began = time.monotonic()
        subprocess.run(["xargs", "-P", "8", "-I", "{}", *command], input="\n".join(self.names),
                       text=True, check=True, capture_output=True, env=environment)
        return time.monotonic() - began

    def dbmate(self, program):
        folder = self.root / "dbmate"
        folder.mkdir(exist_ok=True)
        column = self.next_column()
        (folder / f"{self.column:04d}_{column}.sql").write_text(
            f"-- migrate:up\nALTER TABLE item ADD COLUMN {column} INTEGER;\n-- migrate:down\n")
        url = {
            "sqlite": f"sqlite:{self.root}/{{}}.db",
            "postgresql": self.server and f"postgres://tests@/{{}}?host={self.server.root}"
                                          f"&port={self.server.port}",
            "mysql": self.server and f"mysql://tests@/{{}}?socket="
                                     f"{getattr(self.server, 'socket', '')}",
        }[self.engine]
        return self.xargs([program, "--no-dump-schema", "-d", str(folder), "--url", url, "migrate"])


class FleetBench:
    """fleet with one agent that owns all databases of one engine."""

    def __init__(self, bench, root):
        self.bench = bench
        root.mkdir()
        self.fleet = Fleet(root)
        self.fleet.env("bench", "max_parallel = 64")
        self.agent = self.fleet.agent("bench", "workers = 16\nkeep_sessions = 512\nkeep_for = 10m")
        for name in bench.names:
            self.fleet.target(name.replace("_", "-"), "bench", bench.url(name), agent="bench")
        self.fleet.start_agents()
        self.apply()

    def agent_cpu(self):
        fields = Path(f"/proc/{self.agent.process.pid}/stat").read_text().rsplit(")")[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def apply(self):
        """Seconds, and the CPU seconds of fleet and of the agent."""
        column = self.bench.next_column()
        self.fleet.migration(f"{self.bench.column:04d}_{column}",
                             f"ALTER TABLE item ADD COLUMN {column} INTEGER;\n",
                             f"ALTER TABLE item DROP COLUMN {column};\n")
        self.fleet.run("sum")
        agent = self.agent_cpu()
        own = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.monotonic()
        self.fleet.run("apply", "--env", "bench", "--yes")
        took = time.monotonic() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - own.ru_utime - own.ru_stime
        return took, cpu, self.agent_cpu() - agent


def fingerprint_time(bench, fleet):
    """What taking the fingerprint of every target costs: a survey with it less one without."""
    def survey(*options):
        began = time.monotonic()
        fleet.fleet.run("status", "--output", "csv", *options)
        return time.monotonic() - began
    return max(0.0, statistics.median(survey("--fingerprint") for _ in range(3)) -
               statistics.median(survey() for _ in range(3)))


def sync_time(root):
    """The median of what making a small write durable costs here."""
    with open(root / "sync", "wb", buffering=0) as file:
        def once():
            file.write(bytes(4096))
            began = time.monotonic()
            os.fdatasync(file)
            return time.monotonic() - began
        return statistics.median(once() for _ in range(50))


def measure(engine, server, runs):
    root = Path(tempfile.mkdtemp(prefix="fleet-bench-"))
    bench = Bench(engine, root, server)
    fleet = FleetBench(bench, root / "fleet")
    dbmate = shutil.which("dbmate")
    rows = {"floor": [], "fleet": [], "cli": []}
    if dbmate:
        rows["dbmate"] = []
    cpu, agent, held = [], [], []
    for _ in range(runs):
        connecting, statements = bench.floor()
        rows["floor"].append(connecting + statements)
        held.append(statements)
        took, own_cpu, agent_cpu = fleet.apply()
        rows["fleet"].append(took)
        cpu.append(own_cpu)
        agent.append(agent_cpu)
        rows["cli"].append(bench.cli())
        if dbmate:
            rows["dbmate"].append(bench.dbmate(dbmate))
    median = {name: statistics.median(values) for name, values in rows.items()}
    print(f"\n{engine}: {len(bench.names)} databases, median of {runs}; one fdatasync takes"
          f" {sync_time(root) * 1e3:.2f} ms")
    for name, value in median.items():
        print(f"  {name:<12} {value:7.3f} s  {value / median['floor']:6.2f} x floor")
    print(f"  {'statements':<12} {statistics.median(held):7.3f} s  of the floor; fleet is"
          f" {median['fleet'] / statistics.median(held):.2f} x them")
    ratio, aim = median["fleet"] / median["floor"], AIMS[engine]
    print(f"  fleet is {ratio:.2f} x the floor, aim {aim}: {'met' if ratio <= aim else 'MISSED'}")
    share = fingerprint_time(bench, fleet)
    print(f"  {'fingerprint':<12} {share:7.3f} s  {share / median['floor']:6.2f} x floor"
          f"  ({share / median['fleet']:.0%} of fleet)")
    print(f"  CPU: fleet {statistics.median(cpu):.3f} s, agent {statistics.median(agent):.3f} s",
          flush=True)
    fleet.fleet.stop()
    shutil.rmtree(root)
    return ratio <= aim


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--engine", choices=COUNTS)
    options = parser.parse_args()
    servers.exit_on_signals()
    met = True
    for engine in [options.engine] if options.engine else COUNTS:
        server = {"postgresql": lambda: servers.PostgreSQL(max_connections=400),
                  "mysql": lambda: servers.MariaDB(max_connections=400),
                  "sqlite": lambda: None}[engine]()
        met &= measure(engine, server, options.runs)
        if server:
            server.stop()
    return 0 if met else 1


sys.exit(main())
