#!/usr/bin/python3
"""bench/single: a real project's migrations on one local target, as whole processes.

    tests/bench/single.py DIRECTORY [--engine ENGINE] [--runs N]

DIRECTORY is as for tests/real/run. In turn, in one run and each from an empty database to head: fleet apply
with agent = local, the engine's own tool with all scripts in one process, and dbmate if a native one is on
the PATH; then fleet and dbmate again with nothing to do. Prints medians, their ratios, and what is aimed at:
level with the engine's own tool on SQLite and PostgreSQL, and no slower than dbmate when nothing is to do.
Ends with 1 if an aim is missed."""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
sys.path.insert(0, str(HERE.parent / "integration"))
sys.path.insert(0, str(HERE.parent / "real"))
sys.dont_write_bytecode = True
os.environ.setdefault("FLEET_BIN_DIR", str(HERE.parents[1] / "build/release"))
import servers  # noqa: E402
import sources  # noqa: E402
from conftest import Sqlite  # noqa: E402
from fleet import FLEET, Fleet, Target  # noqa: E402

MYSQL_INIT = "SET FOREIGN_KEY_CHECKS = 0"  # as such projects' own programs do
LEVEL = 1.05  # within the noise of a median
AIMED_AT_CLI = ("sqlite", "postgresql")


def timed(command, **options):
    began = time.monotonic()
    done = subprocess.run(list(map(str, command)), stdin=options.pop("stdin", subprocess.DEVNULL),
                          capture_output=True, **options)
    took = time.monotonic() - began
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {done.stderr.decode(errors='replace').strip()}")
    return took


class Bench:
    """One engine's folder, and each way to bring an empty database to its head."""

    def __init__(self, engine, folder, server, root):
        self.engine, self.server, self.root = engine, server, root
        migrations = sources.tool_of(folder)(folder, engine)
        self.count = len(migrations)
        self.script = root / "all.sql"
        self.script.write_bytes(b"\n".join(migration.up for migration in migrations) + b"\n")
        self.prepare_dbmate(migrations)
        self.prepare_fleet(folder)

    def prepare_dbmate(self, migrations):
        self.folder = self.root / "dbmate"
        self.folder.mkdir()
        for number, migration in enumerate(migrations, 1):
            (self.folder / f"{number:04d}_m.sql").write_bytes(
                b"-- migrate:up\n" + migration.up + b"\n-- migrate:down\n")

    def prepare_fleet(self, folder):
        (self.root / "fleet").mkdir()
        self.fleet = Fleet(self.root / "fleet")
        self.fleet.env("single", "irreversible = allow", "opaque = allow")
        self.fleet.target("t", "single", self.url("none"))
        self.fleet.write_inventory()
        shutil.rmtree(self.fleet.migrations)
        self.fleet.run("import", folder)
        self.fleet.run("sum")

    def url(self, name):
        return self.server.url(name)

    def fleet_up(self, name):
        keys = [f"init_sql = {MYSQL_INIT}"] if self.engine == "mysql" else []
        self.fleet.targets = [Target(name.replace("_", "-"), "single", self.url(name),
                                     agent_keys=keys)]
        self.fleet.write_inventory()
        return self.fleet_again(name)

    def fleet_again(self, _):
        return timed([FLEET, "apply", "single", "--yes"], cwd=self.fleet.root)

    def cli_up(self, name):
        command = ["sqlite3", "-bail", self.server.path(name)] if self.engine == "sqlite" else \
            self.server.client(name)
        if self.engine == "mysql":
            command[2:2] = [f"--init-command={MYSQL_INIT}"]
        with open(self.script, "rb") as script:
            return timed(command, stdin=script)

    def dbmate_up(self, name):
        url = {
            "sqlite": lambda: self.url(name),
            "postgresql": lambda: f"postgres://tests@/{name}?host={self.server.root}"
                                  f"&port={self.server.port}",
            "mysql": lambda: f"mysql://tests@/{name}?socket={self.server.socket}"
                             "&foreign_key_checks=0",
        }[self.engine]()
        return timed(["dbmate", "--no-dump-schema", "-d", self.folder, "--url", url, "migrate"])

    def ways(self):
        ways = {"cli": (self.cli_up, None), "fleet": (self.fleet_up, self.fleet_again)}
        if shutil.which("dbmate"):
            try:
                self.server.create("trial")
                self.dbmate_up("trial")
                ways["dbmate"] = (self.dbmate_up, self.dbmate_up)
            except RuntimeError as failure:
                print(f"{self.engine}: left out: {str(failure).splitlines()[-1]}")
        return ways


def measure(bench, runs):
    """Seconds of each way, from empty and with nothing to do."""
    up, again = {}, {}
    for number in range(runs):
        for way, (first, second) in bench.ways_found.items():
            name = f"{way}_{number}"
            bench.server.create(name)
            up.setdefault(way, []).append(first(name))
            if second:
                again.setdefault(way, []).append(second(name))
    return ({way: statistics.median(values) for way, values in up.items()},
            {way: statistics.median(values) for way, values in again.items()})


def judge(ratio, what, is_aim):
    verdict = f", aim level: {'met' if ratio <= LEVEL else 'MISSED'}" if is_aim else ""
    print(f"    fleet is {ratio:.2f} x {what}{verdict}")
    return ratio <= LEVEL or not is_aim


def report(bench, runs):
    up, again = measure(bench, runs)
    print(f"\n{bench.engine}: {bench.count} migrations on one target, median of {runs}")
    for title, medians in (("from empty", up), ("nothing to do", again)):
        print(f"  {title:<14}", ", ".join(f"{way} {value * 1e3:.1f} ms"
                                          for way, value in medians.items()))
    met = judge(up["fleet"] / up["cli"], "its own tool", bench.engine in AIMED_AT_CLI)
    if "dbmate" in up:
        judge(up["fleet"] / up["dbmate"], "dbmate", False)
        met &= judge(again["fleet"] / again["dbmate"], "dbmate with nothing to do", True)
    sys.stdout.flush()
    return met


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--engine", choices=sources.ENGINES)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    servers.exit_on_signals()
    met = True
    for engine, folder in sources.engine_folders(options.directory.resolve()).items():
        engine = engine or options.engine
        if engine is None:
            parser.error("these migrations name no engine: say which with --engine")
        if options.engine not in (None, engine):
            continue
        root = Path(tempfile.mkdtemp(prefix="fleet-bench-"))
        server = {"sqlite": lambda: Sqlite(root), "postgresql": servers.PostgreSQL,
                  "mysql": servers.MariaDB}[engine]()
        bench = Bench(engine, folder, server, root)
        bench.ways_found = bench.ways()
        met &= report(bench, options.runs)
        if hasattr(server, "stop"):
            server.stop()
        shutil.rmtree(root)
    return 0 if met else 1


sys.exit(main())
