from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.periods import (
    GRACE_DAYS,
    Period,
    Plan,
    SaverZone,
    change_takes_effect,
    closes_on,
    distance,
    local_date,
    period_of,
    shift,
    start_of,
    start_of_day,
    steps,
    zone_exists,
)

TICK = timedelta(microseconds=1)
ZONES = sorted(available_timezones() - {"localtime", "Factory"})
PERIODIC = (Plan.DAILY, Plan.WEEKLY, Plan.MONTHLY)

fixed = settings(max_examples=300, deadline=None, derandomize=True)
plans = st.sampled_from(PERIODIC)
days = st.dates(date(1900, 1, 1), date(2200, 12, 31))
zones = st.sampled_from(ZONES)
# Since 2012 no zone has skipped a date or gone back to one, so every irregular step below is ours.
instants = st.datetimes(datetime(2012, 1, 3), datetime(2037, 6, 1), timezones=st.just(UTC))


def periodic(plan: Plan, day: date) -> Period:
    period = period_of(plan, day)
    assert period is not None
    return period


@fixed
@given(plans, days)
def test_every_day_lies_in_exactly_one_period(plan: Plan, day: date) -> None:
    period = periodic(plan, day)
    assert day in period
    assert period.start in period
    assert period.end in period
    assert start_of(plan, day) == period.start
    assert periodic(plan, period.start) == period == periodic(plan, period.end)
    assert day not in shift(plan, period, -1)
    assert day not in shift(plan, period, 1)


@fixed
@given(plans, days)
def test_consecutive_periods_tile_the_calendar(plan: Plan, day: date) -> None:
    period = periodic(plan, day)
    assert shift(plan, period, 1).start == period.end + timedelta(1)
    assert shift(plan, period, -1).end == period.start - timedelta(1)
    assert period < shift(plan, period, 1)


@fixed
@given(plans, days, st.integers(-600, 600))
def test_shift_and_distance_are_inverse(plan: Plan, day: date, n: int) -> None:
    period = periodic(plan, day)
    moved = shift(plan, period, n)
    assert distance(plan, period, moved) == n == steps(plan, period.start, moved.start)
    assert distance(plan, moved, period) == -n
    assert shift(plan, moved, -n) == period


@fixed
@given(plans, days, days)
def test_distance_leads_from_any_period_to_any_other(plan: Plan, one: date, other: date) -> None:
    a, b = periodic(plan, one), periodic(plan, other)
    assert shift(plan, a, distance(plan, a, b)) == b


@pytest.mark.parametrize(
    ("plan", "day", "start", "end"),
    [
        (Plan.DAILY, date(2024, 2, 29), date(2024, 2, 29), date(2024, 2, 29)),
        (Plan.MONTHLY, date(2024, 2, 29), date(2024, 2, 1), date(2024, 2, 29)),
        (Plan.MONTHLY, date(2023, 2, 28), date(2023, 2, 1), date(2023, 2, 28)),
        (Plan.MONTHLY, date(2100, 2, 1), date(2100, 2, 1), date(2100, 2, 28)),
        (Plan.MONTHLY, date(2025, 12, 31), date(2025, 12, 1), date(2025, 12, 31)),
        # ISO week 1 of 2026 begins in 2025, week 53 of 2026 ends in 2027.
        (Plan.WEEKLY, date(2026, 1, 1), date(2025, 12, 29), date(2026, 1, 4)),
        (Plan.WEEKLY, date(2027, 1, 3), date(2026, 12, 28), date(2027, 1, 3)),
        (Plan.WEEKLY, date(2026, 3, 2), date(2026, 3, 2), date(2026, 3, 8)),
    ],
)
def test_periods_of_days_at_the_edges(plan: Plan, day: date, start: date, end: date) -> None:
    assert period_of(plan, day) == Period(start, end)


@fixed
@given(days)
def test_a_week_is_the_iso_week(day: date) -> None:
    week = periodic(Plan.WEEKLY, day)
    assert (week.start.isoweekday(), week.end.isoweekday()) == (1, 7)
    assert {week.start.isocalendar()[:2], week.end.isocalendar()[:2]} == {day.isocalendar()[:2]}


def test_month_arithmetic_across_years() -> None:
    january = periodic(Plan.MONTHLY, date(2024, 1, 31))
    assert shift(Plan.MONTHLY, january, 1).end == date(2024, 2, 29)
    assert shift(Plan.MONTHLY, january, 13).end == date(2025, 2, 28)
    assert shift(Plan.MONTHLY, january, -1) == Period(date(2023, 12, 1), date(2023, 12, 31))


def test_flexible_has_no_periods() -> None:
    assert period_of(Plan.FLEXIBLE, date(2026, 1, 1)) is None
    day = Period(date(2026, 1, 1), date(2026, 1, 1))
    with pytest.raises(ValueError, match="flexible"):
        start_of(Plan.FLEXIBLE, day.start)
    with pytest.raises(ValueError, match="flexible"):
        shift(Plan.FLEXIBLE, day, 1)
    with pytest.raises(ValueError, match="flexible"):
        distance(Plan.FLEXIBLE, day, day)
    assert Plan.FLEXIBLE not in GRACE_DAYS


@pytest.mark.parametrize(
    ("plan", "day", "closes"),
    [
        (Plan.DAILY, date(2026, 1, 31), date(2026, 1, 31)),
        (Plan.WEEKLY, date(2026, 3, 4), date(2026, 3, 9)),
        (Plan.MONTHLY, date(2026, 12, 5), date(2027, 1, 3)),
        (Plan.MONTHLY, date(2028, 2, 1), date(2028, 3, 3)),
    ],
)
def test_a_period_closes_when_its_grace_is_over(plan: Plan, day: date, closes: date) -> None:
    assert closes_on(plan, periodic(plan, day)) == closes


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "instant", "day"),
    [
        ("Asia/Kolkata", "2026-01-15T18:29:59.999", date(2026, 1, 15)),
        ("Asia/Kolkata", "2026-01-15T18:30:00.000", date(2026, 1, 16)),
        # 8 March 2026 has 23 hours in New York, 1 November 25.
        ("America/New_York", "2026-03-08T04:59:59.999", date(2026, 3, 7)),
        ("America/New_York", "2026-03-08T05:00:00.000", date(2026, 3, 8)),
        ("America/New_York", "2026-03-09T03:59:59.999", date(2026, 3, 8)),
        ("America/New_York", "2026-03-09T04:00:00.000", date(2026, 3, 9)),
        ("America/New_York", "2026-11-01T03:59:59.999", date(2026, 10, 31)),
        ("America/New_York", "2026-11-02T04:59:59.999", date(2026, 11, 1)),
        ("America/New_York", "2026-11-02T05:00:00.000", date(2026, 11, 2)),
        # Lord Howe changes by 30 minutes: +11 until 5 April 2026, then +10:30.
        ("Australia/Lord_Howe", "2026-04-04T12:59:59.999", date(2026, 4, 4)),
        ("Australia/Lord_Howe", "2026-04-04T13:00:00.000", date(2026, 4, 5)),
        ("Australia/Lord_Howe", "2026-04-05T13:29:59.999", date(2026, 4, 5)),
        ("Australia/Lord_Howe", "2026-04-05T13:30:00.000", date(2026, 4, 6)),
        ("Pacific/Apia", "2011-12-30T09:59:59.999", date(2011, 12, 29)),
        ("Pacific/Apia", "2011-12-30T10:00:00.000", date(2011, 12, 31)),
    ],
)
def test_local_date_a_millisecond_each_side_of_midnight(zone: str, instant: str, day: date) -> None:
    assert local_date(utc(instant), zone) == day
    assert local_date(utc(instant).astimezone(ZoneInfo("America/Caracas")), zone) == day


def test_local_date_refuses_what_it_cannot_place() -> None:
    with pytest.raises(ValueError, match="aware"):
        local_date(datetime(2026, 1, 1), "Asia/Kolkata")
    with pytest.raises(ZoneInfoNotFoundError):
        local_date(utc("2026-01-01"), "Asia/Atlantis")


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        ("Asia/Kolkata", date(2026, 1, 16), "2026-01-15T18:30:00"),
        ("America/New_York", date(2026, 3, 9), "2026-03-09T04:00:00"),
        ("Australia/Lord_Howe", date(2026, 4, 6), "2026-04-05T13:30:00"),
        # Clocks went from 24:00 to 01:00.
        ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T03:00:00"),
        # Clocks went from 23:30 on the 30th to 00:30 on the 31st.
        ("America/Toronto", date(1919, 3, 31), "1919-03-31T04:30:00"),
        # Midnight came twice; the clocks were put back at 00:01.
        ("America/St_Johns", date(2009, 11, 1), "2009-11-01T02:30:00"),
        ("America/Havana", date(2026, 11, 1), "2026-11-01T04:00:00"),
        # The day that Samoa left out begins with the next.
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00:00"),
        ("Pacific/Apia", date(2011, 12, 31), "2011-12-30T10:00:00"),
    ],
)
def test_start_of_day(zone: str, day: date, start: str) -> None:
    assert start_of_day(day, zone) == utc(start)
    assert start_of_day(day, zone).tzinfo is UTC
    assert local_date(utc(start), zone) >= day > local_date(utc(start) - TICK, zone)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Asia/Kolkata", date(2026, 3, 8), 24),
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Pacific/Apia", date(2011, 12, 30), 0),
    ],
)
def test_length_of_a_day(zone: str, day: date, hours: float) -> None:
    assert start_of_day(day + timedelta(1), zone) - start_of_day(day, zone) == timedelta(hours=hours)


@fixed
@given(zones, st.datetimes(datetime(1900, 1, 3), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_an_instant_lies_in_its_local_day(zone: str, instant: datetime) -> None:
    day = local_date(instant, zone)
    start = start_of_day(day, zone)
    assert start <= instant
    assert local_date(start, zone) == day
    assert local_date(start - TICK, zone) < day
    if instant.year >= 2012:
        assert instant < start_of_day(day + timedelta(1), zone)


@pytest.mark.no_cover
def test_every_day_of_every_zone_begins_after_the_last() -> None:
    for zone in ZONES:
        for first in (date(2011, 12, 1), date(2026, 3, 1), date(2026, 9, 15)):
            for day in (first + timedelta(n) for n in range(60)):
                start = start_of_day(day, zone)
                assert local_date(start, zone) >= day > local_date(start - TICK, zone), (zone, day)


def test_zone_names_are_exact_and_of_places() -> None:
    assert zone_exists("Asia/Kolkata")
    assert zone_exists("America/Argentina/Buenos_Aires")
    for name in (
        "",
        "asia/kolkata",
        "Asia",
        "localtime",
        "Factory",
        "../etc/passwd",
        "/etc/localtime",
        "IST ",
    ):
        assert not zone_exists(name)


# ---- a change of zone ----


def dates_seen(saver: SaverZone, since: datetime, until: datetime) -> list[date]:
    """The dates of the saver in order, on each side of every instant at which one can change.

    Those are the starts of days in either zone, and the instant at which the change takes effect.
    """
    names = {saver.name} | ({saver.next_name} if saver.next_name else set())
    turns = {since, until} | ({saver.next_from} if saver.next_from else set())
    for name in names:
        day = local_date(since, name)
        while (start := start_of_day(day, name)) <= until:
            turns.add(start)
            day += timedelta(1)
    seen = []
    for turn in sorted(turn for turn in turns if since <= turn <= until):
        if turn > since:
            seen.append(saver.date(turn - TICK))
        seen.append(saver.date(turn))
    return seen


def assert_contiguous(dates: list[date], context: object) -> None:
    assert {later - earlier for earlier, later in pairwise(dates)} <= {timedelta(0), timedelta(1)}, context


@pytest.mark.no_cover
def test_no_date_repeats_or_is_lost_between_any_two_zones() -> None:
    """One zone stands for all that agree with it on every offset of the days around."""
    for base in (utc("2026-01-10"), utc("2026-07-10"), utc("2026-03-28"), utc("2018-11-03")):
        hours = [base + timedelta(hours=hour) for hour in range(-48, 120)]
        alike = {tuple(hour.astimezone(ZoneInfo(zone)).utcoffset() for hour in hours): zone for zone in ZONES}
        for old in alike.values():
            for new in alike.values():
                for hour in (0, 11, 23):
                    now = base + timedelta(hours=hour, minutes=20)
                    saver = SaverZone(old, new, change_takes_effect(now, old, new))
                    assert saver.date(now) == local_date(now, old)
                    assert_contiguous(dates_seen(saver, now, now + timedelta(4)), (saver, now))


def assert_changes_keep_dates_contiguous(home: str, asked: list[tuple[str, int]], now: datetime) -> None:
    """``asked``: zones, each with the minutes until the next request."""
    saver, dates = SaverZone(home), [local_date(now, home)]
    for zone, minutes in asked:
        saver = saver.changed(now, zone)
        dates += dates_seen(saver, now, later := now + timedelta(minutes=minutes))
        now = later
    dates += dates_seen(saver, now, now + timedelta(5))
    assert_contiguous(dates, (saver, now))
    assert saver.at(now + timedelta(5)) == asked[-1][0]


@fixed
@given(zones, st.lists(st.tuples(zones, st.integers(0, 72 * 60)), min_size=1, max_size=6), instants)
def test_no_date_repeats_or_is_lost_over_many_changes(home: str, asked: list[tuple[str, int]], now: datetime) -> None:
    assert_changes_keep_dates_contiguous(home, asked, now)


FAR_APART = st.sampled_from(
    ["Pacific/Pago_Pago", "Pacific/Kiritimati", "Pacific/Auckland", "Etc/GMT+12", "Pacific/Chatham"]
)


@fixed
@given(FAR_APART, st.lists(st.tuples(FAR_APART, st.integers(0, 30 * 60)), min_size=2, max_size=8), instants)
def test_no_date_repeats_or_is_lost_across_the_date_line(
    home: str, asked: list[tuple[str, int]], now: datetime
) -> None:
    assert_changes_keep_dates_contiguous(home, asked, now)


@fixed
@given(zones, zones, instants)
def test_a_change_comes_at_the_later_midnight_unless_a_date_would_be_lost(old: str, new: str, now: datetime) -> None:
    midnights = [start_of_day(local_date(now, zone) + timedelta(1), zone) for zone in (old, new)]
    effect = change_takes_effect(now, old, new)
    assert now < effect <= now + timedelta(hours=51)
    ahead = now.astimezone(ZoneInfo(new)).utcoffset() - now.astimezone(ZoneInfo(old)).utcoffset()  # type: ignore[operator]
    if ahead < timedelta(hours=23):
        assert effect == max(midnights)


def test_a_change_from_kolkata_to_new_york_and_back() -> None:
    now = utc("2026-06-10T12:00:00")
    away = SaverZone("Asia/Kolkata").changed(now, "America/New_York")
    assert away.next_from == utc("2026-06-11T04:00:00")
    assert away.at(utc("2026-06-11T03:59:59.999")) == "Asia/Kolkata"
    assert away.at(utc("2026-06-11T04:00:00")) == "America/New_York"
    # 11 June lasts from Kolkata's midnight to New York's.
    assert away.date(utc("2026-06-10T18:30:00")) == date(2026, 6, 11)
    assert away.date(utc("2026-06-12T03:59:59.999")) == date(2026, 6, 11)
    back = away.changed(utc("2026-06-20T12:00:00"), "Asia/Kolkata")
    assert back == SaverZone("America/New_York", "Asia/Kolkata", utc("2026-06-21T04:00:00"))


def test_a_change_that_is_not_in_force_yet_can_be_taken_back_or_replaced() -> None:
    now = utc("2026-06-10T12:00:00")
    asked = SaverZone("Asia/Kolkata").changed(now, "America/New_York")
    assert asked.changed(now, "Asia/Kolkata") == SaverZone("Asia/Kolkata")
    assert asked.changed(now, "Asia/Dubai") == SaverZone("Asia/Kolkata", "Asia/Dubai", utc("2026-06-10T20:00:00"))
    assert SaverZone("Asia/Kolkata").changed(now, "Asia/Kolkata") == SaverZone("Asia/Kolkata")


def test_a_new_zone_24_hours_ahead_takes_over_within_a_day() -> None:
    now = utc("2026-01-10T12:00:00")  # 01:00 on the 10th in Pago Pago, on the 11th in Auckland
    saver = SaverZone("Pacific/Pago_Pago").changed(now, "Pacific/Auckland")
    assert saver.next_from == utc("2026-01-11T23:00:00")  # noon of the 11th there, of the 12th here
    assert saver.date(utc("2026-01-11T22:59:59.999")) == date(2026, 1, 11)
    assert saver.date(utc("2026-01-11T23:00:00")) == date(2026, 1, 12)


def test_a_new_zone_25_hours_behind_holds_the_date_until_it_has_caught_up() -> None:
    now = utc("2026-01-10T12:00:00")  # 02:00 on the 11th in Kiritimati, 01:00 on the 10th in Pago Pago
    saver = SaverZone("Pacific/Kiritimati").changed(now, "Pacific/Pago_Pago")
    assert saver.next_from == utc("2026-01-11T11:00:00")
    assert local_date(saver.next_from, "Pacific/Pago_Pago") == date(2026, 1, 11)
    assert saver.date(saver.next_from - TICK) == saver.date(saver.next_from) == date(2026, 1, 12)
    assert saver.date(utc("2026-01-13T10:59:59.999")) == date(2026, 1, 12)
    assert saver.date(utc("2026-01-13T11:00:00")) == date(2026, 1, 13)
