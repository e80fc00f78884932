"""Groups that are known of a history's savers, out of tables beside its movements: for the report, never an input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from app.services.ops.evaluation.settings import Grouping, Lookup
from app.services.ops.imports.reading import Position, fields_of, headers, rows

#: Czech birth numbers are YYMMDD, with 50 added to the month of a woman.
_WOMAN = 50


def groups_of(
    groupings: Sequence[Grouping], folder: Path, *, encoding: str, delimiter: str
) -> dict[str, dict[str, str]]:
    """For each grouping whose files are in ``folder``, the group of each account. Raises DomainError for bad files."""
    found = {}
    for grouping in groupings:
        steps = [_table(step, folder, encoding, delimiter) for step in grouping.path]
        if all(steps):
            found[grouping.name] = _followed(grouping, steps)
    return found


def _table(step: Lookup, folder: Path, encoding: str, delimiter: str) -> dict[str, str]:
    """From key to value; empty where there is no such file."""
    paths = sorted(folder.glob(step.file))[:1]
    if not paths:
        return {}
    (names,) = headers(paths, encoding=encoding, delimiter=delimiter, needed=[step.key, step.value, *step.where])
    place = {name: column for column, name in enumerate(names)}
    table: dict[str, str] = {}
    for line in rows(paths, encoding=encoding, position=Position()):
        fields = fields_of(line.text, delimiter)
        if fields is None or len(fields) != len(names):
            continue
        values = [field.strip() for field in fields]
        if all(values[place[column]] == wanted for column, wanted in step.where.items()):
            table.setdefault(values[place[step.key]], values[place[step.value]])
    return table


def _followed(grouping: Grouping, steps: list[dict[str, str]]) -> dict[str, str]:
    found = {}
    for account, value in steps[0].items():
        said: str | None = value
        for step in steps[1:]:
            said = step.get(said) if said is not None else None
        group = _read(grouping, said)
        if group is not None:
            found[account] = group
    return found


def _read(grouping: Grouping, value: str | None) -> str | None:
    if value is None:
        return None
    if grouping.read != "as_it_is":
        if len(value) < 6 or not value.isdecimal():
            return None
        women = int(value[2:4]) > _WOMAN
        value = ("women" if women else "men") if grouping.read.startswith("sex") else f"19{value[0]}0s"
    return _named(grouping.names, value, grouping.other)


def _named(names: Mapping[str, str], value: str, other: str | None) -> str:
    return names.get(value, value if other is None else other)
