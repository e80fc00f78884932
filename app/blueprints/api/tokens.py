"""Bearer tokens at the edge: minted and checked by Flask-JWT-Extended, every refusal a 401 with its code."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response, current_app
from flask_jwt_extended import create_access_token, create_refresh_token

from app.blueprints.api import problems
from app.extensions import jwt
from app.observability import bind_user
from app.services.identity import revocations
from app.services.identity.principal import Principal, principal
from app.services.identity.sign_in import SignIn

NAMED_CLAIMS = ("exp", "iat", "jti", "sub", "sid", "type", "aud", "iss")


def pair(sign_in: SignIn) -> dict[str, Any]:
    """Access and refresh token of a sign-in. The refresh token is the same text each time it is written."""
    life: timedelta = current_app.config["JWT_REFRESH_TOKEN_EXPIRES"]
    identity, family = str(sign_in.user_id), str(sign_in.family_id)
    refresh = create_refresh_token(
        identity,
        additional_claims={
            "sid": family,
            "jti": str(sign_in.jti),
            "iat": sign_in.issued_at,
            "nbf": sign_in.issued_at,
            "exp": sign_in.issued_at + int(life.total_seconds()),
        },
    )
    access: timedelta = current_app.config["JWT_ACCESS_TOKEN_EXPIRES"]
    return {
        "access_token": create_access_token(identity, additional_claims={"sid": family}),
        "refresh_token": refresh,
        "token_type": "Bearer",
        "expires_in": int(access.total_seconds()),
    }


def _refuse(code: str, detail: str) -> Response:
    return problems.response(401, code, detail)


@jwt.token_verification_loader
def _complete(_header: dict[str, Any], claims: dict[str, Any]) -> bool:
    if any(claims.get(name) is None for name in NAMED_CLAIMS) or claims["type"] not in {"access", "refresh"}:
        return False
    try:
        UUID(claims["sub"])
        UUID(claims["sid"])
        UUID(claims["jti"])
    except (ValueError, AttributeError, TypeError):
        return False
    return True


@jwt.user_lookup_loader
def _load(_header: dict[str, Any], claims: dict[str, Any]) -> Principal | None:
    family_id = UUID(claims["sid"])
    if claims["type"] == "refresh" and revocations.known(family_id):
        return None
    caller = principal(family_id, UUID(claims["sub"]))
    if caller is not None:
        bind_user(caller.id)
    return caller


@jwt.unauthorized_loader
def _absent(_reason: str) -> Response:
    return _refuse("unauthenticated", "Sign in first: this call needs an access token.")


@jwt.invalid_token_loader
def _invalid(_reason: str) -> Response:
    return _refuse("token_invalid", "This token is not one of ours, or not for this call.")


@jwt.token_verification_failed_loader
def _incomplete(_header: dict[str, Any], _claims: dict[str, Any]) -> Response:
    return _refuse("token_invalid", "This token is not one of ours, or not for this call.")


@jwt.expired_token_loader
def _expired(_header: dict[str, Any], _claims: dict[str, Any]) -> Response:
    return _refuse("token_expired", "This token has expired; refresh it.")


@jwt.user_lookup_error_loader
def _ended(_header: dict[str, Any], _claims: dict[str, Any]) -> Response:
    return _refuse("token_revoked", "This sign-in has ended; sign in again.")
