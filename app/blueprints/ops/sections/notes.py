"""What staff noted about the saver, who gets it with everything else that is held."""

from __future__ import annotations

from uuid import UUID

from app.blueprints.ops.sections.section import Section
from app.services.ops import saver_notes


def _load(user_id: UUID) -> list[saver_notes.SaverNote]:
    return saver_notes.page(user_id, limit=20)[0]


SECTION = Section("notes", "Notes", "ops/sections/notes.html", _load)
