"""What the program goes by: settings with where each comes from, and the versions of its policies. Secrets stay so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import config
from app.loans import policy as loans
from app.scoring import policy as scores
from app.services.identity import policies


@dataclass(frozen=True, slots=True)
class Setting:
    """``value``: as text; None for a secret, of which ``given`` says whether there is one. ``source``: environment,
    ``.env``, ``.local/run.json`` or default."""

    name: str
    meaning: str
    value: str | None
    given: bool
    secret: bool
    source: str


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy of the program: what it is about, its version, and its values by name."""

    about: str
    version: str
    values: Mapping[str, Any]


def settings() -> list[Setting]:
    """Every setting as this process finds it now, in the order of ``.env.example``. Raises SettingsError."""
    found = config.origins()
    listed = []
    for one in config.SETTINGS:
        text, source = found.get(one.name, (one.default, "default"))
        listed.append(Setting(one.name, one.meaning, None if one.secret else text, bool(text), one.secret, source))
    return listed


def in_force(at: datetime) -> list[Policy]:
    """The policies that count at ``at``: of the score, of loans, and the texts that savers agree to."""
    rule, loan = scores.policy(), loans.policy()
    return [
        Policy("score", rule.version, asdict(rule)),
        Policy("loans", loan.version, asdict(loan)),
        *(
            Policy(name, current.number, {"counts_from": current.counts_from})
            for name in policies.VERSIONS
            for current in (policies.current(name, at),)
        ),
    ]
