"""The page of one account is made of sections: a module for each, and their order here."""

from __future__ import annotations

from app.blueprints.ops.sections import (
    audit,
    care,
    devices,
    jars,
    loans,
    notes,
    notices,
    papers,
    profile,
    score,
    support,
)
from app.blueprints.ops.sections.section import Section

SECTIONS: tuple[Section, ...] = (
    profile.SECTION,
    care.SECTION,
    notes.SECTION,
    papers.SECTION,
    jars.SECTION,
    score.SECTION,
    loans.SECTION,
    support.SECTION,
    notices.SECTION,
    devices.SECTION,
    audit.SECTION,
)
