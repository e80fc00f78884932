"""The second factor: set up with a picture for the app, recovery codes, and the way out."""

from __future__ import annotations

import segno
from flask import Blueprint, redirect, render_template, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints.web import refusals
from app.blueprints.web.access import caller, page_access, say
from app.blueprints.web.forms.security import AppCodeForm, PasswordAndCodeForm
from app.errors import DomainError
from app.services.identity import password_change, slowing, two_factor
from app.services.identity.principal import FRESH
from app.transactions import run

blueprint = Blueprint("web_two_factor", __name__, url_prefix="/profile/two-factor")
SAID = "identity/security_said.html"
Page = str | tuple[str, int] | Redirect


@blueprint.route("", methods=["GET", "POST"])
@page_access("saver", fresh_within=FRESH, without_two_factor=True)
def set_up() -> Page:
    """Set up an authenticator app; where one is, what can be done about it."""
    person = caller()
    if person.two_factor:
        left = run(lambda: two_factor.recovery_codes_left(person.id))
        return render_template("identity/two_factor.html", codes_left=left)
    form, status = AppCodeForm(), 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                with slowing.guessing(slowing.at_a_question(person.family_id, "code")):
                    codes = run(lambda: two_factor.confirm(person.id, form.code.data or "", at=clock.now()))
                # Not by way of another page: the codes stand nowhere but in this answer.
                return render_template("identity/recovery_codes.html", codes=codes, new=True)
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
    secret, uri = run(lambda: two_factor.begin(person.id))
    shown = {"picture": _picture(uri), "secret": secret, "uri": uri}
    return render_template("identity/two_factor_set_up.html", form=form, **shown), status


@blueprint.route("/codes", methods=["GET", "POST"])
@page_access("saver")
def codes() -> Page:
    """Ten new recovery codes, shown once."""
    if not caller().two_factor:
        return redirect(url_for(".set_up"), 303)
    person, form, status = caller(), PasswordAndCodeForm(), 200
    if not run(lambda: password_change.has_one(person.id)):
        return redirect(url_for("web_security.password"), 303)

    def work() -> list[str]:
        if not password_change.is_password_of(person.id, form.password.data or ""):
            raise password_change.wrong_password()
        return two_factor.new_recovery_codes(person.id, form.otp.data or "", at=clock.now())

    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                with slowing.guessing(slowing.at_a_question(person.family_id, "password")):
                    return render_template("identity/recovery_codes.html", codes=run(work), new=False)
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
    return render_template("identity/two_factor_change.html", form=form, what="codes"), status


@blueprint.route("/off", methods=["GET", "POST"])
@page_access("saver")
def switch_off() -> Page:
    """Switch it off, by the password and a code."""
    if not caller().two_factor:
        return redirect(url_for(".set_up"), 303)
    person, form, status = caller(), PasswordAndCodeForm(), 200
    if not run(lambda: password_change.has_one(person.id)):
        return redirect(url_for("web_security.password"), 303)

    def work() -> None:
        if not password_change.is_password_of(person.id, form.password.data or ""):
            raise password_change.wrong_password()
        two_factor.switch_off(person.id, form.otp.data or "", at=clock.now())

    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                with slowing.guessing(slowing.at_a_question(person.family_id, "password")):
                    run(work)
                say("success", SAID, "two_factor_off")
                return redirect(url_for("web_security.overview"), 303)
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
    return render_template("identity/two_factor_change.html", form=form, what="off"), status


def _picture(uri: str) -> Markup:
    """The QR code as SVG that needs no style of its own; always dark on light, as cameras want it."""
    drawn = segno.make(uri, error="m", micro=False).svg_inline(
        scale=1, border=4, dark="#000", light="#fff", svgclass="qr-code", lineclass=None, omitsize=True
    )
    return Markup(drawn)  # noqa: S704 (drawn here, of squares)
