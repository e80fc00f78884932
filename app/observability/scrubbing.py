"""The nets that keep personal data out of log lines and error reports. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath
from traceback import walk_tb
from types import TracebackType
from typing import Any, Final

#: Longest text that is written, in characters.
LONGEST_TEXT: Final = 500
_MOST_FRAMES = 25
_LONGEST_CHAIN = 5

# Order matters: a UUID is kept whole before its digits can pass for a number, a token goes before its parts.
_PERSONAL = re.compile(
    r"""
      (?P<kept>(?<![0-9A-Za-z])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Za-z]))
    | (?P<token>eyJ[\w-]{5,}(?:\.[\w-]*){0,4})
    | (?P<bearer>(?i:\b(?:bearer|basic)\s+)[^\s"',;]+)
    | (?P<secret>(?i:pass(?:word|wd|phrase)?|secret|token|(?<![A-Za-z])(?:pwd|otp|pin)|api[_-]?key|authorization|cookie)
        ["']?\s*[:=]\s*(?i:(?:bearer|basic)\s+)?(?:"[^"]*"?|'[^']*'?|[^\s,;&}]+))
    | (?P<credentials>(?<=://)[^\s/@]+@)
    | (?P<email>[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})*)
    | (?P<pan>(?<![A-Za-z0-9])[A-Za-z]{5}\d{4}[A-Za-z](?![A-Za-z0-9]))
    | (?P<phone>(?<![\w])(?:\+\d[\d\ \-()]{7,16}\d|(?:(?:0|91)[\ -]?)?[6-9]\d{4}[\ -]?\d{5})(?!\d))
    | (?P<aadhaar>(?<![\w])\d{4}[\ -]?\d{4}[\ -]?\d{4}(?![\w]))
    """,
    re.VERBOSE,
)


def _replace(match: re.Match[str]) -> str:
    return match[0] if match.lastgroup == "kept" else f"[{match.lastgroup}]"


def scrub(text: str) -> str:
    """``text`` with what looks personal or secret replaced by its kind, such as ``[pan]``, and cut at LONGEST_TEXT."""
    return _PERSONAL.sub(_replace, text[: 4 * LONGEST_TEXT])[:LONGEST_TEXT]


def is_personal(text: str) -> bool:
    """Whether there is anything in ``text`` that ``scrub`` would replace."""
    return any(match.lastgroup != "kept" for match in _PERSONAL.finditer(text))


def describe_exception(error: BaseException) -> list[dict[str, Any]]:
    """An exception and what caused it, outermost first: type, place of each frame, and codes, never the message.

    A message can hold anything that a person typed, a password too, and no pattern knows one.
    ``sqlstate``, ``constraint`` and ``errno`` stand in for it where there are any.
    """
    return [_describe(link) for link in _chain(error)]


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen and len(seen) < _LONGEST_CHAIN:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _describe(error: BaseException) -> dict[str, Any]:
    described: dict[str, Any] = {"type": type_name(error), "frames": _frames(error.__traceback__)}
    original = getattr(error, "orig", error)
    sqlstate = getattr(original, "pgcode", None)
    if isinstance(sqlstate, str):
        described["sqlstate"] = sqlstate[:5]
        constraint = getattr(getattr(original, "diag", None), "constraint_name", None)
        if isinstance(constraint, str):
            described["constraint"] = constraint[:64]
    errno = getattr(error, "errno", None)
    if isinstance(errno, int):
        described["errno"] = errno
    return described


def type_name(error: BaseException) -> str:
    """``psycopg2.errors.UniqueViolation``; builtins without their module."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _frames(traceback: TracebackType | None) -> list[str]:
    frames = []
    for frame, line in walk_tb(traceback):
        code = frame.f_code
        frames.append(f"{'/'.join(PurePath(code.co_filename).parts[-3:])}:{line} {code.co_name}")
    return frames[-_MOST_FRAMES:]
