"""The connection to an agent is lost while it is at work: what was sent is not sent again unseen."""

import socket
import threading

import pytest

from fleet import wait_for
from scenario import only

LONG = 20000  # bytes of a script: no request but the one that runs it is so long


class Door:
    """A TCP proxy that ends the first connection on which a long request gets its answer."""

    def __init__(self, port):
        self.port_behind, self.struck = port, False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.port_behind))
            spoken = []
            for source, to in ((client, server), (server, client)):
                threading.Thread(target=self.pump, args=(source, to, source is client, spoken),
                                 daemon=True).start()

    def pump(self, source, to, is_client, spoken):
        try:
            while data := source.recv(65536):
                if is_client:
                    spoken.append(len(data))
                elif sum(spoken) > LONG and not self.struck:
                    self.struck = True
                    break
                to.sendall(data)
        except OSError:
            pass
        for one in (source, to):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


@pytest.fixture
def door(request, fleet, engine):
    fleet.agent("db-1")
    fleet.target("one", "prod", engine.create("one"), agent="db-1")
    fleet.start_agents()
    agent = fleet.agents["db-1"]
    door = Door(agent.port)
    request.addfinalizer(door.listener.close)
    agent.port = door.port
    fleet.write_inventory()
    agent.port = door.port_behind
    return door


@only("postgresql")
def test_a_run_whose_answer_is_lost_is_unknown_and_not_sent_twice(fleet, engine, door):
    fleet.migration("001_slow", f"SELECT pg_sleep(0.5);\nCREATE TABLE t (id INTEGER);\n"
                    f"-- {LONG * 'x'}\n", "DROP TABLE t;\n")
    fleet.run("sum")
    report = fleet.json("apply", "prod", "--yes", expect=4)
    assert door.struck and report["targets"][0]["state"] == "unknown"
    wait_for(lambda: fleet.run("apply", "prod", "--yes", expect=None).returncode == 0, "the end")
    assert engine.sql("SELECT count(*) FROM fleet_history", "one") == "1"
