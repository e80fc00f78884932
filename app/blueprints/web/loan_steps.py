"""What a saver does with a loan: agrees to it, pays it back, cancels it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, Response, current_app, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as Redirect

from app import clock, money
from app.blueprints.documents import key_facts_words
from app.blueprints.languages import in_language
from app.blueprints.web import refusals
from app.blueprints.web.access import caller, page_access, say
from app.blueprints.web.formats import typed_amount
from app.blueprints.web.forms.loans import OTHER, AcceptForm, KeyedForm, RepayForm, choices
from app.blueprints.web.loan_acts import SAID, act, drawn, worded
from app.blueprints.web.privacy import shown_money
from app.errors import DomainError
from app.services.identity.principal import Principal
from app.services.loans import accepting, cancelling, loan, repaying
from app.services.loans.loan import LoanView
from app.services.loans.repaying import Payment
from app.services.savings.jar import JarView
from app.services.savings.overview import overview
from app.transactions import run

blueprint = Blueprint("web_loan_steps", __name__)
# What is about the jar is said at its field, what is about the amount at that.
FIELDS: Final = {"insufficient_funds": "jar", "jar_closed": "jar", "more_than_owed": "amount"}


@blueprint.route("/loans/<uuid:loan_id>/key-facts", methods=["GET", "POST"])
@page_access("saver")
def key_facts(loan_id: UUID) -> Response | Redirect:
    """The key fact statement of a loan, and agreeing to it while it is offered."""
    person, at = caller(), clock.now()

    def work() -> tuple[LoanView, dict[str, Any], list[JarView]]:
        return loan.read(person, loan_id, at=at), loan.statement(person, loan_id), overview(person, at=at).jars

    view, stated, jars = run(work)
    form, status, refusal = AcceptForm(), 200, None
    form.jar.choices = choices([("", gettext("Into a new jar")), *((str(one.jar.id), one.jar.name) for one in jars)])
    if form.is_submitted():
        status = 422
        if form.validate():
            refusal = _accept(form, loan_id, at)
            if refusal is None:
                say("success", SAID, "accepted")
                return _to(loan_id)
            if refusal.code == "already_accepted":
                say("info", SAID, "as_it_is", in_language(refusal.message))
                return _to(loan_id)
            status = refusals.bind(form, worded(refusal))
    # Agreeing is to what stands on the page, whatever came with the form.
    form.version.data = stated["version"]
    return drawn(
        "loans/key_facts.html", form, status, refusal, person=person, view=view, stated=stated, words=key_facts_words
    )


@blueprint.route("/loans/<uuid:loan_id>/repay", methods=["GET", "POST"])
@page_access("saver")
def repay(loan_id: UUID) -> Response | Redirect:
    """Pay what is due, all of it, or another amount; from a jar or from outside."""
    person, at = caller(), clock.now()
    view, jars = _loan_and_jars(person, loan_id, at)
    if not view.open and request.method == "GET":
        return _to(loan_id)
    form, status, refusal = _repay_form(jars), 200, None
    proposed = _proposed(view)
    if not form.is_submitted():
        form.what.data = form.what.data or proposed[0][0]
        form.jar.data = form.jar.data or ""
    else:
        status = 422
        amount = _amount_of(form) if form.validate() else None
        if amount is not None:
            outcome = _pay(form, loan_id, amount, at)
            if not isinstance(outcome, DomainError):
                _say_paid(outcome)
                return _to(loan_id)
            refusal = outcome
            if outcome.code == "more_than_owed":
                form.what.data, form.amount.raw_data = OTHER, [typed_amount(amount)]
            status = refusals.bind(form, worded(outcome), field=FIELDS.get(outcome.code))
            view, _ = _loan_and_jars(person, loan_id, at)
            proposed = _proposed(view)
        if form.what.data not in {OTHER, *(typed for typed, _ in proposed)}:
            form.what.data = None
    return drawn("loans/repay.html", form, status, refusal, view=view, proposed=proposed, other=OTHER)


@blueprint.route("/loans/<uuid:loan_id>/cancel", methods=["GET", "POST"])
@page_access("saver")
def cancel(loan_id: UUID) -> Response | Redirect:
    """Decline an offer, or cancel a loan while there is time to think again."""
    person, at = caller(), clock.now()
    form, status, refusal = KeyedForm(), 200, None
    if form.is_submitted():
        status = 422
        if form.validate():
            outcome = act(
                form,
                "loan_cancel",
                [str(loan_id)],
                lambda claim, render: cancelling.cancel(person, loan_id, at=at, claim=claim, render=render),
                lambda view: {"taken": view.loan.accepted_at is not None},
            )
            if not isinstance(outcome, DomainError):
                say("success", SAID, "cancelled" if outcome["taken"] else "declined")
                return redirect(url_for("web_loans.overview"), 303)
            refusal = outcome
            status = refusals.bind(form, worded(outcome))
    view = run(lambda: loan.read(person, loan_id, at=at))
    if not form.is_submitted() and view.status not in {"offered", "accepted"}:
        return _to(loan_id)
    return drawn("loans/cancel.html", form, status, refusal, person=person, view=view)


def _accept(form: AcceptForm, loan_id: UUID, at: datetime) -> DomainError | None:
    """Agree to the version that the form carries; why it was not taken, if so."""
    version, jar_id = form.version.data or "", UUID(form.jar.data) if form.jar.data else None
    outcome = act(
        form,
        "loan_accept",
        [str(loan_id), version, str(jar_id)],
        lambda claim, render: accepting.accept(
            caller(), loan_id, version=version, jar_id=jar_id, at=at, claim=claim, render=render
        ),
        lambda _: {},
    )
    return outcome if isinstance(outcome, DomainError) else None


def _pay(form: RepayForm, loan_id: UUID, amount: int, at: datetime) -> dict[str, Any] | DomainError:
    jar_id = UUID(form.jar.data) if form.jar.data else None

    def facts(paid: Payment) -> dict[str, Any]:
        due = paid.view.next_due
        return {
            "amount": paid.amount,
            "charges": paid.split.charges,
            "ended": paid.view.status == "repaid",
            "kept": paid.view.loan.locked,
            "left": paid.view.closing.total if paid.view.closing else 0,
            "next": due.due_on.isoformat() if due else None,
            "badges": paid.badges_earned,
        }

    return act(
        form,
        "loan_repay",
        [str(loan_id), amount, str(jar_id)],
        lambda claim, render: repaying.repay(
            caller(), loan_id, amount, jar_id=jar_id, at=at, claim=claim, render=render
        ),
        facts,
    )


def _say_paid(facts: dict[str, Any]) -> None:
    facts["next"] = date.fromisoformat(facts["next"]) if facts["next"] else None
    say("success", SAID, "repaid" if facts["ended"] else "paid", facts)
    for code in facts["badges"]:
        say(f"badge {code}", "savings/said.html", "badge", code)


def _loan_and_jars(person: Principal, loan_id: UUID, at: datetime) -> tuple[LoanView, list[JarView]]:
    return run(lambda: (loan.read(person, loan_id, at=at), overview(person, at=at).jars))


def _repay_form(jars: list[JarView]) -> RepayForm:
    form = RepayForm()
    form.jar.choices = choices(
        [
            ("", gettext("From outside")),
            *(
                (str(one.jar.id), gettext("%(jar)s, holds %(held)s", jar=one.jar.name, held=_money(one)))
                for one in jars
                if one.jar.current_amount
            ),
        ]
    )
    # What was proposed when the form was shown is taken, also where something else is due by now.
    form.what.choices = []
    form.what.validate_choice = False
    return form


def _money(view: JarView) -> str:
    return shown_money(view.jar.current_amount)


def _proposed(view: LoanView) -> list[tuple[str, int]]:
    """Amounts to choose from, as they are typed and in minor units: what is asked for next, and all of it."""
    if view.closing is None:
        return []
    amounts = dict.fromkeys((view.asked, view.closing.total))
    return [(typed_amount(amount), amount) for amount in amounts]


def _amount_of(form: RepayForm) -> int | None:
    """Minor units; None where what was chosen is no amount, which then stands at its field."""
    if form.what.data == OTHER:
        return form.amount.data
    try:
        return money.parse_typed(form.what.data, maximum=current_app.config["MAX_AMOUNT_MINOR"])
    except ValueError as error:
        form.what.errors = [in_language(error.args[0])]
        return None


def _to(loan_id: UUID) -> Redirect:
    return redirect(url_for("web_loans.read", loan_id=loan_id), 303)
