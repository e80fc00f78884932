from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.services.ops.imports.times import instants


@pytest.mark.parametrize(
    ("zone", "text", "formats", "at", "day"),
    [
        ("Asia/Kolkata", "2025-03-01", ["%Y-%m-%d"], "2025-03-01T06:30", "2025-03-01"),
        ("Pacific/Apia", "2025-03-01", ["%Y-%m-%d"], "2025-02-28T23:00", "2025-03-01"),
        ("Pacific/Apia", "2011-12-30", ["%Y-%m-%d"], "2011-12-30T22:00", "2011-12-31"),  # Apia left the 30th out
        ("Europe/Prague", "2025-03-30 02:30", ["%Y-%m-%d %H:%M"], "2025-03-30T01:30", "2025-03-30"),
        ("Africa/Nairobi", "5/22/14 0:26", ["%m/%d/%y %H:%M"], "2014-05-21T21:26", "2014-05-22"),
        ("Europe/Prague", "931231", ["%y%m%d"], "1993-12-31T11:00", "1993-12-31"),
        ("Asia/Kolkata", "01.02.2025", ["%Y-%m-%d", "%d.%m.%Y"], "2025-02-01T06:30", "2025-02-01"),
        ("Asia/Kolkata", "2025-03-01T20:00:00Z", ["iso"], "2025-03-01T20:00", "2025-03-02"),
        ("Asia/Kolkata", "2025-03-01", ["iso"], "2025-03-01T06:30", "2025-03-01"),
    ],
)
def test_times_are_local_and_a_date_alone_is_its_noon(
    zone: str, text: str, formats: list[str], at: str, day: str
) -> None:
    assert instants(formats, zone)(text) == (datetime.fromisoformat(at).replace(tzinfo=UTC), date.fromisoformat(day))


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%y%m%d", "93111"),
        ("%Y-%m-%d", "2020-W01-1"),
        ("%Y-%m-%d %H:%M", "2020-01-01x10:10"),
        ("%Y-%m-%d", "2025-02-29"),
        ("%d/%m/%Y", "12/31/2025"),
        ("%H:%M", ""),
        ("iso", "yesterday"),
    ],
)
def test_what_only_looks_like_the_form_is_refused(form: str, text: str) -> None:
    with pytest.raises(ValueError, match="none of the forms fits"):
        instants([form], "Asia/Kolkata")(text)
