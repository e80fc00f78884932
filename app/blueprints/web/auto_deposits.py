"""What is put into a jar by itself: setting it, skipping once, pausing, ending."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints.languages import in_language
from app.blueprints.web import refusals
from app.blueprints.web.access import caller, page_access, say
from app.blueprints.web.forms.auto_deposits import AutoDepositForm
from app.blueprints.web.forms.savings import CloseForm
from app.errors import DomainError, NotFound
from app.services.savings import auto_deposits, jars
from app.services.savings.jar import JarView
from app.transactions import run

blueprint = Blueprint("web_auto_deposits", __name__)
SAID = "savings/said.html"
Page = str | tuple[str, int] | Redirect


@blueprint.route("/jars/<uuid:jar_id>/auto-deposit", methods=["GET", "POST"])
@page_access("saver")
def edit(jar_id: UUID) -> Page:
    """Set what is put into the jar by itself, or change it."""
    person, at = caller(), clock.now()
    view = run(lambda: jars.read(person, jar_id, at=at))
    if view.jar.status != "active":
        return _to(jar_id)
    now = view.jar.auto_deposit
    form, status = AutoDepositForm(data=now or {"amount": view.jar.installment_amount, "day": 1}), 200
    form.fit(view.jar.plan_type)
    if form.is_submitted():
        status = 422
        if form.validate():
            amount, day = form.amount.data, form.day.data if form.day else None
            assert amount is not None  # the form asks for it
            try:
                paused = bool(now and now.get("paused"))
                run(lambda: auto_deposits.put(person, jar_id, amount=amount, day=day, paused=paused, at=at))
                say("success", SAID, "auto_deposit_set", view.jar.name)
                return _to(jar_id)
            except NotFound:
                raise
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
    return render_template("savings/auto_deposit.html", form=form, view=view, now=now, end=CloseForm()), status


@blueprint.post("/jars/<uuid:jar_id>/auto-deposit/skip")
@page_access("saver")
def skip(jar_id: UUID) -> Redirect:
    """Leave out the next one, once."""
    return _step(jar_id, lambda: auto_deposits.skip(caller(), jar_id, at=clock.now()), "auto_deposit_skipped")


@blueprint.post("/jars/<uuid:jar_id>/auto-deposit/pause")
@page_access("saver")
def pause(jar_id: UUID) -> Redirect:
    """Put nothing in until it goes on."""
    at = clock.now()
    return _step(jar_id, lambda: auto_deposits.pause(caller(), jar_id, paused=True, at=at), "auto_deposit_paused")


@blueprint.post("/jars/<uuid:jar_id>/auto-deposit/resume")
@page_access("saver")
def resume(jar_id: UUID) -> Redirect:
    """Go on after a pause."""
    at = clock.now()
    return _step(jar_id, lambda: auto_deposits.pause(caller(), jar_id, paused=False, at=at), "auto_deposit_resumed")


@blueprint.post("/jars/<uuid:jar_id>/auto-deposit/end")
@page_access("saver")
def end(jar_id: UUID) -> Redirect:
    """Put nothing in any more."""
    return _step(jar_id, lambda: auto_deposits.end(caller(), jar_id, at=clock.now()), "auto_deposit_ended")


def _step(jar_id: UUID, use_case: Callable[[], JarView], said: str) -> Redirect:
    try:
        view = run(use_case)
        say("success", SAID, said, view.jar.name)
    except NotFound:
        raise
    except DomainError as refusal:
        say("info", SAID, "as_it_is", in_language(refusal.message))
    return _to(jar_id)


def _to(jar_id: UUID) -> Redirect:
    return redirect(url_for("web_savings.jar", jar_id=jar_id), 303)
