"""Whom a saver names to receive the savings after them."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints.web import refusals
from app.blueprints.web.access import caller, page_access, say
from app.blueprints.web.forms.my_data import NomineeForm
from app.errors import DomainError, NotFound
from app.services.identity import nominees
from app.services.identity.nominees import Nominee
from app.transactions import run

blueprint = Blueprint("web_nominee", __name__)
Page = str | tuple[str, int] | Redirect


@blueprint.route("/profile/nominee", methods=["GET", "POST"])
@page_access("saver")
def nominee() -> Page:
    """Name somebody, or change who is named."""
    person, held = caller(), _held()
    form, status = NomineeForm(obj=held), 200
    if form.is_submitted():
        status = 422
        if form.validate():
            values = {name: value for name, value in form.data.items() if name != "csrf_token"}
            try:
                run(lambda: nominees.name(person, values, at=clock.now()))
                say("success", "identity/said.html", "nominee_named")
                return redirect(url_for(".nominee"), 303)
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
    return render_template("identity/nominee.html", form=form, held=held), status


@blueprint.post("/profile/nominee/remove")
@page_access("saver")
def remove() -> Redirect:
    """Take the nominee back."""
    person = caller()
    if _held() is not None:
        run(lambda: nominees.remove(person, at=clock.now()))
        say("success", "identity/said.html", "nominee_removed")
    return redirect(url_for(".nominee"), 303)


def _held() -> Nominee | None:
    try:
        return run(lambda: nominees.read(caller().id))
    except NotFound:
        return None
