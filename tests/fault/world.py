"""A small fleet that is hurt and healed: one environment, a few targets, perhaps an agent.

Its migrations change the schema in several ways, and each counts in the data how often it ran: a
canary that no statement can raise twice unseen, and a log of every way forwards and back.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
import fleet as support  # noqa: E402
from machine import Journal, Machine  # noqa: E402

COMMAND_TIMEOUT_S = 120
TRIES = 12
NEWEST = 12
ENDS = ("applied", "failed_clean", "rolled_back")
ALONE = (9,)  # outside a transaction, on every engine
FAILING = "INSERT INTO nowhere VALUES (1);\n"
KEEP = ("CREATE TABLE keep (id INTEGER NOT NULL, name VARCHAR(20) NOT NULL)",
        "INSERT INTO keep VALUES (1, 'one'), (2, 'two'), (3, 'three')")


def name_of(version):
    return f"{version:03d}_step"


def bodies(version, engine):
    """What a migration changes and what takes that back, one statement each."""
    v = f"{version:03d}"
    concurrently = "CONCURRENTLY " if engine == "postgresql" and version in ALONE else ""
    of_table = " ON base" if engine == "mysql" else ""
    kinds = (
        ([f"CREATE TABLE t_{v} (id INTEGER NOT NULL PRIMARY KEY, a INTEGER)"],
         [f"DROP TABLE t_{v}"]),
        ([f"ALTER TABLE base ADD COLUMN c_{v} INTEGER"],
         [f"ALTER TABLE base DROP COLUMN c_{v}"]),
        ([f"CREATE INDEX {concurrently}i_{v} ON base (id)"],
         [f"DROP INDEX {concurrently}i_{v}{of_table}"]),
        ([f"CREATE VIEW v_{v} AS SELECT id FROM base"], [f"DROP VIEW v_{v}"]),
        ([f"INSERT INTO base (id) VALUES ({version})"],
         [f"DELETE FROM base WHERE id = {version}"]),
    )
    ups, downs = kinds[version % len(kinds)] if version not in ALONE else kinds[2]
    ups = [*ups, "UPDATE canary SET n = n + 1",
           f"INSERT INTO log (version, way) VALUES ({version}, 'up')"]
    downs = [f"INSERT INTO log (version, way) VALUES ({version}, 'down')",
             "UPDATE canary SET n = n - 1", *downs]
    return ups, downs


def scripts(version, engine):
    if version == 1:
        return ("CREATE TABLE base (id INTEGER NOT NULL);\nCREATE TABLE canary (n INTEGER NOT"
                " NULL);\nINSERT INTO canary VALUES (0);\nCREATE TABLE log (version INTEGER NOT"
                " NULL, way VARCHAR(4) NOT NULL);\n",
                "DROP TABLE log;\nDROP TABLE canary;\nDROP TABLE base;\n")
    ups, downs = bodies(version, engine)
    head = "-- fleet: no-transaction\n" if version in ALONE else ""
    # Every second way back says which statement it undoes, so that half of a script can be undone.
    pairs = [f"-- fleet: undoes {len(ups) - i}\n" if version % 2 == 0 else ""
             for i in range(len(downs))]
    return (head + "".join(f"{s};\n" for s in ups),
            head + "".join(f"{p}{s};\n" for p, s in zip(pairs, downs)))


POLICY = ["max_failures = 100%"]


class Agent(support.Agent):
    """One that starts with a fault, and whose death is looked for."""

    def __init__(self, fleet, name, targets, settings=""):
        super().__init__(fleet, name, targets, settings)
        self.address_port = self.port  # a proxy may stand before it

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def begin(self, environment):
        self.write_config()
        for _ in range(5):
            with open(self.log, "ab") as log:
                self.process = subprocess.Popen(["setpriv", "--pdeathsig=KILL", "--", support.AGENT,
                                                 "--config", self.config],
                                                cwd=self.fleet.root, stderr=log, stdout=log,
                                                env=environment)
            end = time.monotonic() + support.DEADLINE_S
            while time.monotonic() < end and self.process.poll() is None:
                if self.answers():
                    return
                time.sleep(0.002)
            self.kill()
            time.sleep(0.05)
        raise AssertionError(f"agent does not start: {self.log.read_text()[-2000:]}")

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False


class Answer:
    def __init__(self, words, status, out, errors, hung):
        self.words, self.status, self.out, self.errors = words, status, out, errors
        self.hung = hung

    def rows(self):
        try:
            return {row["target"]: row for row in json.loads(self.out)["targets"]}
        except (ValueError, KeyError):
            return {}

    def __str__(self):
        return (f"fleet {' '.join(self.words)}: status {self.status}{' (hung)' * self.hung}\n"
                f"{self.out[-1500:]}{self.errors[-1500:]}")


class World:
    def __init__(self, root, engine, sites, agents, library, proxies=None, settings=""):
        self.root, self.engine, self.sites, self.settings = root, engine, sites, settings
        self.proxies = proxies or {}  # "agent" and "database", as far as there are any
        root.mkdir(parents=True, exist_ok=True)
        self.fleet = support.Fleet(root)
        self.trace = root / "trace"
        self.machines = {who: Machine(library, root / f"{who}.machine")
                         for who in ("command", "agent")}
        self.journal = Journal(root / "state/db-1/journal", root / "synced")
        self.agent = None
        self.broken = None  # the version whose script fails at present
        if agents:
            self.fleet.make_ca()
            self.fleet.run("ca", "issue", "agent", "db-1", "--out", "keys")
            self.agent = Agent(self.fleet, "db-1", [], settings)
            self.fleet.agents["db-1"] = self.agent
        for name, site in sites.items():
            self.fleet.target(name, "prod", site.url, agent="db-1" if agents else None,
                              agent_keys=getattr(site, "keys", ()))
        if self.agent:
            self.agent.targets = self.fleet.targets
        if "agent" in self.proxies:
            self.proxies["agent"].to = self.agent.port
            self.agent.address_port = self.proxies["agent"].port
        self.write()

    def links(self):
        return list(self.proxies.values())

    def calm(self):
        for one in (*self.proxies.values(), *self.machines.values()):
            one.calm()

    def write(self):
        for version in range(1, NEWEST + 1):
            self.fleet.migration(name_of(version), *scripts(version, self.engine))
        self.set_policy(POLICY)
        self.plain("sum")

    def set_policy(self, policy):
        self.fleet.env("prod", *policy)
        self.write_inventory()

    def write_inventory(self):
        """The agent's address is the proxy's where there is one."""
        own = self.agent.port if self.agent else 0
        if self.agent:
            self.agent.port = self.agent.address_port
        self.fleet.write_inventory()
        if self.agent:
            self.agent.port = own

    def fresh(self):
        """Empty targets, and a store that knows nothing."""
        self.calm()
        self.stop_agent()
        for path in (self.root / ".fleet").glob("state.db*"):
            path.unlink()
        for site in self.sites.values():
            site.clear()
            site.make(*KEEP)
        self.mend()

    # Scripts that fail, and that do no longer.

    def break_step(self, version):
        up, down = scripts(version, self.engine)
        self.fleet.migration(name_of(version), up + FAILING, down)
        self.broken = version
        self.plain("sum")

    def mend(self):
        if self.broken is None:
            return
        self.fleet.migration(name_of(self.broken), *scripts(self.broken, self.engine))
        self.broken = None
        self.plain("sum")

    # Processes.

    def environment(self, who, fault=None):
        environment = dict(os.environ, NO_COLOR="1", FLEET_FAULT_TRACE=str(self.trace),
                           **self.machines[who].environment())
        if who == "agent":
            environment["FLEET_SYNCED"] = str(self.journal.log)
        environment.pop("FLEET_FAULT", None)
        if fault:
            environment["FLEET_FAULT"] = fault
        return environment

    def start_agent(self, fault=None):
        if self.agent:
            self.agent.begin(self.environment("agent", fault))

    def stop_agent(self):
        if self.agent:
            self.agent.kill()

    def begin(self, *words, fault=None):
        return subprocess.Popen([support.FLEET, *words], cwd=self.root, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                errors="replace", env=self.environment("command", fault))

    def end(self, process, words, timeout=COMMAND_TIMEOUT_S):
        hung = False
        try:
            out, errors = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            hung = True
            process.kill()
            out, errors = process.communicate()
        return Answer(words, process.returncode, out, errors, hung)

    def run(self, *words, fault=None):
        return self.end(self.begin(*words, fault=fault), words)

    def plain(self, *words):
        answer = self.run(*words)
        assert answer.status == 0, answer
        return answer

    def forget_living(self, for_s=0.0):
        """As when a lease lapses: nobody is seen to be at work, and a second rollout begins."""
        end = time.monotonic() + for_s
        while True:
            (self.root / ".fleet/state.db-running").unlink(missing_ok=True)
            if time.monotonic() >= end:
                return
            time.sleep(0.002)

    def passed(self):
        """The points that were passed since the last call."""
        if not self.trace.exists():
            return []
        found = self.trace.read_text().split()
        self.trace.unlink()
        return found

    def has_passed(self, mark):
        return self.trace.exists() and mark in self.trace.read_text().split()

    # Healing.

    def heal(self, words, expected=0):
        """The plain command again, with what died restarted, until it ends as it must or names an
        operator; the answers on the way."""
        answers = []
        for i in range(TRIES):
            if self.agent and not self.agent.alive():
                self.start_agent()
            answers.append(self.run(*words))
            if answers[-1].hung or self.names_operator(answers[-1]) or \
                    answers[-1].status == expected and self.is_at_rest(answers[-1]):
                break
            time.sleep(0.02 * 2 ** min(i, 6))
        return answers

    def halted(self, answer):
        """The targets of which the command said that a person must decide."""
        return [name for name, row in answer.rows().items() if row["code"] == "needs_operator"]

    @staticmethod
    def is_at_rest(answer):
        """Not refused because another run is at work: then this is not the end."""
        return all(row["state"] in ENDS for row in answer.rows().values())

    def names_operator(self, answer):
        """For one target at least, and none else has anything left to do."""
        halted = self.halted(answer)
        return halted and all(name in halted or row["state"] in ENDS
                              for name, row in answer.rows().items())

    def close(self):
        self.stop_agent()
        for one in (*self.sites.values(), *self.proxies.values()):
            one.close()

    def kill(self, process):
        """kill -9, wherever it is."""
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
