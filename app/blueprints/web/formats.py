"""How pages and notices write money, days and instants. Days are the saver's own; filters take values and ask no clock.

They write as the page's language does; those that notices use take the reader's ``locale`` (en_IN, hi) beside.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from flask import Flask, current_app
from flask_babel import gettext

from app import money
from app.blueprints.languages import LOCALES, language
from app.periods import Period, Plan, SaverZone
from app.services.identity import contacts

# Devanagari has its own short months, which end in a sign that few read; the whole ones are short enough.
DAY_AND_MONTH = {"en": "d MMM", "hi": "d MMMM"}
MONDAY = date(2024, 1, 1)
TIME = {"en": "h:mm a", "hi": "B h:mm"}


def init_app(app: Flask) -> None:
    """Make the filters known to the templates of ``app``."""
    app.jinja_env.filters.update(
        money=in_words,
        typed_amount=typed_amount,
        day=day,
        long_day=long_day,
        month=month,
        short_month=short_month,
        weekday=weekday,
        weekday_letter=weekday_letter,
        iso=iso,
        day_of=day_of,
        time_of=time_of,
        period_label=period_label,
        period_name=period_name,
        phone_number=contacts.spaced,
    )
    app.jinja_env.globals.update(currency_sign=currency_sign, ordinal=ordinal, weekday_of=weekday_of)


def in_words(minor: int, locale: str | None = None) -> str:
    """Minor units as a saver reads them: ₹12,480, ₹12,480.50."""
    return money.format_rupees(minor, locale=locale or _locale(), currency=current_app.config["CURRENCY"])


def currency_sign() -> str:
    """The sign before an amount that is typed."""
    return "".join(c for c in in_words(0) if not c.isdigit() and c not in ".,").strip()


def typed_amount(minor: int) -> str:
    """Minor units as a person would type them: 50, 12.50."""
    return money.to_decimal_string(minor).removesuffix(".00")


def day(value: date, today: date) -> str:
    """14 Feb, 14 फ़रवरी; 14 Feb 2028 in another year than today's. Its spaces do not break."""
    locale = _locale()
    pattern = DAY_AND_MONTH[_language(locale)]
    text = _written(value, pattern if value.year == today.year else f"{pattern} y", locale)
    return text.replace(" ", "\xa0")


def long_day(value: date, locale: str | None = None) -> str:
    """Wednesday 15 July, बुधवार 15 जुलाई."""
    return _written(value, "EEEE d MMMM", locale or _locale())


def month(value: date, locale: str | None = None) -> str:
    """July 2026, जुलाई 2026."""
    return _written(value, "MMMM y", locale or _locale())


def short_month(value: date) -> str:
    """Jul, जुल॰."""
    return _written(value, "MMM", _locale())


def weekday(value: date) -> str:
    """Wed, बुध."""
    return _written(value, "EEE", _locale())


def weekday_letter(value: date) -> str:
    """W, बु: what stands above a column of days."""
    return _written(value, "EEEEE", _locale())


def weekday_of(number: int) -> str:
    """Monday for 1, सोमवार."""
    return _written(MONDAY + timedelta(days=number - 1), "EEEE", _locale())


def ordinal(number: int) -> str:
    """A day of the month as it is said: 1st, 22nd; in Hindi 1, 22."""
    if _language(_locale()) != "en":
        return str(number)
    ending = "th" if 10 < number < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def iso(value: datetime) -> str:
    """For machines."""
    return value.isoformat(timespec="seconds")


def day_of(value: date, today: date) -> str:
    """A day of the past beside today: Today, Yesterday, Thu 9 Jul, 3 Dec 2025."""
    if value == today:
        return gettext("Today")
    if value == today - timedelta(days=1):
        return gettext("Yesterday")
    return f"{weekday(value)} {day(value, today)}" if value.year == today.year else day(value, today)


def time_of(instant: datetime, zone: SaverZone) -> str:
    """9:14 am, सुबह 9:14, in the zone that counted for the saver at that instant."""
    locale = _locale()
    return format_time(instant.astimezone(ZoneInfo(zone.at(instant))), TIME[_language(locale)], locale=locale)


def period_label(period: Period, plan: str) -> str:
    """A period in a word that stands under a lamp: Wed, 6 Jul, Jul."""
    if plan == Plan.DAILY:
        return weekday(period.start)
    return _written(period.start, "d MMM" if plan == Plan.WEEKLY else "MMM", _locale())


def period_name(period: Period, plan: str) -> str:
    """A period in full: Wednesday 15 July, week of Monday 6 July, July 2026."""
    if plan == Plan.DAILY:
        return long_day(period.start)
    return gettext("week of %(day)s", day=long_day(period.start)) if plan == Plan.WEEKLY else month(period.start)


def _locale() -> str:
    return LOCALES[language()]


def _language(locale: str) -> str:
    return locale.partition("_")[0]


@lru_cache(maxsize=4096)
def _written(value: date, pattern: str, locale: str) -> str:
    # A page of lamps and calendars writes the same few days some hundred times.
    text: str = format_date(value, pattern, locale=locale)
    return text
