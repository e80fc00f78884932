"""From rows to a model in service: what there must be, how candidates are tried on the newest time, who is promoted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from app.scoring.features import Column
from app.scoring.metrics import Metrics, calibration, ece, measure
from app.scoring.models import NAMES, TRAINERS, Model, Trainer, recalibrated
from app.scoring.policy import Policy
from app.scoring.questions import Labelled, taken
from app.scoring.rule import probabilities, rule_scores

LEAST_SAVERS: Final = 50
LEAST_ROWS: Final = 500
LEAST_OF_A_CLASS: Final = 50
#: The newest rows that candidates are tried on, and the calibration error from which one is recalibrated.
NEWEST: Final = 0.2
WORST_ECE: Final = 0.05
FOLDS: Final = 5


class TooLittle(ValueError):
    """There is not enough to learn from; ``missing`` says of what, as (what, there, needed)."""

    def __init__(self, missing: list[tuple[str, int, int]]) -> None:
        super().__init__("; ".join(f"{what}: {there} of {needed}" for what, there, needed in missing))
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Contest:
    """What came of trying candidates on the newest rows. ``model``: the best one, fitted on all rows.

    ``promoted``: it beat the rule, and the model in service where there is one. ``metrics``: of the rule, of what is in
    service, and of each candidate, on the same rows. ``split``: the first day of those.
    """

    model: Model
    promoted: bool
    split: int
    rows: int
    savers: int
    metrics: dict[str, Metrics]
    chances: Column = field(repr=False)
    outcome: NDArray[np.bool_] = field(repr=False)


def missing(rows: Labelled) -> list[tuple[str, int, int]]:
    """What of the least needed for a model is not there yet."""
    on_time = int(rows.on_time.sum())
    counts = [
        ("savers", len(np.unique(rows.saver)), LEAST_SAVERS),
        ("closed periods", len(rows.on_time), LEAST_ROWS),
        ("periods on time", on_time, LEAST_OF_A_CLASS),
        ("periods missed", len(rows.on_time) - on_time, LEAST_OF_A_CLASS),
    ]
    return [(what, there, needed) for what, there, needed in counts if there < needed]


def contest(
    rows: Labelled,
    policy: Policy,
    *,
    seed: int,
    in_service: Model | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Contest:
    """Try every kind there are savers enough for on the newest rows, and name the best. Raises TooLittle.

    Nothing about the newest rows is used in fitting. ``progress`` is told steps done of all.
    """
    lacking = missing(rows)
    if lacking:
        raise TooLittle(lacking)
    savers = len(np.unique(rows.saver))
    split = _split(rows)
    old, new = rows.as_of < split, rows.as_of >= split
    matrix, outcome = rows.features.matrix(NAMES), rows.on_time[new]
    if not 0 < rows.on_time[old].sum() < old.sum():
        raise TooLittle([("periods of both kinds before the newest", 0, 1)])

    trainers = [trainer for trainer in TRAINERS.values() if savers >= trainer.savers]
    steps, done = 2 * len(trainers) + 1, 0
    newest = taken(rows.features, new)
    metrics = {"rule": measure(outcome, probabilities(rule_scores(newest, policy).score, policy))}
    if in_service is not None:
        metrics["in service"] = measure(outcome, in_service.probabilities(newest))
    tried: dict[str, tuple[Model, Column]] = {}
    for trainer in trainers:
        model = _fitted(trainer, matrix[old], rows.on_time[old], rows.saver[old], outcome, matrix[new], seed)
        chances = model.answer(matrix[new])
        tried[trainer.kind] = model, chances
        metrics[trainer.kind] = measure(outcome, chances)
        done += 2
        progress(done, steps)
    best = min(tried, key=lambda kind: metrics[kind].log_loss)
    old_model, chances = tried[best]
    standing = min(metrics[name].log_loss for name in ("rule", "in service") if name in metrics)
    final = Model(best, TRAINERS[best].fit(matrix, rows.on_time, seed), old_model.slope, old_model.offset)
    progress(steps, steps)
    return Contest(
        final, metrics[best].log_loss < standing, split, len(rows.on_time), savers, metrics, chances, outcome
    )


def _split(rows: Labelled) -> int:
    """The day from which on about a fifth of the rows lie; whole days stay together."""
    ordered = np.sort(rows.as_of)
    return int(ordered[min(len(ordered) - 1, int(len(ordered) * (1 - NEWEST)))])


def _fitted(
    trainer: Trainer,
    rows: Column,
    on_time: NDArray[np.bool_],
    savers: NDArray[np.int64],
    outcome: NDArray[np.bool_],
    newest: Column,
    seed: int,
) -> Model:
    model = Model(trainer.kind, trainer.fit(rows, on_time, seed))
    if ece(calibration(outcome, model.answer(newest))) <= WORST_ECE:
        return model
    # By groups of savers: each row's chance comes of a model that has not seen its saver.
    unseen = np.zeros(len(rows))
    for seen, other in GroupKFold(FOLDS).split(rows, on_time, savers):
        unseen[other] = Model(trainer.kind, trainer.fit(rows[seen], on_time[seen], seed)).answer(rows[other])
    return recalibrated(model, unseen, on_time)
