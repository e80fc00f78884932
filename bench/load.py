"""A load of HTTP calls over kept-alive connections, from one process that does little else."""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Result:
    """What came back: seconds of each answer, and how many had each status (0: the connection broke)."""

    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return sum(count for status, count in self.statuses.items() if 200 <= status < 300) / self.seconds

    def percentile(self, share: float) -> float:
        """Seconds within which ``share`` of the answers came."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


class _Caller:
    """One connection that makes one call at a time."""

    def __init__(self, address: tuple[str, int], number: int, selector: selectors.BaseSelector) -> None:
        self.address, self.number, self.selector = address, number, selector
        self.socket: socket.socket | None = None
        self.began, self.received, self.whole = 0.0, b"", -1

    def call(self, request: Callable[[int], bytes]) -> None:
        """Send the next call, over a new connection where the server has closed the last one."""
        self.began, self.received, self.whole = time.perf_counter(), b"", -1
        if self.socket is None:
            self.socket = socket.create_connection(self.address)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(self.socket, selectors.EVENT_READ, self)
        self.socket.sendall(request(self.number))

    def answered(self) -> int | None:
        """The status of the answer, None while it is not whole; 0 where the connection broke."""
        assert self.socket is not None
        try:
            part = self.socket.recv(65_536)
        except OSError:
            part = b""
        self.received += part
        if self.whole < 0 and (end := self.received.find(b"\r\n\r\n")) >= 0:
            head = self.received[:end].lower()
            length = re.search(rb"content-length: *([0-9]+)", head)
            self.whole = end + 4 + (int(length[1]) if length else 0)
            self.closing = b"connection: close" in head
        if 0 <= self.whole <= len(self.received):
            if self.closing:
                self.hang_up()
            return int(self.received[9:12])
        if not part:
            self.hang_up()
            return 0
        return None

    def hang_up(self) -> None:
        """Close the connection."""
        if self.socket is not None:
            self.selector.unregister(self.socket)
            self.socket.close()
            self.socket = None


def run(url: str, *, clients: int, seconds: float, request: Callable[[int], bytes]) -> Result:
    """``clients`` callers, each one call at a time, for ``seconds``; ``request(number)`` is the next call's bytes."""
    parts = urlsplit(url)
    result, selector = Result(), selectors.DefaultSelector()
    callers = [_Caller((parts.hostname or "127.0.0.1", parts.port or 80), n, selector) for n in range(clients)]
    began = time.perf_counter()
    for caller in callers:
        caller.call(request)
    busy = len(callers)
    while busy:
        for key, _ in selector.select(timeout=30):
            caller = key.data
            status = caller.answered()
            if status is None:
                continue
            now = time.perf_counter()
            result.latencies.append(now - caller.began)
            result.statuses[status] = result.statuses.get(status, 0) + 1
            if now - began < seconds:
                caller.call(request)
            else:
                busy -= 1
                caller.hang_up()
    result.seconds = time.perf_counter() - began
    selector.close()
    return result
