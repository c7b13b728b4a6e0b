#!/usr/bin/python3
"""bench/idle: the memory of an agent that has nothing to do.

    tests/bench/idle.py [--targets N]

An agent with N SQLite targets answers one status, which opens a session on each, and then waits. When the
sessions are closed and its memory no longer changes, prints its proportional set size: its own memory and
its share of what it has in common with other processes. Ends with 1 if the goal is missed."""

import argparse
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
os.environ.setdefault("FLEET_BIN_DIR", str(HERE.parents[1] / "build/release"))
from fleet import Fleet, wait_for  # noqa: E402

GOAL_MB = 3.0
SETTLED_S = 1.0  # without a change


def rollup(pid):
    """The rows of smaps_rollup in MB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines}


def mappings(pid):
    """The proportional set size of each mapped file in MB, the largest first."""
    sizes, name = {}, ""
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        fields = line.split()
        if "-" in fields[0] and not fields[0].endswith(":"):
            name = Path(fields[5]).name if len(fields) > 5 else "anonymous"
        elif fields[0] == "Pss:":
            sizes[name] = sizes.get(name, 0) + int(fields[1]) / 1024
    return sorted(sizes.items(), key=lambda item: -item[1])


def databases_open(pid):
    """How many database files the process has open."""
    links = (os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir())
    return sum(link.endswith(".db") for link in links)


def settled(pid):
    """The rollup once it stays as it is."""
    last, since = rollup(pid), time.monotonic()

    def unchanged():
        nonlocal last, since
        now = rollup(pid)
        if now != last:
            last, since = now, time.monotonic()
        return time.monotonic() - since > SETTLED_S and last
    return wait_for(unchanged, "the agent's memory to settle")


def measure(root, targets):
    fleet = Fleet(root)
    # Longer than its threads linger, as the default is.
    agent = fleet.agent("idle", "keep_for = 7s\nkeep_sessions = 64")
    for i in range(targets):
        sqlite3.connect(root / f"{i}.db").execute("VACUUM").close()
        fleet.target(f"target-{i}", "bench", f"sqlite:{root}/{i}.db", agent="idle")
    fleet.start_agents()
    pid = agent.process.pid
    print(f"one agent, {targets} targets")
    print(f"  started        {rollup(pid)['Pss']:5.2f} MB")
    fleet.run("status")
    print(f"  after a status {rollup(pid)['Pss']:5.2f} MB, {databases_open(pid)} databases open")
    wait_for(lambda: databases_open(pid) == 0, "the sessions to be closed")
    memory = settled(pid)
    print(f"  idle           {memory['Pss']:5.2f} MB, goal {GOAL_MB} MB:"
          f" {'met' if memory['Pss'] <= GOAL_MB else 'MISSED'}")
    print("  of it", ", ".join(f"{name} {size:.2f}" for name, size in mappings(pid)[:6]))
    fleet.stop()
    return memory["Pss"] <= GOAL_MB


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--targets", type=int, default=20)
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="fleet-bench-"))
    try:
        return 0 if measure(root, options.targets) else 1
    finally:
        shutil.rmtree(root)


sys.exit(main())
