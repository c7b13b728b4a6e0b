"""kill -9 of database servers at random moments, and their restart."""

import os
import random
import signal
import threading
import time
from pathlib import Path

from servers import PortTaken

RESTART_S = 120


def children(pid):
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == pid:
                found.append(int(entry.name))
    return found


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def backends(server):
    """The processes of PostgreSQL that serve clients; its own helpers have names."""
    found = []
    for pid in children(server.process.pid):
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if "tests " in line:
            found.append(pid)
    return found


def kill_whole(server):
    """The server and all its processes; stopped first, so that it forks none meanwhile, which
    would hold what a new one wants to share."""
    os.kill(server.process.pid, signal.SIGSTOP)
    for pid in [*children(server.process.pid), server.process.pid]:
        kill(pid)
    server.process.wait()


class Killer(threading.Thread):
    """Hurts a server again and again while it is told to.

    It lives as long as the campaign: what starts a server is its parent, and with a parent's
    thread ends whatever was started with --pdeathsig."""

    def __init__(self, server, seed):
        super().__init__(daemon=True)
        self.server, self.rng = server, random.Random(seed)
        self.wanted, self.over = threading.Event(), threading.Event()
        self.well = threading.Lock()  # held while the server is hurt
        self.kills = 0

    def run(self):
        while not self.over.is_set():
            if self.wanted.wait(0.2) and not self.over.wait(self.rng.uniform(0.4, 1.6)):
                with self.well:
                    if self.wanted.is_set():
                        self.hurt()

    def hurt(self):
        self.kills += 1
        found = backends(self.server)
        if found and self.rng.random() < 0.5:
            kill(self.rng.choice(found))
            return
        kill_whole(self.server)
        end = time.monotonic() + RESTART_S
        while True:
            try:
                return self.server.start()
            except (PortTaken, RuntimeError):  # what it shared with the dead is not free yet
                if time.monotonic() > end:
                    raise
                if self.server.process.poll() is None:
                    kill_whole(self.server)
                time.sleep(0.1)

    def go_on(self):
        self.wanted.set()

    def rest(self):
        """On return the server is well, and stays so."""
        self.wanted.clear()
        with self.well:
            pass
