"""Putting money into a jar."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.errors import DomainError
from app.services.idempotency.once import Answer, Claim, Render, once
from app.services.identity.principal import Principal
from app.services.savings import limits
from app.services.savings.movements import LockedJar, Movement, book


def deposit(
    saver: Principal,
    jar_id: UUID,
    amount: int,
    note: str | None,
    *,
    at: datetime,
    claim: Claim | None,
    render: Render,
) -> Answer:
    """Put ``amount`` > 0 minor units into the saver's jar, once for ``claim``.

    The money, the streak, the badges, what is told later and the stored answer are one transaction, or none of it.
    Raises NotFound, and what ``once`` does not remember; other refusals come rendered: ``jar_closed``,
    ``kyc_required``.
    """

    def allowed(locked: LockedJar) -> None:
        limits.check_deposit(
            amount,
            held=locked.held,
            deposited_today=locked.deposited_today,
            verified=saver.kyc_status == "verified",
        )

    def work() -> Movement:
        return book(saver, "deposit", jar_id, amount, note, at=at, allowed=allowed)

    return once(claim, work, render)


def book_collected(saver: Principal, jar_id: UUID, amount: int, *, made_at: datetime, claim: Claim) -> Answer:
    """Book ``amount`` > 0 minor units that were collected for the jar at ``made_at``, once for ``claim``.

    The money is here: caps were asked about before it was collected. The answer's body is the transaction's id (status
    201), or the code of a refusal.
    """

    def work() -> Movement:
        return book(saver, "deposit", jar_id, amount, None, at=made_at, allowed=lambda locked: None, auto=True)

    return once(claim, work, _plainly)


def _plainly(outcome: Movement | DomainError) -> tuple[int, bytes]:
    if isinstance(outcome, DomainError):
        return 409, outcome.code.encode()
    return 201, str(outcome.transaction.id).encode()
