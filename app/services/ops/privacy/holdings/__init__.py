"""Every table of the database, with what is done with it. The order is that of an export and of an erasure."""

from __future__ import annotations

from app.services.ops.privacy.holding import Holding
from app.services.ops.privacy.holdings import conversations, files, house, loans, money, people, progress

__all__ = ["HOLDINGS"]

HOLDINGS: dict[str, Holding] = {
    one.table: one
    for one in (
        *people.HOLDINGS,
        *files.HOLDINGS,
        *money.HOLDINGS,
        *loans.HOLDINGS,
        *progress.HOLDINGS,
        *conversations.HOLDINGS,
        *house.HOLDINGS,
    )
}
