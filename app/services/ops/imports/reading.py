"""Lines out of files, plain or gzip: one line is one row, and no line is too long, too odd or too many for memory."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, TextIO

from app.errors import DomainError

GZIP = b"\x1f\x8b"
LONGEST_LINE = 65_536
_BLOCK = 1 << 20


@dataclass(slots=True)
class Line:
    """One row of a file as it stands there. ``file`` counts from 1; the header is ``line`` 1."""

    file: int
    line: int
    text: str


@dataclass(slots=True)
class Position:
    """How many bytes of the files have been read so far, for a progress bar."""

    bytes: int = 0


def file_hash(paths: Sequence[Path]) -> bytes:
    """SHA-256 of one file's bytes, or over the hashes of several. Raises DomainError ``file_unreadable``.

    Packed files are unpacked to their end: better to find a download that was cut short now than half-way through.
    """
    digests = []
    for path in paths:
        whole = sha256()
        with _sentences_for(path), path.open("rb") as file:
            while block := file.read(_BLOCK):
                whole.update(block)
            file.seek(0)
            if file.read(2) == GZIP:
                file.seek(0)
                with gzip.GzipFile(fileobj=file) as unpacked:
                    while unpacked.read(_BLOCK):
                        pass
        digests.append(whole.digest())
    return digests[0] if len(digests) == 1 else sha256(b"".join(digests)).digest()


def headers(paths: Sequence[Path], *, encoding: str, delimiter: str, needed: Sequence[str]) -> list[list[str]]:
    """The column names of each file. Raises DomainError ``file_unreadable`` and ``column_missing``."""
    found = []
    for path in paths:
        with _sentences_for(path), _opened(path, encoding) as (text, _):
            line = text.readline(LONGEST_LINE)
            if not line.strip():
                raise _unreadable(path, "is empty: its first line must name the columns.")
            if not line.isascii() and any("\udc80" <= character <= "\udcff" for character in line):
                raise _unreadable(path, f"is not {encoding}: name its encoding in the mapping or with --encoding.")
            names = [name.strip() for name in fields_of(line, delimiter) or [line.rstrip("\n")]]
        missing = [column for column in needed if column not in names]
        if missing:
            raise DomainError(
                "column_missing",
                f"{path} has no column {', '.join(map(repr, missing))}; it has {', '.join(map(repr, names))}"
                f" (read with the delimiter {delimiter!r}).",
            )
        twice = [column for column in needed if names.count(column) > 1]
        if twice:
            raise DomainError("column_missing", f"{path} has the column {twice[0]!r} more than once.")
        found.append(names)
    return found


def rows(paths: Sequence[Path], *, encoding: str, position: Position) -> Iterator[Line]:
    """Every line after each file's header, in order. Raises DomainError ``file_unreadable``.

    Bytes that are not of the encoding come as lone surrogates. A line longer than ``LONGEST_LINE`` comes cut to that
    length, so that a file without line ends does not fill the memory.
    """
    before = 0
    for number, path in enumerate(paths, 1):
        with _sentences_for(path), _opened(path, encoding) as (text, raw):
            _next_line(text)
            line = 1
            while cut := _next_line(text):
                line += 1
                yield Line(number, line, cut)
                if line % 1024 == 0:
                    position.bytes = before + raw.tell()
            before += raw.tell()
            position.bytes = before


def fields_of(line: str, delimiter: str) -> list[str] | None:
    """The fields of one line by the rules of CSV (RFC 4180, no line ends within quotes); None where it has none."""
    line = line.removesuffix("\n")
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration):
        return None


def _next_line(text: TextIO) -> str:
    line = text.readline(LONGEST_LINE)
    if len(line) == LONGEST_LINE and not line.endswith("\n"):
        while (rest := text.readline(LONGEST_LINE)) and not rest.endswith("\n"):
            pass
    return line


@contextmanager
def _opened(path: Path, encoding: str) -> Iterator[tuple[TextIO, BinaryIO]]:
    # utf-8-sig takes plain UTF-8 too, and drops the mark that spreadsheets put first.
    codec = "utf-8-sig" if encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else encoding
    with path.open("rb") as raw:
        packed = raw.read(2) == GZIP
        raw.seek(0)
        inner: BinaryIO = gzip.GzipFile(fileobj=raw) if packed else raw  # type: ignore[assignment]
        with TextIOWrapper(inner, encoding=codec, errors="surrogateescape") as text:
            yield text, raw


@contextmanager
def _sentences_for(path: Path) -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _unreadable(
            path,
            f"is damaged or cut short ({error}).",
        ) from error
    except OSError as error:
        raise _unreadable(path, f"cannot be read: {error.strerror or error}.") from error
    except (UnicodeError, LookupError) as error:
        raise _unreadable(path, f"is not in the encoding that was given ({error}).") from error


def _unreadable(path: Path, why: str) -> DomainError:
    return DomainError("file_unreadable", f"{path} {why}")
