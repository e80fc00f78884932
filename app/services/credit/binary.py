"""Reading what COPY sends in PostgreSQL's binary format, as columns.

Source: https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4 (file header, tuples, trailer). Columns of
fixed width without NULLs only: then a row is as wide as any other, and numpy reads all of them at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.transactions import Parameters, copy_out

_HEADER: Final = 19  # signature, flags, length of an extension that there is not
_TRAILER: Final = 2
# How each type of PostgreSQL is sent; a uuid as its two halves.
_SENT: Final[dict[str, list[tuple[str, str]]]] = {
    "int2": [("", ">i2")],
    "int4": [("", ">i4")],
    "int8": [("", ">i8")],
    "date": [("", ">i4")],
    "timestamptz": [("", ">i8")],
    "uuid": [("_high", ">u8"), ("_low", ">u8")],
}
#: Dates are sent as days since 1 January 2000, and infinity as the largest number.
EPOCH_DAYS: Final = 10957
INFINITY: Final = 2**31 - 1


def columns(
    query: str, parameters: Parameters, types: Mapping[str, str], *, as_sent: Collection[str] = ()
) -> dict[str, NDArray[Any]]:
    """The rows of ``query`` as columns; ``types`` names them in its order. A date is a day since 1 January 1970, an
    instant microseconds since 1 January 2000.

    Those of ``as_sent``, of which few rows are looked at, are not copied; dates of them count from 2000. A uuid is two
    columns, ``name_high`` and ``name_low``, of unsigned numbers. Raises DBAPIError; ValueError where a row has a
    NULL or another type.
    """
    layout = [("fields", ">i2")]
    for name, kind in types.items():
        layout += [(f"{name} width", ">i4"), *((f"{name}{suffix}", form) for suffix, form in _SENT[kind])]
    sent, count = copy_out(query, parameters)
    row = np.dtype(layout)
    # A NULL makes a row narrower, and nothing makes one wider: where all of it is as long as it should be, each row is.
    if len(sent) != _HEADER + count * row.itemsize + _TRAILER:
        raise ValueError("a row has a NULL, or a column of another type")
    rows = np.frombuffer(sent, dtype=row, count=count, offset=_HEADER)
    found: dict[str, NDArray[Any]] = {}
    for name, kind in types.items():
        for suffix, form in _SENT[kind]:
            values = rows[f"{name}{suffix}"]
            if name not in as_sent:
                values = values.astype(np.uint64 if form == ">u8" else np.int64)
                if kind == "date":
                    values += EPOCH_DAYS
            found[f"{name}{suffix}"] = values
    return found
