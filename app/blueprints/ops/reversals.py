"""Reversals that two have to agree on: what was asked for, and the decision of the second person."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from flask import flash, redirect, url_for
from flask_admin import expose
from wtforms import HiddenField, IntegerField
from wtforms.validators import AnyOf
from wtforms.widgets import HiddenInput

from app import clock
from app.blueprints.ops import words
from app.blueprints.ops.base import StaffRole, only
from app.blueprints.ops.columns import Column
from app.blueprints.ops.forms import ChoiceFilter, FilterForm, IdFilter
from app.blueprints.ops.lists import ListView
from app.blueprints.web import refusals
from app.blueprints.web.access import caller
from app.blueprints.web.forms.fields import PageForm
from app.errors import DomainError, NotFound
from app.services.ops import reversal_requests
from app.services.ops.console import reversals
from app.services.ops.console.listing import Asked, Order, Page
from app.transactions import run

#: What each decision does.
SETTLED_BY: dict[str, Callable[..., reversal_requests.Decided]] = {
    "approve": reversal_requests.approve,
    "decline": reversal_requests.decline,
    "withdraw": reversal_requests.withdraw,
}


class ReversalFilters(FilterForm):
    """What requests are narrowed by."""

    status = ChoiceFilter("State", words.choices(reversals.REVERSAL_STATES, words.REVERSALS))
    transaction = IdFilter("Transaction id")


class DecisionForm(PageForm):
    """What the second person says, or whoever asked."""

    decision = HiddenField("Decision", [AnyOf(SETTLED_BY, message="Agree, decline or withdraw.")])
    #: What the page said would stand as owed, in minor units.
    owed = IntegerField(widget=HiddenInput(), default=0)


class ReversalsView(ListView):
    """What was asked for, newest first."""

    role: ClassVar[StaffRole | None] = "support"
    key: ClassVar[str | None] = "v"
    waiting = "reversals"
    waiting_asked: ClassVar[dict[str, str]] = {"status": "waiting"}
    filters = ReversalFilters
    orders: ClassVar[dict[str, Order]] = dict(reversals.SOURCE.orders)
    default_sort = "-requested_at"
    caption = "Reversals that need two people"
    empty = "No reversal is here: those of large sums, and those that would leave something owed, wait for two people."
    export_most = 5_000
    columns = (
        Column("requested_at", "Asked", "instant", sortable=True,
               link=lambda row: url_for("ops_reversals.one", reversal_id=row.id)),
        Column("status", "State", "word", words=words.REVERSALS),
        Column("amount", "Amount", "money"),
        Column("type", "Of a", "said", words=words.TRANSACTIONS),
        Column("why", "Why two", "said", words=words.REVERSAL_WHYS),
        Column("reason", "Reason"),
        Column("asked_by", "Asked by"),
        Column("decided_by", "Decided by"),
        Column("decided_at", "Decided", "instant"),
    )  # fmt: skip

    def rows(self, asked: Asked) -> Page[reversals.Request]:
        """A page of requests."""
        return reversals.listed(asked)

    @expose("/<uuid:reversal_id>/")
    def one(self, reversal_id: UUID) -> str:
        """One request with what an approval would do now, and its story."""
        return self._one(reversal_id, DecisionForm(formdata=None))

    @expose("/<uuid:reversal_id>/decide", methods=("POST",))
    @only(fresh=True)
    def decide(self, reversal_id: UUID) -> Any:
        """Agree, and the movement is taken back; or decline; or withdraw what one has asked for."""
        person, now, form = caller(), clock.now(), DecisionForm()
        if not form.validate():
            return self._one(reversal_id, form), 422
        settle = partial(SETTLED_BY[form.decision.data], reversal_id, by=person.id, at=now)
        try:
            done = run(partial(settle, owed=form.owed.data or 0) if form.decision.data == "approve" else settle)
        except NotFound:
            raise
        except DomainError as refusal:
            status = refusals.bind(form, refusal)
            return self._one(reversal_id, form), status
        flash(*SAID[done.status])
        return redirect(url_for(".one", reversal_id=reversal_id), 303)

    def _one(self, reversal_id: UUID, form: DecisionForm) -> str:
        person, now = caller(), clock.now()

        def work() -> tuple[reversals.Request, reversals.Foreseen, list[Any]]:
            asked = reversals.read(reversal_id, by=person, at=now)
            return asked, reversals.foresee(asked.transaction_id), reversals.story(asked.transaction_id)

        asked, foreseen, story = run(work)
        return self.render(
            "ops/reversal.html", trail=[(f"Request {str(reversal_id)[-8:]}", None)], asked=asked, foreseen=foreseen,
            story=story, form=form, asked_by_me=person.id == asked.requested_by, of_mine=person.id == asked.user_id,
        )  # fmt: skip


#: What is said of a decision, and how: words and category of the message.
SAID = {
    "approved": ("It is taken back, by two of you.", "moved"),
    "declined": ("Declined. Nothing has moved, and it may be asked for anew.", "success"),
    "withdrawn": ("Withdrawn. Nothing has moved, and it may be asked for anew.", "success"),
    "void": ("It had been taken back otherwise, or can no longer be. Nothing has moved.", "warning"),
}
