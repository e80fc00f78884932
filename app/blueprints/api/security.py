"""Passwords, and the proof of addresses and numbers."""

from __future__ import annotations

from typing import Any

from flask import current_app, request

from app import clock
from app.blueprints import device_tokens
from app.blueprints.api import tokens
from app.blueprints.api.access import ApiBlueprint, access, caller
from app.blueprints.api.schemas.identity import SignedInSchema, UserAnswerSchema
from app.blueprints.api.schemas.security import (
    CodeSchema,
    CodeSentSchema,
    ForgotSchema,
    PasswordChangeSchema,
    ResetSchema,
    TokenSchema,
    VerifiedSchema,
)
from app.extensions import limiter
from app.services.identity import email_check, password_change, phone_check, profile, proofs, sign_in, slowing
from app.transactions import run

blueprint = ApiBlueprint("security", __name__, url_prefix="/api", description="Passwords, addresses and numbers")
codes_limit = limiter.shared_limit(lambda: current_app.config["RATELIMIT_CODES"], scope="codes")


@blueprint.route("/password/change/", methods=["POST"])
@access("saver")
@blueprint.arguments(PasswordChangeSchema())
@blueprint.response(200, SignedInSchema)
def change_password(values: dict[str, Any]) -> dict[str, Any]:
    """Set a new password. Every sign-in ends, this one too; the answer has the tokens of a new one."""
    person, at = caller(), clock.now()

    def work() -> dict[str, Any]:
        password_change.change(person.id, values["current_password"], values["new_password"], at=at)
        opened = sign_in.open_family(person.id, kind="api", device=request.user_agent.string)
        device_tokens.remember(person.id)
        return {"user": profile.read(person.id), **tokens.pair(opened)}

    with slowing.guessing(slowing.at_a_question(person.family_id, "password")):
        return run(work)


@blueprint.route("/password/forgot/", methods=["POST"])
@access("public")
@limiter.limit(lambda: current_app.config["RATELIMIT_FORGOT"])
@blueprint.arguments(ForgotSchema())
@blueprint.response(202)
def forgot_password(values: dict[str, Any]) -> dict[str, Any]:
    """Have a link for a new password sent to this address, if an account has it. The answer does not say whether.

    Send the `X-Device-Token` of the last sign-in's answer: letters that strangers ask for then use up none of yours.
    """
    own = device_tokens.known_by(email=values["email"]) is not None
    run(lambda: password_change.forget(values["email"], own=own))
    return {}


@blueprint.route("/password/reset/", methods=["POST"])
@access("public")
@limiter.limit(lambda: current_app.config["RATELIMIT_LOGIN"])
@blueprint.arguments(ResetSchema())
@blueprint.response(204)
def reset_password(values: dict[str, Any]) -> None:
    """Set a new password by the link of a letter. Every sign-in ends; sign in with the new one.

    Keep the answer's `X-Device-Token`: the account knows this device from now on.
    """
    run(lambda: device_tokens.remember(password_change.reset(values["token"], values["password"], at=clock.now())))


@blueprint.route("/email/send-link/", methods=["POST"])
@access("saver")
@codes_limit
@blueprint.response(202)
def send_email_link() -> dict[str, Any]:
    """Have a letter with a link sent to the saver's address once more; links before count no more."""
    run(lambda: email_check.send_link(caller().id))
    return {}


@blueprint.route("/email/verify/", methods=["POST"])
@access("public")
@limiter.limit(lambda: current_app.config["RATELIMIT_LOGIN"])
@blueprint.arguments(TokenSchema())
@blueprint.response(200, VerifiedSchema)
def verify_email(values: dict[str, Any]) -> dict[str, bool]:
    """Prove the address by the link of the letter, signed in or not."""
    run(lambda: email_check.verify(values["token"], at=clock.now()))
    return {"email_verified": True}


@blueprint.route("/phone/send-code/", methods=["POST"])
@access("saver")
@codes_limit
@blueprint.response(202, CodeSentSchema)
def send_phone_code() -> dict[str, int]:
    """Have six digits sent to the saver's number; codes before count no more."""
    run(lambda: phone_check.send_code(caller().id))
    return {"expires_in": int(proofs.PHONE.life.total_seconds()), "tries": proofs.PHONE.tries}


@blueprint.route("/phone/verify/", methods=["POST"])
@access("saver")
@blueprint.arguments(CodeSchema())
@blueprint.response(200, UserAnswerSchema)
def verify_phone(values: dict[str, Any]) -> dict[str, Any]:
    """Prove the number by the code that was sent to it."""
    person = caller()
    if not run(lambda: phone_check.verify(person.id, values["code"], at=clock.now())):
        raise phone_check.code_invalid()
    return {"user": run(lambda: profile.read(person.id))}
