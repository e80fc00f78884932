"""What a notice says, in its reader's language: one template for each language and kind, for every way it is told.

``app/templates/notices/<language>/<kind>.txt`` has the blocks title, text, action and path; ``letters`` beside it those
of letters that are no notices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import current_app
from jinja2 import Template

from app.services.notifications.badge_titles import badge_description, badge_title

LANGUAGES = ("en", "hi")
DAYS = frozenset({"on", "due_by", "due_on", "period_start", "week_start"})


@dataclass(frozen=True, slots=True)
class Words:
    """A notice in plain text, each part one line. ``path``, below PUBLIC_URL, is where ``action_label`` leads."""

    title: str
    text: str
    action_label: str
    path: str


def words(kind: str, facts: Mapping[str, Any], language: str, *, folder: str = "notices") -> Words:
    """What a notice of ``kind`` with these ``facts`` says. A language that is not written yet reads English.

    Raises jinja2.TemplateNotFound for a kind that nobody has written. Needs an application context.
    """
    language = language if language in LANGUAGES else "en"
    template = current_app.jinja_env.get_template(f"{folder}/{language}/{kind}.txt")
    values = {name: date.fromisoformat(str(fact)[:10]) if name in DAYS else fact for name, fact in facts.items()}
    values |= {
        "support_address": current_app.config.get("MAIL_REPLY_TO"),
        "badge_title": lambda code: badge_title(code, language),
        "badge_description": lambda code: badge_description(code, language),
    }
    return Words(*(_block(template, name, values) for name in ("title", "text", "action", "path")))


def _block(template: Template, name: str, values: dict[str, Any]) -> str:
    return " ".join("".join(template.blocks[name](template.new_context(values))).split())
