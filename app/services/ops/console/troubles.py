"""What is wrong with the house just now, out of the first page's figures: facts, the worst first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.scoring.health import DRIFTING
from app.services.credit.monitoring import REFUSED
from app.services.ops.console.figures import Figures

#: The job that counts runs every five minutes, the one that verifies each night.
COUNTED_WITHIN: Final = timedelta(minutes=20)
OUTBOX_PATIENCE: Final = timedelta(minutes=1)
VERIFIED_WITHIN: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong: its ``code``, and as far as known how many, what it is about, and since when."""

    code: str
    count: int | None = None
    about: str | None = None
    since: datetime | None = None


def found(figures: Figures, *, at: datetime) -> list[Trouble]:
    """What is wrong at ``at``, an instant of the product's time."""
    return [*_of_money(figures, at), *_of_machinery(figures, at), *_of_the_model(figures)]


def _of_money(figures: Figures, at: datetime) -> list[Trouble]:
    ledger, wrong = figures.ledger, []
    if ledger.findings:
        wrong.append(Trouble("ledger_findings", ledger.findings, since=ledger.verified_at))
    if ledger.checkpoint is not None and ledger.verified_at is None:
        wrong.append(Trouble("ledger_never_verified"))
    elif ledger.verified_at is not None and at - ledger.verified_at > VERIFIED_WITHIN:
        wrong.append(Trouble("ledger_long_unverified", since=ledger.verified_at))
    if ledger.checkpoint is not None and not ledger.stored:
        wrong.append(Trouble("checkpoint_not_stored", ledger.checkpoint, since=ledger.sealed_at))
    return wrong


def _of_machinery(figures: Figures, at: datetime) -> list[Trouble]:
    machinery, wrong = figures.machinery, []
    if machinery.outbox_dead:
        wrong.append(Trouble("outbox_dead", machinery.outbox_dead))
    if machinery.oldest is not None and machinery.oldest > OUTBOX_PATIENCE:
        wrong.append(Trouble("outbox_late", int(machinery.oldest.total_seconds())))
    if machinery.dead_deliveries:
        wrong.append(Trouble("deliveries_dead", machinery.dead_deliveries))
    wrong += [Trouble("job_failed", about=kind) for kind in machinery.failed]
    wrong += [Trouble("job_silent", about=kind) for kind in machinery.stuck]
    wrong += [Trouble(f"{name}_away") for name, answers in sorted(figures.answers.items()) if not answers]
    counted = figures.counted.get("held")
    if counted is None:
        wrong.append(Trouble("never_counted"))
    elif at - counted.as_of > COUNTED_WITHIN:
        wrong.append(Trouble("counted_long_ago", since=counted.as_of))
    if figures.waiting.late:
        wrong.append(Trouble("answers_late", figures.waiting.late))
    return wrong


def _of_the_model(figures: Figures) -> list[Trouble]:
    model = figures.model
    if model.version is not None and model.trouble is not None:
        return [Trouble("model_refused", about=model.version)]
    if model.verdict in (DRIFTING, REFUSED):
        return [Trouble(f"model_{model.verdict}_then", about=model.version, since=model.measured_at)]
    return []
