"""A jar and its streak, ready for their schemas."""

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


def streak_of(view: JarView) -> dict[str, Any]:
    """The values that JarStreakSchema writes, in its order."""
    return {
        "jar_id": view.jar.id,
        "plan_type": view.jar.plan_type,
        "current": view.streak.current,
        "longest": view.streak.longest,
        "at_risk": view.streak.at_risk,
        "due_by": view.streak.due_by,
    }
