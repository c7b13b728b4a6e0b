"""A fleet whose rollouts go in waves, commands under way, and places where they wait."""

from scenario import Gate, Session

POLICY = ["waves = 1, 100%", "on_failure = rollback-all", "max_parallel = 4"]
NOTHING = "-- fleet: nothing-to-undo\n"


class Hold:
    """Keeps a target from being changed, until it is let go.

    The servers hold up the gate's statement, which migration 003 has in both directions; on SQLite
    another writer has the file."""

    def __init__(self, engine, name):
        self.engine, self.name = engine, name
        self.gate = Gate(engine, name)
        self.writer = None
        if engine.name == "sqlite":
            self.writer = Session(engine, "BEGIN IMMEDIATE", name)
        else:
            self.gate.close()

    def wait_until_reached(self, command):
        if self.writer is None:
            self.gate.wait_until_reached()
        else:
            command.read_until(f"{self.name} ", "waiting")

    def let_go(self):
        if self.writer is None:
            self.gate.open()
        else:
            self.writer.do("ROLLBACK")
            self.writer.end()


class Command:
    """One that is under way, and what it has said so far."""

    def __init__(self, fleet, *verb, words=()):
        self.process = fleet.start(*verb, "prod", "--yes", *words)
        self.said = []

    def read_until(self, *texts):
        """Returns once a line has all of these."""
        while not any(all(text in line for text in texts) for line in self.said):
            line = self.process.stdout.readline()
            assert line, (texts, self.said, self.process.stderr.read())
            self.said.append(line)

    def kill(self):
        self.process.kill()
        self.process.communicate()

    def end(self, status):
        rest, errors = self.process.communicate(timeout=60)
        said = "".join(self.said) + rest
        assert self.process.returncode == status, said + errors
        return said


def rollouts(fleet):
    return [entry["result"] for entry in fleet.json("audit", "log")["entries"]
            if entry["what"] == "rollout-end"]


def make_waves(fleet, engine):
    """Five targets on two agents, in waves of one and four, with two migrations to come; and one
    target where nothing is ever disturbed."""
    names = [f"t{i}" for i in range(5)]
    for number in range(2):
        fleet.agent(f"db-{number}")
    for i, name in enumerate(names):
        fleet.target(name, "prod", engine.create(name), agent=f"db-{i % 2}")
    fleet.target("calm", "calm", engine.create("calm"), agent="db-0")
    fleet.start_agents()
    fleet.migration("001_items", "CREATE TABLE items (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL);\n"
                    "INSERT INTO items VALUES (1, 'one');\n" + Gate.TABLE, NOTHING)
    fleet.write_inventory()
    fleet.run("sum")
    fleet.run("apply", "prod", "--yes")
    fleet.run("apply", "calm", "--yes")
    fleet.env("prod", *POLICY)
    fleet.write_inventory()
    gate = Gate.STATEMENT + ";\n"
    drop = "DROP INDEX items_name ON items;\n" if engine.name == "mysql" else "DROP INDEX items_name;\n"
    fleet.migration("002_price", "ALTER TABLE items ADD COLUMN price INTEGER;\n",
                    "ALTER TABLE items DROP COLUMN price;\n")
    fleet.migration("003_name", "-- fleet: lock-timeout=60s\n" + gate
                    + "CREATE UNIQUE INDEX items_name ON items (name);\n",
                    "-- fleet: lock-timeout=60s\n" + drop + "UPDATE gate SET n = n - 1;\n")
    fleet.run("sum")
    return names
