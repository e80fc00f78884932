"""Credit-builder loans: who may have one, offers, payments, and the statement of each."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import orjson
from flask import Response, current_app, request
from werkzeug.datastructures import MIMEAccept

from app import clock
from app.blueprints import cursors
from app.blueprints.api import keys, problems
from app.blueprints.api.access import ApiBlueprint, access, caller
from app.blueprints.api.schemas.loans import (
    AcceptanceSchema,
    EligibilitySchema,
    KeyFactStatementSchema,
    LoanAnswerSchema,
    LoanPageSchema,
    NewLoanSchema,
    OfferAnswerSchema,
    PaymentAnswerSchema,
    RepaymentSchema,
)
from app.blueprints.api.schemas.savings import PageQuerySchema
from app.blueprints.documents import key_facts_pdf, key_facts_words
from app.blueprints.languages import in_language
from app.errors import DomainError
from app.extensions import limiter
from app.loans.book import Instalment
from app.services.loans import accepting, cancelling, decisions, loan, offers, repaying
from app.services.loans.decisions import Decision
from app.services.loans.loan import LoanView
from app.services.loans.offers import Offer
from app.services.loans.repaying import Payment
from app.transactions import run

blueprint = ApiBlueprint("loans", __name__, url_prefix="/api", description="Credit-builder loans")
JSON: Final = "application/json"
PDF: Final = "application/pdf"
_loan, _offer, _payment = LoanAnswerSchema(), OfferAnswerSchema(), PaymentAnswerSchema()
_STATEMENT: Final = {
    200: {
        "description": "The statement as it was offered, in the form that `Accept` asks for; JSON where it does not"
        " care. The PDF is in the saver's language. The entity tag is the statement's version.",
        "headers": {"ETag": {"schema": {"type": "string"}}},
        "content": {
            JSON: {"schema": KeyFactStatementSchema},
            PDF: {"schema": {"type": "string", "format": "binary"}},
        },
    },
    404: {
        "description": "The caller has no such loan.",
        "content": {problems.PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    },
    406: {
        "description": "Neither JSON nor PDF is acceptable (`not_acceptable`).",
        "content": {problems.PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    },
    429: {
        "description": "Too many PDFs within a minute.",
        "content": {problems.PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    },
}


@blueprint.route("/loan-eligibility/", methods=["GET"])
@access("saver")
@blueprint.response(200, EligibilitySchema)
def read_eligibility() -> dict[str, Any]:
    """Whether the saver may have a loan, by every check, and how large; the decision is kept."""
    return _decision(run(lambda: decisions.decide(caller(), at=clock.now())))


@blueprint.route("/loans/", methods=["POST"])
@blueprint.doc(parameters=[keys.PARAMETER])  # not of the path: its list takes none
@access("saver")
@blueprint.arguments(NewLoanSchema())
@blueprint.response(201, OfferAnswerSchema)
def offer_loan(values: dict[str, Any]) -> Response:
    """Offer a loan, with its key fact statement. Nothing moves until it is accepted."""
    claim = keys.claim("loan_offer", values)
    person, at = caller(), clock.now()
    # On its own, so that the decision is kept whatever comes of it.
    decision = run(lambda: decisions.decide(person, at=at))
    amount, months = values["amount"], values["tenure_months"]
    return keys.answer(
        run(lambda: offers.offer(person, amount, months, decision=decision, at=at, claim=claim, render=_offered))
    )


@blueprint.route("/loans/", methods=["GET"])
@access("saver")
@blueprint.arguments(PageQuerySchema(), location="query")
@blueprint.response(200, LoanPageSchema)
def list_loans(query: dict[str, Any]) -> dict[str, Any]:
    """The saver's loans and offers, newest first."""
    about = f"loans:{caller().id}"
    after = cursors.decode(query.get("cursor"), about=about)
    rows, position = run(lambda: loan.page(caller(), at=clock.now(), limit=query["limit"], after=after))
    return {"items": [_shown(row) for row in rows], "next_cursor": cursors.encode(position, about=about)}


@blueprint.route("/loans/<uuid:loan_id>/", methods=["GET"])
@access("saver")
@blueprint.response(200, LoanAnswerSchema)
def read_loan(loan_id: UUID) -> dict[str, Any]:
    """One loan with its schedule."""
    return {"loan": _shown(run(lambda: loan.read(caller(), loan_id, at=clock.now())))}


@blueprint.route("/loans/<uuid:loan_id>/statement/", methods=["GET"])
@access("saver")
@limiter.limit(
    lambda: current_app.config["RATELIMIT_STATEMENT"],
    key_func=lambda: str(caller().id),
    exempt_when=lambda: _form(request.accept_mimetypes) != PDF,
)
@blueprint.doc(responses=_STATEMENT)
def read_statement(loan_id: UUID) -> Response:
    """The key fact statement of a loan, as it was offered."""
    form = _form(request.accept_mimetypes)
    if form is None:
        return problems.response(406, "not_acceptable", f"A statement comes as {JSON} or {PDF}.")
    person = caller()
    stated = run(lambda: loan.statement(person, loan_id))
    if form == PDF:
        response = Response(key_facts_pdf.draw(stated, saver=person.name, zone=person.zone), mimetype=PDF)
        response.headers["Content-Disposition"] = f'attachment; filename="{key_facts_words.file_name(stated)}"'
    else:
        response = Response(orjson.dumps(stated), mimetype=JSON)
    response.set_etag(stated["version"])
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept")
    return response


@blueprint.route("/loans/<uuid:loan_id>/accept/", methods=["POST"], parameters=[keys.PARAMETER])
@access("saver")
@blueprint.arguments(AcceptanceSchema())
@blueprint.response(200, LoanAnswerSchema)
def accept_loan(values: dict[str, Any], loan_id: UUID) -> Response:
    """Accept an offer by the version of its statement. The money is lent and locked."""
    claim = keys.claim("loan_accept", values | {"loan_id": loan_id})
    person, at = caller(), clock.now()
    version, jar_id = values["version"], values["jar_id"]
    return keys.answer(
        run(
            lambda: accepting.accept(
                person, loan_id, version=version, jar_id=jar_id, at=at, claim=claim, render=_changed
            )
        )
    )


@blueprint.route("/loans/<uuid:loan_id>/repay/", methods=["POST"], parameters=[keys.PARAMETER])
@access("saver")
@blueprint.arguments(RepaymentSchema())
@blueprint.response(201, PaymentAnswerSchema)
def repay_loan(values: dict[str, Any], loan_id: UUID) -> Response:
    """Pay towards a loan, the oldest instalment first; what closing costs closes it and releases the money."""
    claim = keys.claim("loan_repay", values | {"loan_id": loan_id})
    person, at = caller(), clock.now()
    amount, jar_id = values["amount"], values["jar_id"]
    return keys.answer(
        run(lambda: repaying.repay(person, loan_id, amount, jar_id=jar_id, at=at, claim=claim, render=_paid))
    )


@blueprint.route("/loans/<uuid:loan_id>/cancel/", methods=["POST"], parameters=[keys.PARAMETER])
@access("saver")
@blueprint.response(200, LoanAnswerSchema)
def cancel_loan(loan_id: UUID) -> Response:
    """Decline an offer, or cancel an accepted loan within its cooling-off: all of it is undone at no cost."""
    claim = keys.claim("loan_cancel", {"loan_id": loan_id})
    person, at = caller(), clock.now()
    return keys.answer(run(lambda: cancelling.cancel(person, loan_id, at=at, claim=claim, render=_changed)))


def _decision(decision: Decision) -> dict[str, Any]:
    reasons = [reason | {"text": in_language(reason["text"])} for reason in decision.reasons]
    known = {name: getattr(decision, name) for name in decision.__slots__}
    return known | {
        "currency": current_app.config["CURRENCY"],
        "tenure_months": decision.tenure_months,
        "reasons": reasons,
        "next_steps": [in_language(step) for step in decision.next_steps],
    }


def _shown(view: LoanView) -> dict[str, Any]:
    row = view.loan
    closing, due = view.closing, view.next_due
    known = {name: getattr(row, name) for name in row.__slots__}
    return known | {
        "status": view.status,
        "currency": current_app.config["CURRENCY"],
        "locked": row.locked,
        "interest_rate": view.interest_rate,
        "apr": view.apr,
        "outstanding": view.outstanding,
        "closing_amount": None if closing is None else closing.total,
        "overdue": view.overdue,
        "days_overdue": view.days_overdue,
        "paid": view.paid,
        "next_due": None if due is None else {"due_date": due.due_on, "amount": due.open},
        "cancel_reason": view.cancel_reason,
        "schedule": [
            {
                "number": each.book.number,
                "due_date": each.book.due_on,
                "principal": each.book.principal,
                "interest": each.book.interest,
                "amount": each.book.total,
                "paid_amount": each.book.paid_principal + each.book.paid_interest,
                "late_charge": each.book.charge or 0,
                "late_charge_paid": each.book.paid_charge,
                "paid_at": each.paid_at,
                "status": _state(each.book, view),
            }
            for each in view.rows
        ],
    }


def _state(row: Instalment, view: LoanView) -> str:
    if row.paid_on is not None:
        return "paid"
    return "overdue" if view.loan.accepted_at is not None and row.due_on < view.today else "open"


def _offered(outcome: Offer | DomainError) -> tuple[int, bytes]:
    if isinstance(outcome, DomainError):
        return problems.rendered(outcome)
    return 201, orjson.dumps(_offer.dump({"loan": _shown(outcome.view), "statement": outcome.statement}))


def _changed(outcome: LoanView | DomainError) -> tuple[int, bytes]:
    if isinstance(outcome, DomainError):
        return problems.rendered(outcome)
    return 200, orjson.dumps(_loan.dump({"loan": _shown(outcome)}))


def _paid(outcome: Payment | DomainError) -> tuple[int, bytes]:
    if isinstance(outcome, DomainError):
        return problems.rendered(outcome)
    return 201, orjson.dumps(_payment.dump({"loan": _shown(outcome.view), "payment": outcome}))


def _form(accept: MIMEAccept) -> str | None:
    if not accept:
        return JSON
    return max((JSON, PDF), key=accept.quality) if accept.quality(JSON) or accept.quality(PDF) else None
