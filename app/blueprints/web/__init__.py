"""The savers' pages: Jinja, plain forms, no script needed."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g, render_template, request, url_for
from flask_wtf.csrf import CSRFError

from app.blueprints import health
from app.blueprints.web import (
    access,
    assets,
    badges,
    boards,
    formats,
    identity,
    landing,
    movements,
    savings,
    statements,
)
from app.observability import current_request_id

BLUEPRINTS = (
    health.blueprint,
    landing.blueprint,
    identity.blueprint,
    savings.blueprint,
    movements.blueprint,
    statements.blueprint,
    boards.blueprint,
    badges.blueprint,
)
# Endpoint, word and icon of what stands in the bar.
NAVIGATION = (
    ("web_savings.dashboard", "Home", "home"),
    ("web_savings.list_jars", "Jars", "jar"),
    ("web_badges.wall", "Badges", "badge"),
    ("web_identity.profile", "Me", "person"),
)


def init_app(app: Flask) -> None:
    """Bind the pages to ``app``."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    formats.init_app(app)
    badges.init_app(app)
    version = assets.version_of(app)
    app.register_error_handler(CSRFError, _stale_form)

    @app.context_processor
    def frame() -> dict[str, Any]:
        return {"asset_version": version(), "request_id": current_request_id(), **_navigation()}


def _navigation() -> dict[str, Any]:
    # Only a person who is known already: an error page must not ask the database who is there.
    if not getattr(g.get("_login_user"), "is_authenticated", False):
        return {}
    return {
        "brand_url": url_for("web_savings.dashboard"),
        "nav_items": [
            {"url": url_for(endpoint), "label": label, "icon": icon, "current": request.endpoint == endpoint}
            for endpoint, label, icon in NAVIGATION
        ],
    }


def _stale_form(_error: CSRFError) -> Response:
    """The form's token is missing or of an earlier sign-in: say so, and lead back to a fresh form."""
    rule = request.url_rule
    href = access.local_path(request.full_path) if rule is not None and "GET" in (rule.methods or ()) else None
    return Response(render_template("errors/stale_form.html", href=href or "/"), 400, mimetype="text/html")
