"""How tables are laid out in Markdown, and how figures are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from app.scoring.intervals import Interval

NOTHING: Final = "–"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table; the first column is of words, the others of figures."""
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' if number == 0 else '---:' for number in range(len(head)))} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def figure(value: float | None) -> str:
    """Three decimals."""
    return NOTHING if value is None else f"{value:.3f}"


def interval(found: Interval | None) -> str:
    """From where to where."""
    return NOTHING if found is None else f"{found.low:.3f} to {found.high:.3f}"


def percent(value: float) -> str:
    """Of a share."""
    return f"{100 * value:.1f} %"


def count(value: int) -> str:
    """With commas."""
    return f"{value:,}"
