"""Who may do what: certificates, roles, signatures, scope, staleness and expiry of plans."""

import json
import signal
import sqlite3
import subprocess

import pytest

from fleet import wait_for

TABLE = ("CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY);\n", "DROP TABLE thing;\n")


@pytest.fixture
def ready(fleet, tmp_path):
    """One SQLite target behind one agent, a migration pending."""
    fleet.agent("db-1")
    fleet.target("one", "prod", f"sqlite:{tmp_path}/one.db", agent="db-1")
    fleet.start_agents()
    fleet.migration("001_thing", *TABLE)
    fleet.run("sum")
    return fleet


def plan(fleet, *options):
    fleet.run("plan", "prod", "-o", "prod.plan", *options, expect=3)
    return fleet.root / "prod.plan"


def untouched(fleet):
    return fleet.status()["one"]["applied"] == 0


def use_certificate(fleet, name, ca=None):
    """Makes the inventory's operator use another certificate."""
    text = (fleet.root / "fleet.ini").read_text()
    text = text.replace("keys/alice.crt", f"keys/{name}.crt").replace("keys/alice.key",
                                                                     f"keys/{name}.key")
    if ca:
        text = text.replace(".fleet/ca/ca.crt", ca)
    (fleet.root / "fleet.ini").write_text(text)


def test_a_saved_plan_runs(ready):
    path = plan(ready)
    ready.run("apply", path, "--yes")
    assert ready.status()["one"]["applied"] == 1


def test_a_stale_plan_is_refused_and_names_who_moved(ready):
    path = plan(ready)
    ready.run("apply", "prod", "--yes")
    ready.migration("002_more", "CREATE TABLE more (id INTEGER);\n", "DROP TABLE more;\n")
    ready.run("sum")
    errors = ready.run("apply", path, "--yes", expect=1).stderr
    assert "stale" in errors and "one" in errors


def test_any_changed_byte_of_a_plan_is_refused(ready):
    path = plan(ready)
    document = path.read_bytes()
    for place in range(0, len(document), max(1, len(document) // 40)):
        changed = bytearray(document)
        changed[place] ^= 1
        path.write_bytes(changed)
        ready.run("apply", path, "--yes", expect=1)
    assert untouched(ready)


def test_a_plan_past_its_expiry_is_refused(ready):
    path = plan(ready, "--expires", "1s")

    def expired():
        process = ready.start("apply", path)
        errors = process.communicate()[1]
        assert process.returncode != 0
        return "expired" in errors
    wait_for(expired, "the plan to expire")
    assert untouched(ready)


def test_a_plan_that_nobody_trusted_signed_is_refused_by_the_agent(ready):
    trusted = ready.root / ".fleet/ca/trusted_keys"
    trusted.write_text("mallory " + "0" * 63 + "1\n")
    agent = ready.agents["db-1"]
    agent.stop()
    agent.start()
    rows = ready.json("apply", "prod", "--yes", expect=1)["targets"]
    assert "sign" in rows[0]["error"]
    assert untouched(ready)


def test_a_viewer_reads_but_does_not_apply(ready):
    ready.run("ca", "issue", "viewer", "eve", "--out", "keys")
    use_certificate(ready, "eve")
    assert ready.status()["one"]["state"] == "pending"
    rows = ready.json("apply", "prod", "--yes", expect=1)["targets"]
    assert rows[0]["code"] == "identity"
    assert untouched(ready)


def test_an_agents_certificate_may_not_give_orders(ready):
    use_certificate(ready, "db-1")
    ready.run("status", expect=1)


def test_a_certificate_of_another_ca_is_refused(ready):
    ready.run("ca", "init", "--ca", "other")
    ready.run("ca", "issue", "deployer", "mallory", "--ca", "other", "--out", "keys")
    use_certificate(ready, "mallory")
    rows = ready.json("inventory", "check", expect=1)["targets"]
    assert rows[0]["result"] == "identity"


def test_a_revoked_certificate_is_refused_after_a_reload(ready):
    assert ready.status()["one"]["state"] == "pending"
    ready.run("ca", "revoke", "alice")
    ready.agents["db-1"].signal(signal.SIGHUP)

    def refused():
        rows = json.loads(ready.start("inventory", "check", "--output", "json").communicate()[0])
        return rows["targets"][0]["result"] == "identity"
    wait_for(refused, "the revocation to act")


def test_an_expired_certificate_is_refused(ready):
    keys = ready.root / "keys"
    extensions = ready.root / "extensions"
    extensions.write_text("subjectAltName=URI:spiffe://shop/operator/deployer/late\n"
                          "extendedKeyUsage=clientAuth\n")
    for command in (
            ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-subj", "/CN=late", "-keyout", keys / "late.key", "-out", keys / "late.csr"],
            ["openssl", "x509", "-req", "-in", keys / "late.csr", "-days", "-1", "-extfile",
             extensions, "-CA", ready.root / ".fleet/ca/ca.crt", "-CAkey",
             ready.root / ".fleet/ca/ca.key", "-out", keys / "late.crt"]):
        subprocess.run(command, check=True, capture_output=True)
    (keys / "late.key").chmod(0o600)
    use_certificate(ready, "late")
    rows = ready.json("inventory", "check", expect=1)["targets"]
    assert rows[0]["result"] in ("identity", "config")


def test_an_agent_that_does_not_own_the_target_refuses(ready, tmp_path):
    ready.target("stranger", "prod", f"sqlite:{tmp_path}/stranger.db", agent="db-1")
    ready.write_inventory()
    rows = {row["target"]: row for row in ready.json("inventory", "check", expect=1)["targets"]}
    assert rows["one"]["result"] == "ok"
    assert rows["stranger"]["result"] != "ok"
    assert "stranger" in rows["stranger"]["error"] or "target" in rows["stranger"]["error"]


def test_an_agent_under_anothers_name_gets_no_request(ready, tmp_path):
    ready.agent("db-2")
    ready.agents["db-2"].port = ready.agents["db-1"].port
    ready.target("two", "prod", f"sqlite:{tmp_path}/two.db", agent="db-2")
    ready.write_inventory()
    rows = {row["target"]: row for row in ready.json("inventory", "check", expect=1)["targets"]}
    assert rows["two"]["result"] == "identity" and "db-1" in rows["two"]["error"]


def test_a_policy_that_is_not_built_stops_apply_and_is_named(ready):
    ready.env("prod", "approvals = 2")
    ready.write_inventory()
    errors = ready.run("apply", "prod", "--yes", expect=1).stderr
    assert "'approvals'" in errors and "fleet.ini:" in errors
    assert untouched(ready)


def test_a_target_that_claims_an_incredible_epoch_hinders_nobody_else(ready, tmp_path):
    ready.target("two", "prod", f"sqlite:{tmp_path}/two.db", agent="db-1")
    ready.env("prod", "max_failures = 1")
    ready.agents["db-1"].stop()
    ready.start_agents()
    ready.apply()
    with sqlite3.connect(tmp_path / "two.db") as liar:
        liar.execute("UPDATE fleet_fence SET epoch = 9223372036854775807")
    for number in ("002", "003"):
        ready.migration(f"{number}_more", f"CREATE TABLE t{number} (id INTEGER);\n",
                        f"DROP TABLE t{number};\n")
        rows = ready.apply(expect=1)
        assert rows["one"]["state"] == "applied"
        assert rows["two"]["state"] == "refused" and rows["two"]["code"] == "fenced"
