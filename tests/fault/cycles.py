"""One cycle: a command that is hurt, the same command again until it is well, the checks.

A job is a text that reproduces a run of several cycles on fresh targets:

    ENGINE:MODE:walk:POINT:KIND:first|last      a fault at one point, in each scenario that meets it
    ENGINE:MODE:random:SEED                     a seeded choice of what is done, and of what dies
    ENGINE:MODE:server:SEED                     the same while the server is killed again and again
    ENGINE:MODE:disk:SEED                       … while a disk is full or broken, or power fails
    ENGINE:MODE:clock:SEED                      … while clocks jump
    ENGINE:MODE:late:SEED                       … while commands come too late
    ENGINE:MODE:resume:SEED                     … in waves, and what was cut off is resumed first

MODE is "local" (the agent inside the command), "agent" (a process of its own, over TLS), or
"proxy" (the same with a proxy before the agent and one before the database).
"""

import random
import signal
import time

from checker import Checker, Violation
from machine import DAY_S, ERRORS, HOUR_S, MINUTE_S
from points import POINTS
from sites import Lost
from world import POLICY

# What a job does one after the other, with a fault in each: name, way, to which version, and
# whether the newest script fails (then the target must be where it was).
SCENARIOS = (
    ("first", "up", 3, False),
    ("more", "up", 4, False),
    ("failing", "up", 6, True),
    ("mended", "up", 7, False),
    ("back", "down", 4, False),
    ("again", "up", 8, False),
    ("alone", "up", 10, False),
    ("alone back", "down", 8, False),
)


class Stats:
    FIELDS = ("runs", "kills", "applied", "absent", "unknown", "operator", "violations")

    def __init__(self):
        self.counts = dict.fromkeys(self.FIELDS, 0)
        self.found = []  # (job, violation)
        self.passed = {}

    def add(self, other):
        for field in self.FIELDS:
            self.counts[field] += other.counts[field]
        self.found += other.found
        for point, count in other.passed.items():
            self.passed[point] = self.passed.get(point, 0) + count


class Hurt:
    """What is done to a cycle: faults by process, something before it, or a kill after a time."""

    def __init__(self, agent=None, command=None, kill=None, after_s=0.0, before=None, rivals=0,
                 restart=False, meanwhile=None, fired=None):
        self.agent, self.command = agent, command
        self.kill, self.after_s = kill, after_s  # of "agent", "command", or a function
        self.before = before  # a function
        self.rivals = rivals  # so many of the same command at once
        self.restart = restart  # the agent must be started again, as its message says
        self.meanwhile = meanwhile  # a function, while the command runs
        self.fired = fired  # whether "before" had a consequence, where that is not certain

    def __bool__(self):
        return bool(self.agent or self.command or self.kill or self.before or self.rivals or
                    self.meanwhile)


class Run:
    """A job on a world."""

    def __init__(self, job, world, scratch, stats, **checks):
        self.job, self.world, self.stats = job, world, stats
        self.checker = Checker(world, scratch, **checks)
        self.halted = []
        self.fired = False
        self.seen = set()

    def report(self, violations):
        """Each once: what is wrong mostly stays so."""
        for violation in violations:
            if str(violation) in self.seen:
                continue
            self.seen.add(str(violation))
            self.stats.counts["violations"] += 1
            self.stats.found.append((self.job, violation))

    def start(self):
        while True:
            try:
                self.world.fresh()
                break
            except Lost:  # a server that is being killed
                time.sleep(0.1)
        self.world.passed()
        self.checker.forget()
        self.halted = []

    def standing(self):
        """How many migrations each target has now, as its own history says."""
        found = {}
        for name, site in self.world.sites.items():
            rows = site.query("SELECT direction FROM fleet_history")[0] if site.has_history() \
                else []
            found[name] = sum(-1 if row[0] == "down" else 1 for row in rows)
        return found

    def moment(self, rng):
        """Some time within a command's life."""
        return rng.uniform(0.001, 0.02 if self.world.engine == "sqlite" else 0.09)

    def words(self, way, to):
        verb = "apply" if way == "up" else "rollback"
        return (verb, "prod", "--to", f"{to:03d}", "--yes", "--output", "json")

    def hurt_command(self, words, hurt):
        """Runs the command while it is hurt; its answer."""
        world = self.world
        if world.agent and (hurt.agent or not world.agent.alive()):
            world.stop_agent()
            world.start_agent(hurt.agent)
        if hurt.before:
            hurt.before(world)
        rivals = [world.begin(*words) for _ in range(hurt.rivals)]
        process = world.begin(*words, fault=hurt.command)
        if rivals:
            world.forget_living(0.1)
        if hurt.meanwhile:
            hurt.meanwhile(self, process, words)
        if hurt.kill:
            time.sleep(hurt.after_s)
            if hurt.kill == "agent":
                world.stop_agent()
            elif hurt.kill == "command":
                world.kill(process)
            else:
                hurt.kill(world)
        for rival in rivals:
            world.end(rival, words)
        answer = world.end(process, words)
        self.fired = bool(hurt.kill or hurt.before) and (not hurt.fired or hurt.fired(world))
        world.calm()
        return answer

    def resume(self, fault):
        """Perhaps cut off itself. What it must come to, the command itself shows afterwards."""
        words = ("resume", "prod", "--yes", "--output", "json")
        if self.world.agent and not self.world.agent.alive():
            self.world.start_agent()
        answer = self.world.run(*words, fault=fault)
        if answer.hung:
            self.report([Violation("I8", "command", f"hung: {answer}")])
        self.report(self.checker.moment())

    def cycle(self, way, to, failing, hurt, resumptions=()):
        """False when an operator is needed, and the run cannot go on."""
        world, counts = self.world, self.stats.counts
        words = self.words(way, to)
        before = self.standing()
        if failing:
            world.break_step(to)
        answer = self.hurt_command(words, hurt)
        passed = world.passed()
        for point in passed:
            self.stats.passed[point] = self.stats.passed.get(point, 0) + 1
        if hurt:
            counts["runs"] += 1
            counts["kills"] += self.fired or any(p.endswith("!") for p in passed)
            self.report(self.checker.moment())
            self.note_standing(answer, to, failing)
        if world.agent and (hurt.agent or hurt.restart):
            world.stop_agent()
        for fault in resumptions:
            self.resume(fault)
        expected = 1 if failing else 0
        answers = world.heal(words, expected)
        self.check_healed(answers, before, to, failing)
        if failing and not self.halted:
            world.mend()
        world.passed()
        return not self.halted

    def note_standing(self, answer, to, failing):
        for name, count in self.standing().items():
            self.stats.counts["applied" if count == to and not failing else "absent"] += 1
        self.stats.counts["unknown"] += sum(row["state"] == "unknown"
                                            for row in answer.rows().values())

    def check_healed(self, answers, before, to, failing):
        world, last = self.world, answers[-1]
        self.halted = world.halted(last)
        if last.hung:
            self.report([Violation("I8", "command", f"hung: {last}")])
        if self.halted:
            self.note_operator()
        elif last.status != (1 if failing else 0):
            self.report([Violation("I8", "command", f"does not come to its end: {last}")])
            self.halted = list(world.sites)
        else:
            # Before a step that fails, others of a plan that was cut short may stand.
            least, most = (before, to - 1) if failing else (dict.fromkeys(before, to), to)
            standing = self.standing()
            if any(not least[name] <= count <= most for name, count in standing.items()):
                self.report([Violation("I8", "targets", f"{standing}, not {to}: {last}")])
        self.report(self.settled())

    def settled(self):
        """What an agent was just writing down when the last command asked comes with the next."""
        found = self.checker.settled(self.halted)
        if any(one.invariant in ("I8", "I11") for one in found):
            self.world.run("status", "prod")
            found = self.checker.settled(self.halted)
        return found

    def note_operator(self):
        """Each statement of the scenarios tells by its object, or by its mark, whether it ran."""
        for name in self.halted:
            site = self.world.sites[name]
            left = site.query("SELECT version, direction, statement, status, summary FROM"
                              " fleet_intent")[0]
            self.stats.counts["operator"] += 1
            self.report([Violation("I8", name, f"needs an operator: {left}")])


def of_agent(world, point):
    return world.agent is not None and POINTS[point].place == "AGENT"


def hurt_at(world, faults):
    """The faults (point, kind, nth), each in the process that passes its point."""
    agent = [f"{p}:{k}:{n}" for p, k, n in faults if of_agent(world, p)]
    command = [f"{p}:{k}:{n}" for p, k, n in faults if not of_agent(world, p)]
    return Hurt(",".join(agent) or None, ",".join(command) or None)


def trace(run):
    """How often each scenario passes each point when nothing is hurt."""
    found = {}
    run.start()
    for name, way, to, failing in SCENARIOS:
        run.world.stop_agent()
        if failing:
            run.world.break_step(to)
        run.world.start_agent()
        run.world.passed()
        answer = run.world.run(*run.words(way, to))
        if answer.status != (1 if failing else 0):
            run.report([Violation("I8", "command", f"fails without a fault: {answer}")])
        passed = run.world.passed()
        found[name] = {point: passed.count(point) for point in passed}
        run.world.mend()
    run.report(run.checker.settled())
    return found


def walk(run, counts, point, kind, which):
    """A fault at the first or the last passing of a point, in each scenario that passes it."""
    hurts = {name: hurt_in(run.world, counts[name], point, kind, which)
             for name, _, _, _ in SCENARIOS}
    if not any(hurts.values()):
        return
    run.start()
    for name, way, to, failing in SCENARIOS:
        if not run.cycle(way, to, failing, hurts[name]):
            return


def hurt_in(world, passed, point, kind, which):
    """Where a reply to COMMIT is settled is only passed once one is lost."""
    if point == "outcome_settle":
        sent = f"{world.engine}_sent"
        nth = passed.get(sent, 0) - (which == "first")
        return hurt_at(world, [(sent, "error", nth), (point, kind, 1)]) if nth > 0 else Hurt()
    count = passed.get(point, 0)
    if count == 0 or (which == "last" and count == 1 and world.engine == "sqlite"):
        return Hurt()
    return hurt_at(world, [(point, kind, 1 if which == "first" else count)])


def end_sessions(world):
    """The server ends the sessions on a target, as an administrator or a failover would."""
    for site in world.sites.values():
        site.end_others()


def random_link_hurt(run, rng):
    """Something with the connections: to the agent, or from it to the database."""
    link = rng.choice(run.world.links())
    what = rng.choice(("cut", "reset"))
    choice = rng.random()
    if choice < 0.6:
        down, after = rng.random() < 0.6, int(2 ** rng.uniform(0, 14))
        return Hurt(before=lambda world: link.arm(what, down, after))
    if choice < 0.8:
        return Hurt(kill=lambda world: link.cut(what == "reset"), after_s=run.moment(rng))
    delay_s = rng.uniform(0.001, 0.01)
    return Hurt(before=lambda world: setattr(link, "delay_s", delay_s), kill="agent",
                after_s=run.moment(rng) * 3)


def random_hurt(run, rng):
    """Mostly a kill at a random moment, else one or two faults at random passings of any point."""
    agent = run.world.agent is not None
    choice = rng.random()
    if run.world.links() and choice < 0.7:
        return random_link_hurt(run, rng)
    if choice < 0.1:
        return Hurt(rivals=rng.randint(1, 3), kill=rng.choice((None, "command")),
                    after_s=run.moment(rng))
    if choice < 0.3:
        return Hurt(kill="command", after_s=run.moment(rng))
    if choice < 0.5 and agent:
        return Hurt(kill="agent", after_s=run.moment(rng))
    if choice < 0.6 and run.world.engine != "sqlite":
        return Hurt(kill=end_sessions, after_s=run.moment(rng))
    fault = f"any:crash:{rng.randint(1, 140)}"
    if choice < 0.8 or not agent:
        return Hurt(agent=fault) if agent else Hurt(command=fault)
    return Hurt(command=f"any:crash:{rng.randint(1, 40)}",
                agent=fault if rng.random() < 0.3 else None)


POLICIES = (["max_failures = 100%", "waves = 1, 100%"], ["on_failure = rollback-all"],
            ["waves = 1, 100%", "on_failure = rollback-all", "soak = 10ms"],
            ["waves = 1, 100%", "on_failure = rollback-wave"], ["on_failure = halt"])


def resumptions(run, rng):
    """The faults in the resumptions that come before the command itself is given again."""
    if ":resume:" not in run.job:
        return []
    return [f"any:crash:{rng.randint(1, 60)}" if rng.random() < 0.4 else None
            for _ in range(rng.randint(1, 3))]


def random_job(run, rng, choose):
    run.start()
    run.world.set_policy(rng.choice(POLICIES) if ":resume:" in run.job else POLICY)
    at = top = 0
    for _ in range(rng.randint(2, 6)):
        if at > 2 and rng.random() < 0.35:
            way, to, failing = "down", rng.randint(1, at - 1), False
        elif at >= 11:
            return
        else:
            way, to = "up", rng.randint(at + 1, min(at + 4, 12))
            # With a way back for each statement, so that all engines find the way back.
            failing = at > 0 and to % 2 == 0 and to > top and rng.random() < 0.3
        if not run.cycle(way, to, failing, choose(run, rng), resumptions(run, rng)):
            return
        at = max(run.standing().values()) if failing else to
        top = max(top, to)


def disk_hurt(run, rng):
    """A file's disk fills up or breaks in the middle of a command, or the agent's power is cut."""
    world = run.world
    if world.agent and rng.random() < 0.3:
        return Hurt(kill=lambda world: (world.stop_agent(), world.journal.cut_power(rng)),
                    after_s=run.moment(rng))
    files = [("command", ".fleet/state.db")]
    if world.agent:
        files.append(("agent", "/journal"))
    if world.engine == "sqlite":
        files += [("agent" if world.agent else "command", site.path.name)
                  for site in world.sites.values()]
    who, path = rng.choice(files)
    what = rng.choice(list(ERRORS))
    after, times = int(2 ** rng.uniform(0, 6)) - 1, rng.choice((1, 3, 1000))
    return Hurt(before=lambda world: world.machines[who].set(error=ERRORS[what], after=after,
                                                             times=times, path=path),
                restart=path == "/journal" and what == "broken",
                fired=lambda world: world.machines[who].failed() > 0)


def clock_hurt(run, rng):
    """A wall clock is wrong, or jumps in the middle of a command."""
    whose = rng.choice((["command"], ["agent"], ["command", "agent"]))
    jump_s = rng.choice((2 * MINUTE_S, 3 * HOUR_S, 30 * HOUR_S, 40 * DAY_S, 4000 * DAY_S))
    jump_s *= rng.choice((1, -1))

    def jump(world):
        for who in whose:
            world.machines[who].set(offset_s=jump_s)

    if rng.random() < 0.5:
        return Hurt(before=jump)
    return Hurt(kill=jump, after_s=run.moment(rng))


def late_hurt(run, rng):
    """A command has its epoch, and sleeps while a later one ends that leaves a fence and no row."""
    fault = ",".join(f"{point}:error:{n}" for point in ("statement_run", "alone_run")
                     for n in (1, 2))

    def overtake(run, process, words):
        while process.poll() is None and not run.world.has_passed("rollout_begun!"):
            time.sleep(0.002)
        process.send_signal(signal.SIGSTOP)
        run.world.forget_living()
        run.world.run(*words, fault=None if run.world.agent else fault)
        run.report(run.checker.moment())
        process.send_signal(signal.SIGCONT)

    return Hurt(agent=fault if run.world.agent else None, command="rollout_begun:delay=400:1",
                meanwhile=overtake)


def server_hurt(run, rng):
    """The killer is at work in another process; here there is nothing more to do."""
    return Hurt(before=lambda world: None)


HURTS = {"random": random_hurt, "server": server_hurt, "disk": disk_hurt, "clock": clock_hurt,
         "late": late_hurt, "resume": random_hurt}


def do(run, counts):
    """Runs the job's text; counts is what trace gave."""
    choose_and_do(run, counts)
    if ":server:" not in run.job:
        run.report(run.checker.left_behind())


def choose_and_do(run, counts):
    words = run.job.split(":")
    run.checker.jumps = words[2] == "clock"
    if words[2] == "walk":
        walk(run, counts(), *words[3:6])
    else:
        random_job(run, random.Random(run.job), HURTS[words[2]])
