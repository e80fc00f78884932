"""What was paid towards a loan, payment by payment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.services.identity.principal import Principal
from app.transactions import fetch

MADE = """
SELECT p.id, p.kind, p.made_on, p.amount, p.principal, p.interest, p.charges, p.jar_id, j.name
FROM loans l JOIN loan_payments p ON p.loan_id = l.id LEFT JOIN savings_jars j ON j.id = p.jar_id
WHERE l.id = %s AND l.user_id = %s ORDER BY p.made_at, p.id
"""


@dataclass(frozen=True, slots=True)
class Made:
    """One payment and what it was for, in minor units. ``kind``: repayment, refund or default.

    ``jar``: the name of the jar that it came from, None for money from outside.
    """

    id: UUID
    kind: str
    made_on: date
    amount: int
    principal: int
    interest: int
    charges: int
    jar_id: UUID | None
    jar: str | None


def made(saver: Principal, loan_id: UUID) -> list[Made]:
    """All payments of the saver's loan, oldest first; none for somebody else's."""
    return [Made(*row) for row in fetch(MADE, (loan_id, saver.id))]
