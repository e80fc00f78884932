"""Histories of savers who keep their weeks, each at a rate of their own, taken in as an import."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from flask import Flask

from app.services.ops.imports.run import import_history
from tests.services.ops.imports.conftest import mapping, write_csv

#: The Monday of the first week; the tests' clock stands 28 weeks later.
MONDAY = date(2026, 1, 5)


def rows(savers: int, weeks: int, *, seed: int = 1, first: int = 0, shift: float = 0.0) -> list[str]:
    """Lines of a file: one deposit in each week that a saver keeps, from week ``first`` on."""
    draw = np.random.default_rng(seed)
    lines = []
    for saver in range(savers):
        rate = draw.beta(1.2, 1.2) * (1 - shift)
        for week in range(first, first + weeks):
            # Everybody begins with a deposit: a jar starts with its first one.
            if draw.random() < rate or week == first:
                day = MONDAY + timedelta(7 * week + int(draw.integers(0, 6)))
                lines.append(f"S{seed}-{saver:04d},{day.isoformat()},{int(draw.integers(2, 9)) * 50}.00,")
    # As a bank writes them: by day.
    return sorted(lines, key=lambda line: line.split(",")[1])


def asked_about(lines: Sequence[str], *, since: int = 0) -> dict[str, list[int]]:
    """By saver the weeks before the 27th, from ``since`` on, that models learn from.

    From the saver's fourth on: a week's grace is its next Monday, so two are over on the morning of the fourth. None
    whose last twelve known had no deposit.
    """
    kept: dict[str, set[int]] = {}
    for line in lines:
        saver, when, *_ = line.split(",")
        kept.setdefault(saver, set()).add((date.fromisoformat(when) - MONDAY).days // 7)
    found = {}
    for saver, weeks in kept.items():
        begun = min(weeks)
        found[saver] = [
            week
            for week in range(max(begun + 3, since), 27)
            if week - 1 < begun + 12 or weeks & set(range(week - 13, week - 1))
        ]
    return found


def take_in(app: Flask, folder: Path, lines: Sequence[str]) -> None:
    """Import these lines as weekly jars without an amount."""
    file = write_csv(folder / "history.csv", list(lines))
    with app.app_context():
        import_history([file], mapping(jar__plan="weekly"))
