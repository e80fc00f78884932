"""The newest score and what it is made of; how it came about stands on its own page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.blueprints.ops.sections.section import Section
from app.services.credit.words import Words
from app.services.ops.console import scores


def _load(user_id: UUID) -> dict[str, Any] | None:
    whole = scores.of(user_id)
    if whole is None:
        return None
    words = Words("en")
    return {"whole": whole, "said": {factor.code: words.reason(factor, None) for factor in whole.factors}}


SECTION = Section("score", "Score", "ops/sections/score.html", _load)
