"""What staff do for one account: let it rest and back, end its sign-ins, send a proof again, leave a note."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import flash, redirect
from flask_admin import expose
from werkzeug.wrappers import Response as Redirect
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import AnyOf

from app import clock
from app.blueprints.ops.lists import ListView
from app.blueprints.web import refusals
from app.blueprints.web.access import caller
from app.blueprints.web.forms.fields import Given, OneLine, PageForm, SomeLines
from app.errors import DomainError, NotFound
from app.services.identity import looking_after
from app.services.identity.staff_at_work import LONGEST_REASON
from app.services.ops import saver_notes
from app.transactions import run

SAY_WHY = "Say why; it stands in the audit log."


class StandingForm(PageForm):
    """Why an account is suspended or restored."""

    reason = StringField("Why", [Given(SAY_WHY), OneLine(LONGEST_REASON, min_length=3)], id="standing-reason")


class EndForm(PageForm):
    """Why all sign-ins of an account end."""

    reason = StringField("Why", [Given(SAY_WHY), OneLine(LONGEST_REASON, min_length=3)], id="end-reason")


class ProofForm(PageForm):
    """Which proof is sent again."""

    what = HiddenField("What", [AnyOf(("email", "phone"), message="Choose the address or the number.")])


class NoteForm(PageForm):
    """What is noted about a saver."""

    text = TextAreaField("Note", [Given("Write what the next person should know."), SomeLines(2_000)], id="note")


@dataclass
class Care:
    """The forms of an account's page, each as it was sent or empty."""

    standing: StandingForm = field(default_factory=lambda: StandingForm(formdata=None))
    end: EndForm = field(default_factory=lambda: EndForm(formdata=None))
    proof: ProofForm = field(default_factory=lambda: ProofForm(formdata=None))
    note: NoteForm = field(default_factory=lambda: NoteForm(formdata=None))


Done = Callable[[UUID, datetime], Any]


class CareView(ListView):
    """The changes that the page of an account offers: each a POST, by one service, which writes the audit entry."""

    def page_of(self, user_id: UUID, care: Care) -> str:
        """The account's page with forms as they were sent."""
        raise NotImplementedError

    @expose("/<uuid:user_id>/suspend", methods=("POST",))
    def suspend(self, user_id: UUID) -> Any:
        """Keep the saver out; every sign-in ends."""
        form = StandingForm()
        return self._do(
            user_id, Care(standing=form), form, "care",
            lambda by, at: looking_after.suspend(user_id, reason=form.reason.data or "", by=by, at=at),
            lambda ended: f"The account is suspended. Sign-ins that ended: {ended}.",
        )  # fmt: skip

    @expose("/<uuid:user_id>/restore", methods=("POST",))
    def restore(self, user_id: UUID) -> Any:
        """Let the saver in again."""
        form = StandingForm()
        return self._do(
            user_id, Care(standing=form), form, "care",
            lambda by, at: looking_after.restore(user_id, reason=form.reason.data or "", by=by, at=at),
            lambda _: "The account is open again.",
        )  # fmt: skip

    @expose("/<uuid:user_id>/end-sign-ins", methods=("POST",))
    def end_sign_ins(self, user_id: UUID) -> Any:
        """End every sign-in of the saver, who may sign in anew."""
        form = EndForm()
        return self._do(
            user_id, Care(end=form), form, "care",
            lambda by, at: looking_after.end_sign_ins(user_id, reason=form.reason.data or "", by=by, at=at),
            lambda ended: f"Sign-ins that ended: {ended}. The saver can sign in anew.",
        )  # fmt: skip

    @expose("/<uuid:user_id>/proof", methods=("POST",))
    def proof(self, user_id: UUID) -> Any:
        """Send the link to the address, or the code to the number, once more."""
        form = ProofForm()
        return self._do(
            user_id, Care(proof=form), form, "care",
            lambda by, at: looking_after.resend_verification(
                user_id, "email" if form.what.data == "email" else "phone", by=by, at=at
            ),
            lambda _: "It is on its way to the saver.",
        )  # fmt: skip

    @expose("/<uuid:user_id>/notes", methods=("POST",))
    def note(self, user_id: UUID) -> Any:
        """Leave a note about the saver."""
        form = NoteForm()
        return self._do(
            user_id, Care(note=form), form, "notes",
            lambda by, at: saver_notes.write(user_id, form.text.data or "", by=by, at=at),
            lambda _: "The note is kept.",
        )  # fmt: skip

    def _do(
        self, user_id: UUID, care: Care, form: PageForm, part: str, work: Done, said: Callable[[Any], str]
    ) -> Redirect | tuple[str, int]:
        person, now = caller(), clock.now()
        if not form.validate():
            return self.page_of(user_id, care), 422
        try:
            done = run(lambda: work(person.id, now))
        except NotFound:
            raise
        except DomainError as refusal:
            status = refusals.bind(form, refusal)
            return self.page_of(user_id, care), status
        flash(said(done), "success")
        return redirect(self.get_url(f"{self.endpoint}.one", user_id=user_id, _anchor=part), 303)
