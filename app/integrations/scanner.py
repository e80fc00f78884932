"""A scanner that looks for what harms in files: clamd, spoken to by its own protocol (INSTREAM, clamd(8)).

The clients on PyPI are abandoned (clamd 2014, pyclamd 2017), asynchronous (aioclamd) or under a licence that would be
this program's too (clamav-client); what is needed of them is one exchange.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from app.errors import Unavailable

SECONDS = 4.0  # for all of an exchange
CHUNK = 1 << 16
LONGEST_ANSWER = 4_096


class Scanner(Protocol):
    """What looks at a file before it is kept."""

    configured: bool

    def finding(self, body: bytes) -> str | None:
        """What is wrong with ``body``, by the scanner's own name for it; None where it finds nothing.

        Raises Unavailable where it cannot say: what nobody has looked at is not kept.
        """

    def reachable(self) -> bool:
        """Whether it answers now."""


class ClamdScanner:
    """clamd at ``tcp://host:port`` or ``unix:///path``; a connection for each file."""

    configured = True

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address: Any = (parts.hostname, parts.port) if parts.scheme == "tcp" else unquote(parts.path)

    def finding(self, body: bytes) -> str | None:
        """See Scanner."""
        chunks = [
            struct.pack("!I", len(body[start : start + CHUNK])) + body[start : start + CHUNK]
            for start in range(0, len(body), CHUNK)
        ]
        answer = self._ask(b"zINSTREAM\0", *chunks, struct.pack("!I", 0))
        verdict = answer.removeprefix("stream: ")
        if verdict == "OK":
            return None
        if verdict.endswith(" FOUND"):
            return verdict.removesuffix(" FOUND")
        raise _away()  # too large for it, or it has trouble of its own

    def reachable(self) -> bool:
        """See Scanner."""
        try:
            return self._ask(b"zPING\0") == "PONG"
        except Unavailable:
            return False

    def _ask(self, *parts: bytes) -> str:
        ends = time.monotonic() + SECONDS
        family = socket.AF_UNIX if isinstance(self._address, str) else None
        try:
            with closing(
                socket.socket(family) if family is not None else socket.create_connection(self._address, SECONDS)
            ) as connection:
                if family is not None:
                    connection.settimeout(SECONDS)
                    connection.connect(self._address)
                for part in parts:
                    connection.settimeout(_left(ends))
                    connection.sendall(part)
                answer = b""
                while not answer.endswith(b"\0"):
                    connection.settimeout(_left(ends))
                    more = connection.recv(LONGEST_ANSWER)
                    answer += more
                    if not more or len(answer) > LONGEST_ANSWER:
                        break
        except OSError as error:
            raise _away() from error
        return answer.rstrip(b"\0\n").decode("utf-8", "replace")


class NullScanner:
    """Stands in where no scanner is configured: it finds nothing, and ``configured`` says why."""

    configured = False

    def finding(self, body: bytes) -> str | None:
        """Nothing."""
        return None

    def reachable(self) -> bool:
        """Never."""
        return False


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError("the scanner takes too long")
    return left


def _away() -> Unavailable:
    return Unavailable("Files cannot be checked just now. Nothing was kept; please try again soon.", retry_after=30)


def scanner(config: Mapping[str, Any]) -> Scanner:
    """The scanner that ``config`` names; the Null twin without one."""
    return ClamdScanner(config["SCANNER_URL"]) if config["SCANNER_URL"] else NullScanner()
