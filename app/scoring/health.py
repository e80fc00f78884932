"""Whether predictions have held on periods that closed since: figures, and a verdict with its reasons."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.scoring.drift import SCORE, drift
from app.scoring.features import Column
from app.scoring.metrics import Metrics, calibration, ece_by_chance, measure
from app.scoring.models import Model
from app.scoring.policy import Policy
from app.scoring.questions import Labelled
from app.scoring.rule import probabilities, rule_scores
from app.scoring.training import RULE

#: Fewer periods than these say nothing.
LEAST_ROWS: Final = 200
#: Calibration errors, losses and stability indices beyond these are drift, where chance alone does not explain them.
WORST_ECE: Final = 0.05
WORST_PSI: Final = 0.25
WORST_LOSS: Final = 0.05
#: How far beyond chance: so many standard errors, or so many times what chance makes on average.
SURE: Final = 2.0

Verdict = str
OK: Final = "ok"
DRIFTING: Final = "drifting"
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict is not ``ok``: ``code``, what was ``measured``, its ``limit``, and the features it is about."""

    code: str
    measured: float
    limit: float
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """What was found. ``metrics`` by name, the rule's and the model's. ``report`` is all of it, for JSON."""

    verdict: Verdict
    reasons: list[Reason]
    metrics: dict[str, Metrics]
    report: dict[str, Any]


def examine(rows: Labelled, policy: Policy, model: Model | None, name: str | None, card: Mapping[str, Any]) -> Health:
    """Compare what rule and model (``name``; None where the rule serves alone) said of ``rows`` with what came.

    ``card``: of the model, for what it was like when it was trained. The rule alone has no verdict but on whether there
    are rows: it promises no calibration.
    """
    savers = len(np.unique(rows.saver))
    report: dict[str, Any] = {"rows": len(rows), "savers": savers, "policy_version": policy.version}
    if len(rows) < LEAST_ROWS:
        reasons = [Reason("too_few_rows", float(len(rows)), float(LEAST_ROWS))]
        return Health(UNKNOWN, reasons, {}, report | {"reasons": [asdict(reason) for reason in reasons]})
    score = rule_scores(rows.features, policy).score
    said = {RULE: probabilities(score, policy)}
    reasons = []
    if model is not None and name is not None:
        said[name] = model.probabilities(rows.features)
    metrics = {who: measure(rows.on_time, chances) for who, chances in said.items()}
    report |= {
        "metrics": {who: asdict(each) for who, each in metrics.items()},
        "bands": _bands(rows.on_time, score, said, policy),
    }
    if model is not None and name is not None:
        compared, moved = drift(card.get("baseline", {}), rows.features, said[name])
        report |= {"compared": compared, "drift": [asdict(each) for each in moved]}
        reasons = _worse(rows, said[RULE], said[name], card["metrics"][model.kind]["log_loss"])
        bins = calibration(rows.on_time, said[name])
        limit = max(WORST_ECE, SURE * ece_by_chance(bins))
        if metrics[name].ece > limit:
            reasons.append(Reason("miscalibrated", metrics[name].ece, limit))
        far = [each for each in moved if each.excess > WORST_PSI] if compared >= LEAST_ROWS else []
        for code, names in (
            ("score_moved", [each.name for each in far if each.name == SCORE]),
            ("inputs_moved", [each.name for each in far if each.name != SCORE]),
        ):
            if names:
                farthest = max(each.excess for each in far if each.name in names)
                reasons.append(Reason(code, farthest, WORST_PSI, tuple(names)))
    report["reasons"] = [asdict(reason) for reason in reasons]
    return Health(DRIFTING if reasons else OK, reasons, metrics, report)


def _bands(
    on_time: NDArray[np.bool_], score: NDArray[np.int64], said: Mapping[str, Column], policy: Policy
) -> list[dict[str, Any]]:
    begins = np.array([begin for _, begin in policy.bands])
    place = np.searchsorted(begins, score, side="right") - 1
    found = []
    for number, (code, begin) in enumerate(policy.bands):
        inside = place == number
        if inside.any():
            means = {who: float(chances[inside].mean()) for who, chances in said.items()}
            found.append(
                {"code": code, "from": begin, "rows": int(inside.sum()), "on_time": float(on_time[inside].mean())}
                | {"predicted": means}
            )
    return found


def _worse(rows: Labelled, by_rule: Column, by_model: Column, trained: float) -> list[Reason]:
    """Where the model's losses are above the rule's, or far above what they were when it was trained."""
    loss = _losses(rows.on_time, by_model)
    ahead, error = _mean(loss - _losses(rows.on_time, by_rule), rows.saver)
    reasons = []
    if ahead > SURE * error:
        reasons.append(Reason("worse_than_rule", ahead, SURE * error))
    mean, error = _mean(loss, rows.saver)
    limit = max(WORST_LOSS, SURE * error)
    if mean - trained > limit:
        reasons.append(Reason("worse_than_trained", mean - trained, limit))
    return reasons


def _losses(on_time: NDArray[np.bool_], chances: Column) -> Column:
    clipped = np.clip(chances, 1e-6, 1 - 1e-6)
    losses: Column = -np.log(np.where(on_time, clipped, 1 - clipped))
    return losses


def _mean(values: Column, saver: NDArray[np.int64]) -> tuple[float, float]:
    """The mean and its standard error, a saver's periods being anything but independent."""
    mean = float(values.mean())
    _, number = np.unique(saver, return_inverse=True)
    apart = np.bincount(number, weights=values - mean)
    return mean, math.sqrt(float((apart**2).sum())) / len(values)
