"""What is said of a score, in its reader's language: factors, reasons, steps, bands.

``app/templates/credit/words/<language>.txt`` has the macros.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from flask import current_app

from app.periods import Plan
from app.scoring.advice import Advice, Step
from app.scoring.features import DECAY
from app.scoring.rule import Factor

LANGUAGES: Final = ("en", "hi")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a factor gives what it gives, as it was measured, and what to do about it; plain text, one line each."""

    name: str
    text: str
    action: str


class Words:
    """The words of one language. One that is not written yet reads English. Needs an application context."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else "en"
        self._macros: Any = current_app.jinja_env.get_template(f"credit/words/{self.language}.txt").module

    def reason(self, factor: Factor, plan: Plan | None) -> Reason:
        """What is said of ``factor``, whose obligations are of ``plan`` (None: of several)."""
        values = measured(factor)
        said = (self._macros.reason(factor.code, values, plan), self._macros.action(factor.code, values, plan))
        return Reason(_line(self._macros.name(factor.code)), *(_line(text) for text in said))

    def step(self, step: Step, advice: Advice) -> str:
        """What to do, without its points."""
        return _line(self._macros.step(step.code, step.count, step.plan, step.due, advice.until))

    def band(self, code: str) -> str:
        """A band in a word."""
        return _line(self._macros.band(code))

    def status(self, code: str) -> str:
        """A status in a few words."""
        return _line(self._macros.status(code))

    def chance(self, probability: float) -> str:
        """How likely the next deposit is on time, as so many of ten."""
        return _line(self._macros.chance(tenths(probability)))


def measured(factor: Factor) -> dict[str, int]:
    """What was observed, as people count: whole numbers, shares without what the rule adds for short histories.

    ``tenths``: so many of ten; ``percent``: 100 only where it is all, 0 only where it is nothing.
    """
    observed = factor.observed
    values = {name: int(value) for name, value in observed.items() if not name.endswith("share")}
    if factor.code == "habit":
        weight = (1 - DECAY ** observed["of"]) / (1 - DECAY)
        share = (observed["share"] * (weight + 2) - 1) / weight if weight else 0.0
        values["tenths"] = 10 if share > 0.999 else min(9, int(share * 10 + 0.5))
    elif factor.code == "fulfilment":
        share = (observed["share"] * (observed["of"] + 2) - 1) / observed["of"] if observed["of"] else 0.0
        values["percent"] = _percent(share)
    elif factor.code == "kept":
        values["percent"] = _percent(observed["withdrawn_share"])
    return values


def tenths(probability: float) -> int:
    """A chance as so many of ten: 1 to 9, and 10 for more than 19 of 20."""
    return 10 if probability > 0.95 else max(1, min(9, int(probability * 10 + 0.5)))


def _percent(share: float) -> int:
    # Shares are kept to four decimals.
    if share > 0.9995:
        return 100
    return max(1, min(99, int(share * 100 + 0.5))) if share > 0.0005 else 0


def _line(text: str) -> str:
    return " ".join(text.split())
