"""Loans: the book as a list, and one with its schedule, its payments and the decision that it was made from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from flask import url_for
from flask_admin import expose

from app import clock
from app.blueprints.ops import words
from app.blueprints.ops.base import StaffRole
from app.blueprints.ops.columns import Column
from app.blueprints.ops.forms import ChoiceFilter, DayFilter, FilterForm, IdFilter, LastDayFilter
from app.blueprints.ops.lists import ListView
from app.blueprints.web.access import caller
from app.services.loans.words import OF_MONEY
from app.services.ops import loan_book
from app.services.ops.console import loans, masks
from app.services.ops.console.listing import Asked, Order, Page
from app.transactions import run

#: What can be due, and up to how many days from today that goes: overdue is what was due before today.
DUE = {"overdue": 0, "today": 1, "week": 7, "month": 31}


class LoanFilters(FilterForm):
    """What loans are narrowed by."""

    user = IdFilter("Account id")
    status = ChoiceFilter("State", words.choices(loans.LOAN_STATES, words.LOANS))
    due = ChoiceFilter(
        "Due",
        [
            ("overdue", "overdue"),
            ("today", "by today"),
            ("week", "within 7 days"),
            ("month", "within 31 days"),
        ],
    )
    since = DayFilter("Offered from", name="from")
    until = LastDayFilter("Offered to", name="to")


class LoansView(ListView):
    """Every loan and offer, newest first; of those with something due, the longest overdue first."""

    role: ClassVar[StaffRole | None] = "support"
    key: ClassVar[str | None] = "l"
    filters = LoanFilters
    orders: ClassVar[dict[str, Order]] = dict(loans.ORDERS)
    default_sort = "-offered_at"
    caption = "Loans"
    empty = "No loan matches. Only loans that are open have something due."
    export_most = 5_000
    columns = (
        Column("offered_at", "Offered", "instant", sortable=True,
               link=lambda row: url_for("ops_loans.one", loan_id=row.id)),
        Column("name", "Saver", link=lambda row: url_for("ops_users.one", user_id=row.user_id)),
        Column("status", "State", "word", words=words.LOANS),
        Column("amount", "Amount", "money"),
        Column("tenure_months", "Months", "number"),
        Column("owed", "To pay back", "money"),
        Column("late", "Overdue", "money"),
        Column("next_due", "Next due", "day"),
        Column("accepted_at", "Accepted", "instant"),
        Column("id", "Id", "id"),
    )  # fmt: skip

    def narrowed(self, values: dict[str, Any]) -> dict[str, Any]:
        """What is due, as a day of the reader's."""
        if "due" in values:
            values["due_before"] = caller().zone.date(clock.now()) + timedelta(days=DUE[values.pop("due")])
        return super().narrowed(values)

    def order_of(self, filters: dict[str, Any], sort: str) -> str:
        """What is due comes by its day."""
        return "due_on" if "due_before" in filters else sort

    def rows(self, asked: Asked) -> Page[loans.Loan]:
        """A page of loans."""
        return loans.listed(asked, day=caller().zone.date(clock.now()))

    @expose("/<uuid:loan_id>/")
    def one(self, loan_id: UUID) -> str:
        """One loan with all that was kept of it; that it was read is in the audit log."""
        person, now = caller(), clock.now()
        whole = run(lambda: loan_book.show(loan_id, at=now, by=person.id))
        return self.render(
            "ops/loan.html",
            trail=[(f"Loan {str(loan_id)[-8:]}", None)],
            whole=whole,
            loan=whole.view.loan,
            view_of=whole.view,
            name=masks.name(whole.name),
            decision=whole.decision,
            of_money=OF_MONEY,
        )
