"""What may stand in a cell of a file that a spreadsheet opens."""

from __future__ import annotations

_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")


def escaped(cell: str) -> str:
    """The cell with an apostrophe before it where a spreadsheet would read it as a formula.

    Also behind spaces, which some spreadsheets cut off first.
    """
    starts = cell[:1] in _FORMULA or cell.lstrip()[:1] in _FORMULA
    return f"'{cell}" if cell and starts else cell
