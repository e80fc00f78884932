"""What staff do for and about one saver's account, each for a reason that stands in the audit log.

Accounts of staff are left to the command line (staff.py): nobody in the console shuts out a colleague, or themselves.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from app.errors import DomainError, NotFound
from app.models.identity import STAFF_ROLES
from app.services.audit import log as audit
from app.services.identity import account_letters, email_check, phone_check, sign_ins, staff_at_work
from app.services.outbox.messages import enqueue
from app.transactions import fetch, queue


def suspend(user_id: UUID, *, reason: str, by: UUID, at: datetime) -> int:
    """Keep a saver out: every sign-in ends; how many stood.

    Raises NotFound, Invalid, DomainError ``not_staff``, ``staff_account``, ``already_suspended``.
    """
    reason, status = staff_at_work.given_reason(reason), _saver(user_id, by)
    if status == "suspended":
        raise DomainError("already_suspended", "This account is suspended already.")
    ended = sign_ins.end_all(user_id, why="suspended")
    _stand(user_id, "suspended", at)
    ((address,),) = fetch("SELECT email FROM users WHERE id = %s", (user_id,))
    # With an address of its own, since nothing else leaves for an account that is suspended.
    account_letters.send(user_id, "suspended", now=datetime.now(UTC), address=address)
    _record("suspended", user_id, by, at, {"reason": reason, "sign_ins": ended})
    return ended


def restore(user_id: UUID, *, reason: str, by: UUID, at: datetime) -> None:
    """Let a suspended saver in again. Raises as ``suspend`` does, DomainError ``not_suspended``."""
    reason, status = staff_at_work.given_reason(reason), _saver(user_id, by)
    if status != "suspended":
        raise DomainError("not_suspended", "This account is not suspended.")
    _stand(user_id, "active", at)
    account_letters.send(user_id, "restored", now=datetime.now(UTC))
    _record("restored", user_id, by, at, {"reason": reason})


def end_sign_ins(user_id: UUID, *, reason: str, by: UUID, at: datetime) -> int:
    """End every sign-in of a saver, who may sign in anew; how many stood. Raises as ``suspend`` does."""
    reason, _ = staff_at_work.given_reason(reason), _saver(user_id, by)
    ended = sign_ins.end_all(user_id, why="ended_by_staff")
    _record("sign_ins_ended", user_id, by, at, {"reason": reason, "count": ended})
    return ended


def resend_verification(user_id: UUID, what: Literal["email", "phone"], *, by: UUID, at: datetime) -> None:
    """Send the saver the link to their address, or the code to their number, once more.

    Raises NotFound, Invalid, TooMany, DomainError ``not_staff``, ``staff_account``, ``already_verified``,
    ``sms_not_set_up``.
    """
    _saver(user_id, by)
    (email_check.send_link if what == "email" else phone_check.send_code)(user_id)
    _record("verification_resent", user_id, by, at, {"what": what})


def _saver(user_id: UUID, by: UUID) -> str:
    """The status of a saver's account, whose row is locked."""
    staff_at_work.role_of(by)
    rows = fetch("SELECT role, status FROM users WHERE id = %s AND status <> 'erased' FOR NO KEY UPDATE", (user_id,))
    if not rows:
        raise NotFound("There is no such account.")
    if rows[0][0] in STAFF_ROLES:
        raise DomainError("staff_account", "Accounts of staff are looked after on the command line.")
    return str(rows[0][1])


def _stand(user_id: UUID, status: str, at: datetime) -> None:
    queue("UPDATE users SET status = %s WHERE id = %s", (status, user_id))
    enqueue("gamification.standing_changed", {"user_id": str(user_id)}, at)


def _record(action: str, user_id: UUID, by: UUID, at: datetime, details: dict[str, Any]) -> None:
    audit.record(action, subject_type="user", subject_id=user_id, at=at, actor_id=by, actor="staff", details=details)
