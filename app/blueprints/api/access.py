"""Who may make a call: every route of the API declares it, and a route that does not is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Literal, TypeVar, cast

from flask import current_app, g, request
from flask_smorest import Blueprint

from app.blueprints.access import ALLOWED, STAFF, declared, obstacle
from app.blueprints.api import tokens
from app.blueprints.api.body import StrictParser
from app.errors import DomainError
from app.services.identity import profile, two_factor
from app.services.identity.principal import Principal

Access = Literal["public", "refresh", "saver", "support", "admin"]
View = TypeVar("View", bound=Callable[..., Any])


class ApiBlueprint(Blueprint):
    """A smorest blueprint that reads input strictly."""

    ARGUMENTS_PARSER = StrictParser()
    DEFAULT_LOCATION_CONTENT_TYPE_MAPPING = {  # noqa: RUF012 (smorest's own way)
        **Blueprint.DEFAULT_LOCATION_CONTENT_TYPE_MAPPING,
        "multipart": "multipart/form-data",
    }


def access(level: Access, *, fresh_within: timedelta | None = None) -> Callable[[View], View]:
    """Declare who may make the call: anyone, the holder of a refresh token, or a role (read from the database).

    Staff use what is theirs with two factors only. ``fresh_within``: the person must have shown within that time who
    they are (by signing in, or by POST /api/sign-ins/confirm/), else ``fresh_sign_in_required``.

    The outermost decorator of a view but the route: authorization comes before the body is looked at.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if level == "refresh":
                g.caller, g.claims = tokens.bearer("refresh")
            elif level != "public":
                g.caller, g.claims = tokens.bearer("access")
                before = obstacle(g.caller, level, two_factor=level in STAFF, fresh_within=fresh_within)
                if before == "role":
                    raise DomainError("forbidden", "This is not for your account.")
                if before == "two_factor":
                    raise two_factor.required()
                if before == "fresh":
                    raise profile.fresh_sign_in_required()
            return view(*args, **kwargs)

        guarded.access = level  # type: ignore[attr-defined]
        guarded.fresh_within = fresh_within  # type: ignore[attr-defined]
        return cast("View", guarded)

    return decorate


def caller() -> Principal:
    """The signed-in person of this call."""
    return cast("Principal", g.caller)


def claims() -> dict[str, Any]:
    """The claims of this call's token."""
    return cast("dict[str, Any]", g.claims)


def refuse_undeclared() -> None:
    """Before each request of the API: a view without a declared access does not run."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is not None and declared(view) is None and not (request.endpoint or "").startswith("api-docs."):
        raise DomainError("forbidden", "This call has no access rule.")


__all__ = ["ALLOWED", "Access", "ApiBlueprint", "access", "caller", "claims", "declared", "refuse_undeclared"]
