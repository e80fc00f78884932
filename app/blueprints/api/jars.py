"""A jar, ready for JarSchema."""

from __future__ import annotations

from typing import Any

from flask import current_app

from app.services.savings.jar import JarView


def shown(jar: JarView) -> dict[str, Any]:
    """The values that JarSchema writes."""
    return {
        "jar": jar.jar,
        "streak": jar.streak,
        "projected_completion_date": jar.projected_completion_date,
        "on_track": jar.on_track,
        "currency": current_app.config["CURRENCY"],
    }
