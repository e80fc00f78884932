"""Where a signed-in saver can go from every page: the bar of five, and the bell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, current_app, g, request, url_for
from flask_babel import lazy_gettext as _
from flask_login import current_user
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

# Path, word and icon, in the order of the bar.
BAR = (
    ("/dashboard", _("Home"), "home"),
    ("/jars", _("Jars"), "jar"),
    ("/score", _("Score"), "score"),
    ("/badges", _("Badges"), "badge"),
    ("/profile", _("Me"), "person"),
)
#: What lies below another page than its address says.
BELOW = {"/support": "/profile", "/loans": "/score"}


def init_app(app: Flask) -> Callable[[], dict[str, Any]]:
    """A function for what the frame of a page shows; call it once every page of ``app`` is registered."""
    with app.app_context():
        bar = [item for item in BAR if page_at(item[0])]

    def frame() -> dict[str, Any]:
        # Only a person who is known already: an error page must not ask the database who is there.
        person = g.get("_login_user")
        if not getattr(person, "is_authenticated", False):
            return {}
        return {
            "brand_url": url_for("web_savings.dashboard"),
            "nav_items": [
                {"url": path, "label": label, "icon": icon, "current": _current(path)} for path, label, icon in bar
            ],
            "console_url": url_for("ops.index") if person.is_staff else None,
            "inbox": {"url": url_for("web_notifications.inbox"), "unread": person.unread},
        }

    return frame


def home() -> str:
    """Where whoever is signed in begins: a saver with the savings, a member of staff with the console."""
    return url_for("ops.index" if current_user.is_staff else "web_savings.dashboard")


def _current(path: str) -> str | None:
    """What marks an entry: this is its page, or one that lies below it; None elsewhere."""
    if request.path == path:
        return "page"
    places = [path, *(one for one, above in BELOW.items() if above == path)]
    return "true" if any(f"{request.path}/".startswith(f"{one}/") for one in places) else None


def page_at(path: str) -> str | None:
    """``path`` where a page of this installation answers there, else None: no link leads nowhere."""
    try:
        current_app.url_map.bind("").match(path, method="GET")
    except (HTTPException, RequestRedirect):
        return None
    return path
