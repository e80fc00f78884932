"""What keeps an account its owner's: one page that says how it stands, and one for each thing that can be changed."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints import device_tokens
from app.blueprints.web import refusals
from app.blueprints.web.access import begin, caller, local_path, page_access, say
from app.blueprints.web.forms.security import ConfirmForm, EmailForm, PasswordForm, PhoneCodeForm, PhoneForm
from app.errors import DomainError
from app.extensions import limiter
from app.services.identity import (
    email_check,
    entering,
    external,
    password_change,
    phone_check,
    profile,
    sign_ins,
    slowing,
    two_factor,
)
from app.services.identity.principal import FRESH, Principal, principal
from app.transactions import run

blueprint = Blueprint("web_security", __name__)
SAID = "identity/security_said.html"
Page = str | tuple[str, int] | Redirect
codes_limit = limiter.shared_limit(lambda: current_app.config["RATELIMIT_CODES"], scope="codes", methods=["POST"])


@blueprint.get("/profile/security")
@page_access("saver")
def overview() -> str:
    """How the account stands, and the next step that makes it safer."""
    person = caller()
    user, open_ones = run(lambda: (profile.read(person.id), sign_ins.of(person.id, person.family_id)))
    left = run(lambda: two_factor.recovery_codes_left(person.id)) if person.two_factor else 0
    shown = {"user": user, "sign_ins": len(open_ones), "two_factor": person.two_factor, "codes_left": left}
    shown["providers"] = list(external.offered().values())
    codes_leave = phone_check.reaches(user.phone, person.language)
    return render_template("identity/security.html", codes_leave=codes_leave, **shown)


@blueprint.route("/profile/confirm", methods=["GET", "POST"])
@page_access("saver", without_two_factor=True)
def confirm() -> Page:
    """Show again who one is, before something that decides who gets into the account."""
    person, form, status = caller(), ConfirmForm(), 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                with slowing.guessing(slowing.at_a_question(person.family_id, "password")):
                    run(
                        lambda: entering.confirm(
                            person.id, person.family_id, form.password.data or "", form.otp.data, at=clock.now()
                        )
                    )
                return redirect(local_path(request.args.get("next")) or url_for(".overview"), 303)
            except DomainError as refusal:
                status = refusals.bind(form, refusal, field="otp" if refusal.code == "otp_required" else None)
    # Whoever has no password shows it by signing in once more.
    has_password, links = run(lambda: (password_change.has_one(person.id), external.links(person.id)))
    ways = {} if has_password else {one.provider: one.label for one in links if one.provider}
    shown = {"two_factor": person.two_factor, "has_password": has_password, "ways": ways}
    back = local_path(request.args.get("next")) or url_for(".overview")
    return render_template("identity/confirm.html", form=form, next=back, **shown), status


@blueprint.route("/profile/password", methods=["GET", "POST"])
@page_access("saver")
def password() -> Page:
    """Set a new password; every other browser and app is signed out."""
    person, form, status = caller(), PasswordForm(), 200
    if not run(lambda: password_change.has_one(person.id)):
        return render_template("identity/no_password.html", email=person.email)
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                with slowing.guessing(slowing.at_a_question(person.family_id, "password")):
                    begin(run(lambda: _with_new_password(person, form)))
                say("success", SAID, "password_changed")
                return redirect(url_for(".overview"), 303)
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
    return render_template("identity/password.html", form=form), status


@blueprint.post("/profile/password/letter")
@page_access("saver")
@codes_limit
def send_password_link() -> Redirect:
    """Have a letter with a link sent by which a password can be chosen, for whoever has none or forgot it."""
    try:
        run(lambda: password_change.send_link_to(caller().id))
        say("success", SAID, "link_sent", caller().email)
    except DomainError as refusal:
        _say_refusal(refusal)
    return redirect(url_for(".overview"), 303)


@blueprint.route("/profile/email", methods=["GET", "POST"])
@page_access("saver", fresh_within=FRESH)
@codes_limit
def email() -> Page:
    """Change the address."""
    person = caller()
    user = run(lambda: profile.read(person.id))
    form, status = EmailForm(obj=user), 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                run(lambda: profile.change(person.id, {"email": form.email.data}, at=clock.now(), proven=True))
                say("success", SAID, "email_changed", form.email.data)
                return redirect(url_for(".overview"), 303)
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
    return render_template("identity/email.html", form=form), status


@blueprint.post("/profile/email/link")
@page_access("saver")
@codes_limit
def send_link() -> Redirect:
    """Have the letter with the link sent once more."""
    try:
        run(lambda: email_check.send_link(caller().id))
        say("success", SAID, "link_sent", caller().email)
    except DomainError as refusal:
        _say_refusal(refusal)
    return redirect(url_for(".overview"), 303)


@blueprint.route("/profile/phone", methods=["GET", "POST"])
@page_access("saver", fresh_within=FRESH)
@codes_limit
def phone() -> Page:
    """Change the number; a code follows."""
    person = caller()
    user = run(lambda: profile.read(person.id))
    form, status = PhoneForm(obj=user), 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                run(lambda: profile.change(person.id, {"phone": form.phone.data}, at=clock.now(), proven=True))
                say("success", SAID, "phone_kept")
                return _to_the_code(person.id)
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
    return render_template("identity/phone.html", form=form), status


@blueprint.post("/profile/phone/code")
@page_access("saver")
@codes_limit
def send_code() -> Redirect:
    """Have a code sent to the number."""
    return _to_the_code(caller().id)


@blueprint.route("/profile/phone/check", methods=["GET", "POST"])
@page_access("saver")
def check_phone() -> Page:
    """Type the code in."""
    person, form, status = caller(), PhoneCodeForm(), 200
    if form.is_submitted():
        status = 422
        if form.validate():
            if run(lambda: phone_check.verify(person.id, form.code.data or "", at=clock.now())):
                say("success", SAID, "phone_verified")
                return redirect(url_for(".overview"), 303)
            status = refusals.bind(form, phone_check.code_invalid())
    user, on_the_screen, waits = run(
        lambda: (profile.read(person.id), phone_check.code_for_the_screen(person.id), phone_check.waits(person.id))
    )
    shown = {"user": user, "on_the_screen": on_the_screen, "waits": waits}
    return render_template("identity/phone_code.html", form=form, **shown), status


def _to_the_code(user_id: UUID) -> Redirect:
    try:
        run(lambda: phone_check.send_code(user_id))
    except DomainError as refusal:
        if refusal.code == "rate_limited":  # the code before may still count
            _say_refusal(refusal)
            return redirect(url_for(".check_phone"), 303)
        if refusal.code != "already_verified":
            _say_refusal(refusal)
        return redirect(url_for(".overview"), 303)
    return redirect(url_for(".check_phone"), 303)


def _with_new_password(person: Principal, form: PasswordForm) -> Principal:
    at = clock.now()
    password_change.change(person.id, form.current_password.data or "", form.new_password.data or "", at=at)
    family = entering.open_sign_in(person.id, kind="web", device=request.user_agent.string, at=at, known=False)
    device_tokens.remember(person.id)
    found = principal(family.family_id)
    assert found is not None  # its row has just been written
    return found


def _say_refusal(refusal: DomainError) -> None:
    say("info", SAID, "refused", refusal.code)
