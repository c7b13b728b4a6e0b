"""Passwords and TLS on the way to the database: where they come from, and where they never go."""

import stat

import pytest

import servers
from scenario import only

pytestmark = only("postgresql", "mysql")
WRONG = "wrong-canary-5d1f"
TABLE = ("CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY);\n", "DROP TABLE thing;\n")


def over_tcp(fleet, engine, *keys, query=""):
    """A fleet whose one target is reached over TCP, where the server wants a password."""
    engine.create("one")
    fleet.agent("db-1")
    fleet.target("one", "prod", engine.tcp_url("one") + query, agent="db-1", agent_keys=keys)
    fleet.start_agents()


def password_file(fleet, text=servers.PASSWORD):
    path = fleet.root / "secret.pass"
    path.write_text(text + "\n")
    path.chmod(0o600)
    return f"password_file = {path}"


def everything_said(fleet):
    """What the agent logged, what its process shows, and all that lies in the fleet's directory."""
    said = [path.read_bytes() for path in fleet.root.rglob("*")
            if path.is_file() and path.name not in ("secret.pass", "db-1.ini")]
    pid = fleet.agents["db-1"].process.pid
    said.append(open(f"/proc/{pid}/cmdline", "rb").read())
    return b"\n".join(said)


@pytest.mark.parametrize("source", ["file", "env", "command"])
def test_a_password_comes_from_a_file_the_environment_or_a_command(fleet, engine, source,
                                                                   monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", servers.PASSWORD)
    file = password_file(fleet)
    over_tcp(fleet, engine, {
        "file": file, "env": "password_env = SHOP_PASSWORD",
        "command": f"password_command = sed -n 1p {fleet.root}/secret.pass"}[source])
    fleet.migration("001_thing", *TABLE)
    fleet.apply()
    assert fleet.status()["one"]["version"] == "001"
    assert servers.PASSWORD.encode() not in everything_said(fleet)


def test_a_wrong_password_is_reported_and_not_repeated(fleet, engine):
    over_tcp(fleet, engine, password_file(fleet, WRONG))
    checked = fleet.run("inventory", "check", expect=1)
    assert "authentication" in checked.stdout or "denied" in checked.stdout
    fleet.run("status", expect=1)
    fleet.run("doctor", expect=1)
    assert WRONG not in checked.stdout + checked.stderr
    assert WRONG.encode() not in everything_said(fleet)


def test_a_password_command_that_fails_says_how(fleet, engine):
    over_tcp(fleet, engine, f"password_command = TOKEN={WRONG}; echo $TOKEN >&2; exit 3")
    said = fleet.run("inventory", "check", expect=1).stdout
    assert "password_command" in said and "status 3" in said
    assert WRONG not in said and WRONG.encode() not in everything_said(fleet)


def test_a_password_file_that_others_can_read_is_refused(fleet, engine):
    key = password_file(fleet)
    path = fleet.root / "secret.pass"
    path.chmod(stat.S_IRUSR | stat.S_IWUSR | stat.S_IROTH)
    over_tcp(fleet, engine, key)
    assert "secret.pass" in fleet.run("inventory", "check", expect=1).stdout


def test_a_password_in_a_url_is_refused_by_the_agent(fleet, engine):
    agent = fleet.agent("db-1")
    url = engine.tcp_url("one").replace("tests@", f"tests:{WRONG}@")
    agent.targets = [fleet.target("one", "prod", url, agent="db-1")]
    with pytest.raises(AssertionError) as ended:
        agent.start()
    assert "password" in str(ended.value)
    assert WRONG not in agent.log.read_text()


def test_tls_to_the_database_is_verified(fleet, engine):
    query = {"postgresql": "?sslmode=verify-full&sslrootcert={ca}",
             "mysql": "?ssl-mode=verify-identity&ssl-ca={ca}"}[engine.name]
    over_tcp(fleet, engine, password_file(fleet), query=query.format(ca=engine.server.ca))
    question = {"postgresql": "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
                "mysql": "SELECT variable_value <> '' FROM information_schema.session_status"
                         " WHERE variable_name = 'ssl_cipher'"}[engine.name]
    fleet.migration("001_tls", f"CREATE TABLE tls AS SELECT ({question}) AS answer;\n",
                    "DROP TABLE tls;\n")
    fleet.apply()
    assert engine.sql("SELECT * FROM tls", "one") in ("true", "1")


def test_a_database_with_a_strangers_certificate_is_refused(fleet, engine):
    query = {"postgresql": "?sslmode=verify-full&sslrootcert={ca}",
             "mysql": "?ssl-mode=verify-identity&ssl-ca={ca}"}[engine.name]
    over_tcp(fleet, engine, password_file(fleet),
             query=query.format(ca=fleet.root / ".fleet/ca/ca.crt"))
    said = fleet.run("inventory", "check", expect=1).stdout
    assert "certificate" in said.lower()
    assert servers.PASSWORD not in said
