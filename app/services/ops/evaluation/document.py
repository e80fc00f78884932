"""The tables within a document: between two marks, beside words that stay."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from app.errors import DomainError

BEGIN: Final = "<!-- What follows is written by `flask scoring evaluate`. -->"
END: Final = "<!-- Up to here. -->"
HEADING: Final = "# How the score does on real histories"


def write(path: Path, command: str, tables: str) -> None:
    """Put ``tables`` between the marks of the document at ``path``, or make one, with the ``command`` that made them.

    Raises DomainError ``unwritable``, and ``no_marks`` for a document of something else.
    """
    made = "\n".join([BEGIN, "", "Made by", "", f"    {command}", "", tables.rstrip("\n"), "", END])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            text = path.read_text(encoding="utf-8")
            before, begin, rest = text.partition(BEGIN)
            _, end, after = rest.partition(END)
            if not begin or not end:
                raise DomainError(
                    "no_marks", f"{path} has no place for the tables: it lacks the marks {BEGIN} and {END}"
                )
            made = before + made + after
        else:
            made = f"{HEADING}\n\n{made}\n"
        path.write_text(made, encoding="utf-8")
    except OSError as error:
        raise DomainError("unwritable", f"{path} cannot be written: {error.strerror or error}.") from error
