"""What every log line of one request or one task carries: its request id and, once known, the user's id."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar, Token

from app.observability.scrubbing import is_personal

_SANE = re.compile(r"[A-Za-z0-9._-]{8,128}")

_scope: ContextVar[dict[str, str] | None] = ContextVar("chhota_observed_scope", default=None)


def open_scope(offered: str | None) -> tuple[str, Token[dict[str, str] | None]]:
    """Begin a request or a task; returns its id and what ``close_scope`` takes.

    ``offered`` becomes the id where it is 8 to 128 of ``A-Z a-z 0-9 . _ -`` and holds no phone number, identity
    number or token; otherwise the id is a new one of 32 hexadecimal digits.
    """
    if offered is not None and _SANE.fullmatch(offered) and not is_personal(offered):
        request_id = offered
    else:
        request_id = secrets.token_hex(16)
    return request_id, _scope.set({"request_id": request_id})


def close_scope(token: Token[dict[str, str] | None]) -> None:
    """End what ``open_scope`` began; the scope around it, if any, holds again."""
    _scope.reset(token)


def scope_values() -> dict[str, str]:
    """``request_id`` and ``user_id`` as far as they are known; empty outside of a request or a task."""
    return _scope.get() or {}


def current_request_id() -> str | None:
    """The id of the request or the task under way, None outside of one."""
    return scope_values().get("request_id")


def bind_user(user_id: object) -> None:
    """Say who asks: from here on every line of this request carries the id. Ignored outside of one."""
    scope = _scope.get()
    if scope is not None:
        scope["user_id"] = str(user_id)
