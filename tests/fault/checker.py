"""Checks the invariants of README.md from outside.

Nothing of the product is used: targets are read with the engines' own clients, the store with the
sqlite3 module, hashes and signatures are computed here from the formats in docs/plan.md,
docs/execution.md, common/history.h and orchestrator/store/ledger.h. Each violation names the invariant
and the evidence.
"""

import hashlib
import json
import os
import re
import sqlite3
import time
from datetime import datetime, timezone
from pathlib import Path

import ed25519
from sites import Lost, SqlError
from world import ALONE, KEEP, NEWEST, scripts

NONE = "0" * 64

DESCRIPTORS_AT_REST = 64
SESSIONS_END_S = 10

# Ends of a job that leave the target as it was.
CLEAN = ("failed_clean", "rolled_back", "refused", "skipped", "fenced", "stale")

COLUMNS = ("seq", "attempt_key", "part", "parts", "version", "name", "direction", "source_sha256",
           "rendered_sha256", "plan", "rollout", "applied_by", "epoch", "started_at", "ended_at",
           "fingerprint", "previous_hash", "row_hash")


class Violation:
    def __init__(self, invariant, target, evidence):
        self.invariant, self.target, self.evidence = invariant, target, evidence

    def __str__(self):
        return f"{self.invariant} {self.target}: {self.evidence}"


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def milliseconds(text):
    moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def row_hash(row):
    """Of a history row, from its columns."""
    return sha256(canonical({
        "attempt_key": row["attempt_key"], "direction": row["direction"],
        "ended_ms": milliseconds(row["ended_at"]), "epoch": int(row["epoch"]),
        "fingerprint": row["fingerprint"] or NONE, "format": 1, "name": row["name"],
        "operator": row["applied_by"], "part": int(row["part"]), "parts": int(row["parts"]),
        "plan": row["plan"], "previous": row["previous_hash"] or NONE,
        "rendered_sha256": row["rendered_sha256"], "rollout": row["rollout"],
        "seq": int(row["seq"]), "source_sha256": row["source_sha256"],
        "started_ms": milliseconds(row["started_at"]), "version": row["version"]}))


def attempt_key(row, target):
    fields = (("fleet-attempt", "1"), ("plan", row["plan"]), ("target", target),
              ("version", row["version"]), ("name", row["name"]), ("direction", row["direction"]),
              ("part", row["part"]))
    return sha256("".join(f"{k}={len(v.encode())}:{v}\n" for k, v in fields).encode())


def merkle(leaves):
    """RFC 6962, section 2.1."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + merkle(leaves[:split]) + merkle(leaves[split:])).digest()


def plan_digest(plan):
    recipes = sorted(sha256(canonical(recipe)) for recipe in plan["recipes"])
    root = merkle([canonical(target) for target in plan["targets"]]).hex()
    return sha256(b"fleet-plan-v1\n" + canonical({
        "format": 1, "header": plan["header"], "recipes": recipes,
        "targets": {"count": len(plan["targets"]), "root": root}}))


class Target:
    """All that is read of one target, in one snapshot."""

    def __init__(self, site):
        self.history, self.fence, self.intents, self.log, self.canary = [], None, [], [], None
        self.keep = site.query("SELECT id, name FROM keep ORDER BY id")[0]
        if site.has_history():
            rows, fence, self.intents = site.query(
                f"SELECT {', '.join(COLUMNS)} FROM fleet_history ORDER BY seq",
                "SELECT store, rollout, epoch FROM fleet_fence",
                "SELECT version, statement, status, attempt_key FROM fleet_intent")
            self.history = [dict(zip(COLUMNS, row)) for row in rows]
            self.fence = fence[0] if fence else None
        try:
            history, self.log, canary = site.query(
                "SELECT seq FROM fleet_history ORDER BY seq",
                "SELECT version, way FROM log", "SELECT n FROM canary")
            self.canary = int(canary[0][0])
            self.consistent = len(history) == len(self.history)
        except SqlError:
            self.consistent = True

    def applied(self):
        """What the fold over the history says, in the order of application."""
        found = []
        for row in self.history:
            if row["direction"] == "down":
                if row["version"] in found:
                    found.remove(row["version"])
            else:
                found.append(row["version"])
        return found


class Store:
    """The orchestrator's state; empty where there is none."""

    def __init__(self, path):
        self.rollouts, self.jobs, self.ledger, self.plans = {}, {}, [], {}
        if not Path(path).exists():
            return
        connection = sqlite3.connect(path, timeout=30)
        connection.row_factory = sqlite3.Row
        try:
            self.rollouts = {r["id"]: r for r in connection.execute("SELECT * FROM rollout")}
            self.jobs = {(r["rollout"], r["target"]): r["state"]
                         for r in connection.execute("SELECT * FROM job")}
            self.ledger = list(connection.execute("SELECT * FROM ledger ORDER BY seq"))
            self.plans = {r["digest"]: json.loads(bytes(r["document"]))
                          for r in connection.execute("SELECT * FROM plan")}
            self.meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                raise
        finally:
            connection.close()


class Checker:
    """Checks one world; what a replay gives is kept for the next time."""

    replayed = {}  # by engine: the schema after each version

    def __init__(self, world, scratch, trusted=None, secret=None):
        self.world, self.scratch = world, scratch
        self.trusted, self.secret = trusted, secret
        self.verified = set()
        self.jumps = False  # a clock does: then times prove nothing
        self.fences = {}  # by target: the highest epoch that was seen
        self.found = []

    def violate(self, invariant, target, evidence):
        self.found.append(Violation(invariant, target, evidence))

    def need(self, good, invariant, target, evidence):
        if not good:
            self.violate(invariant, target, evidence)

    def forget(self):
        """The targets are fresh."""
        self.fences = {}

    # Whole states.

    def moment(self):
        """What holds at any moment, also between the crash and the healing."""
        self.found = []
        for name, site in self.world.sites.items():
            target = Target(site)
            self.check_fence(name, target)
            self.check_overlap(name, target)
            # Statement by statement, what is between two of them shows.
            if site.transactional and not target.intents:
                self.check_counts(name, site, target, stuck=False)
        return self.found

    def settled(self, halted=()):
        """What holds once everything is healed; halted targets wait for an operator."""
        self.found = []
        store = Store(self.world.root / ".fleet/state.db")
        targets = {name: Target(site) for name, site in self.world.sites.items()}
        for name, target in targets.items():
            site = self.world.sites[name]
            stuck = name in halted
            self.check_counts(name, site, target, stuck)
            self.check_chain(name, target)
            self.check_fence(name, target)
            self.check_overlap(name, target)
            self.check_plans(name, target, store)
            self.check_outcomes(name, target, store)
            if not stuck:
                self.check_ends(name, site, target)
                self.check_schema(name, site, target)
            self.check_leftovers(name, site)
        self.check_ledger(store)
        self.check_journal(targets)
        self.check_in_flight(store)
        self.check_secret()
        return self.found

    # I1, I13: how often each migration ran, and what no migration touches.

    def check_counts(self, name, site, target, stuck):
        net = {}
        for row in target.history:
            net[row["version"]] = net.get(row["version"], 0) + (-1 if row["direction"] == "down"
                                                                else 1)
            self.need(net[row["version"]] in (0, 1), "I1", name,
                      f"version {row['version']} is applied {net[row['version']]} times")
        self.need(target.keep == [("1", "one"), ("2", "two"), ("3", "three")], "I13", name,
                  f"data that no step declares changed: {target.keep}")
        if stuck or target.canary is None or not target.consistent:
            return
        applied = [v for v in target.applied() if int(v) > 1]
        self.need(target.canary == len(applied), "I1", name,
                  f"the canary counts {target.canary}, the history says {applied}")
        log = [(int(v), way) for v, way in target.log]
        history = [(int(r["version"]), r["direction"]) for r in target.history]
        while (1, "up") in history:  # with which the log begins
            history = history[history.index((1, "up")) + 1:]
        if site.transactional and not self.ran_alone(target):
            self.need(log == history, "I1", name, f"ran {log}, recorded {history}")
        self.need(self.sums(log) == self.sums(history), "I1", name,
                  f"ran in sum {self.sums(log)}, recorded {self.sums(history)}")

    def ran_alone(self, target):
        return any(int(row["version"]) in ALONE for row in target.history)

    @staticmethod
    def sums(steps):
        sums = {}
        for version, way in steps:
            sums[version] = sums.get(version, 0) + (1 if way == "up" else -1)
        return {version: total for version, total in sorted(sums.items()) if total}

    # I3, I6 and the chain: what a history looks like.

    def check_chain(self, name, target):
        previous, epoch = None, 0
        for i, row in enumerate(target.history):
            self.need(int(row["seq"]) == i + 1, "I1", name, f"row {i + 1} has seq {row['seq']}")
            self.need(row["previous_hash"] == previous, "I10", name,
                      f"row {row['seq']} does not follow the row before it")
            self.need(row["row_hash"] == row_hash(row), "I10", name,
                      f"row {row['seq']} does not have the hash it says")
            self.need(row["attempt_key"] == attempt_key(row, name), "I10", name,
                      f"row {row['seq']} has another attempt's key")
            self.need(int(row["epoch"]) >= epoch, "I6", name,
                      f"row {row['seq']} has epoch {row['epoch']} after {epoch}")
            previous, epoch = row["row_hash"], int(row["epoch"])
        if target.history:
            self.need(target.fence is not None and int(target.fence[2]) >= epoch, "I6", name,
                      f"the fence is {target.fence}, the last row has epoch {epoch}")
            last = target.history[-1]
            if target.fence is not None and int(target.fence[2]) == epoch:
                self.need(target.fence[1] == last["rollout"], "I6", name,
                          f"epoch {epoch} is of {target.fence[1]} and of {last['rollout']}")
        by_epoch = {}
        for row in target.history:
            self.need(by_epoch.setdefault(row["epoch"], row["rollout"]) == row["rollout"], "I6",
                      name, f"epoch {row['epoch']} has two rollouts")
        applied = []
        for row in target.history:
            version = int(row["version"])
            newest = applied.pop() if row["direction"] == "down" and applied else version
            if row["direction"] != "down":
                applied.append(version)
            self.need(newest == version and applied == list(range(1, len(applied) + 1)), "I3",
                      name, f"row {row['seq']} leaves {applied}, which is no prefix of the plan")

    # I6: a fence never falls.

    def check_fence(self, name, target):
        epoch = int(target.fence[2]) if target.fence else 0
        highest = self.fences.get(name, 0)
        self.need(epoch >= highest, "I6", name, f"the fence fell from {highest} to {epoch}")
        self.fences[name] = max(epoch, highest)

    # I5: one at a time. A row's beginning may be a wait for the lock; its end is under the lock.

    def check_overlap(self, name, target):
        attempts = {intent[3] for intent in target.intents}
        self.need(len(attempts) <= 1, "I5", name, f"intents of several attempts: {attempts}")
        for before, row in zip(target.history, target.history[1:]):
            self.need(self.jumps or row["ended_at"] >= before["ended_at"], "I5", name,
                      f"row {row['seq']} ended before row {before['seq']}: at {row['ended_at']}"
                      f" and {before['ended_at']}")

    # I16: what an agent acted upon had reached the disk before.

    def check_journal(self, targets):
        agent = self.world.agent
        if not agent:
            return
        durable = self.world.journal.durable()
        rollouts = {row["rollout"] for target in targets.values() for row in target.history}
        lost = [rollout for rollout in rollouts if rollout.encode() not in durable]
        self.need(self.jumps or not lost, "I16", "agent", f"a power cut would lose {lost}")

    # I7, I10: rows come from plans that were signed, and what is called applied is there.

    def check_plans(self, name, target, store):
        for row in target.history:
            plan = store.plans.get(row["plan"])
            if plan is None:
                self.violate("I10", name, f"row {row['seq']} is of a plan that nobody has")
                continue
            self.check_plan(row["plan"], plan)
            steps = self.steps_of(plan, name)
            known = [(s["version"], d, s["source_sha256"]) for s in steps
                     for d in (s["direction"], "down" if s["direction"] == "up" else "up")]
            self.need((row["version"], row["direction"], row["source_sha256"]) in known, "I10",
                      name, f"row {row['seq']} is no step of its plan")
            self.need(self.jumps or
                      milliseconds(row["started_at"]) <= plan["header"]["finish_by_ms"], "I10",
                      name, f"row {row['seq']} began after its plan's time")
        self.check_heads(name, target, store)
        rows = {(r["plan"], r["version"], r["direction"]): r for r in target.history}
        net = {}  # of each rollout and each plan: rows of a way back cancel their steps
        for row in target.history:
            for way in ((row["rollout"], row["version"]), (row["plan"], row["version"])):
                net[way] = net.get(way, 0) + (-1 if row["direction"] == "down" else 1)
        for (rollout, job_target), state in store.jobs.items():
            if job_target != name:
                continue
            if state in CLEAN:
                # What another rollout of the plan has done is taken back as well.
                whose = store.rollouts[rollout]["plan"] if state == "rolled_back" else rollout
                left = [version for (one, version), n in net.items() if one == whose and n]
                self.need(not left, "I7", name, f"rollout {rollout[:12]} is said to be {state},"
                          f" and {left} stand")
            if state != "applied":
                continue
            digest = store.rollouts[rollout]["plan"]
            for step in self.steps_of(store.plans[digest], name):
                row = rows.get((digest, step["version"], step["direction"]))
                self.need(row is not None and row["source_sha256"] == step["source_sha256"], "I7",
                          name, f"{step['direction']} {step['version']} of rollout {rollout[:12]}"
                          " is said to be applied, and has no row")

    def check_heads(self, name, target, store):
        """The history that a plan was made from is the one that its first row continues."""
        seen = set()
        for row in target.history:
            plan = store.plans.get(row["plan"])
            if plan is None or row["plan"] in seen:
                continue
            seen.add(row["plan"])
            planned = [one["head"] for one in plan["targets"] if one["name"] == name]
            self.need(planned == [row["previous_hash"] or NONE], "I7", name,
                      f"row {row['seq']} follows {row['previous_hash']}, its plan was made at"
                      f" {planned}")

    @staticmethod
    def steps_of(plan, name):
        recipes = {sha256(canonical(recipe)): recipe for recipe in plan["recipes"]}
        return [step for target in plan["targets"] if target["name"] == name
                for step in recipes[target["recipe"]]["steps"]]

    def check_plan(self, digest, plan):
        if digest in self.verified:
            return
        self.verified.add(digest)
        self.need(plan["digest"] == digest and plan_digest(plan) == digest, "I10", "store",
                  f"plan {digest[:12]} does not have its digest")
        for script in plan["scripts"]:
            self.need(sha256(script.get("text", "").encode()) == script["sha256"], "I10", "store",
                      f"a script of plan {digest[:12]} has other bytes")
        good = {s["key"] for s in plan["signatures"]
                if s["key"] in (self.trusted or ()) and
                ed25519.verify(bytes.fromhex(s["key"]), bytes.fromhex(digest),
                               bytes.fromhex(s["signature"]))}
        self.need(good or self.trusted is None, "I10", "store",
                  f"plan {digest[:12]} has no valid signature of a trusted key")

    # I4: what is at its end leaves nothing open.

    def check_ends(self, name, site, target):
        opened = [i for i in target.intents if i[2] != "done"]
        self.need(not opened, "I4", name, f"open intents {opened}")
        self.need(not target.intents, "I4", name, f"intents that stayed: {target.intents}")
        self.need(not site.invalid(), "I4", name, f"invalid indexes {site.invalid()}")

    # I2: the schema is what a replay of the history gives.

    def expected_schema(self, count):
        engine = self.world.engine
        while engine not in Checker.replayed:
            try:
                Checker.replayed[engine] = self.replay(engine)
            except Lost:  # a server that is being killed
                time.sleep(0.1)
        return Checker.replayed[engine][count]

    def replay(self, engine):
        self.scratch.clear()
        self.scratch.make(*KEEP)
        schemas = [self.scratch.schema()]
        for version in range(1, NEWEST + 1):
            text = re.sub(r"^--.*\n", "", scripts(version, engine)[0], flags=re.MULTILINE)
            self.scratch.make(*[s for s in text.split(";\n") if s])
            schemas.append(self.scratch.schema())
        return schemas

    def check_schema(self, name, site, target):
        got, wanted = site.schema(), self.expected_schema(len(target.applied()))
        if got != wanted:
            odd = [x for x in map(str, got) if x not in map(str, wanted)]
            self.violate("I2", name, f"after {target.applied()} the schema has {odd[:3]}")

    # I8, I11: what the orchestrator knows.

    def check_outcomes(self, name, target, store):
        told = {}
        for entry in store.ledger:
            if entry["what"] == "step" and entry["result"] == "done" and entry["target"] == name:
                key = (entry["plan"], entry["subject"])
                told[key] = told.get(key, 0) + 1
        for row in target.history:
            subject = f"{row['direction']} {row['version']}_{row['name']}"
            count = told.pop((row["plan"], subject), 0)
            self.need(count == 1, "I11", name,
                      f"row {row['seq']} ({subject}) has {count} entries in the ledger")
        self.need(not told, "I11", name, f"the ledger tells of what no row has: {list(told)}")

    def check_ledger(self, store):
        previous = NONE
        for i, entry in enumerate(store.ledger):
            fields = {k: entry[k] for k in ("at", "detail", "plan", "previous", "result", "rollout",
                                            "seq", "subject", "target", "what", "who")}
            self.need(entry["seq"] == i + 1 and entry["previous"] == previous and
                      entry["hash"] == sha256(canonical(fields | {"format": 1})), "I11", "store",
                      f"entry {entry['seq']} does not continue the chain")
            previous = entry["hash"]

    def check_in_flight(self, store):
        for rollout in store.rollouts.values():
            self.need(rollout["state"] != "running", "I8", "store",
                      f"rollout {rollout['id'][:12]} is running for ever")
        for (rollout, target), state in store.jobs.items():
            self.need(state != "dispatched", "I8", target,
                      f"its job of rollout {rollout[:12]} is under way for ever")

    # I9: nothing is left behind. Sessions are counted once the agent is gone.

    def check_leftovers(self, name, site):
        left = site.leftovers()
        self.need(not left, "I9", name, f"left behind: {left}")

    def left_behind(self):
        """After a job: what the agent holds at rest, and what of it outlives it."""
        self.found = []
        agent = self.world.agent
        if agent and agent.alive():
            held = os.listdir(f"/proc/{agent.process.pid}/fd")
            self.need(len(held) <= DESCRIPTORS_AT_REST, "I9", "agent",
                      f"{len(held)} descriptors at rest")
        self.world.stop_agent()
        end = time.monotonic() + SESSIONS_END_S
        for name, site in self.world.sites.items():
            # A connection that the proxy still had in hand may begin, and end, after a look.
            while (left := site.sessions()) and time.monotonic() < end:
                time.sleep(0.02)
            self.need(not left, "I9", name, f"sessions live on: {left}")
        return self.found

    # I14: the secret is nowhere but in its file.

    def check_secret(self):
        if self.secret is None:
            return
        for path in self.world.root.rglob("*"):
            if path.is_file() and path.name != "password" and \
                    self.secret.encode() in path.read_bytes():
                self.violate("I14", "files", f"the password stands in {path.name}")
        agent = self.world.agent
        if agent and agent.alive():
            line = Path(f"/proc/{agent.process.pid}/cmdline").read_bytes()
            self.need(self.secret.encode() not in line, "I14", "agent", "in its arguments")
