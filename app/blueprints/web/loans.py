"""The saver's loans: who may have one, what is owed and paid, and the key facts of each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, render_template, request

from app import clock
from app.blueprints import cursors
from app.blueprints.documents import key_facts_pdf, key_facts_words
from app.blueprints.languages import in_language
from app.blueprints.web import eligibility
from app.blueprints.web.access import caller, page_access
from app.blueprints.web.loan_chart import chart
from app.extensions import limiter
from app.services.loans import decisions, loan, payments, standing
from app.services.loans.loan import LoanView
from app.transactions import run

blueprint = Blueprint("web_loans", __name__)
LOANS_ON_A_PAGE = 10


@blueprint.get("/loans", strict_slashes=False)
@page_access("saver")
def overview() -> str:
    """The open loan or offer, or whether there may be one; and earlier ones."""
    return shown()


@blueprint.get("/loans/<uuid:loan_id>")
@page_access("saver")
def read(loan_id: UUID) -> str:
    """One loan: how it stands, what is due, what was paid, and what it did for the score."""
    person, at = caller(), clock.now()

    def work() -> dict[str, Any]:
        view = loan.read(person, loan_id, at=at)
        paid = payments.made(person, loan_id) if view.loan.accepted_at else []
        effect = standing.effect(person.id, loan_id, at=at) if view.status == "repaid" else None
        return {"view": view, "paid": paid, "effect": effect}

    seen = run(work)
    return render_template("loans/loan.html", person=person, chart=chart(seen["view"], seen["paid"]), **seen)


@blueprint.get("/loans/<uuid:loan_id>/key-facts.pdf")
@page_access("saver")
@limiter.limit(lambda: current_app.config["RATELIMIT_STATEMENT"], key_func=lambda: str(caller().id))
def key_facts_as_pdf(loan_id: UUID) -> Response:
    """The statement to keep."""
    person = caller()
    stated = run(lambda: loan.statement(person, loan_id))
    response = Response(key_facts_pdf.draw(stated, saver=person.name, zone=person.zone), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{key_facts_words.file_name(stated)}"'
    return response


def shown(**more: Any) -> str:
    """The page of all loans, with ``more`` for its template."""
    person, at = caller(), clock.now()
    about = f"web:loans:{person.id}"
    after = cursors.decode(request.args.get("after"), about=about)

    def work() -> dict[str, Any]:
        rows, position = loan.page(person, at=at, limit=LOANS_ON_A_PAGE, after=after, past_offers=False)
        now = next((row for row in rows if row.open or row.status == "offered"), None) if after is None else None
        decision = None
        if after is None and (now is None or not now.open):
            decision = decisions.decide(person, at=at)
        return {"rows": rows, "position": position, "now": now, "decision": decision}

    seen = run(work)
    decision = seen["decision"]
    return render_template(
        "loans/overview.html",
        person=person,
        at=at,
        today=person.zone.date(at),
        now=seen["now"],
        earlier=[row for row in seen["rows"] if row is not seen["now"] and _counts(row)],
        older=cursors.encode(seen["position"], about=about),
        later_page=after is not None,
        decision=decision,
        asked=eligibility.asked(decision.checks) if decision else [],
        passed=[in_language(one["text"]) for one in decision.reasons if one["passed"]] if decision else [],
        **more,
    )


def _counts(row: LoanView) -> bool:
    """Whether it is told as an earlier loan: an offer that ran out is none, written or not."""
    return row.loan.accepted_at is not None
