"""How the model in service holds up: measured each week on periods that have closed since it was trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
import uuid_utils.compat as uuids

from app.observability import get_logger
from app.scoring.health import DRIFTING, Health, examine
from app.scoring.policy import CURRENT, policy
from app.services.credit import registry
from app.services.credit.cards import day_of, learned_until
from app.services.credit.learning import learn
from app.services.credit.scoring import Predictor
from app.transactions import fetch, queue, run

log = get_logger()
#: What closed longer ago than this says little about today.
LOOKS_BACK: Final = 8 * 7
#: The verdict where a model is to serve and its file cannot be used: the figures are the rule's.
REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement. ``model_version`` is None where the rule served. ``refused``: why the model's file did not."""

    measured_at: datetime
    model_version: str | None
    verdict: str
    report: dict[str, Any]

    @property
    def refused(self) -> str | None:
        """A code, None where nothing was refused."""
        code: str | None = self.report.get("refused")
        return code


def check_health(*, at: datetime, report: Callable[[int, int], None] = lambda done, total: None) -> Measured:
    """Measure now, and keep what came of it. Commits by itself. ``report`` is told savers done of all.

    On periods that began after what the model learned from, and within the last eight weeks; without a model on those
    of the last eight weeks. Each is predicted as on its morning, by the model that is in service now.
    """
    found, card, refused = run(_serving)
    today = at.date().toordinal() - datetime(1970, 1, 1).toordinal()
    since = today - LOOKS_BACK
    if found is not None:
        since = max(since, learned_until(card) + 1)
    rule = policy(CURRENT)
    rows = learn(rule, at=at, since=since, report=report)
    name = None if found is None else found.version
    health = examine(rows, rule, None if found is None else found.model, name, card)
    facts = health.report | {"since": day_of(since), "until": day_of(today), "refused": refused}
    measured = Measured(at, name, REFUSED if refused else health.verdict, facts)
    run(lambda: _store(measured))
    _say(measured, health)
    return measured


def newest() -> Measured | None:
    """The last measurement."""
    rows = fetch(
        "SELECT measured_at, model_version, verdict, report FROM score_health ORDER BY measured_at DESC LIMIT 1"
    )
    return Measured(*rows[0]) if rows else None


def _serving() -> tuple[Predictor | None, dict[str, Any], str | None]:
    found, kept = registry.serving(fresh=True), registry.in_service()
    if found is not None:
        return found, registry.card_of(found.version), None
    refused = None if kept is None else registry.refusal(kept)
    return None, {}, None if refused is None else refused.code


def _store(measured: Measured) -> None:
    queue(
        "INSERT INTO score_health (id, measured_at, model_version, verdict, report) VALUES (%s, %s, %s, %s, %s)",
        (
            uuids.uuid7(),
            measured.measured_at,
            measured.model_version,
            measured.verdict,
            orjson.dumps(measured.report).decode(),
        ),
    )


def _say(measured: Measured, health: Health) -> None:
    codes = [reason.code for reason in health.reasons]
    if measured.refused:
        codes.append("model_refused")
    write = log.warning if measured.verdict in (DRIFTING, REFUSED) else log.info
    write(
        "score_health",
        model_version=measured.model_version,
        outcome=measured.verdict,
        reason=codes,
        total=measured.report["rows"],
    )
