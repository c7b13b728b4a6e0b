"""A statement that takes too long ends on the server too, wherever it stands."""

import pytest

SLOW = {
    "sqlite": "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
              " SELECT 1 FROM n WHERE i < 0",
    "postgresql": "SELECT 1 FROM pg_sleep(600)",
    "mysql": "SELECT BENCHMARK(100000000000, SHA2('a', 512))",
}
RUNNING = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                  " AND state = 'active' AND pid <> pg_backend_pid()",
    "mysql": "SELECT count(*) FROM information_schema.processlist WHERE db = database()"
             " AND command <> 'Sleep' AND id <> connection_id()",
}
PLACES = {
    "statement": "CREATE TABLE made (id INTEGER);\n{slow};\n",
    "check": "-- fleet: check {slow}\nCREATE TABLE made (id INTEGER);\n",
}


@pytest.mark.parametrize("place", PLACES)
def test_a_statement_past_its_time_ends_on_the_server(fleet, engine, place):
    fleet.agent("db-1", "statement_timeout = 1s")
    fleet.target("one", "prod", engine.create("one"), agent="db-1")
    fleet.start_agents()
    fleet.migration("001_slow", PLACES[place].format(slow=SLOW[engine.name]),
                    "-- fleet: undoes 1\nDROP TABLE made;\n")
    row = fleet.apply(expect=1)["one"]
    assert (row["state"], row["code"]) == ("failed_clean", "timeout"), row
    assert "made" not in engine.dump("one")
    if engine.name == "sqlite":
        assert not engine.locked("one")
    else:
        assert engine.sql(RUNNING[engine.name], "one") == "0"
