"""What scripts contain: each runs whole, and does what it does in the engine's own client."""

import pytest

from scenario import only

THINGS = "CREATE TABLE things (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(200));\n"


def names(engine):
    return engine.sql("SELECT name FROM things ORDER BY id", "one").split("\n")


def count(engine, table="things"):
    return int(engine.sql(f"SELECT count(*) FROM {table}", "one"))


def test_a_script_of_two_thousand_statements_runs_whole(one, engine):
    rows = "".join(f"INSERT INTO things VALUES ({i}, 'a;b -- {i}');\n" for i in range(1998))
    one.migration("001_many", THINGS + rows + "UPDATE things SET name = 'last' WHERE id = 1997;\n",
                  "DROP TABLE things;\n")
    assert one.apply()["one"]["state"] == "applied"
    assert count(engine) == 1998
    assert names(engine)[-2:] == ["a;b -- 1996", "last"]


def test_a_byte_order_mark_crlf_and_any_language_keep_their_bytes(one, engine):
    text = THINGS + "INSERT INTO things VALUES (1, 'Zoë – 日本 🙂'), (2, 'two\n  lines');\n"
    one.migration("001_words", b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(),
                  "DROP TABLE things;\r\n")
    one.apply()
    assert engine.sql("SELECT name FROM things WHERE id = 1", "one") == "Zoë – 日本 🙂"
    assert engine.sql("SELECT length(name) FROM things WHERE id = 2", "one") == "12"
    one.run("rollback", "prod", "--yes")


@pytest.mark.parametrize("text", ["", "-- only a comment\n", "/* two\n lines */ ;\n", "\ufeff\r\n"])
def test_a_script_without_a_statement_is_recorded_like_any_other(one, engine, text):
    one.migration("001_nothing", text, "-- fleet: nothing-to-undo\n")
    assert one.apply()["one"]["state"] == "applied"
    assert one.status()["one"]["version"] == "001"
    one.run("rollback", "prod", "--yes")
    assert one.status()["one"]["applied"] == 0


def test_the_last_statement_needs_no_semicolon(one, engine):
    one.migration("001_things", THINGS + "INSERT INTO things VALUES (1, 'x') -- the end",
                  "DROP TABLE things")
    one.apply()
    assert names(engine) == ["x"]


@only("postgresql")
def test_dollar_quotes_nested_do_and_dynamic_execute(one, engine):
    one.migration("001_bodies", THINGS + r"""
CREATE FUNCTION add_thing(n integer) RETURNS void LANGUAGE plpgsql AS $body$
BEGIN
    EXECUTE format($q$INSERT INTO things VALUES (%s, 'it''s; $$%s$$')$q$, n, n);
END;
$body$;
DO $outer$
BEGIN
    DO $$ BEGIN PERFORM add_thing(1); END; $$;
    EXECUTE 'DO $inner$ BEGIN PERFORM add_thing(2); END; $inner$';
END
$outer$;
/* nested /* comments; */ too; */
CREATE TRIGGER calm BEFORE UPDATE ON things EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE RULE kept AS ON DELETE TO things DO INSTEAD (SELECT 1; SELECT 2);
""", "DROP TABLE things CASCADE;\nDROP FUNCTION add_thing;\n")
    one.apply()
    assert names(engine) == ["it's; $$1$$", "it's; $$2$$"]
    one.run("rollback", "prod", "--yes")


PROCEDURE = """CREATE PROCEDURE add_thing(n INTEGER)
BEGIN
    DECLARE i INTEGER DEFAULT 0;
    WHILE i < n DO
        SET i = i + 1;
        IF i > 1 THEN INSERT INTO things VALUES (i, 'more'); ELSE
            INSERT INTO things VALUES (i, CASE i WHEN 1 THEN 'one;' ELSE NULL END);
        END IF;
    END WHILE;
END"""
TRIGGER = """CREATE TRIGGER loud BEFORE INSERT ON things FOR EACH ROW
BEGIN
    SET NEW.name = upper(NEW.name);
    SET @seen = 'a;b';
END"""


@only("mysql")
@pytest.mark.parametrize("form", ["{0};\n{1};\n", "DELIMITER //\n{0}//\n{1} //\nDELIMITER ;\n"])
def test_procedures_and_triggers_with_and_without_delimiter(one, engine, form):
    one.env("prod", "opaque = allow")
    one.write_inventory()
    one.migration("001_bodies", THINGS + form.format(PROCEDURE, TRIGGER) + "CALL add_thing(2);\n",
                  "DROP TABLE things;\nDROP PROCEDURE add_thing;\n")
    one.apply()
    assert names(engine) == ["ONE;", "MORE"]
    one.run("rollback", "prod", "--yes")


@only("mysql")
def test_prepare_and_execute_and_executable_comments(one, engine):
    one.env("prod", "opaque = allow")
    one.write_inventory()
    one.migration("001_prepared", THINGS + """
/*!40101 SET @old = @@foreign_key_checks, foreign_key_checks = 0 */;
# a comment of MySQL's own; not a statement
SET @text = IF(1 = 1, 'INSERT INTO things VALUES (1, "prepared;")', 'SELECT 1');
PREPARE later FROM @text;
EXECUTE later;
DEALLOCATE PREPARE later;
SET foreign_key_checks = @old;
INSERT INTO things VALUES (2, 'it\\'s; here');
""", "DROP TABLE things;\n")
    one.apply()
    assert names(engine) == ["prepared;", "it's; here"]


@only("sqlite")
def test_triggers_and_names_in_brackets(one, engine):
    one.migration("001_trigger", THINGS + """
CREATE TABLE [odd;name] (id INTEGER);
CREATE TRIGGER copies AFTER INSERT ON things BEGIN
    INSERT INTO [odd;name] SELECT CASE WHEN NEW.id > 0 THEN NEW.id END;
    UPDATE things SET name = name || ';' WHERE id = NEW.id;
END;
INSERT INTO things VALUES (1, 'x');
""", "DROP TABLE things;\nDROP TABLE [odd;name];\n")
    one.apply()
    assert names(engine) == ["x;"] and count(engine, "[odd;name]") == 1
    one.run("rollback", "prod", "--yes")


@only("postgresql")
def test_new_values_of_an_enum_and_an_index_built_concurrently(one, engine):
    one.migration("001_mood", "CREATE TYPE mood AS ENUM ('sad');\n"
                  "CREATE TABLE moods (m mood);\n", "DROP TABLE moods;\nDROP TYPE mood;\n")
    one.migration("002_happy", "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'happy' AFTER 'sad';\n",
                  "-- fleet: nothing-to-undo\n")
    one.migration("003_index", "-- fleet: no-transaction\n"
                  "CREATE INDEX CONCURRENTLY moods_m ON moods (m);\n",
                  "-- fleet: no-transaction\nDROP INDEX CONCURRENTLY moods_m;\n")
    one.migration("004_used", "INSERT INTO moods VALUES ('happy');\n", "DELETE FROM moods;\n")
    one.apply()
    assert engine.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'moods_m'::regclass",
                      "one") == "t"
    one.run("rollback", "prod", "--to", "0", "--yes")


def test_versions_of_fourteen_and_twenty_digits_order_as_numbers(one, engine):
    steps = [("9_first", "INSERT INTO things VALUES (2, 'a');\n"),
             ("0010_second", "UPDATE things SET name = 'b' WHERE name = 'a';\n"),
             ("20240131235959_third", "UPDATE things SET name = 'c' WHERE name = 'b';\n"),
             ("99999999999999999999_fourth", "UPDATE things SET name = 'd' WHERE name = 'c';\n")]
    one.migration("1_things", THINGS, "DROP TABLE things;\n")
    for name, text in steps:
        one.migration(name, text, "-- fleet: nothing-to-undo\n")
    one.apply()
    assert names(engine) == ["d"]
    assert one.status()["one"]["version"] == "99999999999999999999"
    rows = one.json("audit", "report")["applied"]
    assert [row["version"] for row in rows] == ["1", "9", "0010", "20240131235959",
                                                "99999999999999999999"]


def test_the_same_bytes_under_two_versions_run_twice(one, engine):
    one.migration("001_things", THINGS, "DROP TABLE things;\n")
    again = "INSERT INTO things SELECT count(*), 'again' FROM things;\n"
    for version in ("002", "003", "004"):
        one.migration(f"{version}_again", again, "-- fleet: nothing-to-undo\n")
    one.apply()
    assert names(engine) == ["again"] * 3


def test_a_script_for_the_engine_goes_before_the_generic_one(one, engine):
    one.migration("001_things", THINGS, "DROP TABLE things;\n")
    one.migration("002_who", "INSERT INTO things VALUES (1, 'generic');\n", "DELETE FROM things;\n")
    one.migration("002_who", "INSERT INTO things VALUES (1, 'mysql');\n", None, engine="mysql")
    one.migration("003_lite", "INSERT INTO things VALUES (2, 'lite');\n",
                  "-- fleet: nothing-to-undo\n", engine="sqlite")
    one.apply()
    expected = {"sqlite": ["generic", "lite"], "postgresql": ["generic"], "mysql": ["mysql"]}
    assert names(engine) == expected[engine.name]


def test_a_folder_of_seven_hundred_migrations_applies_in_one_plan(one, engine):
    one.migration("000_things", THINGS, "DROP TABLE things;\n")
    for i in range(1, 700):
        one.migration(f"{i:03d}_row",
                      f"INSERT INTO things SELECT {i}, {i} - count(*) FROM things;\n",
                      f"DELETE FROM things WHERE id = {i};\n")
    assert one.apply()["one"]["steps"] == 700
    assert count(engine) == 699 and set(names(engine)) == {"1"}
    assert one.status()["one"]["applied"] == 700
    one.run("plan", "prod")
    one.run("rollback", "prod", "--steps", "3", "--yes")
    assert count(engine) == 696
