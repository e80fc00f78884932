"""Movements of money: looked at, and taken back by a movement that names the other. None is ever changed."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from flask import flash, redirect, url_for
from flask_admin import expose
from werkzeug.wrappers import Response as Redirect
from wtforms import StringField

from app import clock
from app.blueprints.ops import words
from app.blueprints.ops.base import StaffRole, only
from app.blueprints.ops.columns import Column
from app.blueprints.ops.forms import AmountFilter, ChoiceFilter, DayFilter, FilterForm, IdFilter, LastDayFilter
from app.blueprints.ops.lists import ListView
from app.blueprints.web import refusals
from app.blueprints.web.access import caller
from app.blueprints.web.forms.fields import Given, OneLine, PageForm
from app.errors import DomainError, NotFound
from app.services.identity.staff_at_work import LONGEST_REASON
from app.services.ops import exports, reversal_requests
from app.services.ops.console import reversals, transactions
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
    until = LastDayFilter("To", name="to")


class ReverseForm(PageForm):
    """Why a movement is taken back."""

    reason = StringField("Why", [Given("Say why; it stands in the audit log."), OneLine(LONGEST_REASON, min_length=3)])


class TransactionsView(ListView):
    """Every movement, newest first."""

    role: ClassVar[StaffRole | None] = "support"
    key: ClassVar[str | None] = "t"
    filters = TransactionFilters
    orders: ClassVar[dict[str, Order]] = dict(transactions.SOURCE.orders)
    default_sort = "-occurred_at"
    of_one = frozenset({"user", "jar"})
    caption = "Transactions"
    empty = "No transaction matches."
    export_most = 5_000
    columns = (
        Column("occurred_at", "When", "instant", sortable=True,
               link=lambda row: url_for("ops_transactions.one", transaction_id=row.id)),
        Column("type", "What moved", "said", words=words.TRANSACTIONS),
        Column("amount", "Amount", "money"),
        Column("balance_after", "Balance after", "money"),
        Column("name", "Saver", link=lambda row: url_for("ops_users.one", user_id=row.user_id)),
        Column("jar_id", "Jar", "id"),
        Column("user_id", "Account", "id"),
        Column("reversed_by", "Reversed by", "id"),
        Column("id", "Id", "id"),
    )  # fmt: skip

    def rows(self, asked: Asked) -> Page[transactions.Movement]:
        """A page of movements."""
        return transactions.listed(asked)

    def ordered(self, asked: Asked) -> Redirect | None:
        """See ListView: a large file is written by the worker."""
        person, now = caller(), clock.now()
        try:
            run(lambda: exports.order(asked.filters, by=person.id, at=now))
        except DomainError as refusal:
            if refusal.code != "job_running":
                raise
            flash("Another file is being written just now. Ask for this one when it is done.", "warning")
        else:
            flash("That is a large file: it is being written. You can go on with something else.", "success")
        return redirect(url_for("ops_exports.index"), 303)

    @expose("/<uuid:transaction_id>/")
    def one(self, transaction_id: UUID) -> str:
        """One movement with its postings, and what was done about it."""
        person, now = caller(), clock.now()

        def work() -> tuple[transactions.Whole, reversals.Foreseen, list[Any]]:
            whole = transactions.read(transaction_id, by=person, at=now)
            return whole, reversals.foresee(transaction_id), reversals.story(transaction_id)

        whole, foreseen, story = run(work)
        return self.render(
            "ops/transaction.html", trail=[(_short(transaction_id), None)], whole=whole, movement=whole.movement,
            foreseen=foreseen, obstacle=foreseen.obstacle(person.id), story=story,
        )  # fmt: skip

    @expose("/<uuid:transaction_id>/reverse", methods=("GET", "POST"))
    @only(fresh=True)
    def reverse(self, transaction_id: UUID) -> Any:
        """Take the movement back, or ask for it where a second member of staff has to agree."""
        person, now, form = caller(), clock.now(), ReverseForm()
        if not form.is_submitted():
            return self._reverse(transaction_id, form)
        if not form.validate():
            return self._reverse(transaction_id, form), 422
        try:
            asked = run(
                lambda: reversal_requests.ask(transaction_id, reason=form.reason.data or "", by=person.id, at=now)
            )
        except NotFound:
            raise
        except DomainError as refusal:
            status = refusals.bind(form, refusal)
            return self._reverse(transaction_id, form), status
        if asked.booked is not None:
            flash("It is taken back. The saver sees it among the jar's movements.", "moved")
            return redirect(url_for(".one", transaction_id=asked.booked.transaction.id), 303)
        flash("Nothing has moved yet: a second member of staff decides.", "success")
        return redirect(url_for("ops_reversals.one", reversal_id=asked.request_id), 303)

    def _reverse(self, transaction_id: UUID, form: ReverseForm) -> str:
        person = caller()
        foreseen = run(lambda: reversals.foresee(transaction_id))
        back = url_for(".one", transaction_id=transaction_id)
        return self.render(
            "ops/reverse.html", trail=[(_short(transaction_id), back), ("Take it back", None)], form=form,
            foreseen=foreseen, obstacle=foreseen.obstacle(person.id),
        )  # fmt: skip


def _short(transaction_id: UUID) -> str:
    return f"Transaction {str(transaction_id)[-8:]}"
