"""Bearer tokens at the edge: minted and checked by Flask-JWT-Extended, every refusal a 401 with its code."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from flask import current_app, request
from flask_jwt_extended import create_access_token, create_refresh_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import ExpiredSignatureError, PyJWTError

from app.connections import read_uuid
from app.errors import DomainError
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


def bearer(kind: Literal["access", "refresh"]) -> tuple[Principal, dict[str, Any]]:
    """Who sent the request's bearer token, and its claims.

    Raises DomainError ``unauthenticated`` without one, ``token_invalid`` for one that is not ours or of the other kind,
    ``token_expired``, and ``token_revoked`` where the sign-in has ended.
    """
    # The name of a scheme is the same in any case (RFC 9110, 11.1).
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise DomainError("unauthenticated", "Sign in first: this call needs an access token.")
    try:
        claims = decode_token(token)
        if any(claims.get(name) is None for name in NAMED_CLAIMS) or claims["type"] != kind:
            raise ValueError("not a whole token of this kind")
        family_id, user_id, _ = read_uuid(claims["sid"]), read_uuid(claims["sub"]), UUID(claims["jti"])
    except ExpiredSignatureError as error:
        raise DomainError("token_expired", "This token has expired; refresh it.") from error
    except (PyJWTError, JWTExtendedException, ValueError, TypeError, AttributeError) as error:
        raise DomainError("token_invalid", "This token is not one of ours, or not for this call.") from error
    # A flood of ended refresh tokens costs no query and no lock.
    ended = kind == "refresh" and revocations.known(family_id)
    person = None if ended else principal(family_id, user_id)
    if person is None:
        raise DomainError("token_revoked", "This sign-in has ended; sign in again.")
    bind_user(person.id)
    return person, claims
