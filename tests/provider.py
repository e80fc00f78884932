"""A provider of payments on loopback that keeps to the protocol: it checks signatures and makes each collection once.

It can also refuse, keep silent, hang up, and answer after it has made the collection and the caller has gone.
"""

from __future__ import annotations

import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "a key that is shared with nobody else 0123456789"


class Provider:
    """What it was told to do, and what it did. ``made``: collections by reference, with their outcome."""

    def __init__(self) -> None:
        self.url = ""
        self.made: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, str]] = []
        #: What the next collections come to, one after the other; then settled.
        self.outcomes: list[dict[str, Any]] = []
        #: For the next answers: "hang_up", "silent", "nonsense", "other" (one about something else), "error".
        self.manners: list[str] = []
        self.go_on = threading.Event()

    def answer(self, method: str, path: str, body: bytes, headers: Any) -> tuple[int, dict[str, Any]]:
        """Status and document of one call."""
        stamp = headers["Chhota-Timestamp"]
        signed = b".".join([stamp.encode(), method.encode(), path.encode(), body])
        good = hmac.digest(KEY.encode(), signed, "sha256").hex()
        if abs(time.time() - int(stamp)) > 300 or not hmac.compare_digest(good, headers["Chhota-Signature"]):
            return 401, {"status": "unauthorized"}
        if method == "GET":
            reference = path.rpartition("/")[2]
            found = self.made.get(reference)
            return (200, found) if found else (404, {"status": "unknown"})
        asked = json.loads(body)
        reference = asked["reference"]
        assert headers["Idempotency-Key"] == reference
        if reference not in self.made:
            outcome = self.outcomes.pop(0) if self.outcomes else {"status": "settled"}
            self.made[reference] = {"reference": reference, "amount": asked["amount"], **outcome}
        return 200, self.made[reference]

    @property
    def settled(self) -> list[int]:
        """The amounts that were taken."""
        return [each["amount"] for each in self.made.values() if each["status"] == "settled"]


@contextmanager
def provider() -> Iterator[Provider]:
    """One that serves on a port of its own."""
    state = Provider()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.serve(b"")

        def do_POST(self) -> None:
            self.serve(self.rfile.read(int(self.headers["Content-Length"])))

        def serve(self, body: bytes) -> None:
            state.asked.append((self.command, self.path))
            manner = state.manners.pop(0) if state.manners else ""
            if manner == "error":
                return self.reply(500, {"status": "settled"})
            status, document = state.answer(self.command, self.path, body, self.headers)
            if manner == "silent":
                state.go_on.wait(30)  # made, but the caller does not hear of it in time
                self.close_connection = True
                return None
            if manner == "hang_up":
                self.close_connection = True
                return None
            if manner == "other":
                document = document | {"reference": "another"}
            return self.reply(status, "no json" if manner == "nonsense" else document)

        def reply(self, status: int, document: Any) -> None:
            text = document.encode() if isinstance(document, str) else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        state.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()
