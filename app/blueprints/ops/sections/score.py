"""The newest score and what it is made of; how it came about stands on its own page."""

from __future__ import annotations

from app.blueprints.ops.sections.section import Section
from app.services.ops.console import scores

SECTION = Section("score", "Score", "ops/sections/score.html", scores.of)
