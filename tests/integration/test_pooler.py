"""PostgreSQL behind pgbouncer in transaction mode: each transaction may meet another session of the
server, and what a session keeps would reach others."""

import signal

import pytest

import servers
from fleet import wait_for
from scenario import Gate, Session, only

NOTHING = "-- fleet: nothing-to-undo\n"
LEAVES_MUCH = """
SET lock_timeout = '7s';
SET search_path = pg_catalog;
CREATE TEMP TABLE scratch (n integer);
PREPARE kept AS SELECT 1;
DECLARE cursor CURSOR WITH HOLD FOR SELECT 1;
LISTEN news;
SELECT pg_advisory_lock(4711);
"""
# In the order of the questions: what a session has that nobody did anything in.
CLEAN = ['"$user", public', "0", "0", "0", "UTF8", "0", "0", "0", "0", "0"]
QUESTIONS = """
SHOW search_path; SHOW lock_timeout; SHOW statement_timeout; SHOW client_connection_check_interval;
SHOW client_encoding;
SELECT count(*) FROM pg_prepared_statements;
SELECT count(*) FROM pg_cursors WHERE name = 'cursor';
SELECT count(*) FROM pg_listening_channels();
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory';
SELECT count(*) FROM pg_class WHERE relname = 'scratch';
"""

pytestmark = only("postgresql")


@pytest.fixture(params=[1, 2], ids=["one session", "two sessions"])
def pooler(engine, request):
    started = servers.PgBouncer(engine.server, size=request.param)
    yield started
    started.stop()


def through(pooler, engine, name):
    engine.create(name)
    return pooler.url(engine.prefix + name)


@pytest.fixture
def one(fleet, engine, pooler):
    fleet.agent("db-1")
    fleet.target("one", "prod", through(pooler, engine, "one"), agent="db-1")
    fleet.start_agents()
    fleet.migration("001_log", "CREATE TABLE log (step integer);", "DROP TABLE log;")
    return fleet


def assert_clean(pooler, engine, name="one"):
    """Each of the pool's sessions is as new, for whoever has it next."""
    clients = [Session(PoolClient(pooler, engine), "BEGIN", name) for _ in range(pooler.size)]
    for client in clients:
        client.end()
    for _ in range(pooler.size):
        assert pooler.sql(QUESTIONS, engine.prefix + name).splitlines() == CLEAN


class PoolClient:
    def __init__(self, pooler, engine):
        self.pooler, self.engine = pooler, engine

    def client(self, name):
        return ["psql", "-X", "-q", "-A", "-t", self.pooler.url(self.engine.prefix + name)]


def history(engine, name="one"):
    return engine.sql("SELECT direction || ' ' || version FROM fleet_history ORDER BY seq",
                      name).split("\n")


def test_steps_in_a_transaction_work_and_leave_nothing_to_others(one, engine, pooler):
    one.migration("002_much", LEAVES_MUCH + "INSERT INTO public.log VALUES (2);",
                  LEAVES_MUCH + "DELETE FROM public.log;")
    one.apply()
    assert_clean(pooler, engine)
    assert one.json("status", "prod")["targets"][0]["pending"] == 0
    one.run("rollback", "prod", "--to", "001", "--yes")
    assert history(engine) == ["up 001", "up 002", "down 002"]
    assert engine.sql("SELECT count(*) FROM log", "one") == "0"
    assert_clean(pooler, engine)


def test_a_step_that_fails_leaves_nothing_at_all(one, engine, pooler):
    one.apply()
    one.migration("002_much", LEAVES_MUCH + "INSERT INTO public.log VALUES (2);\nSELECT 1 / 0;",
                  NOTHING)
    one.apply(expect=1)
    assert history(engine) == ["up 001"]
    assert engine.sql("SELECT count(*) FROM log", "one") == "0"
    assert_clean(pooler, engine)


def test_a_schema_of_a_database_is_a_target_there_too(fleet, engine, pooler):
    url = through(pooler, engine, "shared")
    for tenant in ("a", "b"):
        fleet.target(tenant, "prod", url, agent_keys=[f"schema = tenant_{tenant}"])
    fleet.write_inventory()
    fleet.migration("001_log", "CREATE TABLE log (step integer);", "DROP TABLE log;")
    fleet.apply()
    assert engine.sql("SELECT table_schema FROM information_schema.tables"
                      " WHERE table_name = 'log' ORDER BY 1", "shared") == "tenant_a\ntenant_b"
    assert_clean(pooler, engine, "shared")


def test_what_needs_a_session_is_refused_and_takes_no_lock(one, engine, pooler):
    one.apply()
    one.migration("002_index", "-- fleet: no-transaction\n"
                  "CREATE INDEX CONCURRENTLY log_step ON log (step);", "DROP INDEX log_step;")
    one.run("sum")
    said = one.run("apply", "prod", "--yes", expect=1)
    assert "goes through a pooler: give the target a url that leads to the server itself" \
        in said.stdout
    assert history(engine) == ["up 001"]
    assert_clean(pooler, engine)


def test_init_sql_is_refused(fleet, engine, pooler):
    fleet.target("one", "prod", through(pooler, engine, "one"),
                 agent_keys=["init_sql = SET work_mem = '8MB'"])
    fleet.write_inventory()
    fleet.migration("001_log", "CREATE TABLE log (step integer);", "DROP TABLE log;")
    fleet.run("sum")
    said = fleet.run("status", "prod", expect=None)
    assert "init_sql sets a session up, which a pooler does not keep" in said.stdout + said.stderr


def test_racing_commands_apply_each_step_once(one, engine, pooler):
    for n in range(2, 8):
        one.migration(f"{n:03}_step", f"INSERT INTO log VALUES ({n});", f"DELETE FROM log"
                      f" WHERE step = {n};")
    one.run("sum")
    racers = [one.start("apply", "prod", "--yes") for _ in range(3)]
    for racer in racers:
        racer.communicate(timeout=120)
    one.run("apply", "prod", "--yes")
    assert history(engine) == [f"up {n:03}" for n in range(1, 8)]
    assert engine.sql("SELECT step FROM log ORDER BY step", "one").split() == list("234567")


def test_an_agent_that_dies_within_a_transaction_leaves_no_half(one, engine, pooler):
    gate = Gate(engine)
    one.migration("002_gate", gate.TABLE, "DROP TABLE gate;")
    one.apply()
    gate.close()
    one.migration("003_two", gate.script + "INSERT INTO log VALUES (3);\n" + gate.statement, NOTHING)
    one.run("sum")
    apply = one.start("apply", "prod", "--yes")
    gate.wait_until_reached()
    one.agents["db-1"].signal(signal.SIGKILL)
    apply.communicate(timeout=60)
    assert apply.returncode != 0
    one.agents["db-1"].start()
    wait_for(lambda: not gate.reached(), "the server to end the statement of the dead")
    gate.open()
    one.run("apply", "prod", "--yes")
    assert engine.sql("SELECT step FROM log", "one") == "3"
    assert history(engine) == ["up 001", "up 002", "up 003"]
    assert_clean(pooler, engine)


def test_a_lock_of_the_application_is_waited_for_within_the_budget(fleet, engine, pooler):
    fleet.agent("db-1", "lock_budget = 2s")
    fleet.target("one", "prod", through(pooler, engine, "one"), agent="db-1")
    fleet.start_agents()
    fleet.migration("001_log", "CREATE TABLE log (step integer);", "DROP TABLE log;")
    fleet.apply()
    application = Session(engine, "BEGIN; SELECT count(*) FROM log")
    fleet.migration("002_more", "-- fleet: lock-timeout=300ms\nALTER TABLE log ADD n integer;",
                    "ALTER TABLE log DROP n;")
    fleet.run("sum")
    said = fleet.run("apply", "prod", "--yes", expect=1)
    assert "lock timeout (SQLSTATE 55P03)" in said.stdout
    assert "application psql (idle in transaction)" in said.stdout
    application.end()
    fleet.run("apply", "prod", "--yes")
    assert_clean(pooler, engine)
