"""What sending anything comes to, and the one HTTP client of push and SMS: short time-outs, no redirects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import urllib3

MOST_OF_AN_ANSWER = 1 << 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message. ``reason``: a short code for the log of deliveries, never what somebody wrote.

    ``sent``: the other side has taken it on · ``retry``: it may take it later · ``refused``: it never will ·
    ``gone``: there is nobody at that address any more.
    """

    state: Literal["sent", "retry", "refused", "gone"]
    reason: str | None = None


SENT = Outcome("sent")


class Away(Exception):
    """The other side as a whole does not answer, or turns everything down for now. The argument is a short code."""


class Http:
    """POSTs to one kind of service. Certificates are checked; a redirect is an answer like any other."""

    def __init__(self, *, connections: int = 1) -> None:
        self._pool = urllib3.PoolManager(maxsize=connections, retries=False, timeout=urllib3.Timeout(connect=3, read=6))

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and body (its first megabyte) of the answer. Raises Away where there is none."""
        try:
            answer = self._pool.request(
                "POST", url, body=body, headers=dict(headers), redirect=False, preload_content=False
            )
            try:
                return answer.status, answer.read(MOST_OF_AN_ANSWER)
            finally:
                answer.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise Away(type(error).__name__) from error


def judge(status: int) -> Outcome:
    """What an HTTP status says of one message: 2xx sent, 404 and 410 gone, 408, 429 and 5xx later, else never."""
    if 200 <= status < 300:
        return SENT
    if status in {404, 410}:
        return Outcome("gone", f"http_{status}")
    return Outcome("retry" if status in {408, 425, 429} or status >= 500 else "refused", f"http_{status}")
