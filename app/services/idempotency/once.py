"""One key, one effect: the first answer to a key is stored with the money, and given again byte for byte.

The record is the last row of the transaction it belongs to. A duplicate waits for the key's advisory lock, does the
work anew, finds the key taken as it commits, and gives the first answer instead: the common case costs no round trip.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from app.errors import DomainError
from app.transactions import Statement, constraint_of, fetch, queue, start_over, unless_done

# Refusals of the business that a key remembers. Validation, missing things, limits and faults it does not.
REMEMBERED = frozenset(
    {
        *("insufficient_funds", "jar_closed", "jar_not_empty", "jar_limit", "kyc_required"),
        *("not_eligible", "offer_expired", "already_accepted", "loan_open", "loan_over", "loan_not_open"),
        *("cooling_off_over", "more_than_owed"),
    }
)
# The function says what was waited for where the wait is too long, and begins a subtransaction for that: it is called
# where there is something to wait for only.
LOCK_KEY = Statement(
    "idempotency_lock_key",
    "SELECT CASE WHEN NOT pg_try_advisory_xact_lock($1) THEN lock_idempotency_key($1) END",
    parameters=1,
)
INSERT_RECORD = Statement(
    "idempotency_insert_record",
    "INSERT INTO idempotency_records (user_id, key, route, body_hash, status, body, created_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)",
    parameters=7,
)
Outcome = TypeVar("Outcome")
# Status and body of an outcome, or of a DomainError that the key remembers.
Render = Callable[[Any], tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Claim:
    """A key as a caller sent it, with the route and the SHA-256 of the canonical body that it goes with."""

    user_id: UUID
    key: str
    route: str
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the caller: status, body, and whether it is a first answer given again."""

    status: int
    body: bytes
    replayed: bool = False


class InProgress(DomainError):
    """The first call with this key is still running."""

    def __init__(self) -> None:
        super().__init__("idempotency_in_progress", "The first call with this key has not finished yet; try again.")


def once(claim: Claim | None, work: Callable[[], Outcome], render: Render) -> Answer:
    """Do ``work`` once for ``claim``; without a claim each call is a movement of its own.

    ``render`` turns an outcome or a refusal into status and body before the commit. Raises InProgress where the first
    call outlasts the lock timeout, DomainError ``idempotency_key_reused`` for the same key with another body, and the
    refusals that a key does not remember.
    """
    if claim is None:
        return Answer(*render(work()))
    queue(LOCK_KEY, (lock_number(claim.user_id, claim.key),))
    outcome: Outcome | DomainError
    try:
        outcome = work()
    except DomainError as refusal:
        # All that this transaction did was the work: undoing it is to begin again, with the refusal for an answer.
        start_over()
        if refusal.code not in REMEMBERED:
            # What is refused today (a day's limit) may be the repetition of what was done before it.
            first = _first_answer(claim)
            if first is None:
                raise
            return first
        outcome = refusal
    except DBAPIError as error:
        if constraint_of(error) == "idempotency_key":
            raise InProgress from error
        raise
    status, body = render(outcome)
    queue(
        INSERT_RECORD,
        (claim.user_id, claim.key, claim.route, claim.body_hash, status, body, datetime.now(UTC)),
    )
    unless_done("pk_idempotency_records", lambda: _given_before(claim))
    return Answer(status, body)


def lock_number(user_id: UUID, key: str) -> int:
    """The advisory lock that a user's key stands for; two keys that share one only wait for each other."""
    return int.from_bytes(blake2b(user_id.bytes + key.encode(), digest_size=8).digest(), signed=True)


def _given_before(claim: Claim) -> Answer:
    first = _first_answer(claim)
    assert first is not None  # the record was in the way
    return first


def _first_answer(claim: Claim) -> Answer | None:
    rows = fetch(
        "SELECT route, body_hash, status, body FROM idempotency_records WHERE user_id = %s AND key = %s",
        (claim.user_id, claim.key),
    )
    if not rows:
        return None
    ((route, body_hash, status, body),) = rows
    if route != claim.route or bytes(body_hash) != claim.body_hash:
        raise DomainError(
            "idempotency_key_reused", "This key was used for another call. Nothing was done; use a key of its own."
        )
    return Answer(status, bytes(body), replayed=True)
