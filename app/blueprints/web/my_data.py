"""What is held about a saver: have it, choose what it is used for, close the account."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, redirect, render_template, request, session, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints.documents import own_data
from app.blueprints.languages import in_language
from app.blueprints.web import refusals
from app.blueprints.web.access import caller, page_access, say
from app.blueprints.web.forms.my_data import ErasureForm
from app.errors import DomainError
from app.extensions import limiter
from app.services.identity import consents, password_change
from app.services.ops.privacy import erasure, export
from app.transactions import run

blueprint = Blueprint("web_my_data", __name__)
Page = str | tuple[str, int] | Redirect


def _self() -> str:
    return str(caller().id)


@blueprint.route("/profile/data", methods=["GET", "POST"])
@page_access("saver", agreed=False)
def my_data() -> Page:
    """What is held, the file of it, and the choices; each of those is a switch that begins as off."""
    person, at = caller(), clock.now()
    if request.method == "POST":
        on = set(request.form.getlist("on"))
        said = {choice: choice in on for choice in consents.CHOICES}
        run(lambda: consents.say(person.id, said, how=consents.PROFILE, at=at, actor=person.role))
        say("success", "identity/said.html", "choices_changed")
        return redirect(url_for(".my_data"), 303)
    held = {one.purpose: one for one in run(lambda: consents.standing(person.id, at=at))}
    return render_template("identity/my_data.html", form=FlaskForm(), held=held, person=person, today=person.today(at))


@blueprint.post("/profile/data/file")
@page_access("saver", agreed=False)
@limiter.limit(lambda: current_app.config["RATELIMIT_EXPORT"], key_func=_self)
def download() -> Response:
    """Everything that is held, as a file."""
    person, at = caller(), clock.now()
    return own_data.answer(export.export(person.id, person.role, at=at), at=at)


@blueprint.route("/profile/erase", methods=["GET", "POST"])
@page_access("saver", agreed=False)
@limiter.limit(lambda: current_app.config["RATELIMIT_ERASURE"], key_func=_self, methods=["POST"])
def erase() -> Page:
    """Close the account and erase what is personal, with the password."""
    person, form, status = caller(), ErasureForm(), 200
    if not run(lambda: password_change.has_one(person.id)):
        return redirect(url_for("web_security.password"), 303)
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                run(lambda: erasure.erase(person, form.password.data or "", at=clock.now()))
                session.clear()
                say("success", "identity/said.html", "erased")
                return redirect(url_for("web_landing.landing"), 303)
            except DomainError as refusal:
                wrong = refusal.code == "invalid_credentials"
                if wrong:
                    refusal = DomainError(refusal.code, erasure.WRONG_PASSWORD)
                status = refusals.bind(form, refusal, field="password" if wrong else None)
    open_ = run(lambda: erasure.what_is_open(person.id))
    said = {"open": open_ and in_language(open_.message), "code": open_ and open_.code}
    return render_template("identity/erase.html", form=form, **said), status
