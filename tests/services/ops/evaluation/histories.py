"""A history of savers who keep their weeks each at a rate of their own, as a file and the mapping of its columns."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

MONDAY = date(2024, 1, 1)
HEADER = "member,day,sum"


def written(folder: Path, *, savers: int = 90, weeks: int = 20, seed: int = 1) -> Path:
    """The file."""
    draw = np.random.default_rng(seed)
    lines = []
    for saver in range(savers):
        rate = draw.beta(1.2, 1.2)
        # Not all begin at once: histories of one length lie in different seasons.
        for week in range(int(draw.integers(weeks // 2)), weeks):
            if draw.random() < rate:
                day = MONDAY + timedelta(7 * week + int(draw.integers(7)))
                lines.append((day, f"{saver},{day},{int(draw.integers(20, 80))}"))
    path = folder / "weekly.csv"
    path.write_text("\n".join([HEADER, *(line for _, line in sorted(lines))]) + "\n")
    return path


def mapping_of(name: str, **more: Any) -> dict[str, Any]:
    """What its columns mean."""
    return {
        "name": name,
        "currency": "KES",
        "columns": {"account": "member", "time": "day", "amount": "sum"},
        "time": {"formats": ["%Y-%m-%d"], "zone": "Africa/Nairobi"},
        **more,
    }
