"""Features as they were on any morning of the past: what training, evaluation and a look back ask for."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.scoring.calendars import Days
from app.scoring.features import Features, Instalments, features_at
from app.scoring.histories import SAVER_APART, Index, Jars, Movements
from app.scoring.obligations import Obligations

#: Rows of histories that questions of their own kind are given at once.
_ROWS_AT_ONCE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Labelled:
    """One row for each period that closed: what was known on the morning it began, and whether it was then on time.

    ``closed``: the last day on which that could change; nobody knew the answer before the next morning.
    """

    saver: Index
    as_of: Days
    on_time: NDArray[np.bool_]
    features: Features
    closed: Days

    def __len__(self) -> int:
        return len(self.on_time)

    def chosen(self, rows: NDArray[np.bool_] | Index) -> Labelled:
        """The named rows."""
        return Labelled(
            self.saver[rows], self.as_of[rows], self.on_time[rows], taken(self.features, rows), self.closed[rows]
        )


def features_before(
    history: Obligations, jars: Jars, movements: Movements, instalments: Instalments, *, saver: Index, as_of: Days
) -> Features:
    """The features of ``saver`` on the morning of ``as_of``, one pair for each question.

    Only what was closed and had moved by then counts, whatever ``history`` and ``movements`` hold beyond it.
    """
    place = _owners(history) * SAVER_APART + (history.closed - (base := _base(history, as_of)))
    asked = saver * SAVER_APART + (as_of - base)
    begin = history.starts[saver]
    # How many from the first on were all over by then, and how many were over at all.
    known = np.maximum(np.searchsorted(np.maximum.accumulate(place), asked, side="left"), begin) - begin
    over = np.searchsorted(np.sort(place), asked, side="left") - begin
    # Where plans are mixed, a later period may have closed while an earlier one is still within its grace.
    odd = np.flatnonzero(over > known)
    if not len(odd):
        return features_at(history, jars, movements, instalments, saver=saver, known=known, as_of=as_of)
    plain = np.flatnonzero(over == known)
    parts = [
        features_at(history, jars, movements, instalments, saver=saver[plain], known=known[plain], as_of=as_of[plain])
    ]
    for some in _slices(odd, np.diff(history.starts)[saver[odd]]):
        own = _as_it_was(history, saver[some], as_of[some])
        parts.append(
            features_at(
                own, jars, movements, instalments,
                saver=saver[some], known=np.diff(own.starts), as_of=as_of[some], sequence=np.arange(len(some)),
            )
        )  # fmt: skip
    return taken(joined(parts), np.argsort(np.concatenate((plain, odd)), kind="stable"))


def labelled(
    history: Obligations, jars: Jars, movements: Movements, instalments: Instalments, *, at_least: int
) -> Labelled:
    """Every closed period with at least ``at_least`` closed ones known before it began."""
    saver = _owners(history)
    found = features_before(history, jars, movements, instalments, saver=saver, as_of=history.begun)
    enough = found.closed >= at_least
    return Labelled(saver, history.begun, history.on_time, found, history.closed).chosen(enough)


def taken(features: Features, rows: NDArray[np.bool_] | Index) -> Features:
    """The named rows."""
    return Features(
        {name: column[rows] for name, column in features.columns.items()},
        *(getattr(features, field.name)[rows] for field in fields(features) if field.name != "columns"),
    )


def joined(parts: list[Features]) -> Features:
    """The rows of all, one after the other."""
    columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns}
    rest = [
        np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(Features)
        if field.name != "columns"
    ]
    return Features(columns, *rest)


def _owners(history: Obligations) -> Index:
    return np.repeat(np.arange(len(history.starts) - 1), np.diff(history.starts))


def _base(history: Obligations, as_of: Days) -> int:
    return int(min(history.closed.min(initial=0), as_of.min(initial=0)))


def _slices(rows: Index, sizes: Index) -> list[Index]:
    """``rows`` in runs, the histories of each of which take up no more than so much memory."""
    begins = np.flatnonzero(np.diff(np.cumsum(sizes) // _ROWS_AT_ONCE, prepend=-1))
    return np.split(rows, begins[1:])


def _as_it_was(history: Obligations, saver: Index, as_of: Days) -> Obligations:
    """For each question a history of its own: what was over before its day."""
    begin, lengths = history.starts[saver], np.diff(history.starts)[saver]
    question = np.repeat(np.arange(len(saver)), lengths)
    row = np.arange(len(question)) + np.repeat(begin - (np.cumsum(lengths) - lengths), lengths)
    over = history.closed[row] < as_of[question]
    row, counts = row[over], np.bincount(question[over], minlength=len(saver))
    values = {field.name: getattr(history, field.name)[row] for field in fields(history) if field.name != "starts"}
    return replace(history, starts=np.concatenate(([0], np.cumsum(counts))), **values)
