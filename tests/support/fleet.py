"""A fleet for scenarios: a CA, agents over mutual TLS on loopback, an inventory, and the commands.

Everything lives below one directory. Agents are real processes that the fleet starts, kills and
stops; waiting is always for a condition with a deadline.
"""

import copy
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

BIN = Path(os.environ.get("FLEET_BIN_DIR", Path(__file__).resolve().parents[2] / "build/dev"))
FLEET = BIN / "orchestrator/fleet"
AGENT = BIN / "agents/fleet-agent"

DEADLINE_S = 60


def wait_for(condition, what, deadline_s=DEADLINE_S):
    """Returns the condition's first true value; fails when the deadline passes."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {deadline_s} s in vain for {what}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Agent:
    """One fleet-agent process and its configuration."""

    def __init__(self, fleet, name, targets, settings=""):
        self.fleet, self.name, self.targets, self.settings = fleet, name, targets, settings
        self.port = free_port()
        self.config = fleet.root / f"{name}.ini"
        self.log = fleet.root / f"{name}.log"
        self.process = None

    def write_config(self):
        lines = [
            "[agent]",
            f"name = {self.name}",
            "fleet = shop",
            f"listen = 127.0.0.1:{self.port}",
            f"cert = {self.fleet.root}/keys/{self.name}.crt",
            f"key = {self.fleet.root}/keys/{self.name}.key",
            f"ca = {self.fleet.root}/.fleet/ca/ca.crt",
            f"crl = {self.fleet.root}/.fleet/ca/ca.crl",
            f"trusted_keys = {self.fleet.root}/.fleet/ca/trusted_keys",
            f"state = {self.fleet.root}/state/{self.name}",
            self.settings,
        ]
        for target in self.targets:
            lines += [f"[target:{target.name}]", f"env = {target.env}", f"url = {target.url}"]
            lines += target.agent_keys
        self.config.write_text("\n".join(lines) + "\n")

    def start(self):
        self.write_config()
        with open(self.log, "ab") as log:
            # An agent does not outlive a test run that was killed.
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", "--", AGENT, "--config", self.config],
                cwd=self.fleet.root, stderr=log, stdout=log)
        wait_for(self.listens, f"agent {self.name} to listen; its log: {self.log}")

    def listens(self):
        if self.process.poll() is not None:
            raise AssertionError(f"agent {self.name} ended: {self.log.read_text()}")
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self):
        """Drains; the exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=DEADLINE_S)


class Target:
    def __init__(self, name, env, url, agent=None, agent_keys=(), keys=()):
        self.name, self.env, self.url, self.agent = name, env, url, agent
        self.agent_keys, self.keys = list(agent_keys), list(keys)

    @property
    def engine(self):
        return self.url.split(":", 1)[0]


class Fleet:
    def __init__(self, root):
        self.root = Path(root)
        self.migrations = self.root / "migrations"
        self.migrations.mkdir()
        self.targets, self.agents, self.envs = [], {}, {}
        self.store = ["state = .fleet/state.db"]
        self.has_ca = False

    # The inventory.

    def env(self, name, *policy):
        self.envs[name] = list(policy)

    def target(self, name, env, url, agent=None, **keys):
        self.envs.setdefault(env, [])
        target = Target(name, env, url, agent, **keys)
        self.targets.append(target)
        return target

    def write_inventory(self):
        lines = ["[fleet]", "name = shop", "migrations = migrations", *self.store]
        if self.has_ca:
            lines += ["[operator]", "name = alice", "cert = keys/alice.crt", "key = keys/alice.key",
                      "ca = .fleet/ca/ca.crt", "crl = .fleet/ca/ca.crl",
                      "signing_key = keys/alice.sign.key"]
        for name, policy in self.envs.items():
            lines += [f"[env:{name}]", *policy]
        for agent in self.agents.values():
            lines += [f"[agent:{agent.name}]", f"address = 127.0.0.1:{agent.port}"]
        for target in self.targets:
            lines += [f"[target:{target.name}]", f"env = {target.env}"]
            if target.agent:
                lines += [f"agent = {target.agent}", f"engine = {target.engine}"]
            else:
                lines += ["agent = local", f"url = {target.url}", *target.agent_keys]
            lines += target.keys
        (self.root / "fleet.ini").write_text("\n".join(lines) + "\n")

    # The processes.

    def make_ca(self):
        self.write_inventory()
        self.run("ca", "init")
        self.run("ca", "issue", "deployer", "alice", "--out", "keys")
        self.has_ca = True
        self.write_inventory()

    def agent(self, name, settings=""):
        """An agent that will own the targets that name it; start_agents starts it."""
        if not self.has_ca:
            self.make_ca()
        self.run("ca", "issue", "agent", name, "--out", "keys")
        self.agents[name] = Agent(self, name, [], settings)
        return self.agents[name]

    def start_agents(self):
        for agent in self.agents.values():
            agent.targets = [t for t in self.targets if t.agent == agent.name]
            agent.start()
        self.write_inventory()

    def stop(self):
        for agent in self.agents.values():
            if agent.process and agent.process.poll() is None:
                agent.process.kill()
                agent.process.wait()
        for agent in self.agents.values():
            if agent.log.exists():
                log = agent.log.read_text(errors="replace")
                assert "Sanitizer" not in log and "runtime error" not in log, log

    # The commands.

    def migration(self, name, up, down="", engine=None):
        infix = f".{engine}" if engine else ""
        for direction, text in (("up", up), ("down", down)):
            path = self.migrations / f"{name}{infix}.{direction}.sql"
            if text is not None:
                path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def elsewhere(self, name):
        """The same fleet as another machine has it, with the same operator and no file of state."""
        other = copy.copy(self)
        other.root = self.root / name
        other.root.mkdir()
        for part in ("fleet.ini", "migrations", "keys"):
            source = self.root / part
            (shutil.copytree if source.is_dir() else shutil.copy)(source, other.root / part)
        (other.root / ".fleet/ca").mkdir(parents=True)
        for part in ("ca.crt", "ca.crl"):
            shutil.copy(self.root / ".fleet/ca" / part, other.root / ".fleet/ca" / part)
        return other

    def start(self, *words, **options):
        """Starts a command and returns its process."""
        environment = dict(os.environ, NO_COLOR="1")
        return subprocess.Popen([FLEET, *map(str, words)], cwd=self.root, env=environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, errors="replace", **options)

    def run(self, *words, expect=0):
        """Runs a command to its end; its output, and its errors as .stderr. None takes any end."""
        process = self.start(*words)
        out, errors = process.communicate(timeout=300)
        assert expect in (None, process.returncode), (
            f"fleet {' '.join(map(str, words))}: status {process.returncode}, expected {expect}\n"
            f"{out}\n{errors}")
        return subprocess.CompletedProcess(words, process.returncode, out, errors)

    def json(self, *words, expect=0):
        return json.loads(self.run(*words, "--output", "json", expect=expect).stdout)

    def apply(self, *words, expect=0):
        """Pins what stands in the folder and applies it to prod; each target's row, by name."""
        self.run("sum")
        rows = self.json("apply", "prod", "--yes", *words, expect=expect)["targets"]
        return {row["target"]: row for row in rows}

    def status(self, expect=0):
        """Each target's row of fleet status, by name."""
        rows = self.json("status", expect=expect)["targets"]
        return {row["target"]: row for row in rows}
