"""Movements of money, to look at: whatever has to be put right is a new movement, made by a service of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from flask import url_for
from flask_admin import expose
from wtforms import Field, ValidationError

from app import clock
from app.blueprints.ops import words
from app.blueprints.ops.base import StaffRole
from app.blueprints.ops.columns import Column
from app.blueprints.ops.forms import AmountFilter, ChoiceFilter, DayFilter, FilterForm, IdFilter
from app.blueprints.ops.lists import ListView
from app.blueprints.web.access import caller
from app.periods import start_of_day
from app.services.ops.console import transactions
from app.services.ops.console.listing import Asked, Order, Page
from app.transactions import run


class TransactionFilters(FilterForm):
    """What movements are narrowed by."""

    user = IdFilter("Account id")
    jar = IdFilter("Jar id")
    type = ChoiceFilter("What moved", words.choices(transactions.TRANSACTION_TYPES, words.TRANSACTIONS))
    at_least = AmountFilter("At least")
    at_most = AmountFilter("At most")
    since = DayFilter("From", name="from")
    until = DayFilter("To", name="to")

    def validate_until(self, field: Field) -> None:
        """The days must not be the wrong way round. Raises ValidationError."""
        if self.since.data and field.data and field.data < self.since.data:
            raise ValidationError("This is before the first day.")


class TransactionsView(ListView):
    """Every movement, newest first."""

    role: ClassVar[StaffRole | None] = "support"
    filters = TransactionFilters
    orders: ClassVar[dict[str, Order]] = dict(transactions.SOURCE.orders)
    default_sort = "-occurred_at"
    caption = "Transactions"
    empty = "No transaction matches."
    export_most = 5_000
    columns = (
        Column("occurred_at", "When", "instant", sortable=True,
               link=lambda row: url_for("ops_transactions.one", transaction_id=row.id)),
        Column("type", "What moved", "word", words=words.TRANSACTIONS),
        Column("amount", "Amount", "money"),
        Column("balance_after", "Balance after", "money"),
        Column("user_id", "Account", "id", link=lambda row: url_for("ops_users.one", user_id=row.user_id)),
        Column("jar_id", "Jar", "id"),
        Column("reversed_by", "Reversed by", "id"),
        Column("id", "Id", "id"),
    )  # fmt: skip

    def narrowed(self, values: dict[str, Any]) -> dict[str, Any]:
        """Days in the reader's zone; the last one is whole."""
        zone = caller().zone.name
        if "since" in values:
            values["since"] = start_of_day(values["since"], zone)
        if "until" in values:
            values["before"] = start_of_day(values.pop("until") + timedelta(days=1), zone)
        return values

    def rows(self, asked: Asked) -> Page[transactions.Movement]:
        """A page of movements."""
        return transactions.listed(asked)

    @expose("/<uuid:transaction_id>/")
    def one(self, transaction_id: UUID) -> str:
        """One movement with its postings."""
        person, now = caller(), clock.now()
        whole = run(lambda: transactions.read(transaction_id, by=person, at=now))
        trail = [(f"Transaction {str(transaction_id)[-8:]}", None)]
        return self.render("ops/transaction.html", trail=trail, whole=whole, movement=whole.movement)
