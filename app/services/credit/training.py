"""Training on this installation's own history: candidates are tried, the best is kept and serves where it is better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.errors import DomainError
from app.observability import get_logger
from app.scoring.policy import CURRENT, policy
from app.scoring.training import TooLittle, contest
from app.services.credit import promotion, registry
from app.services.credit.cards import learned_until, make_card
from app.services.credit.learning import learn
from app.services.credit.model_files import write
from app.services.credit.scoring import FEATURE_SET
from app.transactions import run

log = get_logger()
#: Of the weekly training.
SEED: Final = 1
READING: Final = "histories"
TRYING: Final = "candidates"

Watch = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of a training. ``new``: no other training had made the same model. ``better``: it beat what it had to.

    ``promoted``: it serves from now on. ``before``: what served when it was trained.
    """

    version: str
    new: bool
    better: bool
    promoted: bool
    before: str | None
    card: dict[str, Any]


def train(
    *,
    at: datetime,
    seed: int = SEED,
    promote: bool = True,
    actor: str = "system",
    watch: Watch = lambda stage, done, total: None,
) -> Trained:
    """Learn from all that had closed at ``at``. Commits by itself; whoever trains twice at once makes the same model.

    ``watch`` is told the stage (``READING``, ``TRYING``) and how far it is. Raises DomainError ``too_little`` with what
    is missing, and nothing is changed; Unavailable where the file cannot be kept.
    """
    rule = policy(CURRENT)
    rows = learn(rule, at=at, report=lambda done, total: watch(READING, done, total))
    champion = run(lambda: registry.serving(fresh=True))
    name = None if champion is None else champion.version
    known = None if name is None else learned_until(run(lambda: registry.card_of(name)))
    try:
        found = contest(
            rows,
            rule,
            seed=seed,
            in_service=None if champion is None else champion.model,
            learned_until=known,
            progress=lambda done, total: watch(TRYING, done, total),
        )
    except TooLittle as error:
        raise DomainError(
            "too_little",
            "There is not enough to learn from yet. Nothing was changed.",
            {what: [f"{there:,} of at least {needed:,}"] for what, there, needed in error.missing},
        ) from error
    card = make_card(found, rows, rule, seed=seed, feature_set=FEATURE_SET)
    file = write(found.model, card)
    version, new = run(lambda: promotion.enter(file, card, at=at))
    promoted = promote and found.promoted and version != name
    if promoted and not new and actor == "system":
        # Staff took it back: the same model does not come again by itself.
        promoted = run(lambda: registry.kept_model(version)).promoted_at is None
    if promoted:
        run(lambda: promotion.promote(version, at=at, actor=actor))
    log.info("score_model_trained", model_version=version, outcome="promoted" if promoted else "kept", total=len(rows))
    return Trained(version, new, found.promoted, promoted, name, card)
