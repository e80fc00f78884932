"""The audit log, searched: by what it is about, who did it, what was done, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.services.ops.console.listing import Asked, Order, Page, Source, page
from app.transactions import fetch

ORDER: Final = Order(("a.at", "a.id"), (datetime, int), descending=True)
SOURCE: Final = Source(
    id="a.id",
    found="FROM audit_log a",
    columns="a.id, a.at, a.actor, a.actor_id, u.name, a.action, a.subject_type, a.subject_id, a.details, a.request_id",
    # A saver's name is not for the log: only staff answer for what they do by name.
    read="FROM k JOIN audit_log a ON a.id = k.id LEFT JOIN users u ON u.id = a.actor_id AND u.role <> 'saver'",
    filters={
        "subject_type": "a.subject_type = %(subject_type)s",
        "subject": "a.subject_id = %(subject)s",
        "actor": "a.actor_id = %(actor)s",
        "role": "a.actor = %(role)s",
        "action": "a.action = %(action)s",
        "since": "a.at >= %(since)s",
        "before": "a.at < %(before)s",
    },
    orders={"-at": ORDER},
)
# Actions and kinds of subjects that there are: as many probes of an index.
DISTINCT: Final = """
WITH RECURSIVE own (word) AS (
    SELECT min({column}) FROM audit_log
    UNION ALL SELECT (SELECT min({column}) FROM audit_log WHERE {column} > word) FROM own WHERE word IS NOT NULL
)
SELECT word FROM own WHERE word IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. ``by``: the name of the member of staff; None for savers, operators and the system."""

    id: int
    at: datetime
    actor: str
    actor_id: UUID | None
    by: str | None
    action: str
    subject_type: str
    subject_id: str
    details: dict[str, Any]
    request_id: str | None

    @property
    def told(self) -> str | None:
        """The details in one line, by name."""
        parts = (f"{name.replace('_', ' ')}: {value}" for name, value in sorted(self.details.items()))
        return ", ".join(parts)[:120] or None


def listed(asked: Asked) -> Page[Entry]:
    """A page of entries, the newest first (``-at``).

    Filters: subject_type, subject (with its type), actor (an id), role, action, since, before. Raises KeyError.
    """
    return page(SOURCE, Entry, asked)


@dataclass(frozen=True, slots=True)
class Verified:
    """When the whole log, and the ledger with it, was last recomputed, and how many differences that found."""

    at: datetime
    findings: int


def verified() -> Verified | None:
    """The newest verification; None before the first."""
    rows = fetch(
        "SELECT at, coalesce((details->>'findings')::bigint, 0) FROM audit_log WHERE action = 'ledger_verified'"
        " ORDER BY at DESC, id DESC LIMIT 1"
    )
    return Verified(*rows[0]) if rows else None


def words() -> tuple[list[str], list[str]]:
    """The actions, and the kinds of subjects, that the log has."""
    actions = fetch(DISTINCT.format(column="action"))
    subjects = fetch(DISTINCT.format(column="subject_type"))
    return [word for (word,) in actions], [word for (word,) in subjects]
