"""A TCP proxy before a database that cuts a connection exactly at the COMMIT of a history row."""

import select
import socket
import threading


class Link(threading.Thread):
    """One connection through the proxy."""

    def __init__(self, proxy, client):
        super().__init__(daemon=True)
        self.proxy, self.client = proxy, client
        self.server = socket.create_connection(("127.0.0.1", proxy.server_port))
        self.has_row = self.swallows = False
        self.start()

    def run(self):
        try:
            while self.forward():
                pass
        except OSError:
            pass
        self.client.close()
        self.server.close()

    def forward(self):
        ready, _, _ = select.select([self.client, self.server], [], [])
        if self.server in ready:
            data = self.server.recv(65536)
            if not data or self.swallows:
                return False
            self.client.sendall(data)
        if self.client in ready:
            data = self.client.recv(65536)
            if not data or self.cuts(data):
                return False
            self.server.sendall(data)
        return True

    def cuts(self, data):
        """Whether the connection ends before these words reach the server."""
        self.has_row = self.has_row or (b"INSERT INTO" in data and b"fleet_history" in data)
        if not self.has_row or b"COMMIT" not in data:
            return False
        self.has_row = False
        where = self.proxy.commit()
        self.swallows = where == "reply"
        return where == "request"


class Cut:
    """Arm it with what of the nth COMMIT from now is lost: its "request" or its "reply"."""

    def __init__(self, server_port):
        self.server_port = server_port
        self.armed = self.stays_down = None
        self.left = 0
        self.struck = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.struck and self.stays_down:
                client.close()
            else:
                Link(self, client)

    def arm(self, where, nth, stays_down):
        self.armed, self.left = where, nth
        self.stays_down, self.struck = stays_down, False

    def commit(self):
        """What is lost of this one."""
        if self.armed is None:
            return None
        self.left -= 1
        if self.left > 0:
            return None
        where, self.armed, self.struck = self.armed, None, True
        return where

    def heal(self):
        self.armed, self.stays_down = None, False

    def close(self):
        self.listener.close()
