"""What was given up, with another try for it: messages of the outbox, and the log of what left for savers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_admin import expose
from werkzeug.wrappers import Response as Redirect
from wtforms import BooleanField, SelectMultipleField, widgets

from app import clock
from app.blueprints.api.schemas.base import LARGEST_INTEGER
from app.blueprints.ops import words
from app.blueprints.ops.base import StaffRole, only
from app.blueprints.ops.columns import Column
from app.blueprints.ops.forms import ChoiceFilter, FilterForm, IdFilter, PageForm, TextFilter
from app.blueprints.ops.lists import ListView
from app.blueprints.web.access import caller
from app.errors import NotFound
from app.services.notifications.kinds import KINDS
from app.services.ops import trying_again
from app.services.ops.console import outgoing
from app.services.ops.console.listing import Asked, Order, Page
from app.transactions import run


def _number(text: str) -> int:
    """A row's number. Raises ValueError for what none can have."""
    number = int(text)
    if not 0 < number <= LARGEST_INTEGER:
        raise ValueError(text)
    return number


class ChosenForm(PageForm):
    """Rows that were chosen, or all there are."""

    chosen = SelectMultipleField(coerce=_number, validate_choice=False, widget=widgets.HiddenInput())
    all = BooleanField()


class TryAgainView(ListView):
    """A list of what was given up. ``explained``: what stands here, and what another try does."""

    template: ClassVar[str] = "ops/try_again.html"
    export_most = 5_000
    explained: ClassVar[str] = ""

    def offers_tries(self) -> bool:
        """Whether what is listed now can be tried again."""
        return True

    def try_again(self, ids: Sequence[int] | None, by: UUID) -> int:
        """Put them (None: all) back in line, by a service; how many. Runs in a transaction."""
        raise NotImplementedError

    def here(self) -> str:
        """Where whoever tried is led back to."""
        return url_for(f"{self.endpoint}.index")

    @expose("/again", methods=("POST",))
    @only("admin")
    def again(self) -> Redirect:
        """Try again what was chosen, or all of it."""
        form = ChosenForm()
        if not form.validate() or len(form.chosen.data or []) > self.page_size:
            flash("That could not be read. Choose again.", "warning")
        elif not form.all.data and not form.chosen.data:
            flash("Choose what to try again.", "warning")
        else:
            ids = None if form.all.data else form.chosen.data
            by = caller().id
            try:
                count = run(lambda: self.try_again(ids, by))
            except NotFound as refusal:
                flash(refusal.message, "warning")
            else:
                flash(f"{count:,} back in line: gone to in a moment." if count else "There was none to try.", "success")
        return redirect(self.here(), 303)


class MessageFilters(FilterForm):
    """What messages are narrowed by."""

    topic = TextFilter("About", longest=64)


class GivenUpView(TryAgainView):
    """Messages of the outbox that were given up, newest first."""

    role: ClassVar[StaffRole | None] = "support"
    waiting: ClassVar[str | None] = "messages"
    filters = MessageFilters
    orders: ClassVar[dict[str, Order]] = dict(outgoing.MESSAGES.orders)
    default_sort = "-id"
    caption = "Messages that were given up"
    explained = (
        "What follows from a change (a score to recalculate, a notice to send) goes out as a message. One that failed"
        " ten times stands here until somebody has it tried again."
    )
    empty = "Nothing was given up: every message has been handed on."
    columns = (
        Column("topic", "About"),
        Column("last_error", "Why"),
        Column("attempts", "Tries", "number"),
        Column("created_at", "Left", "instant"),
        Column("dead_at", "Given up", "instant"),
        Column("id", "Number"),
    )

    def rows(self, asked: Asked) -> Page[outgoing.DeadMessage]:
        """A page of messages."""
        return outgoing.dead_messages(asked)

    def try_again(self, ids: Sequence[int] | None, by: UUID) -> int:
        """Hand them on once more."""
        return trying_again.messages(ids, by=by, at=clock.now())


class DeliveryFilters(FilterForm):
    """What deliveries are narrowed by."""

    user = IdFilter("Account id")
    channel = ChoiceFilter("Way", words.choices(outgoing.CHANNELS, words.CHANNELS))
    status = ChoiceFilter("State", words.choices(outgoing.DELIVERY_STATES, words.DELIVERIES))


class DeliveriesView(TryAgainView):
    """The log of what left for savers, newest first; of what was given up, another try."""

    role: ClassVar[StaffRole | None] = "support"
    key: ClassVar[str | None] = "n"
    waiting: ClassVar[str | None] = "deliveries"
    waiting_asked: ClassVar[dict[str, str]] = {"status": "dead"}
    filters = DeliveryFilters
    orders: ClassVar[dict[str, Order]] = dict(outgoing.DELIVERIES.orders)
    default_sort = "-id"
    caption = "Notices on their ways out"
    explained = (
        "A line for each notice and each way on which it left: by letter, push or SMS. The inbox has every notice"
        " besides. Words, addresses and numbers are not kept here; “Said” is the other side's own word."
    )
    empty = "Nothing here matches. Where no way out is set up, which “flask doctor” says, notices stay in the inbox."
    columns = (
        Column("created_at", "When", "instant"),
        Column("kind", "Kind", "said", words={kind: kind.replace("_", " ") for kind in KINDS},
               link=lambda row: url_for("ops_templates.index", kind=row.kind) if row.kind in KINDS else None),
        Column("channel", "Way", "said", words=words.CHANNELS),
        Column("name", "Saver", link=lambda row: url_for("ops_users.one", user_id=row.user_id)),
        Column("status", "State", "word", words=words.DELIVERIES),
        Column("attempts", "Tries", "number"),
        Column("last_error", "Said", "long"),
        Column("due_at", "Not before", "instant"),
        Column("sent_at", "Sent", "instant"),
        Column("user_id", "Account", "id"),
        Column("id", "Number"),
    )  # fmt: skip

    def rows(self, asked: Asked) -> Page[outgoing.Delivery]:
        """A page of deliveries."""
        return outgoing.deliveries(asked)

    def offers_tries(self) -> bool:
        """Of those that were given up."""
        return request.args.get("status") == "dead"

    def here(self) -> str:
        """What else was given up."""
        return url_for(f"{self.endpoint}.index", status="dead")

    def try_again(self, ids: Sequence[int] | None, by: UUID) -> int:
        """Send once more what is still of use."""
        return trying_again.deliveries(ids, by=by, at=clock.now())
