"""Times as files write them, to instants and local dates."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

_KEPT = 1 << 16
_WITH_TIME = re.compile(r"%-?[HIMSTXRrcs]")
# Forms that fromisoformat reads too, five times as fast; it reads others besides, hence the patterns.
_ISO_SHAPED = {
    form: re.compile(re.sub("%[a-zA-Z]", lambda part: r"\d{4}" if part[0] == "%Y" else r"\d{2}", form), re.ASCII)
    for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
}
_ADJACENT = re.compile(r"%[a-zA-Z]%[a-zA-Z]")


def instants(formats: Sequence[str], zone: str) -> Callable[[str], tuple[datetime, date]]:
    """A function from text to the instant (UTC) and the local date in ``zone``; a date alone is its noon."""
    tz = ZoneInfo(zone)
    # Digits that touch are read by their places, which must all be there: 93111 is no date of the form %y%m%d.
    sample = datetime(2000, 11, 11, 11, 11, 11, 111111)  # naive: only its length counts
    kinds = [
        (
            form,
            bool(_WITH_TIME.search(form)),
            len(sample.strftime(form)) if _ADJACENT.search(form) else None,
            _ISO_SHAPED.get(form),
        )
        for form in formats
    ]

    @lru_cache(maxsize=_KEPT)
    def instant(text: str) -> tuple[datetime, date]:
        for form, with_time, length, pattern in kinds:
            try:
                if pattern is not None and pattern.fullmatch(text):
                    local = datetime.fromisoformat(text)
                elif form == "iso":
                    local = datetime.fromisoformat(text)
                    with_time = ":" in text or "T" in text
                elif length is not None and len(text) != length:
                    continue
                else:
                    local = datetime.strptime(text, form)
            except ValueError:
                continue
            if not with_time:
                local = datetime.combine(local.date(), time(12))
            if local.tzinfo is None:
                local = local.replace(tzinfo=tz)
            at = local.astimezone(UTC)
            return at, at.astimezone(tz).date()
        raise ValueError("none of the forms fits")

    return instant
