"""What was measured of a saver before a score, in words: the inputs of rule and model alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["share", "count", "number"]


@dataclass(frozen=True, slots=True)
class Said:
    """A feature as staff read it. ``kind`` says how its value is written."""

    label: str
    about: str
    kind: Kind


FEATURES: Final[dict[str, Said]] = {
    "on_rate_12": Said("On time", "share of the last 12 periods, evened out for short histories", "share"),
    "on_ewma": Said("Recent habit", "share on time of all periods, the newest counting most", "share"),
    "streak": Said("In a row", "periods on time up to now", "count"),
    "longest_streak": Said("Longest row", "periods on time, the longest that ever was", "count"),
    "since_last_on": Said("Since on time", "periods since the last one on time, at most 12", "count"),
    "since_last_dep": Said("Since a deposit", "periods since the last one with a deposit, at most 12", "count"),
    "n_on_total": Said("Kept in all", "periods on time so far", "count"),
    "periods": Said("Periods", "how many were due so far, at most 24", "count"),
    "dep_per_period": Said("Deposits a period", "in each of the last 12", "number"),
    "deposits_31": Said("Deposits lately", "of the last 31 days", "count"),
    "days_between": Said("Days between", "from one deposit to the next, in the last half year", "number"),
    "fulfil_12": Said("Full amounts", "how much of what was due was put in, of the last 12 periods", "share"),
    "amt_cv": Said("Unevenness", "how unlike each other the deposits were; 0 is always the same", "number"),
    "wd_ratio_12": Said("Taken out", "share of what was put in that was taken out again", "share"),
    "trend": Said("Trend", "deposits of the newest period against those of the last 12; 1 is as usual", "number"),
    "mean_days_late": Said("Days late", "of loan instalments, on average", "number"),
    "last_days_late": Said("Days late, last", "of the newest loan instalment", "number"),
    "repayment_on_share": Said("Instalments on time", "share of loan instalments, evened out likewise", "share"),
    "window": Said("Looked at", "periods behind the shares of the last 12", "count"),
    "on_time_in_window": Said("On time of these", "as counted, without evening out", "count"),
    "known": Said("Known", "periods that count at all", "count"),
    "closed": Said("Closed", "periods that are over", "count"),
    "instalments": Said("Instalments", "of loans that have closed", "count"),
    "instalments_on_time": Said("Instalments kept", "on time, as counted", "count"),
}
#: The prediction stands among the features where drift is measured.
PREDICTION: Final = Said("Prediction", "the chance itself", "share")


def named(name: str) -> Said:
    """The words of a feature; of one that has none, its own name."""
    return PREDICTION if name == "score" else FEATURES.get(name) or Said(name.replace("_", " "), "", "number")


def written(value: float | None, kind: Kind) -> str:
    """A value as staff read it."""
    if value is None:
        return "–"
    if kind == "share":
        return f"{value:.1%}"
    if kind == "count":
        return f"{value:,.0f}"
    return f"{value:,.2f}"
