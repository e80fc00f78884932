"""What the account saves for, and how regularly."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.blueprints.ops.sections.section import Section
from app.services.ops.console import one_user


def _load(user_id: UUID) -> dict[str, Any]:
    return {"jars": one_user.jars(user_id), "habit": one_user.habit(user_id)}


SECTION = Section("jars", "Jars and streaks", "ops/sections/jars.html", _load)
