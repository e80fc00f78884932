"""Identity papers: the queue, a paper as pictures, the decision with its coded reason, and the next one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from flask import Response, flash, redirect, request, url_for
from flask_admin import expose
from werkzeug.wrappers import Response as Redirect
from wtforms import RadioField, SelectChoice

from app import clock
from app.blueprints import cursors
from app.blueprints.ops import words
from app.blueprints.ops.base import StaffRole
from app.blueprints.ops.columns import Column
from app.blueprints.ops.forms import ChoiceFilter, FilterForm
from app.blueprints.ops.lists import ListView
from app.blueprints.web import refusals
from app.blueprints.web.access import caller
from app.blueprints.web.forms.fields import Given, PageForm
from app.errors import DomainError, NotFound, Unavailable
from app.services.identity.kyc import review, viewing
from app.services.identity.kyc.papers import look_by
from app.services.ops.console import papers
from app.services.ops.console.listing import Asked, Order, Page
from app.transactions import run

#: How long the address of a picture shows it, to whom the page was made for.
LINK = timedelta(seconds=review.LINK_SECONDS)
#: So many pages of a paper are drawn at once.
AT_ONCE = 6
#: What can be decided: headings, and below each the words that the form sends (``rejected:expired``) and what they say.
VERDICTS = {
    "Good": {"verified": "Verify: the paper is good, and it is this saver's"},
    "Ask for it once more, because": {
        f"resubmit:{reason}": said
        for reason, said in words.PAPER_REASONS.items()
        if reason in review.REASONS["resubmit"]
    },
    "Reject it, because": {
        f"rejected:{reason}": said
        for reason, said in words.PAPER_REASONS.items()
        if reason in review.REASONS["rejected"]
    },
}
#: What can be said besides where a decision is to be overturned.
LET_STAND = {"Neither": {"stands": "Leave it as it was decided"}}
SAID = {"verified": "verify it", "resubmit": "ask for it once more", "rejected": "reject it"}


class PaperFilters(FilterForm):
    """What the queue is narrowed by."""

    document_type = ChoiceFilter("Paper", words.choices(papers.PAPERS, words.PAPERS))
    proposed = ChoiceFilter("Second word", [("yes", "needed")])


class DecisionForm(PageForm):
    """What is decided about a paper."""

    verdict = RadioField(
        "What do you decide?", [Given("Choose what you decide.")],
        choices=[SelectChoice(*one) for group in (VERDICTS | LET_STAND).values() for one in group.items()],
    )  # fmt: skip


class PapersView(ListView):
    """The queue, the oldest first."""

    role: ClassVar[StaffRole | None] = "support"
    key: ClassVar[str | None] = "p"
    waiting = "papers"
    filters = PaperFilters
    orders: ClassVar[dict[str, Order]] = dict(papers.SOURCE.orders)
    default_sort = "uploaded_at"
    template = "ops/papers.html"
    caption = "Papers that wait, the oldest first"
    empty = "No paper waits for a look."
    export_most = 5_000
    columns = (
        Column("uploaded_at", "Sent", "instant", link=lambda row: url_for("ops_papers.one", paper_id=row.id)),
        Column("document_type", "Paper", "said", words=words.PAPERS),
        Column("name", "Of", link=lambda row: url_for("ops_users.one", user_id=row.user_id)),
        Column("status", "State", "word", words=words.PAPER_STATES),
        Column("proposed", "First word", "said", words=words.PAPER_STATES),
        Column("proposed_reason", "For", "said", words=words.PAPER_REASONS),
        Column("accounts_with_the_number", "Other accounts with the number", "number"),
    )

    def narrowed(self, values: dict[str, Any]) -> dict[str, Any]:
        """Whether a second word is needed is a filter that has no value."""
        if "proposed" in values:
            values["proposed"] = True
        return values

    def rows(self, asked: Asked) -> Page[papers.Paper]:
        """A page of the queue."""
        return papers.waiting(asked)

    @expose("/next")
    def next(self) -> Redirect:
        """The paper that waits longest for this member of staff, or the one behind ``after``."""
        person, text = caller(), request.args.get("after")
        try:
            after = UUID(text) if text else None
        except ValueError:
            raise DomainError("invalid_argument", "This is no paper.") from None
        return self._next(run(lambda: papers.next_one(person.id, after=after)))

    @expose("/<uuid:paper_id>/")
    def one(self, paper_id: UUID) -> str:
        """One paper with its pictures; the look is in the audit log."""
        return self._one(paper_id, DecisionForm(formdata=None))

    @expose("/<uuid:paper_id>/file")
    def file(self, paper_id: UUID) -> Response | Redirect:
        """One page of the paper as a picture, for whom and as long as the address says; else the way to the paper."""
        person = caller()
        try:
            made, number = cursors.unseal(request.args.get("seal", ""), about=_about(paper_id))
            if datetime.now(UTC) - datetime.fromisoformat(made) > LINK:
                raise NotFound
        except DomainError:
            return redirect(url_for(".one", paper_id=paper_id), 303)
        document = run(lambda: review.reviewed(paper_id, person.id))
        return Response(viewing.picture(document, int(number)), mimetype="image/jpeg")

    @expose("/<uuid:paper_id>/decide", methods=("POST",))
    def decide(self, paper_id: UUID) -> Any:
        """Decide, or say the first of two words; and on to the next paper."""
        person, now, form = caller(), clock.now(), DecisionForm()
        if not form.validate():
            return self._one(paper_id, form), 422
        verdict, _, reason = str(form.verdict.data).partition(":")
        done: bool | None = None
        try:
            if verdict in LET_STAND["Neither"]:
                run(lambda: review.let_stand(paper_id, by=person.id, at=now))
            else:
                done = run(lambda: review.decide(paper_id, verdict, reason=reason or None, by=person.id, at=now))
        except NotFound:
            raise
        except DomainError as refusal:
            status = refusals.bind(form, refusal)
            return self._one(paper_id, form), status
        if done is None:
            flash("It stays as it was decided.", "success")
        elif done:
            flash("Decided, and the saver is told.", "success")
        else:
            flash("Noted. It takes effect once a second member of staff says the same.", "success")
        return self._next(run(lambda: papers.next_one(person.id)))

    def _next(self, paper_id: UUID | None) -> Redirect:
        if paper_id is None:
            flash("Nothing more waits for you.", "info")
            return redirect(url_for(".index"), 303)
        return redirect(url_for(".one", paper_id=paper_id), 303)

    def _one(self, paper_id: UUID, form: DecisionForm) -> str:
        person, now = caller(), clock.now()
        document = run(lambda: review.look(paper_id, by=person.id, at=now)).document
        pages, away = 0, None
        try:
            pages = viewing.pages(document)
        except Unavailable:
            away = "The files cannot be reached just now. Load this page again in a moment."
        except DomainError as refusal:
            away = refusal.message
        first = _first(pages)
        made = datetime.now(UTC).isoformat()
        pictures = {
            number: url_for(".file", paper_id=paper_id, seal=cursors.seal([made, str(number)], about=_about(paper_id)))
            for number in range(first, min(pages, first + AT_ONCE - 1) + 1)
        }
        proposed = None
        if document.proposed_status is not None:
            why = words.PAPER_REASONS.get(document.proposed_reason or "")
            proposed = SAID[document.proposed_status] + (f", because {why}" if why else "")
        decided = document.status != "pending"
        verdicts = VERDICTS | (LET_STAND if proposed and decided else {})
        return self.render(
            "ops/paper.html", trail=[(f"Paper {str(paper_id)[-8:]}", None)], document=document, pictures=pictures,
            pages=pages, away=away, form=form, verdicts=verdicts, proposed=proposed,
            late=document.status == "pending" and look_by(document.uploaded_at) < now,
            own_word=document.proposed_by == person.id, decided=decided,
        )  # fmt: skip


def _first(pages: int) -> int:
    """The page of the paper that is shown first, as the address asks. Raises DomainError ``invalid_argument``."""
    text = request.args.get("from", "1")
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= max(1, pages)):
        raise DomainError("invalid_argument", "The paper has no such page.")
    return int(text[:4])


def _about(paper_id: UUID) -> str:
    """What the seal of a picture's address is good for: this paper, these eyes."""
    return f"paper:{paper_id}:{caller().id}"
