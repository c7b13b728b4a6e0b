#!/usr/bin/python3
"""bench/workers: one rollout's calls by one fleet worker and by two, in turn.

    tests/bench/workers.py [--runs N]

The agents are simulated: a process that serves them all over TLS, and takes 50 ms for each job, one after the other on
an agent. The store is in PostgreSQL. Timed is the rollout itself, from its entry in the ledger to its end. Ends with 1 if
two workers are less than 1.8 times as fast."""

import argparse
import json
import multiprocessing
import os
import signal
import ssl
import statistics
import sys
import tempfile
import threading
import time
from datetime import datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
os.environ.setdefault("FLEET_BIN_DIR", str(HERE.parents[1] / "build/release"))
import servers  # noqa: E402
from fleet import Fleet, wait_for  # noqa: E402

AGENTS, JOBS, JOB_S, PARALLEL, AIM = 24, 5, 0.05, 3, 1.8
NOTHING = sha256(b"").hexdigest()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def tell(self, **message):
        line = json.dumps(message).encode() + b"\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))

    def job(self, target, state):
        self.tell(kind="event", event={"kind": "job", "target": target, "state": state})

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if self.path == "/v1/run":
            for item in request["slice"]["targets"]:
                target = item["target"]["name"]
                self.job(target, "started")
                time.sleep(JOB_S)
                self.job(target, "applied")
        elif self.path == "/v1/status":
            self.tell(kind="history", set={"id": NOTHING, "items": []})
            for target in request["targets"]:
                self.tell(kind="target", status={"target": target, "engine": "sqlite", "applied": NOTHING})
        self.tell(kind="end")
        self.wfile.write(b"0\r\n\r\n")


def serve(root, agents, ready):
    for name, port in agents:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(root / f"keys/{name}.crt", root / f"keys/{name}.key")
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    ready.set()
    signal.pause()


def make_fleet(root, store):
    fleet = Fleet(root)
    fleet.store = [f"state = {store}"]
    fleet.env("prod", f"max_parallel = {AGENTS}")
    for i in range(AGENTS):
        fleet.agent(f"db-{i:02d}")
        for j in range(JOBS):
            fleet.target(f"t{i:02d}-{j}", "prod", "sqlite:none", agent=f"db-{i:02d}")
    fleet.migration("001_items", "CREATE TABLE items (id INTEGER);\n", "DROP TABLE items;\n")
    fleet.write_inventory()
    fleet.run("sum")
    return fleet


class Workers:
    def __init__(self, fleet, server, count):
        self.processes = [fleet.start("worker", "--parallel", PARALLEL) for _ in range(count)]
        wait_for(lambda: server.sql("SELECT count(*) FROM fleet.lease WHERE name LIKE 'worker %'"
                                    " AND expires_at > now()", "store").strip() == str(count), "the workers")

    def end(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.communicate()


def rollout_s(fleet):
    """How long the newest rollout took, by the ledger."""
    entries = fleet.json("audit", "log")["entries"]
    begin, end = ([e for e in entries if e["what"] == what][-1]["at"] for what in ("rollout", "rollout-end"))
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()


def measure(fleet, server, count):
    workers = Workers(fleet, server, count)
    try:
        said = fleet.run("apply", "prod", "--yes", "--workers").stdout
        assert f"{AGENTS * JOBS} of {AGENTS * JOBS} done" in said, said
    finally:
        workers.end()
    return rollout_s(fleet)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    servers.exit_on_signals()
    server = servers.PostgreSQL()
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as directory:
        server.create("store")
        fleet = make_fleet(Path(directory), server.url("store"))
        ready = multiprocessing.Event()
        agents = multiprocessing.Process(
            target=serve, args=(fleet.root, [(a.name, a.port) for a in fleet.agents.values()], ready), daemon=True)
        agents.start()
        ready.wait()
        try:
            times = {1: [], 2: []}
            for _ in range(runs):
                for count in times:
                    times[count].append(measure(fleet, server, count))
        finally:
            agents.kill()
            server.stop()
    one, two = (statistics.median(times[count]) for count in (1, 2))
    least = AGENTS * JOBS * JOB_S / PARALLEL
    print(f"{AGENTS * JOBS} jobs of {JOB_S * 1000:.0f} ms on {AGENTS} agents, {PARALLEL} agents at once for each worker")
    print(f"one worker   {one:6.2f} s   the jobs alone {least:.2f} s")
    print(f"two workers  {two:6.2f} s   the jobs alone {least / 2:.2f} s")
    print(f"speed-up     {one / two:6.2f}     aim {AIM}")
    return 0 if one / two >= AIM else 1


if __name__ == "__main__":
    sys.exit(main())
