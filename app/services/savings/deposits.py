"""Putting money into a jar."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

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
