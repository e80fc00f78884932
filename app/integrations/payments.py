"""Collecting money for standing instructions: whoever holds the savers' mandates (UPI AutoPay, e-NACH).

A collection has a reference of ours, and is made once however often it is asked for: after a time-out the same one is
asked for again.
"""

from __future__ import annotations

import hmac
import re
import time
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlsplit
from uuid import UUID

import orjson
import urllib3

from app.observability import get_logger

log = get_logger()
CONNECT_SECONDS = 2.0
READ_SECONDS = 8.0
MOST_BYTES = 65_536
_REASON = re.compile(r"[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True, slots=True)
class Settled:
    """The money is here."""


@dataclass(frozen=True, slots=True)
class Refused:
    """No money moved, and none will for this reference. ``final``: asking again another day is of no use."""

    reason: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer that can be used: the money may have moved. The same reference settles it later."""


@dataclass(frozen=True, slots=True)
class Unmade:
    """There is no collection of that reference, so nothing has moved."""


class Payments(Protocol):
    """Who collects. Nothing here raises."""

    def collect(self, reference: str, amount: int, *, payer: UUID) -> Settled | Refused | Unknown:
        """Collect ``amount`` minor units from the saver ``payer``, once for ``reference``."""

    def look_up(self, reference: str, amount: int) -> Settled | Refused | Unknown | Unmade:
        """What became of a collection, without making it."""


class HttpPayments:
    """A provider over HTTPS.

    ``POST {url}/collections`` with ``{"reference", "amount", "currency", "payer"}`` and ``GET
    {url}/collections/{reference}`` answer ``{"reference", "amount", "status"}``: ``settled``, ``refused`` (with
    ``reason`` and ``final``) or ``pending``; 404 where there is none. Each call carries ``Chhota-Timestamp`` and
    ``Chhota-Signature``, the HMAC-SHA256 of "timestamp.method.path.body" under the shared key.
    """

    def __init__(self, url: str, key: str, currency: str) -> None:
        self._url, self._key, self._currency = url.rstrip("/"), key.encode(), currency
        self._pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS), retries=False, maxsize=2
        )

    def collect(self, reference: str, amount: int, *, payer: UUID) -> Settled | Refused | Unknown:
        """See Payments."""
        body = {"reference": reference, "amount": amount, "currency": self._currency, "payer": str(payer)}
        outcome = self._ask("POST", "/collections", orjson.dumps(body), reference, amount)
        return Unknown() if isinstance(outcome, Unmade) else outcome

    def look_up(self, reference: str, amount: int) -> Settled | Refused | Unknown | Unmade:
        """See Payments."""
        return self._ask("GET", f"/collections/{quote(reference, safe='')}", b"", reference, amount)

    def _ask(
        self, method: str, path: str, body: bytes, reference: str, amount: int
    ) -> Settled | Refused | Unknown | Unmade:
        url = self._url + path
        stamp = str(int(time.time()))
        signed = b".".join([stamp.encode(), method.encode(), urlsplit(url).path.encode(), body])
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Idempotency-Key": reference,
            "Chhota-Timestamp": stamp,
            "Chhota-Signature": hmac.digest(self._key, signed, "sha256").hex(),
        }
        try:
            answer = self._pool.request(
                method, url, body=body or None, headers=headers, redirect=False, preload_content=False
            )
            with answer:
                return self._read(answer.status, answer.read(MOST_BYTES), reference, amount)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            log.warning("payments_unanswered", reason=type(error).__name__)
            return Unknown()

    def _read(self, status: int, text: bytes, reference: str, amount: int) -> Settled | Refused | Unknown | Unmade:
        try:
            said: Any = orjson.loads(text)
        except orjson.JSONDecodeError:
            said = None
        if status == 404 and isinstance(said, dict) and said.get("status") == "unknown":
            return Unmade()
        about_this = isinstance(said, dict) and (said.get("reference"), said.get("amount")) == (reference, amount)
        if about_this and status < 500:
            if said.get("status") == "settled":
                return Settled()
            if said.get("status") == "refused":
                reason = said.get("reason")
                named = isinstance(reason, str) and _REASON.fullmatch(reason)
                return Refused(reason if named else "refused", said.get("final") is True)
            if said.get("status") == "pending":
                return Unknown()
        log.warning("payments_unanswered", status=status)
        return Unknown()


class NullPayments:
    """Stands in where no provider is configured: nobody is asked.

    Money then comes from outside as it does in every deposit that a saver books by hand.
    """

    def collect(self, reference: str, amount: int, *, payer: UUID) -> Settled | Refused | Unknown:
        """Always settled."""
        return Settled()

    def look_up(self, reference: str, amount: int) -> Settled | Refused | Unknown | Unmade:
        """Nothing was made that has not been booked."""
        return Unmade()


def payments(config: dict[str, Any]) -> Payments:
    """The provider that ``config`` names; the Null twin without PAYMENTS_URL."""
    if not config["PAYMENTS_URL"]:
        return NullPayments()
    return HttpPayments(config["PAYMENTS_URL"], config["PAYMENTS_KEY"], config["CURRENCY"])
