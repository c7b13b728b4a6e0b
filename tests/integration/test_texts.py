"""Texts that could steer a terminal or break a format: none gets through, none is lost."""

import csv
import io
import json
import subprocess

from fleet import FLEET
from scenario import Terminal, only

ESCAPE = "\x1b[2J\x1b]0;owned\x07"
TABLE = ("CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(200));\n",
         "DROP TABLE thing;\n")


def raising(engine):
    """A script whose error text holds escapes, quotes and a bidirectional control.

    MariaDB writes the controls as \\001B itself.
    """
    return {
        "sqlite": "CREATE TABLE a (id INTEGER);\n"
                  "INSERT INTO \"b\x1b[2J\x1b]0;owned\x07\u202e'\" VALUES (1);\n",
        "postgresql": "DO $$ BEGIN RAISE EXCEPTION"
                      " E'b\\x1b[2J\\x1b]0;owned\\x07\\u202e\\''; END $$;\n",
        "mysql": "SELECT * FROM `b\x1b[2J\x1b]0;owned\x07\u202e'`;\n",
    }[engine.name]


def on_terminal(fleet, *words, environment=None, answer=None):
    """Runs a command on a terminal to its end; its status and all that it wrote there."""
    terminal = Terminal(fleet, *words, environment=environment)
    if answer:
        terminal.read_until(b"?")
        terminal.write(answer)
    return terminal.end(), terminal.said


def test_a_databases_error_cannot_steer_the_terminal(one, engine):
    one.migration("001_bad", raising(engine), "SELECT 1;\n")
    one.run("sum")
    status, said = on_terminal(one, "apply", "prod", "--yes")
    assert status != 0
    shown = "\\001B[2J" if engine.name == "mysql" else "\\x1b[2J"
    assert shown.encode() in said and b"\\u202e" in said
    for control in (b"\x1b[2J", b"\x1b]0", b"\x07", "\u202e".encode()):
        assert control not in said
    plain = one.run("apply", "prod", "--yes", expect=None).stdout
    assert "\x1b" not in plain and shown in plain


def test_a_databases_error_is_whole_in_json_and_csv(one, engine):
    one.migration("001_bad", raising(engine), "SELECT 1;\n")
    one.run("sum")
    row = one.json("apply", "prod", "--yes", expect=None)["targets"][0]
    raw = "\\001B[2J" if engine.name == "mysql" else "\x1b[2J"
    assert raw in row["error"] and "\u202e" in row["error"]
    table = one.run("apply", "prod", "--yes", "--output", "csv", expect=None).stdout
    rows = list(csv.DictReader(io.StringIO(table)))
    assert rows[0]["target"] == "one" and raw in rows[0]["error"]


def test_sql_in_a_plan_cannot_steer_the_terminal(one, engine):
    one.migration("001_words", TABLE[0] + f"INSERT INTO thing VALUES (1, '{ESCAPE}');\n", TABLE[1])
    one.run("sum")
    status, said = on_terminal(one, "plan", "prod", "--sql")
    assert status == 3
    assert b"\\x1b[2J" in said and b"\x1b[2J" not in said and b"\x07" not in said
    one.run("apply", "prod", "--yes")
    assert engine.sql("SELECT count(*) FROM thing WHERE name LIKE '%owned%'", "one") == "1"


@only("sqlite", "mysql")
def test_invalid_utf8_in_an_error_leaves_json_valid(one, engine):
    statement = {"sqlite": b"CREATE TABLE a (id INTEGER);\n"
                           b"CREATE TRIGGER loud BEFORE INSERT ON a BEGIN\n"
                           b"    SELECT RAISE(ABORT, CAST(x'62ff6164' AS TEXT));\nEND;\n"
                           b"INSERT INTO a VALUES (1);\n",
                 "mysql": b"CREATE TABLE a (b VARCHAR(10) CHARACTER SET latin1 PRIMARY KEY);\n"
                          b"INSERT INTO a VALUES (x'62e96164'), (x'62e96164');\n"}[engine.name]
    one.migration("001_bytes", statement, "DROP TABLE a;\n")
    one.run("sum")
    process = subprocess.run([FLEET, "apply", "prod", "--yes", "--output", "json"], cwd=one.root,
                             capture_output=True)
    row = json.loads(process.stdout.decode("utf-8"))["targets"][0]
    assert "statement" in row["error"] and process.returncode in (1, 4)
    one.run("audit", "log")


def test_bytes_of_a_script_that_are_not_utf8_reach_the_server_as_they_are(one, engine):
    names = {"sqlite": b"", "postgresql": b"SET client_encoding = 'LATIN1';\n",
             "mysql": b"SET NAMES latin1;\n"}[engine.name]
    one.migration("001_latin", TABLE[0].encode() + names
                  + b"INSERT INTO thing VALUES (1, 'caf\xe9');\n", TABLE[1])
    one.run("sum")
    assert "caf\\xe9" in one.run("plan", "prod", "--sql", expect=3).stdout
    one.run("apply", "prod", "--yes")
    stored = "hex(name)" if engine.name != "postgresql" else "upper(encode(name::bytea, 'hex'))"
    expected = "636166E9" if engine.name == "sqlite" else "636166C3A9"
    assert engine.sql(f"SELECT {stored} FROM thing", "one") == expected


def test_table_names_with_quotes_and_languages_survive_fingerprint_and_rollback(one, engine):
    quote = "`" if engine.name == "mysql" else '"'
    name = f"{quote}it's a {2 * quote} – таблица{quote}"
    one.migration("001_odd", f"CREATE TABLE {name} (id INTEGER);\n", f"DROP TABLE {name};\n")
    one.apply()
    before = one.json("status", "--fingerprint")["targets"][0]["fingerprint"]
    assert before
    one.run("rollback", "prod", "--yes")
    assert one.json("status", "--fingerprint")["targets"][0]["fingerprint"] != before


def test_progress_is_drawn_on_a_terminal_and_nowhere_else(one, engine):
    one.migration("001_thing", *TABLE)
    one.run("sum")
    status, said = on_terminal(one, "apply", "prod", "--yes")
    assert status == 0
    assert b"\x1b[K" in said and b"running" in said and "─".encode() in said

    one.run("rollback", "prod", "--yes")
    piped = one.run("apply", "prod", "--yes")
    for text in (piped.stdout, piped.stderr):
        assert not any(part in text for part in ("\r", "\x1b", "running", "─", "━"))


def test_colours_follow_the_terminal_no_color_and_the_flag(one, engine):
    one.migration("001_thing", *TABLE)
    one.run("sum")
    assert b"\x1b[" in on_terminal(one, "status")[1]
    assert b"\x1b[" not in on_terminal(one, "status", environment={"NO_COLOR": "1"})[1]
    assert b"\x1b[" not in on_terminal(one, "status", "--color", "never")[1]
    assert "\x1b[" in one.run("status", "--color", "always").stdout


def test_apply_asks_on_a_terminal_and_does_nothing_without_a_yes(one, engine):
    one.migration("001_thing", *TABLE)
    one.run("sum")
    status, said = on_terminal(one, "apply", "prod", answer=b"n\n")
    assert status != 0 and b"Apply on 1 target of prod?" in said
    assert one.status()["one"]["applied"] == 0
    status, said = on_terminal(one, "apply", "prod", answer=b"yes\n")
    assert status == 0 and one.status()["one"]["applied"] == 1
    refused = one.run("apply", "prod", expect=0)
    assert "nothing to do" in refused.stdout
