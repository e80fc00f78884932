"""Who may make a call: every route of the API declares it, and a route that does not is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Literal, TypeVar, cast

from flask import current_app, request
from flask_jwt_extended import get_current_user, verify_jwt_in_request
from flask_smorest import Blueprint

from app.blueprints.api.body import StrictParser
from app.errors import DomainError
from app.services.identity.principal import Principal

Access = Literal["public", "refresh", "saver", "support", "admin"]
# Who may make a call that asks for the role on the left.
ALLOWED: dict[str, frozenset[str]] = {
    "saver": frozenset({"saver", "support", "admin"}),
    "support": frozenset({"support", "admin"}),
    "admin": frozenset({"admin"}),
}
View = TypeVar("View", bound=Callable[..., Any])


class ApiBlueprint(Blueprint):
    """A smorest blueprint that reads input strictly."""

    ARGUMENTS_PARSER = StrictParser()


def access(level: Access) -> Callable[[View], View]:
    """Declare who may make the call: anyone, the holder of a refresh token, or a role (read from the database).

    The outermost decorator of a view but the route: authorization comes before the body is looked at.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            _fold_scheme()
            if level == "refresh":
                verify_jwt_in_request(refresh=True, skip_revocation_check=True)
            elif level != "public":
                verify_jwt_in_request(skip_revocation_check=True)
                if caller().role not in ALLOWED[level]:
                    raise DomainError("forbidden", "This is not for your account.")
            return view(*args, **kwargs)

        guarded.access = level  # type: ignore[attr-defined]
        return cast("View", guarded)

    return decorate


def _fold_scheme() -> None:
    # The name of a scheme is the same in any case (RFC 9110, 11.1); Flask-JWT-Extended takes one spelling.
    scheme, space, rest = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == "bearer":
        request.environ["HTTP_AUTHORIZATION"] = f"Bearer{space}{rest}"


def caller() -> Principal:
    """The signed-in person of this call."""
    return cast("Principal", get_current_user())


def refuse_undeclared() -> None:
    """Before each request of the API: a view without a declared access does not run."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is not None and declared(view) is None and not (request.endpoint or "").startswith("api-docs."):
        raise DomainError("forbidden", "This call has no access rule.")


def declared(view: Any) -> str | None:
    """The access that a view declares, or None."""
    level: str | None = getattr(view, "access", None)
    return level


__all__ = ["ALLOWED", "Access", "ApiBlueprint", "access", "caller", "declared", "refuse_undeclared"]
