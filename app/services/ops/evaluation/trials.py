"""The trials: what is learned from, what it is tried on, and what each way of predicting said of the same rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.scoring.features import Column
from app.scoring.histories import Index
from app.scoring.intervals import Interval, auc_interval, log_loss_interval
from app.scoring.metrics import Metrics, measure
from app.scoring.models import NAMES, TRAINERS, Model
from app.scoring.naive import chances, naive_points
from app.scoring.policy import Policy
from app.scoring.questions import Labelled
from app.scoring.rule import probabilities, rule_scores
from app.scoring.training import NEWEST, TooLittle, contest
from app.services.ops.evaluation.adapters import number
from app.services.ops.evaluation.rows import Rows
from app.services.ops.evaluation.settings import Question

SEED: Final = 1
NAIVE, STREAK, RULE, MODEL = "naive", "streak", "rule", "model"
#: Savers to learn from when there are few, and how often each number is drawn.
FEW: Final = (20, 50, 100, 200)
DRAWN: Final = 5

Chosen = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Line:
    """One way of predicting: ``ranking`` and ``chances`` of the rows tried, and how good they were."""

    name: str
    ranking: Column
    chances: Column
    metrics: Metrics
    auc: Interval | None
    log_loss: Interval


@dataclass(frozen=True, slots=True)
class Cold:
    """What learning from few savers gives on the rows tried: mean log-loss of each way, None where it cannot learn."""

    savers: int
    log_loss: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Trial:
    """One question's answer. ``tried``: the rows of all lines; ``fitted``: how many were learned from, in all folds.

    ``in_service``: what production would have predicted with, one for each fold. ``before``: rows that drift is told
    against, ``model`` the one that saw them. ``elsewhere``: the model's metrics where the split or the seed is another.
    """

    question: Question
    tried: Rows
    fitted: int
    lines: list[Line]
    in_service: list[str]
    before: Labelled
    cold: list[Cold]
    elsewhere: list[tuple[str, Metrics, Metrics]]

    def line(self, name: str) -> Line:
        """The line of that name."""
        return next(line for line in self.lines if line.name == name)


def held(rows: Rows, question: Question, policy: Policy, *, thorough: bool = True) -> Trial:
    """Hold the trial. ``thorough``: few savers, other splits and seeds too, which take most of the time."""
    splits = list(_splits(rows, question, SEED))
    tried = np.concatenate([np.flatnonzero(after) for _, after in splits])
    sequence = np.argsort(tried, kind="stable")
    said: dict[str, list[tuple[Column, Column]]] = {}
    in_service = []
    for before, after in splits:
        answers, serving = _answers(rows, before, after, policy, SEED)
        in_service.append(serving)
        for name, answer in answers.items():
            said.setdefault(name, []).append(answer)
    some = _chosen(rows, tried[sequence])
    lines = []
    for name, parts in said.items():
        # A kind that some fold has too few savers for has no line.
        if len(parts) == len(splits):
            ranking, likely = (np.concatenate([part[place] for part in parts])[sequence] for place in (0, 1))
            lines.append(_line(name, ranking, likely, some.labelled))
    before = splits[0][0]
    return Trial(
        question,
        some,
        sum(int(each.sum()) for each, _ in splits),
        lines,
        in_service,
        _earlier(rows, question, before),
        list(_cold(rows, *splits[0], policy)) if thorough else [],
        list(_elsewhere(rows, question, policy)) if thorough else [],
    )


def _line(name: str, ranking: Column, likely: Column, rows: Labelled) -> Line:
    metrics = measure(rows.on_time, likely)
    ranked = measure(rows.on_time, _as_chances(ranking))
    return Line(
        name,
        ranking,
        likely,
        replace(metrics, auc=ranked.auc),
        auc_interval(rows.on_time, ranking, rows.saver, seed=SEED),
        log_loss_interval(rows.on_time, likely, rows.saver, seed=SEED),
    )


def _as_chances(ranking: Column) -> Column:
    low, high = float(ranking.min()), float(ranking.max())
    return (ranking - low) / (high - low) if high > low else np.full(len(ranking), 0.5)


def _splits(rows: Rows, question: Question, seed: int) -> Iterator[tuple[Chosen, Chosen]]:
    """Rows to learn from and rows to try, by saver or by time. Of the former all was known before the latter began."""
    found = rows.labelled
    if question.folds:
        place = np.random.default_rng(seed).permutation(len(rows.names)) % question.folds
        fold = place[found.saver]
        for number_of_fold in range(question.folds):
            if (fold == number_of_fold).any():
                yield fold != number_of_fold, fold == number_of_fold
        return
    day = number(question.split) if question.split else _newest(found, NEWEST)
    yield found.closed < day, found.as_of >= day


def _newest(found: Labelled, share: float) -> int:
    ordered = np.sort(found.as_of)
    return int(ordered[min(len(ordered) - 1, int(len(ordered) * (1 - share)))])


def _chosen(rows: Rows, which: Chosen | Index) -> Rows:
    return Rows(rows.labelled.chosen(which), rows.deposits[which], rows.names, rows.plan, rows.seen)


def _earlier(rows: Rows, question: Question, before: Chosen) -> Labelled:
    """What drift is told against: the rows learned from or, where savers are split, the older half."""
    if not question.folds:
        return rows.labelled.chosen(before)
    return rows.labelled.chosen(rows.labelled.as_of < _newest(rows.labelled, 0.5))


def _answers(
    rows: Rows, before: Chosen, after: Chosen, policy: Policy, seed: int
) -> tuple[dict[str, tuple[Column, Column]], str]:
    """What each way says of the rows ``after``, having seen those ``before``: a ranking and chances."""
    old, new = rows.labelled.chosen(before), rows.labelled.chosen(after)
    rule = rule_scores(new.features, policy).score
    said = {}
    for name, points in (
        (NAIVE, naive_points(rows.deposits, _streaks(rows.labelled))),
        (STREAK, _streaks(rows.labelled)),
    ):
        likely = chances(points[before], old.on_time, points[after]) if len(old) else np.full(len(new), 0.5)
        said[name] = (points[after], likely)
    fixed = probabilities(rule, policy)
    said[RULE] = (rule.astype(np.float64), fixed)
    if len(old) and 0 < old.on_time.sum() < len(old):
        savers = len(np.unique(old.saver))
        for kind, trainer in TRAINERS.items():
            if savers >= trainer.savers:
                model = Model(kind, trainer.fit(old.features.matrix(NAMES), old.on_time, seed))
                likely = model.probabilities(new.features)
                said[kind] = (likely, likely)
    serving, likely = _served(old, new, policy, seed)
    said[MODEL] = (said[RULE][0] if serving == RULE else likely, fixed if serving == RULE else likely)
    return said, serving


def _served(old: Labelled, new: Labelled, policy: Policy, seed: int) -> tuple[str, Column]:
    """What production would predict with, after training on ``old``: the winner of its contest, or the rule."""
    try:
        found = contest(old, policy, seed=seed)
    except TooLittle:
        return RULE, np.zeros(len(new))
    if not found.promoted:
        return RULE, np.zeros(len(new))
    return found.model.kind, found.model.probabilities(new.features)


def _streaks(found: Labelled) -> Column:
    return found.features.columns["streak"]


def _cold(rows: Rows, before: Chosen, after: Chosen, policy: Policy) -> Iterator[Cold]:
    old, new = rows.labelled.chosen(before), rows.labelled.chosen(after)
    fixed = measure(new.on_time, probabilities(rule_scores(new.features, policy).score, policy)).log_loss
    savers = np.unique(old.saver)
    for few in FEW:
        if len(savers) < few:
            return
        sums: dict[str, list[float]] = {kind: [] for kind in TRAINERS}
        for draw in range(DRAWN):
            own = np.random.default_rng(SEED + draw).choice(savers, size=few, replace=False)
            some = old.chosen(np.isin(old.saver, own))
            if not 0 < some.on_time.sum() < len(some):
                continue
            for kind, trainer in TRAINERS.items():
                model = Model(kind, trainer.fit(some.features.matrix(NAMES), some.on_time, SEED))
                sums[kind].append(measure(new.on_time, model.probabilities(new.features)).log_loss)
        means = {kind: float(np.mean(each)) if each else None for kind, each in sums.items()}
        yield Cold(few, {RULE: fixed, **means})


def _elsewhere(rows: Rows, question: Question, policy: Policy) -> Iterator[tuple[str, Metrics, Metrics]]:
    """Rule and model where the split falls elsewhere: nothing may hang on the one that was chosen."""
    seen = rows.labelled.closed < rows.seen
    if not seen.all():
        own = _chosen(rows, seen)
        yield "as far as the file goes", *_again(own, list(_splits(own, question, SEED)), policy, SEED)
    if question.folds:
        for seed in range(SEED + 1, SEED + 4):
            yield f"folds drawn anew ({seed})", *_again(rows, list(_splits(rows, question, seed)), policy, seed)
        return
    for day in sorted({_newest(rows.labelled, share) for share in (0.5, 0.4, 0.3, 0.2)}):
        splits = [(rows.labelled.closed < day, rows.labelled.as_of >= day)]
        if splits[0][0].any():
            said = date.fromordinal(day + date(1970, 1, 1).toordinal())
            yield f"from {said.day} {said:%B %Y} on", *_again(rows, splits, policy, SEED)


def _again(rows: Rows, splits: Sequence[tuple[Chosen, Chosen]], policy: Policy, seed: int) -> tuple[Metrics, Metrics]:
    found, rule, model = [], [], []
    for before, after in splits:
        old, new = rows.labelled.chosen(before), rows.labelled.chosen(after)
        fixed = probabilities(rule_scores(new.features, policy).score, policy)
        serving, likely = _served(old, new, policy, seed)
        found.append(new.on_time)
        rule.append(fixed)
        model.append(fixed if serving == RULE else likely)
    outcome = np.concatenate(found)
    return measure(outcome, np.concatenate(rule)), measure(outcome, np.concatenate(model))
