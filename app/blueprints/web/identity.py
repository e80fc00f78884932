"""Sign-up, sign-in, sign-out and the profile."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints import device_tokens, languages
from app.blueprints.web import arrivals, half_way, refusals
from app.blueprints.web.access import begin, caller, local_path, page_access, say, stay
from app.blueprints.web.forms.identity import (
    CodeForm,
    LogInForm,
    ProfileForm,
    ProviderSignUpForm,
    SignUpForm,
    names_of,
)
from app.blueprints.web.navigation import home
from app.blueprints.web.opening import open_browser
from app.errors import DomainError
from app.extensions import limiter
from app.services.identity import email_check, entering, external, photos, sign_in, signup, slowing
from app.services.identity import profile as profiles
from app.services.identity.principal import Principal
from app.transactions import run

blueprint = Blueprint("web_identity", __name__)
SAID = "identity/said.html"
Page = str | tuple[str, int] | Redirect


def _is_known() -> bool:
    """Whether the form comes from a browser that the account it names knows."""
    return device_tokens.known_by(**names_of(request.form.get("login", ""))) is not None


@blueprint.route("/signup", methods=["GET", "POST"])
@page_access("public")
@limiter.limit(lambda: current_app.config["RATELIMIT_SIGNUP"], methods=["POST"])
def sign_up() -> Page:
    """Make an account and sign in."""
    if current_user.is_authenticated:
        return _home()
    arrived = arrivals.kept("sign_up")
    form, status = (SignUpForm() if arrived is None else ProviderSignUpForm(name=arrived.identity.name)), 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                begin(run(lambda: open_browser(_new_account(form, arrived), known=False)))
                say("success", SAID, "welcome", form.name.data)
                return redirect(local_path(request.args.get("next")) or url_for("web_first_run.begin"), 303)
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
    return render_template("identity/sign_up.html", form=form, arrived=arrived, providers=external.offered()), status


@blueprint.route("/login", methods=["GET", "POST"])
@page_access("public")
@limiter.limit(lambda: current_app.config["RATELIMIT_LOGIN"], methods=["POST"], exempt_when=_is_known)
def log_in() -> Page:
    """Sign in with an address or a number and the password; a code follows where two-factor sign-in is on."""
    if current_user.is_authenticated:
        return _home()
    form, status = LogInForm(), 200
    if form.is_submitted():
        status = 422
        if form.validate():
            names, password = form.names(), form.password.data or ""
            account, known = slowing.account_of(**names), device_tokens.known_by(**names)
            try:
                with slowing.guessing(slowing.at_sign_in(account, request.remote_addr, device=known)) as guess:
                    found = run(lambda: _entered(entering.by_password(**names, password=password)))
                    guess.half_way = isinstance(found, entering.HalfWay)
                if isinstance(found, entering.HalfWay):
                    half_way.keep(found, names)
                    return redirect(url_for(".log_in_code", next=local_path(request.args.get("next"))), 303)
                begin(found)
                return _home()
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
    return render_template("identity/log_in.html", form=form, providers=external.offered()), status


@blueprint.route("/login/code", methods=["GET", "POST"])
@page_access("public")
@limiter.limit(lambda: current_app.config["RATELIMIT_LOGIN"], methods=["POST"], exempt_when=half_way.is_known)
def log_in_code() -> Page:
    """The second step: a code of the authenticator app, or a recovery code."""
    if current_user.is_authenticated:
        return _home()
    waiting = half_way.kept()
    if waiting is None:
        return redirect(url_for(".log_in", next=local_path(request.args.get("next"))), 303)
    form, status = CodeForm(), 200
    if form.is_submitted():
        status = 422
        if form.validate():
            person, names = waiting
            account, known = slowing.account_of(**names), device_tokens.known_by(**names)
            try:
                with slowing.guessing(slowing.at_sign_in(account, request.remote_addr, device=known)):
                    begin(run(lambda: _by_code(person, form.otp.data or "")))
                return _home()
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
    return render_template("identity/log_in_code.html", form=form), status


@blueprint.post("/logout")
@page_access("saver", without_two_factor=True, agreed=False)
def log_out() -> Redirect:
    """End the sign-in of this browser."""
    family = caller().family_id
    run(lambda: sign_in.sign_out([family]))
    session.clear()
    say("success", SAID, "signed_out")
    return redirect(url_for("web_identity.log_in"), 303)


@blueprint.post("/stay")
@page_access("saver", without_two_factor=True)
def keep_signed_in() -> tuple[str, int]:
    """Let the sign-in of this browser live on; asked by a script, shortly before it ends."""
    stay()
    return "", 204


@blueprint.route("/profile", methods=["GET", "POST"])
@page_access("saver")
def profile() -> Page:
    """Read and change one's own data."""
    person, at = caller(), clock.now()
    user = run(lambda: profiles.read(person.id))
    zone = profiles.zone_in_force(user, at)
    pending = user.time_zone_from if user.time_zone_from and user.time_zone_from > at else None
    if pending:
        zone = user.time_zone_next or zone
    form, status = ProfileForm(obj=user), 200
    form.offer_zone(zone)
    shown = {"name": user.name, "since": user.created_at, "pending": pending and person.zone.date(pending)}
    shown |= {"photo": run(lambda: photos.held(person.id)), "kyc_status": user.kyc_status}
    shown["email_proven"] = user.email_verified_at is not None
    if not form.is_submitted():
        form.time_zone.data = zone
    else:
        status = 422
        if form.validate():
            values = {name: value for name, value in form.data.items() if name != "csrf_token"}
            try:
                run(lambda: profiles.change(person.id, values, at=at))
                languages.use(values["language"], keep=True)
                say("success", SAID, "profile_changed")
                return redirect(url_for("web_identity.profile"), 303)
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
    return render_template("identity/profile.html", form=form, **shown), status


def _new_account(form: SignUpForm | ProviderSignUpForm, arrived: arrivals.Arrival | None) -> UUID:
    name, phone, language, at = form.name.data or "", form.phone.data, languages.language(), clock.now()
    if arrived is not None:
        return external.sign_up(arrived.identity, name=name, phone=phone, language=language, at=at)
    email, password = form.data["email"] or "", form.data["password"] or ""
    user = signup.sign_up(name=name, email=email, phone=phone, password=password, language=language, at=at)
    email_check.send_link(user.id)
    return user.id


def _by_code(person: entering.HalfWay, otp: str) -> Principal:
    at = clock.now()
    user_id = entering.by_code(person, otp, at=at)
    arrived = arrivals.kept("code", user_id)
    if arrived is not None:
        external.linked(user_id, arrived.identity, at=at)
    return open_browser(user_id)


def _entered(found: UUID | entering.HalfWay) -> Principal | entering.HalfWay:
    return found if isinstance(found, entering.HalfWay) else open_browser(found)


def _home() -> Redirect:
    return redirect(local_path(request.args.get("next")) or home(), 303)
