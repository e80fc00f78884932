"""What a saver still lacks for a loan: how far it is, what to do about it, and where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from flask import url_for

from app.blueprints.languages import in_language
from app.loans.eligibility import Check
from app.scoring.policy import LOWEST
from app.services.loans import words
from app.services.loans.words import OF_MONEY

#: What can be done about today comes first, then what a habit brings, then what only days bring.
ORDER: Final = (
    "account", "arrears", "open_loans", "identity", "paused_jars", "affordability", "on_time_rate", "score",
    "history_days", "defaults",
)  # fmt: skip
#: Those that are measured, so that they can be said as so much of so much.
MEASURED: Final = frozenset({"history_days", "score", "on_time_rate", "affordability"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A check that did not pass. ``share``: how far it is, from 0 to 1, None where it is not measured.

    ``have`` and ``need``: plain numbers, minor units where ``money``. ``href``: where to do something about it.
    """

    code: str
    text: str
    step: str
    share: float | None
    have: float
    need: float
    href: str
    money: bool


def asked(checks: Iterable[Check]) -> list[Asked]:
    """Those of ``checks`` that did not pass, what to do next first."""
    return sorted((_asked(check) for check in checks if not check.passed), key=lambda one: _place(one.code, checks))


def _asked(check: Check) -> Asked:
    have, need, share = 0.0, 0.0, None
    if check.code in MEASURED and check.actual is not None:
        have, need = float(check.actual), float(check.required)
        least = LOWEST if check.code == "score" else 0
        share = max(0.0, min(1.0, (max(have, least) - least) / (need - least)))
    return Asked(
        check.code,
        in_language(words.text(check)),
        in_language(words.step(check)),
        share,
        have,
        need,
        _where(check.code),
        check.code in OF_MONEY,
    )


def _place(code: str, checks: Iterable[Check]) -> int:
    waiting = any(check.code == code == "identity" and check.actual == "pending" for check in checks)
    return len(ORDER) if waiting else ORDER.index(code)


def _where(code: str) -> str:
    """The page on which something can be done about it."""
    return {
        "identity": lambda: url_for("web_papers.papers"),
        "paused_jars": lambda: url_for("web_savings.list_jars"),
        "history_days": lambda: url_for("web_savings.dashboard"),
        "affordability": lambda: url_for("web_savings.dashboard"),
        "score": lambda: url_for("web_credit.score"),
        "on_time_rate": lambda: url_for("web_credit.score"),
        "open_loans": lambda: url_for("web_loans.overview"),
    }.get(code, lambda: url_for("web_support.ask"))()
