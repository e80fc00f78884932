"""Jars and movements as the columns that scoring takes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from app.periods import Plan
from app.scoring.calendars import CODES
from app.scoring.features import Features, Instalments, features_at
from app.scoring.histories import NEVER, Jars, Movements, Pauses
from app.scoring.obligations import Obligations, obligations
from app.services.gamification.streaks import JarTerms, Movement, counted

EPOCH = date(1970, 1, 1).toordinal()
Saver = Sequence[tuple[JarTerms, Sequence[Movement]]]


def number(day: date) -> int:
    """Days since 1 January 1970."""
    return day.toordinal() - EPOCH


def ints(values: Sequence[int]) -> np.ndarray:
    """A column of whole numbers."""
    return np.array(values, dtype=np.int64)


def columns(savers: Sequence[Saver]) -> tuple[Jars, Pauses, Movements]:
    """The jars of several savers with what moved in them. ``filled`` is the day on which a jar reached its target."""
    rows = [(index, terms, moves) for index, saver in enumerate(savers) for terms, moves in saver]
    jars = Jars(
        saver=ints([index for index, _, _ in rows]),
        plan=np.array([CODES[Plan(terms.plan)] for _, terms, _ in rows], dtype=np.int8),
        installment=ints([terms.installment or 0 for _, terms, _ in rows]),
        first_day=ints([number(terms.first_day) for _, terms, _ in rows]),
        last_day=ints([NEVER if terms.last_day is None else number(terms.last_day) for _, terms, _ in rows]),
        completed=ints([NEVER if terms.filled is None else number(terms.filled) for _, terms, _ in rows]),
    )
    pauses = [(jar, *pause) for jar, (_, terms, _) in enumerate(rows) for pause in terms.pauses]
    moved = [(jar, number(day), amount) for jar, (_, _, moves) in enumerate(rows) for day, amount in counted(moves)]
    return (
        jars,
        Pauses(
            ints([jar for jar, _, _ in pauses]),
            ints([number(first) for _, first, _ in pauses]),
            ints([number(last) for _, _, last in pauses]),
        ),
        Movements(
            ints([jar for jar, _, _ in moved]),
            ints([day for _, day, _ in moved]),
            ints([amount for _, _, amount in moved]),
            np.zeros(len(moved), dtype=bool),
        ),
    )


def history(savers: Sequence[Saver], as_of: Sequence[date]) -> Obligations:
    """What ``obligations`` makes of them."""
    return obligations(*columns(savers), ints([number(day) for day in as_of]))


def features(savers: Sequence[Saver], as_of: Sequence[date], instalments: Instalments | None = None) -> Features:
    """The features of each saver on their day."""
    jars, pauses, movements = columns(savers)
    days = ints([number(day) for day in as_of])
    done = obligations(jars, pauses, movements, days)
    return features_at(
        done,
        jars,
        movements,
        instalments or Instalments.none(len(savers)),
        saver=np.arange(len(savers)),
        known=np.diff(done.starts),
        as_of=days,
    )
