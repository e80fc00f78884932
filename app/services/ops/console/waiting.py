"""How much work waits, for the numbers beside the console's navigation: one query, and no count goes past a hundred."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from app.transactions import fetch

#: More than this is a hundred to whoever looks.
MOST: Final = 100
# What waits, each by an index of what waits alone.
ROWS: Final = {
    "papers": "kyc_documents WHERE status = 'pending' OR proposed_status IS NOT NULL",
    "requests": "support_requests WHERE status = 'open'",
    "reversals": "reversal_requests WHERE status = 'waiting'",
    "deliveries": "deliveries WHERE status = 'dead'",
    # No index: the outbox is all but empty, and what is dead in it is read by its key.
    "messages": "(SELECT dead_at FROM outbox ORDER BY id LIMIT 10000) o WHERE dead_at IS NOT NULL",
}


def counts(names: Iterable[str]) -> dict[str, int]:
    """How many of each wait, ``MOST`` at most. Raises KeyError for a name that is not in ROWS."""
    asked = sorted(set(names))
    if not asked:
        return {}
    parts = ", ".join(f"(SELECT count(*) FROM (SELECT FROM {ROWS[name]} LIMIT {MOST}) w)" for name in asked)  # noqa: S608  constants
    (found,) = fetch(f"SELECT {parts}")
    return dict(zip(asked, found, strict=True))
