"""The savers' pages: Jinja, plain forms, no script needed."""

from __future__ import annotations

from flask import Flask

from app.blueprints import health


def init_app(app: Flask) -> None:
    """Bind the pages to ``app``."""
    app.register_blueprint(health.blueprint)
