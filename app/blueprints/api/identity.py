"""Sign-up, sign-in, tokens and the profile."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import current_app, request
from flask_jwt_extended import decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError

from app import clock
from app.blueprints import device_tokens, languages
from app.blueprints.api import tokens
from app.blueprints.api.access import ApiBlueprint, access, caller, claims
from app.blueprints.api.body import BodyError, load_json
from app.blueprints.api.schemas.identity import (
    LoginSchema,
    LogoutSchema,
    ProfileSchema,
    SignedInSchema,
    SignupSchema,
    UserAnswerSchema,
    WholeProfileSchema,
)
from app.errors import DomainError
from app.extensions import limiter
from app.services.identity import consents, email_check, entering, profile, sign_in, signup, slowing
from app.services.identity.principal import FRESH
from app.transactions import run

blueprint = ApiBlueprint("identity", __name__, url_prefix="/api", description="Accounts and sign-in")
# A changed address is sent a letter, whoever's it is. The rest of a profile is changed as often as anybody likes.
changes_limit = limiter.shared_limit(
    lambda: current_app.config["RATELIMIT_CODES"],
    scope="profile",
    key_func=lambda: str(caller().id),
    exempt_when=lambda: not (_named().keys() & {"email", "phone"}),
)


def _is_known() -> bool:
    """Whether the request comes from a device that the account it names knows."""
    names = {name: value for name, value in _named().items() if name in {"email", "phone"} and isinstance(value, str)}
    return len(names) == 1 and device_tokens.known_by(**names) is not None


def _named() -> dict[str, Any]:
    """The members of the body, before it is looked at any closer; none where it is no object."""
    try:
        named = load_json(request)
    except BodyError:
        return {}
    return named if isinstance(named, dict) else {}


@blueprint.route("/signup/", methods=["POST"])
@access("public")
@limiter.limit(lambda: current_app.config["RATELIMIT_SIGNUP"])
@blueprint.arguments(SignupSchema())
@blueprint.response(201, SignedInSchema)
def create_account(values: dict[str, Any]) -> dict[str, Any]:
    """Make an account and sign in. Whoever does so agrees to the terms that count, and has read the privacy notice:
    the client shows both (`/terms`, `/privacy`) before it sends this, and it is kept with their versions.
    """

    def work() -> dict[str, Any]:
        user = signup.sign_up(**values, language=languages.language(), how=consents.API, at=clock.now())
        opened = sign_in.open_family(user.id, kind="api", device=request.user_agent.string)
        email_check.send_link(user.id)
        device_tokens.remember(user.id)
        return {"user": user, **tokens.pair(opened)}

    return run(work)


@blueprint.route("/login/", methods=["POST"])
@access("public")
@limiter.limit(lambda: current_app.config["RATELIMIT_LOGIN"], exempt_when=_is_known)
@blueprint.arguments(LoginSchema())
@blueprint.response(200, SignedInSchema)
def log_in(values: dict[str, Any]) -> dict[str, Any]:
    """Sign in with an address or a number and the password, and `otp` where two-factor sign-in is on.

    Without `otp` the answer is then 401 `otp_required`. Send the `X-Device-Token` of the last sign-in's answer: a
    device that the account knows is not slowed by what strangers try.
    """
    otp = values.pop("otp", None)
    names = {name: values[name] for name in ("email", "phone") if name in values}
    known = device_tokens.known_by(**names)

    def work() -> dict[str, Any]:
        found = entering.by_password(**values)
        if isinstance(found, entering.HalfWay):
            if otp is None:
                raise entering.otp_required()
            found = entering.by_code(found, otp, at=clock.now())
        agent, token = request.user_agent.string, device_tokens.presented()
        opened = entering.open_sign_in(found, kind="api", device=agent, token=token, at=clock.now())
        device_tokens.remember(found)
        return {"user": profile.read(found), **tokens.pair(opened)}

    with slowing.guessing(slowing.at_sign_in(slowing.account_of(**names), request.remote_addr, device=known)):
        return run(work)


@blueprint.route("/token/refresh/", methods=["POST"])
@access("refresh")
@blueprint.response(200, SignedInSchema)
def refresh_tokens() -> dict[str, Any]:
    """Spend the refresh token (sent as bearer) and receive a new pair."""
    person, jti = caller(), UUID(claims()["jti"])

    def work() -> dict[str, Any] | None:
        successor = sign_in.rotate(person.family_id, person.id, jti)
        return {"user": profile.read(person.id), **tokens.pair(successor)} if successor else None

    answer = run(work)
    if answer is None:
        raise DomainError("token_reused", "This refresh token was used before. Everyone who held it is signed out.")
    return answer


@blueprint.route("/logout/", methods=["POST"])
@access("saver")
@blueprint.arguments(LogoutSchema(), required=False)
@blueprint.response(204)
def log_out(values: dict[str, Any]) -> None:
    """End this sign-in: its access and refresh token are refused from now on."""
    person = caller()
    families = [person.family_id]
    other = _family_of(values.get("refresh_token"), person.id)
    if other is not None and other not in families:
        families.append(other)
    run(lambda: sign_in.sign_out(families))


@blueprint.route("/profile/", methods=["GET"])
@access("saver")
@blueprint.response(200, UserAnswerSchema)
def read_profile() -> dict[str, Any]:
    """Who is signed in."""
    return {"user": run(lambda: profile.read(caller().id))}


@blueprint.route("/profile/", methods=["PUT"])
@access("saver")
@changes_limit
@blueprint.arguments(WholeProfileSchema())
@blueprint.response(200, UserAnswerSchema)
def put_profile(values: dict[str, Any]) -> dict[str, Any]:
    """Set the profile; what is optional and left out stays as it is.

    Another address or number needs a sign-in of the last 15 minutes, else 403 `fresh_sign_in_required`.
    """
    return _changed(values)


@blueprint.route("/profile/", methods=["PATCH"])
@access("saver")
@changes_limit
@blueprint.arguments(ProfileSchema())
@blueprint.response(200, UserAnswerSchema)
def patch_profile(values: dict[str, Any]) -> dict[str, Any]:
    """Set the given fields of the profile.

    Another address or number needs a sign-in of the last 15 minutes, else 403 `fresh_sign_in_required`.
    """
    return _changed(values)


def _changed(values: dict[str, Any]) -> dict[str, Any]:
    person = caller()
    return {"user": run(lambda: profile.change(person.id, values, at=clock.now(), proven=person.is_fresh(FRESH)))}


def _family_of(refresh_token: str | None, user_id: UUID) -> UUID | None:
    """The sign-in of a refresh token of this person; None for anything else, which is then left alone."""
    if refresh_token is None:
        return None
    try:
        held = decode_token(refresh_token, allow_expired=True)
        return UUID(held["sid"]) if held["sub"] == str(user_id) and held["type"] == "refresh" else None
    except (PyJWTError, JWTExtendedException, ValueError, KeyError, TypeError):
        return None


__all__ = ["blueprint"]
