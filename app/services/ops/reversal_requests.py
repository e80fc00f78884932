"""Taking a movement back from the console: at once by one member of staff, or by two where much hangs on it.

What one asks for that is above ``REVERSAL_ALONE_LIMIT_MINOR``, or would leave something owed by the saver, waits for a
second one, and whoever asked may withdraw it. Both locks are taken in one order, the saver's first: however many decide
at once, one decision counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuids

from app.errors import DomainError, NotFound
from app.services.audit import log as audit
from app.services.identity import staff_at_work
from app.services.ops.reversals import REVERSIBLE, Reversal, is_large, own_movement, reverse
from app.services.savings.rows import LOCK_SAVER
from app.transactions import fetch, queue

#: What no approval can change any more: the request is void.
VOID = frozenset({"already_reversed", "not_reversible"})
MOVEMENT = """
SELECT t.user_id, t.type, t.amount, EXISTS (SELECT FROM transactions r WHERE r.reversal_of = t.id)
FROM transactions t WHERE t.id = %s
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of asking: ``booked``, or the request that waits for a second person."""

    booked: Reversal | None
    request_id: UUID | None


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a request: ``approved`` with what was booked, ``declined``, ``void`` or ``withdrawn``."""

    status: str
    booked: Reversal | None = None


def ask(transaction_id: UUID, *, reason: str, by: UUID, at: datetime) -> Asked:
    """Take the movement back, or ask for it where two have to agree.

    Raises NotFound, Invalid, DomainError ``not_staff``, ``own_movement``, ``already_reversed``, ``not_reversible``, and
    ``reversal_waits`` where somebody has asked already.
    """
    reason = staff_at_work.given_reason(reason)
    amount = _movement_of_another(transaction_id, by)
    if is_large(amount):
        return _wait(transaction_id, "limit", reason, by=by, at=at)
    try:
        return Asked(reverse(transaction_id, reason=reason, by=by, at=at), None)
    except DomainError as refusal:
        if refusal.code != "second_person_required":
            raise
    return _wait(transaction_id, "owed", reason, by=by, at=at)


def approve(request_id: UUID, *, owed: int, by: UUID, at: datetime) -> Decided:
    """Agree: the movement is taken back now. ``void`` where that cannot be done any more.

    ``owed``: how much, in minor units, ``by`` knows would stand as owed by the saver; no more than that is booked.
    Raises NotFound, DomainError ``not_staff``, ``own_movement``, ``own_request``, ``already_decided``,
    ``requester_gone`` where whoever asked is of the staff no more (the word of one is not that of two), and
    ``owed_more`` where the jar holds less by now.
    """
    transaction_id, reason, asked_by = _lock_of_another(request_id, by)
    if not staff_at_work.is_at_work(asked_by):
        raise DomainError(
            "requester_gone", "Whoever asked for this is of the staff no more: decline it, and ask for it anew."
        )
    try:
        booked = reverse(transaction_id, reason=reason, by=asked_by, second=by, at=at)
    except DomainError as refusal:
        if refusal.code not in VOID:
            raise
        _settle(request_id, "void", by=by, at=at)
        _record("reversal_void", transaction_id, by, at, {"request": str(request_id), "why": refusal.code})
        return Decided("void")
    if booked.owed > owed:
        raise DomainError("owed_more", "The jar holds less by now, and more would stand as owed: look at it again.")
    _settle(request_id, "approved", by=by, at=at, reversal_id=booked.transaction.id)
    _record(
        "reversal_approved", transaction_id, by, at,
        {"request": str(request_id), "reversal": str(booked.transaction.id), "asked_by": str(asked_by)},
    )  # fmt: skip
    return Decided("approved", booked)


def decline(request_id: UUID, *, by: UUID, at: datetime) -> Decided:
    """Disagree: nothing is booked, and the same may be asked for anew. Raises as ``approve`` does."""
    transaction_id, _, asked_by = _lock_of_another(request_id, by)
    _settle(request_id, "declined", by=by, at=at)
    _record("reversal_declined", transaction_id, by, at, {"request": str(request_id), "asked_by": str(asked_by)})
    return Decided("declined")


def withdraw(request_id: UUID, *, by: UUID, at: datetime) -> Decided:
    """Let go of what one has asked for: nothing is booked, and the same may be asked for anew.

    Raises NotFound, DomainError ``not_staff``, ``own_movement``, ``not_own_request``, ``already_decided``.
    """
    transaction_id, _, asked_by = _lock(request_id, by)
    if asked_by != by:
        raise DomainError("not_own_request", "Somebody else has asked for this: agree or decline.")
    _settle(request_id, "withdrawn", by=None, at=at)
    _record("reversal_withdrawn", transaction_id, by, at, {"request": str(request_id)})
    return Decided("withdrawn")


def _movement_of_another(transaction_id: UUID, by: UUID) -> int:
    staff_at_work.role_of(by)
    rows = fetch(MOVEMENT, (transaction_id,))
    if not rows:
        raise NotFound("There is no such movement.")
    user_id, kind, amount, reversed_ = rows[0]
    if user_id == by:
        raise own_movement()
    if kind not in REVERSIBLE:
        raise DomainError("not_reversible", f"A movement of the type {kind} is not taken back this way.")
    if reversed_:
        raise DomainError("already_reversed", "This movement has been reversed already. Nothing was changed.")
    return int(amount)


def _wait(transaction_id: UUID, why: str, reason: str, *, by: UUID, at: datetime) -> Asked:
    request_id = uuids.uuid7()
    queue(
        "INSERT INTO reversal_requests (id, transaction_id, reason, why, requested_by, requested_at)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (request_id, transaction_id, reason, why, by, at),
    )
    _record("reversal_requested", transaction_id, by, at, {"request": str(request_id), "why": why, "reason": reason})
    return Asked(None, request_id)


def _lock(request_id: UUID, by: UUID) -> tuple[UUID, str, UUID]:
    """The movement, the reason, and who asked, of a request that waits; the movement is not one of ``by``."""
    staff_at_work.role_of(by)
    rows = fetch(
        "SELECT t.user_id FROM reversal_requests r JOIN transactions t ON t.id = r.transaction_id WHERE r.id = %s",
        (request_id,),
    )
    if not rows:
        raise NotFound("There is no such request.")
    if rows[0][0] == by:
        raise own_movement()
    queue(LOCK_SAVER, (rows[0][0],))
    ((transaction_id, reason, status, asked_by),) = fetch(
        "SELECT transaction_id, reason, status, requested_by FROM reversal_requests WHERE id = %s FOR UPDATE",
        (request_id,),
    )
    if status != "waiting":
        raise DomainError("already_decided", "Somebody has decided about this already. Nothing was changed.")
    return transaction_id, reason, asked_by


def _lock_of_another(request_id: UUID, by: UUID) -> tuple[UUID, str, UUID]:
    """The same of what somebody other than ``by`` asked for."""
    found = _lock(request_id, by)
    if found[2] == by:
        raise DomainError("own_request", "You have asked for this yourself: a second member of staff decides.")
    return found


def _settle(request_id: UUID, status: str, *, by: UUID | None, at: datetime, reversal_id: UUID | None = None) -> None:
    queue(
        "UPDATE reversal_requests SET status = %s, decided_by = %s, decided_at = %s, reversal_id = %s WHERE id = %s",
        (status, by, at, reversal_id, request_id),
    )


def _record(action: str, transaction_id: UUID, by: UUID, at: datetime, details: dict[str, Any]) -> None:
    audit.record(
        action, subject_type="transaction", subject_id=transaction_id, at=at, actor_id=by, actor="staff",
        details=details,
    )  # fmt: skip
