"""What the program goes by: settings with where each comes from, and the versions of its policies. Secrets stay so."""

from __future__ import annotations

import platform
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import config
from app.loans import policy as loans
from app.scoring import policy as scores
from app.services.identity import policies
from app.services.ops import health

#: What an address may carry beside where it leads: a name and password, or a key.
CARRIED: Final = re.compile(r"(?<=//)[^/@\s]*@|\?[^\s]*")


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


@dataclass(frozen=True, slots=True)
class Build:
    """What runs: the product's version, the migration of the database and the newest one of this program."""

    version: str
    migration: str | None
    newest_migration: str | None
    python: str


def build() -> Build:
    """What runs here. Asks the database in a transaction of its own."""
    project = tomllib.loads((config.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return Build(project["version"], health.current_migration(), health.newest_migration(), platform.python_version())


def settings() -> list[Setting]:
    """Every setting as this process finds it now, in the order of ``.env.example``. Raises SettingsError."""
    found = config.origins()
    listed = []
    for one in config.SETTINGS:
        text, source = found.get(one.name, (one.default, "default"))
        shown = CARRIED.sub("•••", text) if "://" in text else text
        listed.append(Setting(one.name, one.meaning, None if one.secret else shown, bool(text), one.secret, source))
    return listed


def in_force(at: datetime) -> list[Policy]:
    """The policies that count at ``at``: of the score, of loans, and the texts that savers agree to."""
    rule, loan = scores.policy(), loans.policy()
    return [
        Policy("score", rule.version, asdict(rule)),
        Policy("loans", loan.version, asdict(loan)),
        *(
            Policy(name, current.number, {"counts_from": current.counts_from, "versions": policies.VERSIONS[name]})
            for name in policies.VERSIONS
            for current in (policies.current(name, at),)
        ),
    ]
