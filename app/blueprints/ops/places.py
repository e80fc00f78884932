"""Where a part of the console is, for those who lead there."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for


def place(endpoint: str, **values: Any) -> str | None:
    """The address of a view's method; None where this console has no such view."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None
