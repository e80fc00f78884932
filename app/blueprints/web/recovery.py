"""Links out of letters: a forgotten password, an address to be confirmed.

A link's token does not stay in the address: it moves into the browser's session, and the page that follows has none to
hand on, to a log, a history or another site. Only a form uses it up: programs that look through letters do not.
"""

from __future__ import annotations

from flask import Blueprint, current_app, make_response, redirect, render_template, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints import device_tokens
from app.blueprints.web import refusals
from app.blueprints.web.access import page_access, say
from app.blueprints.web.forms.security import BareForm, ForgotForm, ResetForm
from app.errors import DomainError
from app.extensions import limiter
from app.services.identity import email_check, password_change, proofs
from app.transactions import run

blueprint = Blueprint("web_recovery", __name__)
SAID = "identity/security_said.html"
RESET, EMAIL = "reset_token", "email_token"
LONGEST_TOKEN = 200
Page = str | tuple[str, int] | Redirect


@blueprint.route("/forgot", methods=["GET", "POST"])
@page_access("public")
@limiter.limit(lambda: current_app.config["RATELIMIT_FORGOT"], methods=["POST"])
def forgot() -> Page:
    """Have a link for a new password sent. The page says the same whether or not there is such an account."""
    form, status, sent = ForgotForm(), 200, False
    if form.is_submitted():
        sent = form.validate()
        status = 200 if sent else 422
        if sent:
            own = device_tokens.known_by(email=form.email.data) is not None
            run(lambda: password_change.forget(form.email.data or "", own=own))
    return render_template("identity/forgot.html", form=form, sent=sent), status


@blueprint.get("/reset/<token>")
@page_access("public")
def open_reset(token: str) -> Redirect:
    """Take the token of the letter's link out of the address."""
    return _taken(RESET, token, "web_recovery.reset")


@blueprint.route("/reset", methods=["GET", "POST"])
@page_access("public")
@limiter.limit(lambda: current_app.config["RATELIMIT_LOGIN"], methods=["POST"])
def reset() -> Page:
    """Choose a new password."""
    token = str(session.get(RESET, ""))
    if not run(lambda: proofs.usable("password", token)):
        return render_template("identity/link_over.html", what="password"), 410
    form, status = ResetForm(), 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                run(lambda: _reset(token, form.password.data or ""))
                session.clear()
                say("success", SAID, "password_reset")
                return redirect(url_for("web_identity.log_in"), 303)
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
    return render_template("identity/reset.html", form=form), status


@blueprint.get("/email/<token>")
@page_access("public")
def open_email(token: str) -> Redirect:
    """Take the token of the letter's link out of the address."""
    return _taken(EMAIL, token, "web_recovery.confirm_email")


@blueprint.route("/email", methods=["GET", "POST"])
@page_access("public")
@limiter.limit(lambda: current_app.config["RATELIMIT_LOGIN"], methods=["POST"])
def confirm_email() -> Page:
    """Confirm the address, by one button; works signed out too."""
    token = str(session.get(EMAIL, ""))
    if not run(lambda: proofs.usable("email", token)):
        return render_template("identity/link_over.html", what="email"), 410
    form, status = BareForm(), 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                run(lambda: email_check.verify(token, at=clock.now()))
                session.pop(EMAIL, None)
                say("success", SAID, "email_verified")
                signed_in = current_user.is_authenticated
                return redirect(url_for("web_security.overview" if signed_in else "web_identity.log_in"), 303)
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
    return render_template("identity/confirm_email.html", form=form), status


def _reset(token: str, new: str) -> None:
    # Whoever holds the letter is the owner: those who try the account shall not keep this browser out.
    device_tokens.remember(password_change.reset(token, new, at=clock.now()))


def _taken(name: str, token: str, endpoint: str) -> Redirect:
    session[name] = token[:LONGEST_TOKEN]
    answer = make_response(redirect(url_for(endpoint), 303))
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
