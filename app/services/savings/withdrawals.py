"""Taking money out of a jar."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.errors import DomainError
from app.services.idempotency.once import Answer, Claim, Render, once
from app.services.identity.principal import Principal
from app.services.savings import limits
from app.services.savings.movements import LockedJar, Movement, book


def withdraw(
    saver: Principal,
    jar_id: UUID,
    amount: int,
    note: str | None,
    *,
    at: datetime,
    claim: Claim | None,
    render: Render,
) -> Answer:
    """Take ``amount`` > 0 minor units out of the saver's jar, once for ``claim``.

    Raises NotFound, and what ``once`` does not remember; other refusals come rendered: ``insufficient_funds``,
    ``jar_closed``, ``kyc_required``.
    """

    def allowed(locked: LockedJar) -> None:
        if locked.account.balance < amount:
            raise DomainError("insufficient_funds", "There is less in this jar than that. Nothing was taken.")
        limits.check_withdrawal(
            amount, saver_id=saver.id, zone=saver.zone, at=at, verified=saver.kyc_status == "verified"
        )

    def work() -> Movement:
        return book(saver, "withdraw", jar_id, amount, note, at=at, allowed=allowed)

    return once(claim, work, render)
