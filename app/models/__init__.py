"""Tables. Importing this package registers all of them on the metadata."""

from app.models import audit, credit, gamification, identity, ledger, notifications, ops, outbox, proofs, savings

__all__ = [
    "audit",
    "credit",
    "gamification",
    "identity",
    "ledger",
    "notifications",
    "ops",
    "outbox",
    "proofs",
    "savings",
]
