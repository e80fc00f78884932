"""From something that names one thing to where it is: an id, an e-mail address, a number, a reference."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.services.audit import log as audit
from app.services.identity import contacts
from app.services.identity.principal import Principal
from app.transactions import fetch

BY_ID: Final = """
SELECT 'user', id, id FROM users WHERE id = %(id)s
UNION ALL SELECT 'jar', id, user_id FROM savings_jars WHERE id = %(id)s
UNION ALL SELECT 'transaction', id, user_id FROM transactions WHERE id = %(id)s
UNION ALL SELECT 'loan', id, user_id FROM loans WHERE id = %(id)s
UNION ALL SELECT 'support_request', id, user_id FROM support_requests WHERE id = %(id)s
UNION ALL SELECT 'paper', id, user_id FROM kyc_documents WHERE id = %(id)s
UNION ALL SELECT 'reversal_request', q.id, t.user_id FROM reversal_requests q JOIN transactions t
    ON t.id = q.transaction_id WHERE q.id = %(id)s
"""
REFERENCE: Final = re.compile(r"CH-[0-9A-Z]{4}-[0-9A-Z]{4}(-2)?")


@dataclass(frozen=True, slots=True)
class Found:
    """What was named: its kind, its id, and whose it is."""

    kind: str
    id: UUID
    user_id: UUID


def find(text: str, *, by: Principal, at: datetime) -> Found | None:
    """What ``text`` names, whole; None where it names nothing.

    An address or a number that leads to a person is noted in the audit log: that it is known here is personal too.
    """
    text = text.strip()
    if (id_ := _uuid(text)) is not None:
        rows = fetch(BY_ID, {"id": id_})
        return Found(*rows[0]) if rows else None
    if REFERENCE.fullmatch(text.upper()):
        rows = fetch("SELECT id, user_id FROM support_requests WHERE reference = %s", (text.upper(),))
        return Found("support_request", *rows[0]) if rows else None
    named, rows = "email", []
    if "@" in text:
        rows = fetch("SELECT id FROM users WHERE email_key = %s", (contacts.email_key(text),))
    elif (number := _number(text)) is not None:
        named, rows = "phone", fetch("SELECT id FROM users WHERE phone = %s", (number,))
    if not rows:
        return None
    ((user_id,),) = rows
    audit.looked_at(by.id, by.role, "user", user_id, what=named, at=at)
    return Found("user", user_id, user_id)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _number(text: str) -> str | None:
    try:
        return contacts.phone(text)
    except ValueError:
        return None
