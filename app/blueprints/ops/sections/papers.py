"""Every identity paper that the saver sent, with what was decided."""

from __future__ import annotations

from app.blueprints.ops.sections.section import Section
from app.services.ops.console import papers

SECTION = Section("papers", "Identity papers", "ops/sections/papers.html", papers.of)
