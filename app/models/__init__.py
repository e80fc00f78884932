"""Tables. Importing this package registers all of them on the metadata."""

from app.models import (
    audit,
    console,
    credit,
    gamification,
    identity,
    ledger,
    loans,
    notifications,
    ops,
    outbox,
    proofs,
    savings,
    uploads,
)

__all__ = [
    "audit",
    "console",
    "credit",
    "gamification",
    "identity",
    "ledger",
    "loans",
    "notifications",
    "ops",
    "outbox",
    "proofs",
    "savings",
    "uploads",
]
