"""From rows to a model in service: what there must be, how candidates are tried on the newest time, who is promoted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.scoring.features import Column
from app.scoring.metrics import Metrics, calibration, ece, measure
from app.scoring.models import NAMES, TRAINERS, Model, Trainer, recalibrated
from app.scoring.policy import Policy
from app.scoring.questions import Labelled, taken
from app.scoring.rule import probabilities, rule_scores

LEAST_SAVERS: Final = 50
LEAST_ROWS: Final = 500
LEAST_OF_A_CLASS: Final = 50
#: Among the rows that candidates are tried on: with less of a kind, the figures are an accident of a few savers.
LEAST_AMONG_NEWEST: Final = 10
#: Rows that a model in service has not learned from, to compare it with others on those alone.
LEAST_UNSEEN: Final = 200
#: What candidates have to beat, by the names of their metrics.
RULE: Final = "rule"
IN_SERVICE: Final = "in service"
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

    ``beaten``: which of the rule and the model in service it beat, ``unbeaten`` the others. ``metrics``: of the rule,
    of what is in service, and of each candidate, on the same rows. ``split``: the first day of those. ``unseen``: of
    those that the model in service has not learned from, where there are enough; then they decide between it and the
    best.
    """

    model: Model
    beaten: list[str]
    unbeaten: list[str]
    split: int
    rows: int
    savers: int
    metrics: dict[str, Metrics]
    unseen: dict[str, Metrics]
    chances: Column = field(repr=False)
    outcome: NDArray[np.bool_] = field(repr=False)

    @property
    def promoted(self) -> bool:
        """Whether it beat all there was to beat."""
        return not self.unbeaten


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
    learned_until: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Contest:
    """Try every kind there are savers enough for on the newest rows, and name the best. Raises TooLittle.

    Nothing about the newest rows is used in fitting, nor anything that only became known beside them.
    ``learned_until``: the last day of which ``in_service`` has learned; it knows the answers up to then, so that it is
    compared on what came later, or, where that is too little, keeps that advantage. ``progress`` is told steps done of
    all.
    """
    lacking = missing(rows)
    if lacking:
        raise TooLittle(lacking)
    savers = len(np.unique(rows.saver))
    split = _split(rows)
    old, new = rows.closed < split, rows.as_of >= split
    matrix, outcome = rows.features.matrix(NAMES), rows.on_time[new]
    lacking = [
        (f"periods {kind} {among}", there, least)
        for among, least, answers in (
            ("before the newest", 1, rows.on_time[old]),
            ("among the newest", LEAST_AMONG_NEWEST, outcome),
        )
        for kind, there in (("on time", int(answers.sum())), ("missed", int((~answers).sum())))
        if there < least
    ]
    if lacking:
        raise TooLittle(lacking)
    unseen = np.zeros(len(outcome), dtype=bool) if learned_until is None else rows.as_of[new] > learned_until
    if unseen.sum() < LEAST_UNSEEN or outcome[unseen].all() or not outcome[unseen].any():
        unseen[:] = False

    trainers = [trainer for trainer in TRAINERS.values() if savers >= trainer.savers]
    steps, done = 2 * len(trainers) + 1, 0
    newest = taken(rows.features, new)
    said = {RULE: probabilities(rule_scores(newest, policy).score, policy)}
    if in_service is not None:
        said[IN_SERVICE] = in_service.probabilities(newest)
    tried: dict[str, Model] = {}
    for trainer in trainers:
        model = _fitted(trainer, matrix[old], rows.on_time[old], rows.saver[old], outcome, matrix[new], seed)
        tried[trainer.kind], said[trainer.kind] = model, model.answer(matrix[new])
        done += 2
        progress(done, steps)
    metrics = {name: measure(outcome, chances) for name, chances in said.items()}
    apart = {name: measure(outcome[unseen], chances[unseen]) for name, chances in said.items()} if unseen.any() else {}
    best = min(tried, key=lambda kind: metrics[kind].log_loss)
    beaten: list[str] = []
    unbeaten: list[str] = []
    for name in (RULE, IN_SERVICE):
        if name in said:
            of = apart if name == IN_SERVICE and apart else metrics
            (beaten if of[best].log_loss < of[name].log_loss else unbeaten).append(name)
    final = Model(best, TRAINERS[best].fit(matrix, rows.on_time, seed), tried[best].slope, tried[best].offset)
    progress(steps, steps)
    return Contest(
        final, beaten, unbeaten, split, len(rows.on_time), savers, metrics, apart, said[best], outcome
    )  # fmt: skip


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
    from sklearn.model_selection import GroupKFold  # at its first use: see app/scoring/models.py

    model = Model(trainer.kind, trainer.fit(rows, on_time, seed))
    if ece(calibration(outcome, model.answer(newest))) <= WORST_ECE:
        return model
    # By groups of savers: each row's chance comes of a model that has not seen its saver.
    unseen = np.zeros(len(rows))
    for seen, other in GroupKFold(FOLDS).split(rows, on_time, savers):
        unseen[other] = Model(trainer.kind, trainer.fit(rows[seen], on_time[seen], seed)).answer(rows[other])
    return recalibrated(model, unseen, on_time)
