"""Databases that another tool has brought some way, taken over from where its history says."""

import pytest
from lying_agent import LyingAgent, status
from scenario import Terminal, only, whole

UPS = {
    "users": "CREATE TABLE users (id INT PRIMARY KEY);\n",
    "orders": "CREATE TABLE orders (id INT PRIMARY KEY, users_id INT);\n",
    "notes": "ALTER TABLE users ADD COLUMN notes VARCHAR(80);\n",
}
DOWNS = {
    "users": "DROP TABLE users;\n",
    "orders": "DROP TABLE orders;\n",
    "notes": "ALTER TABLE users DROP COLUMN notes;\n",
}
FLEETS_TABLES = {
    "sqlite": "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'fleet%'",
    "postgresql": "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'fleet%'",
    "mysql": "SELECT count(*) FROM information_schema.tables"
             " WHERE table_schema = database() AND table_name LIKE 'fleet%'",
}


class GolangMigrate:
    """The folder of golang-migrate, and what it leaves in a database."""

    folder, versions, ours = "db/migrations", ("1", "2", "3"), ("000001", "000002", "000003")

    def write(self, root):
        folder = root / self.folder
        folder.mkdir(parents=True)
        for number, name in zip(self.ours, UPS):
            (folder / f"{number}_{name}.up.sql").write_text(UPS[name])
            (folder / f"{number}_{name}.down.sql").write_text(DOWNS[name])

    def mark(self, engine, name, count, dirty="false", table="schema_migrations"):
        engine.sql(f"CREATE TABLE {table}"
                   " (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);"
                   f" INSERT INTO {table} VALUES ({self.versions[count - 1]}, {dirty})", name)


class Diesel:
    """The same of Diesel."""

    folder = "migrations-of-diesel"
    versions = ours = ("20240101000000", "20240102000000", "20240103000000")

    def write(self, root):
        for day, name in enumerate(UPS, 1):
            folder = root / self.folder / f"2024-01-0{day}-000000_{name}"
            folder.mkdir(parents=True)
            (folder / "up.sql").write_text(UPS[name])
            (folder / "down.sql").write_text(DOWNS[name])

    def mark(self, engine, name, count, table="__diesel_schema_migrations"):
        engine.sql(f"CREATE TABLE {table} (version VARCHAR(50) PRIMARY KEY,"
                   " run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)", name)
        for version in self.versions[:count]:
            engine.sql(f"INSERT INTO {table} (version) VALUES ('{version}')", name)


def bring(engine, tool, name, count, **mark):
    """As if the tool had run its first migrations on that database."""
    for up in list(UPS.values())[:count]:
        engine.sql(up, name)
    tool.mark(engine, name, count, **mark)


@pytest.fixture
def imported(fleet, engine, request):
    """Two targets behind an agent and a local one, all empty, and the tool's folder as ours."""
    tool = request.param()
    fleet.agent("db-1")
    for name, agent in (("one", "db-1"), ("two", "db-1"), ("near", None)):
        fleet.target(name, "prod", engine.create(name), agent=agent)
    fleet.start_agents()
    tool.write(fleet.root)
    fleet.run("import", tool.folder)
    fleet.tool = tool
    return fleet


with_tools = pytest.mark.parametrize("imported", [GolangMigrate, Diesel], indirect=True)
with_golang_migrate = pytest.mark.parametrize("imported", [GolangMigrate], indirect=True)
with_diesel = pytest.mark.parametrize("imported", [Diesel], indirect=True)


def take_over(fleet, *words, expect=0):
    return fleet.run("import", fleet.tool.folder, "--baseline", *words, expect=expect)


def fleets_tables(engine, name):
    return int(engine.sql(FLEETS_TABLES[engine.name], name))


def assert_refused(fleet, engine, words, *arguments, names=("one", "two", "near")):
    """Nothing is written, neither on a target nor into the ledger."""
    before = [whole(engine, fleet, name) for name in names]
    said = take_over(fleet, "--yes", *arguments, expect=1)
    for word in words:
        assert word in said.stderr, said.stderr
    assert [whole(engine, fleet, name) for name in names] == before
    assert [fleets_tables(engine, name) for name in names] == [0] * len(names)
    assert "baseline" not in fleet.run("audit", "log").stdout


@with_tools
def test_what_the_tool_applied_is_marked_and_the_rest_is_run(imported, engine):
    ours = imported.tool.ours
    bring(engine, imported.tool, "one", 2)
    bring(engine, imported.tool, "near", 1)
    said = take_over(imported, "prod", "--yes").stdout
    assert "the tool has no table there" in said and "2 of 2 done" in said
    assert "2 targets, 2 recipes; 1 without anything to mark" in said
    rows = imported.status()
    assert {name: (row["version"], row["pending"]) for name, row in rows.items()} == {
        "one": (ours[1], 1), "near": (ours[0], 2), "two": (None, 3)}
    steps = {name: row["steps"] for name, row in imported.apply().items()}
    assert steps == {"one": 1, "near": 2, "two": 3}
    assert {row["version"] for row in imported.status().values()} == {ours[2]}
    for name in ("one", "two", "near"):
        engine.sql("INSERT INTO users (id, notes) VALUES (1, 'x')", name)
        assert engine.sql("SELECT count(*) FROM orders", name) == "0"


@with_golang_migrate
def test_a_second_time_there_is_nothing_to_do(imported, engine):
    bring(engine, imported.tool, "one", 3)
    take_over(imported, "--target", "one", "--yes")
    assert imported.status()["one"]["pending"] == 0
    assert "golang-migrate's history on the targets says so" in imported.run("audit", "log").stdout
    assert "nothing to do" in take_over(imported, "--yes").stdout
    assert imported.json("import", imported.tool.folder, "--baseline", "--yes") == {
        "format": 1, "targets": []}


@with_golang_migrate
def test_one_dirty_target_refuses_all(imported, engine):
    bring(engine, imported.tool, "one", 1)
    bring(engine, imported.tool, "two", 2, dirty="true")
    bring(engine, imported.tool, "near", 1)
    assert_refused(imported, engine, ["1 of 3 targets", "two", "version 2 is dirty"])


@with_diesel
def test_gaps_and_versions_that_the_folder_lacks_are_refused(imported, engine):
    table = "__diesel_schema_migrations"
    bring(engine, imported.tool, "one", 3)
    engine.sql(f"DELETE FROM {table} WHERE version = '20240102000000'", "one")
    bring(engine, imported.tool, "near", 1)
    engine.sql(f"INSERT INTO {table} (version) VALUES ('20990101000000')", "near")
    assert_refused(imported, engine, ["2 of 3 targets", "one: version 20240102000000 is not",
                                      "near: diesel's history has version 20990101000000"])
    rows = imported.json("import", imported.tool.folder, "--baseline", "--yes",
                         expect=1)["histories"]
    assert {row["target"]: row["state"] for row in rows} == {
        "one": "conflict", "two": "nothing", "near": "conflict"}


@with_golang_migrate
def test_the_history_may_have_a_table_of_another_name(imported, engine):
    bring(engine, imported.tool, "one", 2, table="Made_Before")
    assert_refused(imported, engine, ["golang-migrate has applied nothing", "--history-table"])
    assert take_over(imported, "--history-table", "x; DROP TABLE users", expect=2)
    take_over(imported, "--yes", "--history-table",
              "made_before" if engine.name == "postgresql" else "Made_Before")
    assert imported.status()["one"]["version"] == "000002"


@with_golang_migrate
def test_a_person_is_asked_before_anything_is_marked(imported, engine):
    bring(engine, imported.tool, "one", 1)
    assert "--yes" in take_over(imported, expect=2).stderr
    for answer, version in ((b"n\n", None), (b"y\n", "000001")):
        terminal = Terminal(imported, "import", imported.tool.folder, "--baseline")
        terminal.read_until(b"Mark as applied on 1 target of prod?")
        terminal.write(answer)
        assert terminal.end() == (0 if version else 1)
        assert imported.status()["one"]["version"] == version
        assert ("baseline" in imported.run("audit", "log").stdout) == (version is not None)


@with_golang_migrate
def test_a_folder_that_is_not_the_import_is_refused(imported, engine):
    bring(engine, imported.tool, "one", 2)
    ours = imported.migrations / "000002_orders.up.sql"
    ours.rename(imported.migrations / "000002_other.up.sql")
    (imported.migrations / "000002_orders.down.sql").rename(
        imported.migrations / "000002_other.down.sql")
    imported.run("sum")
    said = take_over(imported, "--yes", expect=2).stderr
    assert "000002_orders should be its migration 2, but 000002_other is" in said
    assert fleets_tables(engine, "one") == 0


@with_golang_migrate
def test_an_agent_out_of_reach_stops_it(imported, engine):
    for name in ("one", "near"):
        bring(engine, imported.tool, name, 1)
    imported.agents["db-1"].kill()
    said = take_over(imported, "--yes", expect=1)
    assert "unreachable" in said.stdout and "nothing was started" in said.stderr
    assert fleets_tables(engine, "near") == 0


def foreign(target, *rows):
    return {"kind": "foreign", "target": target, "present": True,
            "rows": [{"version": version, "state": state} for version, state in rows]}


LIES = {
    "it says nothing of the history":
        ([], "unreachable", "did not say what golang-migrate's history has"),
    "it speaks of another's target only":
        ([foreign("near", ("3", "reached"))], "unreachable", "did not say what"),
    "a state is no word that we know":
        ([foreign("one", ("1", "fine"))], "unreachable", "rows[0].state"),
    "a version would steer the terminal":
        ([foreign("one", ("\x1b[2J\x9b\u202e", "reached"))], "conflict", r"\x1b[2J\u009b\u202e"),
    "a version is as long as a book":
        ([foreign("one", ("1" * 100_000, "reached"))], "unreachable", "rows[0].version: too long"),
    "rows of a table that is not there":
        ([{**foreign("one", ("1", "reached")), "present": False}], "unreachable", "not there"),
}


@only("sqlite")
@pytest.mark.parametrize("lie", LIES)
def test_a_lying_agent_gets_nothing_marked(fleet, engine, lie):
    replies, state, words = LIES[lie]
    tool = GolangMigrate()
    agent = fleet.agent("db-1")
    fleet.target("one", "prod", "sqlite:one.db", agent="db-1")
    fleet.target("near", "prod", engine.create("near"))
    bring(engine, tool, "near", 1)
    fleet.write_inventory()
    tool.write(fleet.root)
    fleet.run("import", tool.folder)
    with LyingAgent(agent, replies + status("one")) as liar:
        said = fleet.run("import", tool.folder, "--baseline", "--yes", expect=1)
    assert state in said.stdout and words in said.stdout + said.stderr, said
    assert not set("\x1b\x9b\u202e") & set(said.stdout + said.stderr)
    assert fleets_tables(engine, "near") == 0
    assert "baseline" not in fleet.run("audit", "log").stdout
    assert [path for path, _ in liar.asked] == ["/v1/status"]
    assert liar.asked[0][1]["foreign"] == {"tool": "golang-migrate"}
