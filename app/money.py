"""Money as integer minor units (paise for INR). No float holds money anywhere, not even between two lines.

``parse`` and ``parse_typed`` read what a client or a person gives, ``parse_amount`` what a file gives;
``to_decimal_string`` and ``format_rupees`` write.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache, lru_cache
from typing import Final

from babel import Locale
from babel.numbers import NumberPattern, get_currency_precision, is_currency, parse_pattern

from app.sentences import Sentence

#: What a PostgreSQL BIGINT holds, in minor units: the limit where no other is given.
LARGEST_MINOR: Final = 2**63 - 1
#: The strings that ``parse`` takes, as an OpenAPI pattern.
INPUT_PATTERN: Final = r"^[0-9]{1,17}(\.[0-9]{1,2})?$"
#: The strings that ``to_decimal_string`` writes.
OUTPUT_PATTERN: Final = r"^-?[0-9]+\.[0-9]{2}$"

_DECIMAL = re.compile(INPUT_PATTERN.removesuffix("$"))
_TYPED_PREFIX = re.compile(r"(?:₹|rs\.?|inr)\s*", re.IGNORECASE)
# 1,00,000 (Indian) and 100,000 (western); one kind of separator in one number.
_GROUPED = re.compile(
    r"(?:[0-9]{1,2}(?P<indian>[, ])(?:[0-9]{2}(?P=indian))*[0-9]{3}"
    r"|[0-9]{1,3}(?P<western>[, ])(?:[0-9]{3}(?P=western))*[0-9]{3})(?:\.[0-9]+)?"
)
_DEVANAGARI_DIGITS = {ord("०") + digit: ord("0") + digit for digit in range(10)}

_NOT_AN_AMOUNT = Sentence('Give an amount as a decimal string such as "250.00", or as a whole number.')
_NOT_TYPED = Sentence("Type an amount such as 250 or 1,00,000.50.")
_TOO_PRECISE = Sentence("An amount has at most two decimals.")
_NOT_POSITIVE = Sentence("The amount must be more than zero.")


def parse(value: object, *, maximum: int | None) -> int:
    """Minor units of an amount in an API body: a decimal string in major units or a whole JSON number.

    ``maximum`` is in minor units, inclusive; None means ``LARGEST_MINOR``. ValueError carries a sentence for the
    field: floats (also 250.0), booleans, signs, spaces, exponents, underscores, digits other than 0 to 9, more than
    two decimals, zero, negatives and amounts over the maximum are refused.
    """
    if type(value) is str:
        return _within(_parse_decimal(value, _NOT_AN_AMOUNT), maximum)
    if type(value) is int:
        return _within(value * 100, maximum)
    raise ValueError(_NOT_AN_AMOUNT)


def parse_typed(text: str, *, maximum: int | None) -> int:
    """Minor units of what a person typed: ``₹ 1,00,000.50``, ``Rs. 500/-``, ``100,000``, ``1 00 000``, ``१००``.

    Separators are taken only where Indian or western grouping puts them, so that ``1,5`` is never read as 15.
    ``maximum`` and ValueError as in ``parse``.
    """
    plain = " ".join(text.translate(_DEVANAGARI_DIGITS).split())
    if prefix := _TYPED_PREFIX.match(plain):
        plain = plain[prefix.end() :]
    plain = plain.removesuffix("/-").rstrip().replace(" ,", ",").replace(", ", ",")
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "").replace(" ", "")
    return _within(_parse_decimal(plain, _NOT_TYPED), maximum)


def _parse_decimal(text: str, refusal: str) -> int:
    if not _DECIMAL.fullmatch(text):
        whole, point, decimals = text.removeprefix("-").partition(".")
        if not (whole.isascii() and whole.isdigit()) or (point and not (decimals.isascii() and decimals.isdigit())):
            raise ValueError(refusal)
        if text.startswith("-"):
            raise ValueError(_NOT_POSITIVE)
        if len(decimals) > 2:
            raise ValueError(_TOO_PRECISE)
        return LARGEST_MINOR + 1
    whole, _, decimals = text.partition(".")
    return int(whole) * 100 + int(decimals.ljust(2, "0"))


def _within(minor: int, maximum: int | None) -> int:
    limit = LARGEST_MINOR if maximum is None else maximum
    if minor <= 0:
        raise ValueError(_NOT_POSITIVE)
    if minor > limit:
        raise ValueError(Sentence("The amount must be at most %(most)s.", most=to_decimal_string(limit)))
    return minor


@cache
def exponent(currency: str) -> int:
    """Decimals of an ISO 4217 currency (INR, KES, CZK 2; JPY 0; KWD 3). ValueError for an unknown code."""
    if not is_currency(currency):
        raise ValueError(f"{currency} is not a currency.")
    places: int = get_currency_precision(currency)
    return places


def parse_amount(text: str, currency: str) -> int:
    """Minor units, exact and signed, of an amount in a file: digits, an optional sign, an optional decimal point.

    ValueError for anything else, for more decimals than the currency has, and for what a BIGINT cannot hold.
    """
    decimals_allowed = exponent(currency)
    whole, point, decimals = text.partition(".")
    # int() alone would also take spaces, underscores and digits of other scripts; the sign must have a digit after it.
    digits = whole[1:] if whole[:1] in {"-", "+"} else whole
    if not (digits.isdigit() and text.isascii() and len(digits) < 19) or (point and not decimals.isdigit()):
        raise ValueError("This is not an amount.")
    if len(decimals) > decimals_allowed:
        raise ValueError(f"{currency} has {decimals_allowed} decimals, not {len(decimals)}.")
    minor = int(whole + decimals.ljust(decimals_allowed, "0"))
    if not -LARGEST_MINOR <= minor <= LARGEST_MINOR:
        raise ValueError("This amount is too large.")
    return minor


def to_decimal_string(minor: int) -> str:
    """Major units with two decimals, as the API writes money: 25000 is "250.00", -1250 is "-12.50"."""
    whole, hundredths = divmod(abs(minor), 100)
    return f"{'-' if minor < 0 else ''}{whole}.{hundredths:02d}"


# Babel takes 40 µs for one amount, and a page of history shows a hundred.
@lru_cache(maxsize=4096)
def format_rupees(minor: int, *, locale: str = "en_IN", currency: str = "INR", whole: bool = True) -> str:
    """An amount for a page, grouped as the locale does: ₹1,00,000 and ₹1,00,000.50.

    ``whole`` leaves the decimals out where they are zero. ``minor`` is in the currency's own minor units.
    """
    digits = exponent(currency)
    amount = Decimal(minor).scaleb(-digits)
    pattern = _page_pattern(locale, 0 if whole and minor % 10**digits == 0 else digits)
    page_text: str = pattern.apply(amount, locale, currency=currency, currency_digits=False)
    return page_text


@cache
def _page_pattern(locale: str, decimals: int) -> NumberPattern:
    pattern = parse_pattern(Locale.parse(locale).currency_formats["standard"].pattern)
    pattern.frac_prec = (decimals, decimals)
    return pattern
