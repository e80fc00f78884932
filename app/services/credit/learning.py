"""What models learn from: every closed period of this installation, each with what was known on the morning it began.

A thousand savers to a transaction, and no more rows at once than a bounded memory holds: of a larger installation some
savers stand for all, always the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from app.scoring.features import CAP, SIGNS, Features
from app.scoring.histories import Index
from app.scoring.obligations import obligations
from app.scoring.policy import Policy
from app.scoring.questions import Labelled, features_before, joined, taken
from app.services.credit.gathering import Gathered, gather
from app.services.credit.known_then import features_then, unsettled
from app.transactions import fetch, queue, run

CHUNK: Final = 1_000
#: About a kilobyte each by the time that candidates have been tried.
MOST_ROWS: Final = 300_000
NOBODY: Final = UUID(int=0)
MOST_IDS: Final = 50_000
# Whoever let their history be learned from (app/services/identity/consents.py), and histories that were imported.
WILLING: Final = "saver_habits h JOIN users u ON u.id = h.user_id WHERE u.train_on_history"
NEXT: Final = f"SELECT u.id FROM {WILLING} AND u.id > %s ORDER BY u.id LIMIT %s"  # noqa: S608

Report = Callable[[int, int], None]


def learn(
    policy: Policy,
    *,
    at: datetime,
    since: int | None = None,
    most_rows: int = MOST_ROWS,
    chunk: int = CHUNK,
    report: Report = lambda done, total: None,
) -> Labelled:
    """Every period that had closed at ``at``, of willing savers with enough history for a score when it began.

    ``since``: only periods that began on that day (counted from 1 January 1970) or later. ``report`` is told savers
    done of all. The order of rows and the numbers of savers depend on nothing but the rows: the same history, imported
    again, gives the same. Each chunk is a transaction of its own. Raises what the database says.
    """
    ((total,),) = run(lambda: fetch(f"SELECT count(*) FROM {WILLING}"))  # noqa: S608
    sample = _Sample(most_rows)
    after: UUID | None = NOBODY
    done = 0
    while after is not None:
        after, passed, part = run(partial(_next, sample, after, chunk, policy, at, since))
        if part is not None:
            sample.add(*part)
        done += passed
        if passed:
            report(done, max(done, total))
    return in_order(sample.rows())


def _next(
    sample: _Sample, after: UUID, chunk: int, policy: Policy, at: datetime, since: int | None
) -> tuple[UUID | None, int, tuple[Sequence[UUID], Labelled] | None]:
    """Up to ``chunk`` savers of the sample behind ``after``: the last who was passed, how many were, their rows."""
    queue("SET LOCAL statement_timeout = '1min'")
    savers = [user_id for (user_id,) in fetch(NEXT, (after, min(chunk * sample.one_of, MOST_IDS)))]
    if not savers:
        return None, 0, None
    chosen = [saver for saver in savers if sample.has(saver)][:chunk]
    if len(chosen) == chunk:
        savers = savers[: savers.index(chosen[-1]) + 1]
    if not chosen:
        return savers[-1], len(savers), None
    gathered = gather(chosen, at=at)
    rows = labelled_then(gathered, at_least=policy.scored_from, since=since)
    return savers[-1], len(savers), (gathered.savers, rows)


def labelled_then(gathered: Gathered, *, at_least: int, since: int | None = None) -> Labelled:
    """The closed periods of those gathered; what was booked or taken back only after a morning is not known on it.

    Not those of savers who were gone by then. They miss period after period for years, so that they would soon be most
    of all rows, all of the newest ones where an imported history ended, and nobody asks about them.
    """
    history = obligations(gathered.jars, gathered.pauses, gathered.movements, gathered.today)
    owner = np.repeat(np.arange(len(gathered.savers)), np.diff(history.starts))
    asked = np.arange(len(history)) if since is None else np.flatnonzero(history.begun >= since)
    saver, as_of = owner[asked], history.begun[asked]
    found = features_before(history, gathered.jars, gathered.movements, gathered.instalments, saver=saver, as_of=as_of)
    changed = unsettled(gathered, saver, as_of) if len(asked) else np.zeros(0, dtype=bool)
    if changed.any():
        others, odd = np.flatnonzero(~changed), np.flatnonzero(changed)
        parts: list[Features] = [taken(found, others), *features_then(gathered, saver[odd], as_of[odd])]
        found = taken(joined(parts), np.argsort(np.concatenate((others, odd)), kind="stable"))
    rows = Labelled(saver, as_of, history.on_time[asked], found, history.closed[asked])
    return rows.chosen((found.closed >= at_least) & ~_gone(found))


def _gone(found: Features) -> NDArray[np.bool_]:
    """Whose last dozen obligations saw no deposit at all."""
    gone: NDArray[np.bool_] = (found.columns["since_last_dep"] >= CAP) & (found.known >= CAP)
    return gone


class _Sample:
    """Rows of chunks, all of them or those of some savers, whom their ids choose: each has a place of its own among
    all, and those up to a place are kept, which falls by half whenever there is no more room."""

    def __init__(self, most: int) -> None:
        self._most = most
        #: One of so many savers is in it.
        self.one_of = 1
        self._up_to = 2**64 - 1
        self._parts: list[Labelled] = []
        self._places: list[NDArray[np.uint64]] = []
        self._count = 0
        self._savers = 0

    def has(self, saver: UUID) -> bool:
        """Whether this one is in it, as far as is known."""
        return _place(saver) <= self._up_to

    def add(self, savers: Sequence[UUID], rows: Labelled) -> None:
        places = np.array([_place(saver) for saver in savers], dtype=np.uint64)[rows.saver]
        numbered = Labelled(rows.saver + self._savers, rows.as_of, rows.on_time, rows.features, rows.closed)
        self._savers += len(savers)
        self._parts.append(numbered)
        self._places.append(places)
        self._count += len(numbered)
        while self._count > self._most and self._up_to > 0:
            self.one_of, self._up_to = 2 * self.one_of, self._up_to // 2
            for number, (part, where) in enumerate(zip(self._parts, self._places, strict=True)):
                kept = where <= np.uint64(self._up_to)
                self._parts[number], self._places[number] = part.chosen(kept), where[kept]
            self._count = sum(len(part) for part in self._parts)

    def rows(self) -> Labelled:
        if not self._parts:
            return _none()
        return Labelled(
            np.concatenate([part.saver for part in self._parts]),
            np.concatenate([part.as_of for part in self._parts]),
            np.concatenate([part.on_time for part in self._parts]),
            joined([part.features for part in self._parts]),
            np.concatenate([part.closed for part in self._parts]),
        )


def _place(saver: UUID) -> int:
    return int.from_bytes(sha256(saver.bytes).digest()[:8])


def _none() -> Labelled:
    """No row."""
    nothing: Index = np.zeros(0, dtype=np.int64)
    features = Features({name: np.zeros(0) for name in SIGNS}, *[nothing] * (len(fields(Features)) - 1))
    return Labelled(nothing, nothing, nothing.astype(bool), features, nothing)


def in_order(rows: Labelled) -> Labelled:
    """The same rows by what they say: savers by a digest of theirs, each one's by time, ids and chunks forgotten."""
    if not len(rows):
        return rows
    values = np.column_stack(
        [rows.as_of, rows.closed, rows.on_time, *(rows.features.columns[name] for name in rows.features.columns)]
    ).astype(np.float64)
    values += 0.0  # no two zeros
    order = np.lexsort((*values.T[::-1], rows.saver))
    values, saver = values[order], rows.saver[order]
    begins = np.flatnonzero(np.concatenate(([True], saver[1:] != saver[:-1])))
    lengths = np.diff(np.concatenate((begins, [len(saver)])))
    digests = [
        sha256(values[begin : begin + length].tobytes()).digest()
        for begin, length in zip(begins.tolist(), lengths.tolist(), strict=True)
    ]
    rank = np.empty(len(begins), dtype=np.int64)
    rank[sorted(range(len(begins)), key=digests.__getitem__)] = np.arange(len(begins))
    number = np.repeat(rank, lengths)
    again = np.argsort(number, kind="stable")
    found = rows.chosen(order[again])
    return Labelled(number[again], found.as_of, found.on_time, found.features, found.closed)
