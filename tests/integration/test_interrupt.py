"""Ctrl-C and SIGTERM end fleet apply like a crash: the next one finds out, and goes on."""

import signal

import pytest

from fleet import wait_for
from scenario import Gate

NOTHING = "-- fleet: nothing-to-undo\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "term"])
def test_an_interrupted_command_with_local_targets_goes_on_at_the_next(fleet, engine, number):
    fleet.target("one", "prod", engine.create("one"))
    gate = Gate(engine)
    fleet.migration("001_log", "CREATE TABLE log (step INTEGER NOT NULL);\n" + gate.TABLE, NOTHING)
    fleet.write_inventory()
    fleet.apply()
    gate.close()
    fleet.migration("002_two", gate.script + "INSERT INTO log VALUES (2);\n" + gate.statement,
                    NOTHING)
    fleet.run("sum")
    apply = fleet.start("apply", "prod", "--yes")
    gate.wait_until_reached()
    apply.send_signal(number)
    apply.communicate(timeout=60)
    assert apply.returncode != 0
    if engine.name == "sqlite":
        wait_for(lambda: not engine.locked("one"), "the lock to be free")
    gate.open()
    fleet.run("apply", "prod", "--yes")
    assert engine.sql("SELECT step FROM log", "one") == "2"
    versions = engine.sql("SELECT version FROM fleet_history ORDER BY seq", "one").split()
    assert versions == ["001", "002"]
