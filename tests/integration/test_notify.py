"""Others hear what becomes of a rollout: signed, in order, and later where they are away."""

import hashlib
import hmac
import http.server
import json
import threading

import pytest
from fleet import wait_for
from scenario import only
from test_rollout import break_on, with_base

SECRET = "a secret of the hooks"
pytestmark = only("sqlite")


class Hook:
    """A service that takes what it is sent with the status that it is to answer."""

    def __init__(self):
        self.status, self.got = 200, []
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.got.append((hook.status, dict(self.headers), body))
                self.send_response(hook.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook/T0KEN"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def taken(self):
        return [json.loads(body) for status, _, body in self.got if status == 200]


@pytest.fixture
def hook():
    made = Hook()
    yield made
    made.stop()


def told(hook):
    return [(one["event"], one["result"]) for one in hook.taken()]


def secret(fleet, name, text):
    path = fleet.root / name
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


def test_a_rollout_and_its_way_back_are_told_and_signed(fleet, engine, hook):
    key = secret(fleet, "hook.key", SECRET)
    with_base(fleet, engine, 3, "waves = 1, 100%", "on_failure = rollback-all", f"notify_url = {hook.url}",
              f"notify_secret_file = {key}")
    break_on(engine, "t02")
    fleet.run("apply", "prod", "--yes", expect=1)
    assert told(hook) == [("started", ""), ("ended", "stopped"), ("rollback", ""), ("ended", "rolled_back")]
    first = hook.taken()[0]
    assert first["environment"] == "prod" and first["operator"] and len(first["rollout"]) == 32
    seen = set()
    for _, headers, body in hook.got:
        wanted = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert headers["X-Fleet-Signature"] == f"sha256={wanted}"
        one = json.loads(body)
        assert headers["X-Fleet-Delivery"] == f"{one['store']}-{one['seq']}"
        seen.add(one["seq"])
    assert len(seen) == 4


def test_what_could_not_be_told_is_told_beside_the_next_rollout(fleet, engine, hook):
    with_base(fleet, engine, 2, f"notify_url = {hook.url}")
    hook.status = 503
    done = fleet.run("apply", "prod", "--yes", "--to", "002")
    assert "2 of 2 done" in done.stdout
    assert "notifications of prod wait for the next rollout: the service answered 503" in done.stderr
    hook.status = 200
    fleet.run("apply", "prod", "--yes")
    assert told(hook) == [("started", ""), ("ended", "applied")] * 2
    numbers = [one["seq"] for one in hook.taken()]
    assert numbers == sorted(set(numbers))


def test_a_killed_command_is_told_by_the_next_one(fleet, engine, hook):
    with_base(fleet, engine, 2, "waves = 1, 100%", "soak = 1h", f"notify_url = {hook.url}")
    apply = fleet.start("apply", "prod", "--yes")
    wait_for(lambda: told(hook) == [("started", "")], "the beginning to be told")
    wait_for(lambda: "begins in" in apply.stdout.readline(), "the soak")
    apply.kill()
    apply.communicate()
    fleet.run("rollout", "continue", "prod", "--yes")
    assert told(hook) == [("started", ""), ("ended", "interrupted"), ("resumed", ""), ("ended", "applied")]


def test_slack_gets_a_sentence_and_its_url_stays_in_its_file(fleet, engine, hook):
    url = secret(fleet, "hook.url", hook.url)
    with_base(fleet, engine, 1, f"notify_url_file = {url}", "notify_format = slack")
    fleet.run("apply", "prod", "--yes")
    assert [set(one) for one in hook.taken()] == [{"text"}] * 2
    assert ": applied (" in hook.taken()[-1]["text"] and hook.taken()[-1]["text"].startswith("prod: rollout ")
    hook.stop()
    hook.stop = lambda: None
    fleet.migration("004_more", "CREATE TABLE more (id INTEGER);\n", "DROP TABLE more;\n")
    fleet.run("sum")
    done = fleet.run("apply", "prod", "--yes")
    assert "notifications of prod wait" in done.stderr
    assert "T0KEN" not in done.stdout + done.stderr + json.dumps(fleet.json("audit", "log"))


def test_a_secret_that_others_can_read_refuses_the_rollout(fleet, engine, hook):
    key = secret(fleet, "hook.key", SECRET)
    key.chmod(0o644)
    with_base(fleet, engine, 1, f"notify_url = {hook.url}", f"notify_secret_file = {key}")
    done = fleet.run("apply", "prod", "--yes", expect=2)
    assert "notify_secret_file" in done.stderr and "0 of 1" not in done.stdout and hook.got == []
