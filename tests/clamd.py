"""A server that speaks clamd's INSTREAM as far as a client sees it, and finds the antivirus makers' test file."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.files import EICAR


@dataclass
class Clamd:
    """``scanned``: what it was sent. ``answer``: what it says instead of looking."""

    url: str = ""
    scanned: list[bytes] = field(default_factory=list)
    answer: bytes | None = None
    silent: threading.Event | None = None


@contextmanager
def clamd(path: Path | None = None, *, most: int = 25 << 20) -> Iterator[Clamd]:
    """One on a free port, or at ``path``. ``most``: its StreamMaxLength."""
    state = Clamd()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            command = b""
            while not command.endswith(b"\0"):
                command += self.rfile.read(1)
            if state.silent is not None:
                state.silent.wait(30)
                return
            if command == b"zPING\0":
                self.wfile.write(b"PONG\0")
                return
            assert command == b"zINSTREAM\0", command
            body = b""
            while size := struct.unpack("!I", self.rfile.read(4))[0]:
                body += self.rfile.read(size)
                if len(body) > most:
                    self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                    return
            state.scanned.append(body)
            found = b"stream: Eicar-Test-Signature FOUND\0" if EICAR in body else b"stream: OK\0"
            self.wfile.write(state.answer or found)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    class AtPath(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True

    server: socketserver.BaseServer
    if path is None:
        tcp = Server(("127.0.0.1", 0), Handler)
        state.url, server = f"tcp://127.0.0.1:{tcp.server_address[1]}", tcp
    else:
        state.url, server = f"unix://{path}", AtPath(str(path), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield state
    finally:
        if state.silent is not None:
            state.silent.set()
        server.shutdown()
        thread.join()
        server.server_close()
