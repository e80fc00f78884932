"""Sealing the ledger."""

from __future__ import annotations

from app import clock
from app.extensions import celery
from app.services.ops.checkpoints import seal
from app.transactions import run


@celery.task(name="ledger.seal")
def seal_ledger() -> int | None:
    """Seal the heads that moved since the last checkpoint; the checkpoint's number, or None where none did."""
    return run(lambda: seal(at=clock.now()))
