"""A load of HTTP calls over kept-alive connections: one asyncio process, so that the server has the cores."""

from __future__ import annotations

import asyncio
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


async def _client(
    host: str, port: int, number: int, request: Callable[[int], bytes], until: float, result: Result
) -> None:
    reader = writer = None
    while time.perf_counter() < until:
        began = time.perf_counter()
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection(host, port)
            assert reader is not None
            writer.write(request(number))
            head = await reader.readuntil(b"\r\n\r\n")
            lowered = head.lower()
            at = lowered.index(b"content-length:") + 15
            await reader.readexactly(int(lowered[at : lowered.index(b"\r\n", at)]))
            status = int(head[9:12])
            if b"connection: close" in lowered:
                writer.close()
                writer = None
        except (OSError, asyncio.IncompleteReadError, ValueError):
            status, writer = 0, None
        result.latencies.append(time.perf_counter() - began)
        result.statuses[status] = result.statuses.get(status, 0) + 1
    if writer is not None:
        writer.close()


async def _run(url: str, clients: int, seconds: float, request: Callable[[int], bytes]) -> Result:
    parts = urlsplit(url)
    result = Result()
    began = time.perf_counter()
    await asyncio.gather(
        *(
            _client(parts.hostname or "127.0.0.1", parts.port or 80, number, request, began + seconds, result)
            for number in range(clients)
        )
    )
    result.seconds = time.perf_counter() - began
    return result


def run(url: str, *, clients: int, seconds: float, request: Callable[[int], bytes]) -> Result:
    """``clients`` callers, each one call at a time, for ``seconds``; ``request(number)`` is the next call's bytes."""
    return asyncio.run(_run(url, clients, seconds, request))
