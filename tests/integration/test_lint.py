"""fleet lint over a folder: what it finds, what is allowed, and how it is told."""

import json

from scenario import only


def make(one):
    one.migration("001_shop", "CREATE TABLE orders (id BIGINT PRIMARY KEY, note VARCHAR(10));\n"
                  "CREATE UNIQUE INDEX orders_note ON orders (note);\n", "DROP TABLE orders;\n")
    one.migration("002_gone", "-- fleet: allow drop-column the application has let go of it\n\n"
                  "ALTER TABLE orders DROP COLUMN note;\nALTER TABLE orders RENAME TO purchases;\n",
                  "-- fleet: irreversible gone\n")
    (one.migrations / "003_later.change.sql").write_text(
        "CREATE TABLE fresh (id BIGINT PRIMARY KEY, a INTEGER);\nCREATE INDEX fresh_a ON fresh (a);\n")
    one.migration("004_worse", "ALTER TABLE purchases ADD COLUMN a INTEGER NOT NULL;\n", "SELECT 1;\n")
    one.run("sum")


@only("sqlite")
def test_findings_have_their_place_and_what_is_safer(one, engine):
    make(one)
    said = one.json("lint", expect=1)["findings"]
    assert [(row["file"], row["line"], row["rule"], row["severity"], row["engines"]) for row in said] == [
        ("002_gone.up.sql", 3, "drop-column", "allowed", "sqlite"),
        ("002_gone.up.sql", 4, "rename", "warning", "sqlite"),
        ("004_worse.up.sql", 1, "added-not-null", "error", "sqlite")]
    assert said[0]["reason"] == "the application has let go of it" and "DEFAULT" in said[2]["safer"]
    table = one.run("lint", expect=1).stdout
    assert "1 errors, 1 warnings, 0 notes, 1 allowed" in table and "programs that run ask" in table


@only("sqlite")
def test_rules_can_be_set_and_folders_looked_at_from_a_version_on(one, engine):
    make(one)
    assert one.run("lint", "--rule", "added-not-null=off").stdout.endswith("0 errors, 1 warnings, 0 notes, 1 allowed\n")
    one.run("lint", "--rule", "added-not-null=note", "--strict", expect=1)
    assert [row["rule"] for row in one.json("lint", "--since", "2", expect=1)["findings"]] == ["added-not-null"]
    assert "no rule is called dropp" in one.run("lint", "--rule", "dropp=off", expect=2).stderr
    assert "expected rename=off" in one.run("lint", "--rule", "rename=of", expect=2).stderr


@only("sqlite")
def test_the_inventory_sets_rules_and_the_command_goes_before_it(one, engine):
    make(one)
    ini = one.root / "fleet.ini"
    text = ini.read_text()
    ini.write_text(text + "[lint]\nadded-not-null = off\nrename = error\n")
    assert [row["severity"] for row in one.json("lint", expect=1)["findings"]] == ["allowed", "error"]
    assert "1 warnings" in one.run("lint", "--rule", "rename=warning").stdout
    for line, fault in (("dropp = off", "no rule is called dropp"), ("rename = of", "expected rename=off"),
                        ("rename = off\nrename = off", "duplicate key 'rename' in [lint]")):
        ini.write_text(text + "[lint]\n" + line + "\n")
        said = one.run("lint", expect=2).stderr
        assert fault in said and "fleet.ini:" in said


@only("sqlite")
def test_sarif_has_what_its_readers_need(one, engine):
    make(one)
    log = json.loads(one.run("lint", "--output", "sarif", expect=1).stdout)
    run, = log["runs"]
    assert log["version"] == "2.1.0" and run["tool"]["driver"]["name"] == "fleet lint"
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    for result in run["results"]:
        assert result["ruleId"] in rules and result["level"] in ("error", "warning", "note")
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"].endswith(".up.sql") and place["region"]["startLine"] >= 1
    assert run["results"][0]["suppressions"][0]["justification"] == "the application has let go of it"


@only("postgresql")
def test_a_change_is_looked_at_as_the_engines_sql(one, engine):
    (one.migrations / "001_base.change.sql").write_text("CREATE TABLE t (id BIGINT PRIMARY KEY, a INTEGER);\n")
    (one.migrations / "002_index.change.sql").write_text("CREATE INDEX t_a ON t (a);\n")
    one.run("sum")
    found, = one.json("lint")["findings"]
    assert (found["file"], found["rule"]) == ("002_index.change.sql", "index-not-concurrent")
