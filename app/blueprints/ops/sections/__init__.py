"""The page of one account is made of sections: a module for each, and their order here."""

from __future__ import annotations

from app.blueprints.ops.sections import audit, devices, jars, profile
from app.blueprints.ops.sections.section import Section

SECTIONS: tuple[Section, ...] = (profile.SECTION, jars.SECTION, devices.SECTION, audit.SECTION)
