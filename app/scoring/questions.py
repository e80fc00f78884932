"""Features as they were on any morning of the past: what training, evaluation and a look back ask for."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from app.scoring.calendars import Days
from app.scoring.features import Features, Instalments, features_at
from app.scoring.histories import Index, Jars, Movements
from app.scoring.obligations import Obligations


@dataclass(frozen=True, slots=True)
class Labelled:
    """One row for each period that closed: what was known on the morning it began, and whether it was then on time."""

    saver: Index
    as_of: Days
    on_time: NDArray[np.bool_]
    features: Features


def features_before(
    history: Obligations, jars: Jars, movements: Movements, instalments: Instalments, *, saver: Index, as_of: Days
) -> Features:
    """The features of ``saver`` on the morning of ``as_of``, one pair for each question.

    Only what was closed and had moved by then counts, whatever ``history`` and ``movements`` hold beyond it.
    """
    owner = _owners(history)
    latest = np.zeros(len(history), dtype=np.int64)
    for begin, end in zip(history.starts[:-1], history.starts[1:], strict=True):
        latest[begin:end] = np.maximum.accumulate(history.closed[begin:end])
    width, base = np.int64(2**21), int(min(latest.min(initial=0), as_of.min(initial=0)))
    known = np.searchsorted(owner * width + (latest - base), saver * width + (as_of - base), side="left")
    known = np.maximum(known, history.starts[saver]) - history.starts[saver]
    # Where plans are mixed, a later period may have closed while an earlier one is still within its grace.
    mixed = np.zeros(len(history.starts) - 1, dtype=bool)
    mixed[owner[latest > history.closed]] = True
    odd = np.flatnonzero(mixed[saver])
    if not len(odd):
        return features_at(history, jars, movements, instalments, saver=saver, known=known, as_of=as_of)
    plain = np.flatnonzero(~mixed[saver])
    parts = [
        np.flatnonzero(_closed_before(history, saver[row], as_of[row])) + history.starts[saver[row]] for row in odd
    ]
    counts = np.array([len(part) for part in parts], dtype=np.int64)
    own = _taken(history, np.concatenate(parts), counts)
    ordinary = features_at(
        history, jars, movements, instalments, saver=saver[plain], known=known[plain], as_of=as_of[plain]
    )
    special = features_at(
        own, jars, movements, instalments,
        saver=saver[odd], known=counts, as_of=as_of[odd], sequence=np.arange(len(odd)),
    )  # fmt: skip
    return _interleaved(ordinary, special, plain, odd)


def labelled(
    history: Obligations, jars: Jars, movements: Movements, instalments: Instalments, *, at_least: int
) -> Labelled:
    """Every closed period with at least ``at_least`` closed ones known before it began."""
    saver = _owners(history)
    found = features_before(history, jars, movements, instalments, saver=saver, as_of=history.begun)
    enough = found.closed >= at_least
    return Labelled(saver[enough], history.begun[enough], history.on_time[enough], taken(found, enough))


def taken(features: Features, rows: NDArray[np.bool_] | Index) -> Features:
    """The named rows."""
    return Features(
        {name: column[rows] for name, column in features.columns.items()},
        *(getattr(features, field.name)[rows] for field in fields(features) if field.name != "columns"),
    )


def _owners(history: Obligations) -> Index:
    return np.repeat(np.arange(len(history.starts) - 1), np.diff(history.starts))


def _closed_before(history: Obligations, saver: int, as_of: int) -> NDArray[np.bool_]:
    before: NDArray[np.bool_] = history.closed[history.starts[saver] : history.starts[saver + 1]] < as_of
    return before


def _taken(history: Obligations, rows: Index, counts: Index) -> Obligations:
    values = {field.name: getattr(history, field.name)[rows] for field in fields(history) if field.name != "starts"}
    return replace(history, starts=np.concatenate(([0], np.cumsum(counts))), **values)


def _interleaved(ordinary: Features, special: Features, plain: Index, odd: Index) -> Features:
    order = np.argsort(np.concatenate((plain, odd)), kind="stable")
    joined = {name: np.concatenate((column, special.columns[name]))[order] for name, column in ordinary.columns.items()}
    rest = [
        np.concatenate((getattr(ordinary, field.name), getattr(special, field.name)))[order]
        for field in fields(ordinary)
        if field.name != "columns"
    ]
    return Features(joined, *rest)
