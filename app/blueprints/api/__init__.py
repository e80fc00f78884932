"""The JSON API: flask-smorest, declarative, strict."""

from __future__ import annotations

from flask import Flask

from app.blueprints.api import (
    admin,
    auto_deposits,
    boards,
    credit,
    devices,
    docs,
    gamification,
    identity,
    jobs,
    loans,
    my_data,
    notifications,
    problems,
    savings,
    score_orders,
    security,
    sign_ins,
    statements,
    support,
    tokens,
    two_factor,
    uploads,
)
from app.blueprints.api.access import access, refuse_undeclared
from app.extensions import api, csrf

__all__ = ["access", "init_app", "tokens"]

BLUEPRINTS = (
    identity.blueprint,
    my_data.blueprint,
    security.blueprint,
    two_factor.blueprint,
    sign_ins.blueprint,
    savings.blueprint,
    auto_deposits.blueprint,
    statements.blueprint,
    gamification.blueprint,
    boards.blueprint,
    credit.blueprint,
    loans.blueprint,
    notifications.blueprint,
    devices.blueprint,
    jobs.blueprint,
    support.blueprint,
    score_orders.blueprint,
    admin.blueprint,
    uploads.blueprint,
)


def init_app(app: Flask) -> None:
    """Bind the API to ``app``: blueprints, error answers, OpenAPI document."""
    api.init_app(app)
    problems.init_app(app)
    for blueprint in BLUEPRINTS:
        if refuse_undeclared not in blueprint.before_request_funcs.get(None, []):
            blueprint.before_request(refuse_undeclared)
        csrf.exempt(blueprint)  # bearer tokens only: the API reads no cookie
        api.register_blueprint(blueprint)
    docs.describe(app, api)
    app.register_blueprint(docs.blueprint)
