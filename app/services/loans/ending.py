"""The end of a loan in the books: status, the locked money, what its saver is told."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from app.ledger.accounts import Account
from app.services.gamification import badges
from app.services.identity.principal import Principal
from app.services.loans import releasing
from app.services.loans.loan import Loan
from app.services.loans.releasing import Receiver
from app.services.notifications.notices import write
from app.services.savings.movements import LockedJar
from app.transactions import queue

END = (
    "UPDATE loans SET status = %(status)s, ended_at = %(at)s, ended_on = %(today)s, cancel_reason = %(reason)s"
    " WHERE id = %(loan)s"
)
LOAN_REPAID = "loan_repaid"


def end(saver: Principal, loan: Loan, status: str, *, at: datetime, reason: str | None = None) -> None:
    """Queue the loan's last status."""
    today = saver.zone.date(at)
    loan.status, loan.ended_at, loan.ended_on, loan.cancel_reason = status, at, today, reason
    queue(END, {"loan": loan.id, "status": status, "at": at, "today": today, "reason": reason})


def release(
    saver: Principal, loan: Loan, locked: Account, *, at: datetime, held: LockedJar | None = None
) -> Receiver | None:
    """Move all that is locked into the saver's jar; the jar, or None where nothing is left."""
    if not locked.balance:
        return None
    to = releasing.receiver(saver, loan.jar_id, locked.balance, at=at, held=held)
    releasing.put(saver, to, locked, locked.balance, "loan_release", at=at)
    releasing.keep(to, saver.zone.date(at), at=at)
    return to


def tell(
    saver: Principal, loan: Loan, event: str, to: Receiver | None, amount: int, *, at: datetime, seen: bool
) -> tuple[list[tuple[UUID, UUID]], tuple[str, ...]]:
    """Queue the notice of the end, and of the badge where the loan was paid back: savers and ids of the notices, and
    the kinds of badges that were earned.

    ``amount``: minor units that went into the jar.
    """
    facts: dict[str, Any] = {"event": event, "loan_id": str(loan.id), "amount": amount}
    if to is not None:
        facts |= {"jar_id": str(to.jar_id), "jar": to.name}
    told = [write(saver.id, "loan_ended", facts, at=at, once=f"loan:{event}:{loan.id}", seen=seen)]
    earned = []
    if event == "repaid":
        earned = badges.award(
            user_id=saver.id,
            jar_id=None,
            transaction_id=None,
            at=at,
            reached=[LOAN_REPAID],
            language=saver.language,
        )
        told += badges.tell_earned(saver.id, earned, {}, at=at, seen=seen)
    return [(saver.id, notice) for notice in told], tuple(badge.badge_type for badge in earned)
