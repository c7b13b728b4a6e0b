"""kill -9 of database servers at random moments, and their restart."""

import os
import random
import signal
import threading
import time
from pathlib import Path


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


class Killer(threading.Thread):
    """Hurts a server again and again until it is told to stop."""

    def __init__(self, server, seed):
        super().__init__(daemon=True)
        self.server, self.rng = server, random.Random(seed)
        self.over = threading.Event()
        self.kills = 0

    def run(self):
        while not self.over.wait(self.rng.uniform(0.4, 1.6)):
            self.kills += 1
            found = backends(self.server)
            if found and self.rng.random() < 0.5:
                kill(self.rng.choice(found))
            else:
                self.kill_server()

    def kill_server(self):
        pids = [self.server.process.pid, *children(self.server.process.pid)]
        for pid in pids:
            kill(pid)
        self.server.process.wait()
        end = time.monotonic() + 30
        while True:
            try:
                return self.server.start()
            except Exception:  # what it shared with the dead is not free yet
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def stop(self):
        self.over.set()
        self.join()
