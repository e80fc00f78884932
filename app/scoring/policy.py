"""Policies of the rule score: versioned data under ``policies/``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "policies"
CURRENT: Final = "rule-1"
LOWEST: Final = 300
HIGHEST: Final = 900


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the rule. ``weights``: most points of each factor, in the order in which they are shown.

    ``full``: where tenure, streak and recency are full or empty. ``bands``: codes with the score each begins at,
    ascending. ``even`` and ``doubles``: the score of even odds, and how many more points double them.
    """

    version: str
    base: int
    scored_from: int
    settled_from: int
    weights: dict[str, int]
    full: dict[str, int]
    bands: tuple[tuple[str, int], ...]
    even: int
    doubles: int

    def band(self, score: int) -> str:
        """The code of the band that holds ``score``."""
        return next(code for code, begin in reversed(self.bands) if score >= begin)

    def status(self, closed: int) -> str:
        """What ``closed`` periods allow: ``no_history``, ``provisional`` or ``scored``."""
        if closed < self.scored_from:
            return "no_history"
        return "provisional" if closed < self.settled_from else "scored"


@cache
def policy(version: str = CURRENT) -> Policy:
    """The policy of that name. Raises ValueError where there is none."""
    path = FOLDER / f"{version}.toml"
    if path.parent != FOLDER or not path.is_file():
        raise ValueError(f"there is no policy {version!r}")
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return Policy(
        version=data["version"],
        base=data["base"],
        scored_from=data["scored_from"],
        settled_from=data["settled_from"],
        weights=data["weights"],
        full=data["full"],
        bands=tuple((band["code"], band["from"]) for band in data["bands"]),
        even=data["probability"]["even"],
        doubles=data["probability"]["doubles"],
    )
