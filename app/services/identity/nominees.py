"""Whom a saver names to receive the savings after them: one person, for all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from app.errors import Invalid, NotFound
from app.models.identity import RELATIONS
from app.sentences import Sentence
from app.services.audit import log as audit
from app.services.identity import contacts
from app.services.identity.principal import Principal
from app.transactions import fetch, queue

__all__ = ["RELATIONS", "SHARE", "Nominee", "name", "read", "remove"]

#: Percent: there is one nominee.
SHARE: Final = 100
OF_AGE: Final = 18
OLDEST: Final = 120
COLUMNS: Final = ("name", "relation", "born_on", "guardian", "phone", "email", "changed_at")
_SAVE: Final = (
    f"INSERT INTO nominees (user_id, {', '.join(COLUMNS)}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"  # noqa: S608
    f" ON CONFLICT (user_id) DO UPDATE SET {', '.join(f'{column} = excluded.{column}' for column in COLUMNS)}"
)


@dataclass(frozen=True, slots=True)
class Nominee:
    """The person named. ``guardian``: who receives it for one who is not of age."""

    name: str
    relation: str
    born_on: date
    guardian: str | None
    phone: str | None
    email: str | None
    changed_at: datetime


def read(user_id: UUID) -> Nominee:
    """The nominee of this saver. Raises NotFound where nobody is named."""
    rows = fetch(f"SELECT {', '.join(COLUMNS)} FROM nominees WHERE user_id = %s", (user_id,))  # noqa: S608
    if not rows:
        raise NotFound("You have named nobody yet.")
    return Nominee(*rows[0])


def name(saver: Principal, values: Mapping[str, Any], *, at: datetime) -> Nominee:
    """Name this person, in place of whoever was named before. Raises Invalid with the fields that cannot be used."""
    errors: dict[str, list[str]] = {}
    parsed: dict[str, Any] = {}
    for field, parse in (("name", contacts.name), ("guardian", contacts.name), ("phone", contacts.phone),
                         ("email", lambda text: contacts.email(text)[0])):  # fmt: skip
        text = values.get(field)
        parsed[field] = None
        if text is None or not text.strip():
            continue
        try:
            parsed[field] = parse(text)
        except ValueError as error:
            errors[field] = [error.args[0]]
    if parsed["name"] is None and "name" not in errors:
        errors["name"] = [Sentence("Write a name of 1 to 100 characters.")]
    today, born = saver.zone.date(at), values["born_on"]
    if born > today or born.year < today.year - OLDEST:
        errors["born_on"] = [Sentence("Write the day on which they were born.")]
    elif age(born, today) >= OF_AGE:
        parsed["guardian"] = None
    elif parsed["guardian"] is None and "guardian" not in errors:
        errors["guardian"] = [Sentence("They are not of age yet: name a grown-up who receives it for them.")]
    if errors:
        raise Invalid(errors)
    made = Nominee(parsed["name"], values["relation"], born, parsed["guardian"], parsed["phone"], parsed["email"], at)
    queue(_SAVE, (saver.id, *(getattr(made, column) for column in COLUMNS)))
    _note("nominee_named", saver, at)
    return made


def remove(saver: Principal, *, at: datetime) -> None:
    """Take the nominee back. Raises NotFound where nobody is named."""
    if not fetch("DELETE FROM nominees WHERE user_id = %s RETURNING 1", (saver.id,)):
        raise NotFound("You have named nobody yet.")
    _note("nominee_removed", saver, at)


def age(born: date, today: date) -> int:
    """Whole years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _note(action: str, saver: Principal, at: datetime) -> None:
    audit.record(action, subject_type="user", subject_id=saver.id, at=at, actor_id=saver.id, actor=saver.role)
