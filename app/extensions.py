"""The unbound extensions. The factory binds them to one application; everything else imports them from here."""

from __future__ import annotations

import time
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from celery import Celery
from flask import current_app
from flask_babel import Babel
from flask_caching import Cache
from flask_jwt_extended import JWTManager
from flask_jwt_extended.exceptions import JWTDecodeError
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_smorest import Api
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from jwt import decode
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from app.connections import Session


class Base(DeclarativeBase):
    """Every table; constraints get names by one rule, so that a migration and a refusal can name them."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
        }
    )


class ProblemApi(Api):
    """smorest without its own error answers: ours are problem+json (app/blueprints/api/problems.py)."""

    def _register_error_handlers(self) -> None:
        pass


class RememberingJWTManager(JWTManager):
    """Checks the signature of a token once in each process; that it has not expired, each time.

    Checking it (four passes over the token) costs more than the rest of an access decision. What is remembered is the
    whole token, so a changed one is a stranger; whether the sign-in still stands is asked of the database each time.
    """

    most = 10_000

    def __init__(self) -> None:
        super().__init__()
        self._verified: dict[tuple[str, str], dict[str, Any]] = {}

    def _decode_jwt_from_config(
        self, encoded_token: str, csrf_value: Any = None, allow_expired: bool = False
    ) -> dict[str, Any]:
        key = (current_app.config["JWT_SECRET_KEY"], encoded_token)
        claims = self._verified.get(key)
        if claims is not None and claims["exp"] > time.time() and csrf_value is None:
            return dict(claims)
        claims = super()._decode_jwt_from_config(encoded_token, csrf_value, allow_expired)
        if "type" not in decode(encoded_token, options={"verify_signature": False}):
            raise JWTDecodeError("Missing claim: type")  # the library would take it for an access token
        if isinstance(claims.get("exp"), int) and not allow_expired:
            if len(self._verified) >= self.most:
                self._verified.clear()
            self._verified[key] = dict(claims)
        return claims


def caller_network() -> str:
    """Whose tries count together: an IPv4 address, and of an IPv6 one its network, which is one customer's."""
    address = get_remote_address()
    if ":" not in address:
        return address
    try:
        return str(ip_network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return address


db = SQLAlchemy(
    model_class=Base, disable_autonaming=True, session_options={"class_": Session, "expire_on_commit": False}
)
if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model  # Base with the session's query interface mixed in
migrate = Migrate(compare_type=True, compare_server_default=True)
jwt = RememberingJWTManager()
login = LoginManager()
csrf = CSRFProtect()
babel = Babel()
api = ProblemApi()
cache = Cache()
limiter = Limiter(key_func=caller_network, headers_enabled=False)
celery = Celery("chhota")
