"""An operator meets a target that stopped inside a step, asks what is wrong, and says what was done."""

import pytest

from fleet import wait_for
from lying_agent import LyingAgent, status
from scenario import Session, only

COUNT = "UPDATE canary SET n = n + 1;\n"
SCRIPT = "CREATE TABLE a (id INTEGER);\n" + COUNT + "INSERT INTO missing VALUES (1);\n" + COUNT
BASE = ("CREATE TABLE canary (n INTEGER NOT NULL);\nINSERT INTO canary VALUES (0);\n",
        "DROP TABLE canary;\n")


def outside(engine, text):
    """Statement by statement, on an engine that would take a transaction too."""
    return text if engine.name == "mysql" else "-- fleet: no-transaction\n" + text


def open_intents(engine):
    return engine.sql("SELECT count(*) FROM fleet_intent", "one").strip()


def canary(engine):
    return engine.sql("SELECT n FROM canary", "one").strip()


def history(engine):
    rows = engine.sql("SELECT version, direction FROM fleet_history ORDER BY seq", "one").split("\n")
    return [tuple(row.split("\t")) for row in rows if row.strip()]


def stop_inside(fleet, engine):
    """A script whose third statement fails, without pairs: what ran before stands."""
    fleet.migration("001_base", *BASE)
    fleet.migration("002_split", outside(engine, SCRIPT), outside(engine, "DROP TABLE a;\n"))
    row = fleet.apply(expect=4)["one"]
    assert row["state"] == "needs_operator", row["error"]


def hide_from_fleet(engine):
    """From here on nobody can tell whether the statement has run."""
    engine.sql("UPDATE fleet_intent SET class = 'opaque' WHERE status = 'open'", "one")


def settle(fleet, *words, expect=0):
    return fleet.run("doctor", "prod", "--target", "one", *words, "--yes", expect=expect)


def goes_on(fleet, engine, expected):
    """The part is over, and the next migration finds the target in order."""
    assert open_intents(engine) == "0"
    assert history(engine) == expected
    fleet.migration("003_after", COUNT, "SELECT 1;\n")
    before = int(canary(engine))
    fleet.apply()
    assert int(canary(engine)) == before + 1
    assert fleet.status()["one"]["state"] == "current"
    log = fleet.run("audit", "log").stdout
    assert "repair-ordered" in log and "repair 002_split" in log
    fleet.run("doctor", "prod")


DONE = [("001", "up"), ("002", "repair"), ("002", "up")]


@pytest.fixture(params=["agent", "local"])
def stopped(request, fleet, engine):
    """The target stands inside 002, behind an agent over TLS or served by the command itself."""
    agent = "db-1" if request.param == "agent" else None
    if agent:
        fleet.agent(agent)
    fleet.target("one", "prod", engine.create("one"), agent=agent)
    fleet.start_agents()
    fleet.write_inventory()
    stop_inside(fleet, engine)
    return fleet


def test_what_stands_and_what_may_be_done_is_told(stopped, engine):
    before = engine.dump("one"), engine.rows("one"), open_intents(engine)
    said = stopped.run("doctor", "prod", expect=4).stdout
    assert "up 002_split failed at statement 3 of 4: INSERT INTO missing VALUES (1)" in said
    assert "has run          CREATE TABLE a" in said and "begun            INSERT INTO" in said
    assert "not begun        UPDATE canary" in said
    assert "its way back" in said and "DROP TABLE a" in said
    for command in ("fleet apply prod --target one", "--statement 3 --verdict done",
                    "--continue-from N", "--taken-back"):
        assert command in said
    rows = {row["check"]: row for row in stopped.json("doctor", "prod", expect=4)["checks"]}
    assert rows["target"]["statement"] == 3 and rows["target"]["statements"] == 4
    assert "fleet doctor prod --target one --taken-back" in rows["target"]["choices"]
    assert stopped.status(expect=4)["one"]["state"] == "needs_operator"
    assert (engine.dump("one"), engine.rows("one"), open_intents(engine)) == before


def test_what_cannot_be_told_is_said_to_be_done(stopped, engine):
    hide_from_fleet(engine)
    said = stopped.run("doctor", "prod", expect=4).stdout
    assert "cannot be told: it is opaque" in said and "--verdict undone" in said
    settle(stopped, "--statement", 3, "--verdict", "done")
    assert canary(engine) == "2"
    goes_on(stopped, engine, DONE)


def test_what_cannot_be_told_is_said_to_be_undone_and_runs(stopped, engine):
    hide_from_fleet(engine)
    engine.sql("CREATE TABLE missing (id INTEGER)", "one")
    settle(stopped, "--statement", 3, "--verdict", "undone")
    assert engine.sql("SELECT count(*) FROM missing", "one").strip() == "1"
    assert canary(engine) == "2"
    goes_on(stopped, engine, DONE)


def test_the_rest_was_done_by_hand(stopped, engine):
    engine.sql("UPDATE canary SET n = n + 1", "one")
    settle(stopped, "--continue-from", 5)
    assert canary(engine) == "2"
    goes_on(stopped, engine, DONE)


def test_all_was_taken_back_by_hand(stopped, engine):
    engine.sql("DROP TABLE a", "one")
    engine.sql("UPDATE canary SET n = 0", "one")
    settle(stopped, "--taken-back")
    assert history(engine) == [("001", "up"), ("002", "repair")] and open_intents(engine) == "0"
    row = stopped.status()["one"]
    assert row["version"] == "001" and row["state"] == "pending"
    stopped.migration("002_split", outside(engine, SCRIPT.replace("INSERT INTO missing VALUES (1);\n",
                                                                  "")), "SELECT 1;\n")
    stopped.apply()
    assert canary(engine) == "2"
    goes_on(stopped, engine, DONE)


def test_an_order_that_makes_no_sense_is_refused_before_it_is_sent(stopped, engine):
    for words, code, said in [
            (("--statement", 2, "--verdict", "done"), 1, "statement 2 is not in question, but 3 is"),
            (("--continue-from", 6), 1, "the script has 4 statements"),
            (("--statement", 3), 2, "go together"),
            (("--taken-back", "--continue-from", 1), 2, "exclude each other"),
            (("--statement", 3, "--verdict", "maybe"), 2, "done or undone")]:
        assert said in settle(stopped, *words, expect=code).stderr
    assert open_intents(engine) == "3"


def test_an_order_does_not_fit_another_state_than_was_seen(stopped, engine):
    stopped.run("doctor", "prod", "--target", "one", "--taken-back", "--out", "order.json")
    settle(stopped, "--continue-from", 5)
    assert "stale" in stopped.run("apply", "./order.json", "--yes", expect=1).stderr
    stopped.migration("003_more", outside(engine, "CREATE TABLE b (id INTEGER);\n"
                                                  "INSERT INTO missing VALUES (1);\n"),
                      outside(engine, "DROP TABLE b;\n"))
    assert stopped.apply(expect=4)["one"]["state"] == "needs_operator"
    stopped.run("doctor", "prod", "--target", "one", "--taken-back", "--out", "order.json")
    engine.sql("UPDATE fleet_intent SET status = 'done'", "one")
    row = stopped.json("apply", "./order.json", "--yes", expect=1)["targets"][0]
    assert row["state"] == "refused" and "not what it was ordered for" in row["error"]
    engine.sql("UPDATE fleet_intent SET status = 'open' WHERE statement = 2", "one")
    stopped.run("apply", "./order.json", "--yes")
    assert open_intents(engine) == "0"


BACK = "DROP TABLE b;\n" + COUNT + "INSERT INTO missing VALUES (1);\n" + COUNT


def test_a_rollback_that_stopped_inside_is_settled(one, engine):
    one.migration("001_base", *BASE)
    one.migration("002_split", "CREATE TABLE b (id INTEGER);\n", outside(engine, BACK))
    one.apply()
    one.run("rollback", "prod", "--yes", expect=4)
    said = one.run("doctor", "prod", expect=4).stdout
    assert "down 002_split failed at statement 3 of 4" in said
    assert "fleet rollback prod --target one" in said and "CREATE TABLE b" in said
    settle(one, "--statement", 3, "--verdict", "done")
    assert canary(engine) == "2" and open_intents(engine) == "0"
    assert history(engine)[1:] == [("002", "up"), ("002", "repair"), ("002", "down")]
    assert one.status()["one"]["version"] == "001"


def test_a_job_that_stopped_while_it_took_itself_back_is_settled(one, engine):
    one.migration("001_base", *BASE)
    one.apply()
    one.migration("002_split", "CREATE TABLE b (id INTEGER);\n", outside(engine, BACK))
    one.migration("003_wrong", "INSERT INTO nowhere VALUES (1);\n", "SELECT 1;\n")
    one.apply(expect=4)
    assert "down 002_split failed at statement 3 of 4" in one.run("doctor", expect=4).stdout
    settle(one, "--continue-from", 5)
    assert canary(engine) == "1" and open_intents(engine) == "0"
    assert history(engine)[1:] == [("002", "up"), ("002", "repair"), ("002", "down")]


@only("mysql")
def test_a_call_that_was_cut_off_is_settled(fleet, engine):
    fleet.agent("db-1")
    fleet.env("prod", "opaque = allow")
    fleet.target("one", "prod", engine.create("one"), agent="db-1")
    fleet.start_agents()
    fleet.migration("001_base", BASE[0] + "CREATE TABLE t (a INTEGER);\nINSERT INTO t VALUES (1);\n"
                    "CREATE PROCEDURE settle() UPDATE t SET a = 0;\n", "SELECT 1;\n")
    fleet.apply()
    fleet.migration("002_split", "-- fleet: lock-timeout=60s\n" + COUNT + "CALL settle();\n" + COUNT,
                    "-- fleet: nothing-to-undo\n")
    fleet.run("sum")
    application = Session(engine, "BEGIN; UPDATE t SET a = a")
    apply = fleet.start("apply", "prod", "--yes")
    wait_for(lambda: engine.sql("SELECT count(*) FROM information_schema.processlist WHERE db ="
                                " database() AND info LIKE 'UPDATE t SET a = 0%'", "one").strip()
             == "1", "the procedure to wait")
    fleet.agents["db-1"].kill()
    apply.communicate(timeout=60)
    application.do("COMMIT")
    application.end()
    fleet.agents["db-1"].start()
    said = wait_for(lambda: "CALL settle()" in (out := fleet.run("doctor", "prod", expect=None).stdout)
                    and "cannot be told" in out and out, "the lock to come free")
    assert "statement 2 of 3" in said and "opaque" in said
    assert fleet.status(expect=4)["one"]["state"] == "needs_operator"
    settle(fleet, "--statement", 2, "--verdict", "done")
    assert canary(engine) == "2"
    goes_on(fleet, engine, DONE)


@only("mysql")
def test_a_definition_that_was_cut_off_is_only_interrupted(fleet, engine):
    fleet.agent("db-1")
    fleet.target("one", "prod", engine.create("one"), agent="db-1")
    fleet.start_agents()
    fleet.migration("001_base", BASE[0] + "CREATE TABLE t (a INTEGER);\n", "SELECT 1;\n")
    fleet.apply()
    fleet.migration("002_split", "-- fleet: lock-timeout=60s\n" + COUNT
                    + "ALTER TABLE t ADD COLUMN b INTEGER;\n" + COUNT, "-- fleet: nothing-to-undo\n")
    fleet.run("sum")
    application = Session(engine, "BEGIN; SELECT * FROM t")
    apply = fleet.start("apply", "prod", "--yes")
    wait_for(lambda: engine.sql("SELECT count(*) FROM information_schema.processlist WHERE db ="
                                " database() AND state = 'Waiting for table metadata lock' AND info"
                                " LIKE 'ALTER TABLE%'", "one").strip() == "1", "the change to wait")
    fleet.agents["db-1"].kill()
    apply.communicate(timeout=60)
    application.do("COMMIT")
    application.end()
    fleet.agents["db-1"].start()
    wait_for(lambda: fleet.status(expect=None)["one"]["state"] == "interrupted", "the lock to come free")
    row = fleet.status()["one"]
    assert "the next apply goes on at statement" in row["detail"]
    said = fleet.run("doctor", "prod", expect=1).stdout
    assert "interrupted; the next apply goes on at statement" in said
    assert "fleet apply prod --target one" in said and "--verdict" not in said
    fleet.apply()
    assert canary(engine) == "2" and open_intents(engine) == "0"


def examined(**changes):
    part = {"intents": "ab" * 32, "states": ["done", "done", "begun", "untouched"], "statement": 3,
            "class": "opaque", "session": "7", "trace": "unclear"}
    return {**part, **changes}


EVIL = "\x1b[2J\x9b1m\u202e\nfleet doctor prod --taken-back"
LIES = {
    "states of another script": (examined(states=["begun"] * 3), "the agent tells of 3 statements"),
    "a statement that is not there": (examined(statement=5), "does not have that many"),
    "a word that nobody knows": (examined(trace="perhaps"), "not one of the known words"),
    "text that steers a terminal": (examined(**{"class": EVIL, "session": EVIL, "object": EVIL,
                                                "before": EVIL, "now": EVIL * 2}),
                                    "cannot be told"),
    "a text without an end": (examined(before="x" * 100000), "before"),
}


@only("sqlite")
@pytest.mark.parametrize("lie", LIES)
def test_what_a_lying_agent_says_of_a_stop_does_no_harm(one, engine, lie):
    part, words = LIES[lie]
    stop_inside(one, engine)
    attempt = engine.sql("SELECT attempt_key FROM fleet_intent LIMIT 1", "one").strip()
    one.agents["db-1"].stop()
    told = status("one")
    told[-1]["status"]["intent"] = {"attempt": attempt, "direction": "up", "name": EVIL,
                                    "version": "002", "statement": 3, "summary": EVIL}
    answer = [{"kind": "examination", "target": "other", "examination": examined()},
              {"kind": "examination", "target": "one", "examination": part}]
    with LyingAgent(one.agents["db-1"], told + answer) as liar:
        said = one.run("doctor", "prod", expect=4)
        assert words in said.stdout + said.stderr, said
        assert not set("\x1b\x9b\u202e") & set(said.stdout + said.stderr)
        assert "/v1/examine" in [path for path, _ in liar.asked]
        one.run("doctor", "prod", "--target", "one", "--taken-back", "--yes", expect=None)
    assert open_intents(engine) == "3"


@only("sqlite")
def test_a_stop_that_another_store_began_says_where_to_look(one, engine):
    stop_inside(one, engine)
    (one.root / ".fleet/state.db").rename(one.root / "elsewhere.db")
    for leftover in (one.root / ".fleet").glob("state.db-*"):
        leftover.unlink()
    said = one.run("doctor", "prod", expect=4).stdout
    assert "the plan that began it is not in this store" in said and "--verdict" not in said
    assert "not in this store" in settle(one, "--taken-back", expect=1).stderr
    assert open_intents(engine) == "3"
