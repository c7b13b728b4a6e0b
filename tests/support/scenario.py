"""What scenarios share beside the fleet: which engines, and what a database holds."""

import pytest


def only(*engines):
    """A scenario for these engines alone."""
    return pytest.mark.parametrize("engine", engines, indirect=True)


def whole(engine, fleet, name="one"):
    """All that must not have changed where nothing happened: schema, rows and fingerprint."""
    rows = fleet.json("status", "--fingerprint", "--target", name)["targets"]
    return engine.dump(name), engine.rows(name), rows[0]["fingerprint"]
