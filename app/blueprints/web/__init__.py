"""The savers' pages: Jinja, plain forms, no script needed."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, render_template, request
from flask_login import current_user
from flask_wtf.csrf import CSRFError

from app.blueprints import health
from app.blueprints.web import (
    access,
    assets,
    auto_deposits,
    badges,
    boards,
    credit,
    external,
    first_run,
    formats,
    gamification,
    identity,
    installing,
    kept,
    landing,
    loan_choice,
    loan_steps,
    loans,
    movements,
    my_data,
    navigation,
    nominee,
    notification_settings,
    notifications,
    papers,
    pictures,
    policies,
    privacy,
    recovery,
    savings,
    security,
    sign_ins,
    statements,
    styleguide,
    support,
    two_factor,
    undo,
)
from app.observability import current_request_id

BLUEPRINTS = (
    health.blueprint,
    landing.blueprint,
    installing.blueprint,
    identity.blueprint,
    external.blueprint,
    recovery.blueprint,
    security.blueprint,
    two_factor.blueprint,
    sign_ins.blueprint,
    first_run.blueprint,
    savings.blueprint,
    auto_deposits.blueprint,
    movements.blueprint,
    statements.blueprint,
    badges.blueprint,
    boards.blueprint,
    credit.blueprint,
    loans.blueprint,
    loan_choice.blueprint,
    loan_steps.blueprint,
    gamification.blueprint,
    notifications.blueprint,
    notification_settings.blueprint,
    my_data.blueprint,
    nominee.blueprint,
    policies.blueprint,
    support.blueprint,
    papers.blueprint,
    pictures.blueprint,
    privacy.blueprint,
    undo.blueprint,
    styleguide.blueprint,
)


def init_app(app: Flask) -> None:
    """Bind the pages to ``app``."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    formats.init_app(app)
    badges.init_app(app)
    version = app.extensions["asset_version"] = assets.version_of(app)
    frame = navigation.init_app(app)
    privacy_frame = privacy.init_app(app)
    app.register_error_handler(CSRFError, _stale_form)

    def signed_in() -> dict[str, Any]:
        known = frame()
        return known | privacy_frame() | {"session_ends": access.session_ends()} if known else {}

    @app.context_processor
    def shared() -> dict[str, Any]:
        return {"asset_version": version(), "request_id": current_request_id(), **signed_in()}


def _stale_form(_error: CSRFError) -> Response:
    """The form's token is missing or of an earlier sign-in: say so, and lead back to a fresh form."""
    rule = request.url_rule
    known = current_user.id if current_user.is_authenticated else None
    kept.keep(known)
    href = access.local_path(request.full_path) if rule is not None and "GET" in (rule.methods or ()) else None
    return Response(render_template("errors/stale_form.html", href=href or "/"), 400, mimetype="text/html")
