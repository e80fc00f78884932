"""The loans of the account, newest first."""

from __future__ import annotations

from uuid import UUID

from app import clock
from app.blueprints.ops.sections.section import Section
from app.services.ops.console import loans
from app.services.ops.console.listing import Asked


def _load(user_id: UUID) -> list[loans.Loan]:
    return loans.listed(Asked({"user": user_id}, "-offered_at", limit=20), day=clock.now().date()).rows


SECTION = Section("loans", "Loans", "ops/sections/loans.html", _load)
