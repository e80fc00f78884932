"""What is put into a jar by itself: setting it, skipping once, pausing, ending."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints.languages import in_language
from app.blueprints.web import refusals, undo
from app.blueprints.web.access import caller, page_access, say
from app.blueprints.web.forms.auto_deposits import AutoDepositForm
from app.blueprints.web.forms.savings import CloseForm
from app.errors import DomainError, NotFound
from app.services.identity.principal import Principal
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
    person, at = caller(), clock.now()

    def work() -> tuple[str, str]:
        view = auto_deposits.skip(person, jar_id, at=at)
        left_out = auto_deposits.read(person, view, at=at)
        assert left_out is not None  # it was skipped just now
        assert left_out.skipped_on is not None
        return view.jar.name, undo.offer("skip", jar=str(jar_id), due=left_out.skipped_on.isoformat())

    return _step(jar_id, work, "auto_deposit_skipped")


@blueprint.post("/jars/<uuid:jar_id>/auto-deposit/pause")
@page_access("saver")
def pause(jar_id: UUID) -> Redirect:
    """Put nothing in until it goes on."""
    return _change(jar_id, lambda person, at: auto_deposits.pause(person, jar_id, paused=True, at=at), "paused")


@blueprint.post("/jars/<uuid:jar_id>/auto-deposit/resume")
@page_access("saver")
def resume(jar_id: UUID) -> Redirect:
    """Go on after a pause."""
    return _change(jar_id, lambda person, at: auto_deposits.pause(person, jar_id, paused=False, at=at), "resumed")


@blueprint.post("/jars/<uuid:jar_id>/auto-deposit/end")
@page_access("saver")
def end(jar_id: UUID) -> Redirect:
    """Put nothing in any more."""
    return _change(jar_id, lambda person, at: auto_deposits.end(person, jar_id, at=at), "ended")


def _change(jar_id: UUID, use_case: Callable[[Principal, datetime], JarView], said: str) -> Redirect:
    """Do it, and offer the instruction as it stood before."""
    person, at = caller(), clock.now()

    def work() -> tuple[str, str]:
        before = jars.read(person, jar_id, at=at).jar.auto_deposit
        jar = use_case(person, at).jar
        if before is None:
            return jar.name, "success"
        stood = {"amount": before["amount"], "day": before.get("day"), "paused": bool(before.get("paused"))}
        return jar.name, undo.offer("instruction", jar=str(jar_id), left=jar.auto_deposit, **stood)

    return _step(jar_id, work, f"auto_deposit_{said}")


def _step(jar_id: UUID, work: Callable[[], tuple[str, str]], said: str) -> Redirect:
    """Do ``work``, which names the jar and the kind of the message."""
    try:
        name, category = run(work)
        say(category, SAID, said, name)
    except NotFound:
        raise
    except DomainError as refusal:
        say("info", SAID, "as_it_is", in_language(refusal.message))
    return _to(jar_id)


def _to(jar_id: UUID) -> Redirect:
    return redirect(url_for("web_savings.jar", jar_id=jar_id), 303)
