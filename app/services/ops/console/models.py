"""Models that were trained: how good each was, which one serves, and how it has held up.

credit/promotion.py promotes one and takes one back, each with its entry in the audit log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.services.credit import monitoring, promotion, registry
from app.services.credit.calibration_plot import calibration_svg
from app.services.credit.model_files import KeptModel
from app.services.credit.monitoring import Measured
from app.services.identity import staff_at_work
from app.transactions import fetch

#: How many measurements are shown: one a week.
MEASURED = 52


@dataclass(frozen=True, slots=True)
class Version:
    """A model. ``metrics``: by name (its own kind, and ``rule``), log_loss, auc, ece and rows, on periods that it had
    not learned from. ``window``: the days it learned from."""

    model: KeptModel
    metrics: dict[str, Any]
    window: dict[str, Any]
    rows: int
    savers: int


def versions() -> list[Version]:
    """Every model, the newest first."""
    cards = registry.cards()
    return [
        Version(model, card["metrics"], card["window"], card["rows"], card["savers"])
        for model in registry.kept_models()
        if (card := cards.get(model.version)) is not None
    ]


def card(version: str) -> dict[str, Any]:
    """All that is known of how a model came about. Raises NotFound."""
    return {name: value for name, value in registry.card_of(version).items() if name != "baseline"}


def calibration(version: str) -> str:
    """The picture of a model's calibration: an SVG with its sentence. Raises NotFound."""
    model, of = registry.kept_model(version), registry.card_of(version)
    return calibration_svg(version, of["calibration"], ece=of["metrics"][model.kind]["ece"])


def measurements() -> list[Measured]:
    """How what served has held up, the newest first."""
    rows = fetch(
        "SELECT measured_at, model_version, verdict, report FROM score_health ORDER BY measured_at DESC LIMIT %s",
        (MEASURED,),
    )
    return [monitoring.Measured(*row) for row in rows]


def promote(version: str, *, reason: str, by: UUID, at: datetime) -> str | None:
    """Have a model predict from now on; the one that did before.

    Raises as promotion.promote, Invalid, DomainError ``not_staff``.
    """
    staff_at_work.role_of(by)
    reason = staff_at_work.given_reason(reason)
    return promotion.promote(version, at=at, actor="staff", actor_id=by, reason=reason)


def roll_back(
    *, reason: str, by: UUID, at: datetime, to_rule: bool = False, only: str | None = None
) -> tuple[str, str | None]:
    """Take the model in service back, ``only`` the one of that version where it is given; it, and what serves instead.

    Raises as promotion.rollback, Invalid, DomainError ``not_staff``.
    """
    staff_at_work.role_of(by)
    reason = staff_at_work.given_reason(reason)
    return promotion.rollback(at=at, to_rule=to_rule, only=only, actor="staff", actor_id=by, reason=reason)
