"""What the saver asked staff."""

from __future__ import annotations

from uuid import UUID

from app import clock
from app.blueprints.ops.sections.section import Section
from app.services.ops.console import requests
from app.services.ops.console.listing import Asked


def _load(user_id: UUID) -> list[requests.Request]:
    return requests.of(user_id, Asked({}, "-created_at", limit=20), day=clock.now().date()).rows


SECTION = Section("support", "Support", "ops/sections/support.html", _load)
