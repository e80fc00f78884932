"""Data sets that Chhota has a mapping for, recognised by the names of their files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.errors import DomainError


@dataclass(frozen=True, slots=True)
class DataSet:
    """A published data set: the name of its shipped mapping, and what its files of movements are called."""

    mapping: str
    title: str
    patterns: tuple[str, ...]


DATA_SETS = (
    DataSet("akiba", "Akiba Smart, mobile savings in Nairobi, 2014", ("ledger_report_*.csv", "ledger_report_*.csv.gz")),
    DataSet(
        "berka", "Berka, a Czech bank from 1993 on", ("trans*.asc", "trans*.asc.gz", "trans*.csv", "trans*.csv.gz")
    ),
)


@dataclass(frozen=True, slots=True)
class Found:
    """A data set in a folder, with its files in the order of their names, which is that of their dates."""

    data_set: DataSet
    files: tuple[Path, ...]


def find(folder: Path) -> list[Found]:
    """The known data sets in ``folder`` or, where it holds none itself, in the folders right below it.

    Raises DomainError ``folder_unreadable`` and ``nothing_known``.
    """
    try:
        found = list(_in(folder)) or [
            each for below in sorted(folder.iterdir()) if below.is_dir() for each in _in(below)
        ]
    except OSError as error:
        raise DomainError("folder_unreadable", f"{folder} cannot be read: {error.strerror or error}.") from error
    if not found:
        names = "; ".join(f"{each.title} ({each.patterns[0]})" for each in DATA_SETS)
        raise DomainError(
            "nothing_known",
            f"{folder} holds none of the data sets that Chhota knows: {names}."
            " Import another history with `flask import history` (docs/import.md).",
        )
    return found


def _in(folder: Path) -> Iterator[Found]:
    for data_set in DATA_SETS:
        files = sorted({path for pattern in data_set.patterns for path in folder.glob(pattern) if path.is_file()})
        if files:
            yield Found(data_set, tuple(files))
