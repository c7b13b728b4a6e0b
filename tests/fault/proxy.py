"""A TCP proxy that cuts, resets, delays: between command and agent, and agent and database."""

import select
import socket
import struct
import threading
import time

CHUNK = 16384
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close sends RST


class Link:
    """One connection through the proxy."""

    def __init__(self, proxy, client, server):
        self.proxy, self.client, self.server = proxy, client, server
        self.thread = threading.Thread(target=self.pump, daemon=True)
        self.thread.start()

    def pump(self):
        try:
            while self.forward():
                pass
        except (OSError, ValueError):  # ValueError: of a socket that is closed
            pass
        self.close()

    def forward(self):
        ready, _, _ = select.select([self.client, self.server], [], [], 60)
        for source in ready:
            data = source.recv(CHUNK)
            down = source is self.server
            data, cut = self.proxy.pass_through(data, down)
            if data:
                (self.client if down else self.server).sendall(data)
            if cut:
                self.end(reset=cut == "reset")
                return False
            if not data:
                return False
        return True

    def end(self, reset):
        for one in (self.client, self.server):
            try:
                if reset:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        if reset:
            self.close()

    def close(self):
        for one in (self.client, self.server):
            one.close()
        self.proxy.forget(self)


class Proxy:
    """Forwards to a port of loopback, which may change while it runs."""

    def __init__(self, forward):
        self.to = forward
        self.lock = threading.Lock()
        self.links = set()
        self.armed = None  # (what, direction down, bytes left)
        self.delay_s = 0.0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.to), timeout=5)
                server.settimeout(None)
            except OSError:
                client.close()
                continue
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.links.add(Link(self, client, server))

    def pass_through(self, data, down):
        """What of the bytes goes on, and how the link ends now, if it does."""
        if self.delay_s:
            time.sleep(self.delay_s)
        with self.lock:
            if self.armed is None or self.armed[1] != down:
                return data, None
            what, _, left = self.armed
            if len(data) < left:
                self.armed = (what, down, left - len(data))
                return data, None
            self.armed = None
            return data[:left], what

    def arm(self, what, down, after_bytes):
        """Cuts or resets the link on which so many bytes have gone in one direction."""
        with self.lock:
            self.armed = (what, down, after_bytes)

    def cut(self, reset=False):
        for link in list(self.links):
            link.end(reset)

    def forget(self, link):
        with self.lock:
            self.links.discard(link)

    def calm(self):
        with self.lock:
            self.armed = None
        self.delay_s = 0.0

    def close(self):
        self.listener.close()
        self.cut()
