"""Choosing a loan: an amount and a time, what they cost, and the offer that comes of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints.web import loans, refusals
from app.blueprints.web.access import caller, page_access
from app.blueprints.web.formats import in_words
from app.blueprints.web.forms.loans import ChoiceForm, choices
from app.errors import DomainError, Invalid, Unavailable
from app.services.loans import decisions, loan, offers, quotes
from app.services.loans.decisions import Decision
from app.services.loans.offers import Offer
from app.services.loans.quotes import Quote
from app.transactions import run

blueprint = Blueprint("web_loan_choice", __name__)


@blueprint.route("/loans/new", methods=["GET", "POST"])
@page_access("saver")
def choose() -> Redirect | tuple[str, int]:
    """How much and for how long, with what it costs; then an offer with its key facts."""
    person, at = caller(), clock.now()
    decision = run(lambda: decisions.decide(person, at=at))
    if not decision.eligible:
        # What stands in the way is said on the page of all loans.
        if request.method == "GET":
            return redirect(url_for("web_loans.overview"), 303)
        return loans.shown(refused=True), 409
    form, status = _form(decision), 200
    if not form.is_submitted():
        _begin(form, decision)
    elif not form.validate():
        status = 422
    elif "offer" in request.form:
        outcome = _offer(form, decision, at)
        if not isinstance(outcome, DomainError):
            return redirect(url_for("web_loan_steps.key_facts", loan_id=outcome), 303)
        status = refusals.bind(form, outcome, field="amount")
    found = _quote(form, decision)
    if form.errors and status == 200 and form.is_submitted():
        status = 422
    return render_template("loans/choose.html", form=form, decision=decision, quote=found, said=_said(form)), status


@blueprint.get("/loans/new/figures")
@page_access("saver")
def figures() -> str:
    """What an amount over some months costs: the part of the page that says so, asked by its script."""
    person = caller()
    decision = run(lambda: decisions.decide(person, at=clock.now()))
    form = _form(decision, formdata=request.args, meta={"csrf": False})
    for field in (form.amount, form.months):
        field.validate(form)
    found = _quote(form, decision)
    return render_template("loans/figures.html", quote=found, said=_said(form))


def _form(decision: Decision, **options: object) -> ChoiceForm:
    form = ChoiceForm(**options)
    form.months.choices = choices([(option.months, "") for option in decision.options])
    return form


def _begin(form: ChoiceForm, decision: Decision) -> None:
    amount, months = quotes.first_choice(decision)
    if form.amount.data is None and not form.amount.raw_data:
        form.amount.data = amount
    if form.months.data is None:
        form.months.data = months


def _quote(form: ChoiceForm, decision: Decision) -> Quote | None:
    """The figures of what was chosen; None where it is nothing that there is, which then stands at its field."""
    amount, months = form.amount.data, form.months.data
    if amount is None or months is None or form.amount.errors or form.months.errors:
        return None
    try:
        return quotes.quote(decision, amount, months)
    except Invalid as wrong:
        refusals.bind(form, wrong)
        return None


def _offer(form: ChoiceForm, decision: Decision, at: datetime) -> UUID | DomainError:
    """The offer of what was chosen: the one that stands, where it is the same; or why there is none."""
    person, amount, months = caller(), form.amount.data, form.months.data
    assert amount is not None  # the form asks for it
    made: list[Offer] = []

    def keep(offer: Offer) -> tuple[int, bytes]:
        made.append(offer)
        return 303, b""

    def work() -> UUID:
        for newest in loan.page(person, at=at, limit=1)[0]:
            terms = (newest.loan.amount, newest.loan.tenure_months, newest.loan.loan_policy_version)
            if newest.status == "offered" and terms == (amount, months, decision.loan_policy_version):
                return newest.loan.id
        offers.offer(person, amount, months, decision=decision, at=at, claim=None, render=keep)
        return made[-1].view.loan.id

    try:
        return run(work)
    except Unavailable:
        raise
    except DomainError as refusal:
        if refusal.code != "not_eligible":
            return refusal
        most = in_words(quotes.most_over(decision, months))
        said = gettext("Over %(months)s months you can have up to %(most)s.", months=months, most=most)
        return DomainError(refusal.code, said)


def _said(form: ChoiceForm) -> list[str]:
    return [*form.amount.errors, *form.months.errors]
