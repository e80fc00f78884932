"""What savers ask: by the day their answer is due, read and answered."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from flask import flash, redirect, url_for
from flask_admin import expose
from wtforms import TextAreaField

from app import clock
from app.blueprints.ops import words
from app.blueprints.ops.base import StaffRole
from app.blueprints.ops.columns import Column
from app.blueprints.ops.forms import ChoiceFilter, FilterForm, IdFilter
from app.blueprints.ops.lists import ListView
from app.blueprints.ops.shown_then import facts_then
from app.blueprints.web import refusals
from app.blueprints.web.access import caller
from app.blueprints.web.forms.fields import Given, PageForm, SomeLines
from app.errors import DomainError, NotFound
from app.services.ops import support_answers
from app.services.ops.console import requests
from app.services.ops.console.listing import Asked, Order, Page
from app.transactions import run

ONLY = {
    "late": "overdue",
    "disputes": "about something of theirs",
    "again": "not content with an answer",
}


class RequestFilters(FilterForm):
    """What requests are narrowed by."""

    status = ChoiceFilter("State", [("answered", "answered")])
    only = ChoiceFilter("Only those", list(ONLY.items()))
    about = ChoiceFilter("About", words.choices(requests.ABOUT, words.ABOUT))
    user = IdFilter("Account id")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.status.choices[0].label = "open"  # type: ignore[index,union-attr]


class AnswerForm(PageForm):
    """What the saver is answered."""

    text = TextAreaField(
        "Answer", [Given("Write what the saver is to know."), SomeLines(support_answers.LONGEST_ANSWER)]
    )


class RequestsView(ListView):
    """Open requests, the first to be answered first; or those that were answered, the newest first."""

    role: ClassVar[StaffRole | None] = "support"
    key: ClassVar[str | None] = "r"
    waiting = "requests"
    filters = RequestFilters
    orders: ClassVar[dict[str, Order]] = dict(requests.SOURCE.orders)
    default_sort = "answer_by"
    caption = "Requests of savers"
    empty = "Nobody waits for an answer."
    export_most = 5_000
    columns = (
        Column("reference", "Reference", link=lambda row: url_for("ops_requests.one", request_id=row.id)),
        Column("due", "State", "word"),
        Column("answer_by", "Answer by", "day"),
        Column("about", "About", "said", words=words.ABOUT),
        Column("asked_again", "After an answer", "said"),
        Column("name", "Saver", link=lambda row: url_for("ops_users.one", user_id=row.user_id)),
        Column("created_at", "Asked", "instant"),
        Column("answered_at", "Answered", "instant"),
        Column("answered_by", "By"),
        Column("user_id", "Account", "id"),
    )

    def narrowed(self, values: dict[str, Any]) -> dict[str, Any]:
        """``only`` is one of three filters of the service."""
        if "only" in values:
            values[values.pop("only")] = True
        return values

    def order_of(self, filters: dict[str, Any], _sort: str) -> str:
        """Open ones by the day of their answer, answered ones newest first."""
        return "-answered_at" if filters.get("status") == "answered" else "answer_by"

    def rows(self, asked: Asked) -> Page[requests.Request]:
        """A page of requests."""
        filters = dict(asked.filters)
        answered = filters.pop("status", None) == "answered"
        person = caller()
        return requests.listed(
            "answered" if answered else "open", Asked(filters, asked.order, asked.after, asked.limit),
            day=person.zone.date(clock.now()),
        )  # fmt: skip

    @expose("/<uuid:request_id>/")
    def one(self, request_id: UUID) -> str:
        """One request with what the saver saw of what it is about; that it was read is in the audit log."""
        return self._one(request_id, AnswerForm(formdata=None))

    @expose("/<uuid:request_id>/answer", methods=("POST",))
    def answer(self, request_id: UUID) -> Any:
        """Answer it; the saver is told."""
        person, now, form = caller(), clock.now(), AnswerForm()
        if not form.validate():
            return self._one(request_id, form), 422
        try:
            asked = run(lambda: support_answers.answer(request_id, form.text.data or "", by=person.id, at=now))
        except NotFound:
            raise
        except DomainError as refusal:
            status = refusals.bind(form, refusal)
            return self._one(request_id, form), status
        flash(f"{asked.reference} is answered, and the saver is told.", "success")
        return redirect(url_for(".index"), 303)

    def _one(self, request_id: UUID, form: AnswerForm) -> str:
        person, now = caller(), clock.now()
        whole = run(lambda: support_answers.show(request_id, at=now, by=person.id))
        asked = whole.request
        return self.render(
            "ops/request.html", trail=[(asked.reference, None)], whole=whole,
            then=facts_then(whole.shown or {}), asked=asked, form=form,
            late=asked.status == "open" and asked.answer_by < person.zone.date(now),
            own=whole.user_id == person.id,
            barred=asked.appeal_of is not None and whole.answered_before_by == person.id,
        )  # fmt: skip
