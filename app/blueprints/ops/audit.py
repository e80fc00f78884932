"""The audit log, searched; one entry with the proof that it is what was written."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import url_for
from flask_admin import expose
from wtforms import StringField, ValidationError

from app.blueprints.ops import words
from app.blueprints.ops.base import StaffRole
from app.blueprints.ops.columns import Column, said
from app.blueprints.ops.forms import ChoiceFilter, DayFilter, FilterForm, IdFilter, LastDayFilter, TextFilter
from app.blueprints.ops.lists import ListView
from app.services.ops.console import audit_log, proofs
from app.services.ops.console.listing import Asked, Order, Page
from app.transactions import run

ACTORS = {"support": "support", "admin": "admin", "staff": "staff", "operator": "command line", "system": "the program"}
#: Which page shows a subject, by its kind, and what it calls the id.
SUBJECTS = {
    "user": ("ops_users.one", "user_id"),
    "transaction": ("ops_transactions.one", "transaction_id"),
    "loan": ("ops_loans.one", "loan_id"),
    "kyc_document": ("ops_papers.one", "paper_id"),
    "support_request": ("ops_requests.one", "request_id"),
    "score_model": ("ops_models.one", "model_version"),
    "job": ("ops_runs.one", "job_id"),
}


class AuditFilters(FilterForm):
    """What entries are narrowed by."""

    subject_type = ChoiceFilter("About a", [])
    subject = TextFilter("Its id", longest=64)
    actor = IdFilter("By account id")
    role = ChoiceFilter("By", [*ACTORS.items(), ("saver", "a saver")])
    action = ChoiceFilter("Did", [])
    since = DayFilter("From", name="from")
    until = LastDayFilter("To", name="to")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        actions, subjects = run(audit_log.words)
        self.action.offer(actions, words.AUDITED)
        self.subject_type.offer(subjects, words.AUDITED)

    def validate_subject(self, field: StringField) -> None:
        """An id is found by its kind. Raises ValidationError."""
        if field.data and not self.subject_type.data:
            raise ValidationError("Say what it is the id of.")


class AuditView(ListView):
    """What staff, savers and the program did that must be answered for, newest first."""

    role: ClassVar[StaffRole | None] = "admin"
    key: ClassVar[str | None] = "a"
    filters = AuditFilters
    orders: ClassVar[dict[str, Order]] = {"-at": audit_log.ORDER}
    default_sort = "-at"
    caption = "Audit log"
    empty = "No entry matches."
    export_most = 5_000
    template: ClassVar[str] = "ops/audit.html"
    columns = (
        Column("at", "When", "instant", link=lambda row: url_for("ops_audit.one", entry_id=row.id)),
        Column("by", "Who"),
        Column("actor", "As", "said", words=ACTORS),
        Column("action", "Did", "said", words=words.AUDITED),
        Column("subject_type", "To a", "said", words=words.AUDITED),
        Column("subject_id", "Its id", "id", link=lambda row: place_of(row.subject_type, row.subject_id)),
        Column("told", "Details", "long"),
        Column("id", "Entry"),
    )

    def rows(self, asked: Asked) -> Page[audit_log.Entry]:
        """A page of entries."""
        return audit_log.listed(asked)

    def render(self, template: str, **kwargs: Any) -> str:
        """With when the chain was last verified."""
        return super().render(template, verified=run(audit_log.verified), **kwargs)

    @expose("/<int:entry_id>/")
    def one(self, entry_id: int) -> str:
        """One entry with its proof."""
        proof = run(lambda: proofs.prove(entry_id))
        return self.render(
            "ops/audit_entry.html",
            trail=[(f"Entry {entry_id}", None)],
            proof=proof,
            place=place_of(proof.subject_type, proof.subject_id),
            did=said(proof.action, words.AUDITED),
        )


def place_of(kind: str, id_: str) -> str | None:
    """The address of the page that shows a subject; None where no page does."""
    if kind not in SUBJECTS:
        return None
    endpoint, name = SUBJECTS[kind]
    named: dict[str, Any] = {name: id_}
    return url_for(endpoint, **named)
