"""Many ids in the two columns in which PostgreSQL sends them: a UUID is made of those that somebody looks at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from app.scoring.histories import Index

Halves = NDArray[np.uint64]


class Ids(Sequence[UUID]):
    """Ids by place, as the upper and the lower half of each."""

    __slots__ = ("high", "low")

    def __init__(self, high: Halves, low: Halves) -> None:
        self.high, self.low = high, low

    @classmethod
    def none(cls) -> Ids:
        """No id at all."""
        nothing = np.empty(0, dtype=np.uint64)
        return cls(nothing, nothing)

    def __len__(self) -> int:
        return len(self.high)

    @overload
    def __getitem__(self, place: int) -> UUID: ...
    @overload
    def __getitem__(self, place: slice) -> Ids: ...
    def __getitem__(self, place: int | slice) -> UUID | Ids:
        if isinstance(place, slice):
            return Ids(self.high[place], self.low[place])
        return UUID(int=int(self.high[place]) << 64 | int(self.low[place]))

    def __iter__(self) -> Iterator[UUID]:
        for high, low in zip(self.high.tolist(), self.low.tolist(), strict=True):
            yield UUID(int=high << 64 | low)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Ids):
            return np.array_equal(self.high, other.high) and np.array_equal(self.low, other.low)
        return isinstance(other, Sequence) and len(other) == len(self) and all(map(_same, self, other))

    def __hash__(self) -> int:
        return hash(self.bytes)

    def __repr__(self) -> str:
        return f"Ids({list(self)!r})"

    @property
    def bytes(self) -> bytes:
        """Sixteen for each."""
        both = np.empty((len(self), 2), dtype=">u8")
        both[:, 0], both[:, 1] = self.high, self.low
        return both.tobytes()

    @property
    def array(self) -> str:
        """PostgreSQL's text of an array of them."""
        return "{" + self.bytes.hex(",", 16) + "}"

    @property
    def texts(self) -> list[str]:
        """Each as it is written."""
        all_of_them = self.bytes.hex()
        return [
            f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
            for text in (all_of_them[at : at + 32] for at in range(0, len(all_of_them), 32))
        ]

    def places(self, other: Ids) -> Index:
        """Where each of ``other`` stands among these, which ascend; -1 for one that does not."""
        if not len(self):
            return np.full(len(other), -1, dtype=np.int64)
        own, asked = _texts(self), _texts(other)
        place = np.minimum(np.searchsorted(own, asked), len(own) - 1)
        return np.where(own[place] == asked, place, -1)


def _texts(ids: Ids) -> NDArray[Any]:
    # Bytes of a fixed width compare as PostgreSQL compares uuids; numpy drops zeros at their end on both sides alike.
    return np.frombuffer(ids.bytes, dtype="S16")


def _same(one: object, other: object) -> bool:
    return one == other
