"""The rule score: points of a policy's factors over the features, exact and the same for one saver or a million."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.scoring.features import Features
from app.scoring.policy import HIGHEST, LOWEST, Policy

Points = NDArray[np.int64]

REASONS: Final = 4


@dataclass(frozen=True, slots=True)
class RuleScores:
    """``points``: a row for each question, a column for each of ``factors``; ``score``: the base and all of them."""

    factors: tuple[str, ...]
    points: Points
    score: Points


@dataclass(frozen=True, slots=True)
class Factor:
    """What one factor gave: ``points`` of at most ``most``, for what was ``observed``."""

    code: str
    points: int
    most: int
    observed: dict[str, float | int]


def shares(features: Features, policy: Policy) -> dict[str, NDArray[np.float64]]:
    """How full each factor is, 0 to 1."""
    known, full = features.columns, policy.full
    return {
        "punctuality": known["on_rate_12"],
        "habit": known["on_ewma"],
        "tenure": np.minimum(known["n_on_total"] / full["tenure"], 1.0),
        "repayment": known["repayment_on_share"],
        "streak": np.minimum(known["streak"], full["streak"]) / full["streak"],
        "recency": np.maximum(0.0, 1.0 - known["since_last_on"] / full["recency"]),
        "fulfilment": known["fulfil_12"],
        "kept": np.maximum(0.0, 1.0 - known["wd_ratio_12"]),
    }


def rule_scores(features: Features, policy: Policy) -> RuleScores:
    """The points of every factor and their sum with the base, for each row of ``features``."""
    full = shares(features, policy)
    factors = tuple(policy.weights)
    points = np.column_stack([np.floor(policy.weights[code] * full[code] + 0.5).astype(np.int64) for code in factors])
    return RuleScores(factors, points, policy.base + points.sum(axis=1))


def probabilities(score: Points, policy: Policy) -> NDArray[np.float64]:
    """How likely the next period is on time, as the rule alone has it: a fixed logistic of the score."""
    odds = np.exp2((score - policy.even) / policy.doubles)
    return odds / (1.0 + odds)


def predicted_scores(probability: NDArray[np.float64]) -> Points:
    """A probability on the score's range: 600 for even odds, 50 points more each time they double."""
    with np.errstate(divide="ignore"):
        logit = np.log2(probability) - np.log2(1.0 - probability)
    return np.clip(np.floor(600 + 50 * logit + 0.5), LOWEST, HIGHEST).astype(np.int64)


def factors_of(features: Features, scores: RuleScores, row: int, policy: Policy) -> list[Factor]:
    """Every factor of one row, in the policy's order, with what was measured."""
    known = {name: float(column[row]) for name, column in features.columns.items()}
    window, counted = int(features.window[row]), int(features.known[row])
    on_time = int(features.on_time_in_window[row])
    observed: dict[str, dict[str, float | int]] = {
        "punctuality": {"on_time": on_time, "of": window},
        "habit": {"share": round(known["on_ewma"], 4), "of": counted},
        "tenure": {"on_time": int(known["n_on_total"]), "of": policy.full["tenure"]},
        "repayment": {
            "on_time": int(features.instalments_on_time[row]),
            "of": int(features.instalments[row]),
        },
        "streak": {"in_a_row": int(known["streak"]), "of": policy.full["streak"]},
        "recency": {"since": int(known["since_last_on"]), "of": counted},
        "fulfilment": {"share": round(known["fulfil_12"], 4), "of": window},
        "kept": {"withdrawn_share": round(known["wd_ratio_12"], 4)},
    }
    return [
        Factor(code, int(scores.points[row, column]), policy.weights[code], observed[code])
        for column, code in enumerate(scores.factors)
    ]


def reasons(factors: list[Factor]) -> list[Factor]:
    """The at most four factors that cost most, the costliest first; repayment only where something was to repay."""
    told = [
        factor
        for factor in factors
        if factor.points < factor.most and (factor.code != "repayment" or factor.observed["of"])
    ]
    return sorted(told, key=lambda factor: factor.points - factor.most)[:REASONS]
