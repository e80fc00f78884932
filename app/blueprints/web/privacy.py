"""Amounts hidden with one tap, for whoever looks at a shared phone in company."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, has_request_context, redirect, request, session, url_for
from werkzeug.wrappers import Response as Redirect

from app.blueprints.web.access import local_path, page_access
from app.blueprints.web.formats import currency_sign, in_words

blueprint = Blueprint("web_privacy", __name__)
HIDDEN = "amounts_hidden"
DOTS = "••••"


@blueprint.post("/amounts")
@page_access("saver")
def switch() -> Redirect:
    """Hide amounts in this browser, or show them again, and go back to the page."""
    if session.pop(HIDDEN, None) is None:
        session[HIDDEN] = True
    came_from = urlsplit(request.referrer or "")
    back = local_path(came_from.path + (f"?{came_from.query}" if came_from.query else ""))
    ours = came_from.netloc == request.host
    return redirect((back if ours else None) or url_for("web_savings.dashboard"), 303)


def init_app(app: Flask) -> Callable[[], dict[str, Any]]:
    """Have the templates of ``app`` write amounts so; a function for what the frame of a page shows of it.

    ``money`` hides, ``plain_money`` does not: it writes what a saver chooses from. Call it after formats.init_app.
    """
    app.jinja_env.filters.update(money=shown_money, plain_money=in_words)
    return lambda: {"amounts": {"hidden": hidden(), "url": url_for("web_privacy.switch")}}


def hidden() -> bool:
    """Whether this browser hides amounts."""
    return has_request_context() and bool(session.get(HIDDEN))


def shown_money(minor: int, *more: Any) -> str:
    """Minor units as a page says them: hidden where this browser hides amounts."""
    return f"{currency_sign()}{DOTS}" if hidden() else in_words(minor, *more)
