"""An agent that says what a test wants: HTTPS with a certificate of the fleet's own CA."""

import json
import ssl
import threading
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NOTHING_APPLIED = sha256(b"").hexdigest()


def status(target, engine="sqlite"):
    """What a target without a history of fleet's looks like."""
    return [{"kind": "history", "set": {"id": NOTHING_APPLIED, "items": []}},
            {"kind": "target", "status": {"target": target, "engine": engine,
                                          "applied": NOTHING_APPLIED}}]


class LyingAgent:
    """Stands where an agent of the fleet was to listen; answers every request with these replies.

    As a context manager, so that it ends with the test.
    """

    def __init__(self, agent, replies):
        body = "".join(json.dumps(reply) + "\n" for reply in replies + [{"kind": "end"}]).encode()
        self.asked = asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["Content-Length"])
                asked.append((self.path, json.loads(self.rfile.read(length))))
                self.send_response(200)
                self.send_header("Content-Type", "application/x-ndjson")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        keys = agent.fleet.root / "keys"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(keys / f"{agent.name}.crt", keys / f"{agent.name}.key")
        self.server = ThreadingHTTPServer(("127.0.0.1", agent.port), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
