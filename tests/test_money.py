from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import money

LIMIT = 100_000_000  # 10,00,000.00 in paise


@pytest.mark.parametrize(
    ("value", "minor"),
    [
        ("250", 25_000),
        ("250.5", 25_050),
        ("250.50", 25_050),
        ("250.00", 25_000),
        ("0.01", 1),
        ("007", 700),
        (250, 25_000),
        (1, 100),
        ("1000000.00", LIMIT),
        (1_000_000, LIMIT),
    ],
)
def test_parse_reads_decimal_strings_and_whole_numbers(value: object, minor: int) -> None:
    assert money.parse(value, maximum=LIMIT) == minor


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (0, "more than zero"),
        (-1, "more than zero"),
        ("0", "more than zero"),
        ("0.00", "more than zero"),
        ("-5", "more than zero"),
        ("-0.01", "more than zero"),
        ("1.005", "two decimals"),
        ("250.000", "two decimals"),
        ("1000000.01", "at most 1000000.00"),
        (1_000_001, "at most 1000000.00"),
        ("9" * 50_000, "at most 1000000.00"),
        pytest.param(10**5000, "at most 1000000.00", id="5001 digits"),
        *(
            (value, "decimal string")
            for value in (
                *(1.5, 250.0, 1e30, float("nan"), float("inf"), True, False, None, [], {}, ["250"], b"250"),
                *(
                    "",
                    " ",
                    "250 ",
                    " 250",
                    "250\n",
                    "2 50",
                    "+250",
                    "--5",
                    "-",
                    ".",
                    ".5",
                    "250.",
                    "1.2.3",
                    "1,000",
                ),
                *(
                    "1e3",
                    "1E3",
                    "NaN",
                    "Infinity",
                    "1_000",
                    "0x10",
                    "१००",
                    "२५०.५०",
                    "２５０",
                    "²",
                    "₹250",
                    "250.5\x00",
                ),
            )
        ),
    ],
)
def test_parse_refuses_with_a_sentence(value: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        money.parse(value, maximum=LIMIT)


def test_parse_without_a_maximum_stops_at_what_the_database_holds() -> None:
    assert money.parse("92233720368547758.07", maximum=None) == 2**63 - 1
    with pytest.raises(ValueError, match=r"at most 92233720368547758\.07"):
        money.parse("92233720368547758.08", maximum=None)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("250", 25_000),
        ("  250.5 ", 25_050),
        ("₹250", 25_000),
        ("₹ 1,00,000.50", 10_000_050),
        ("100,000", 10_000_000),
        ("1,000", 100_000),
        ("10,00,000", LIMIT),
        ("1,000,000", LIMIT),
        ("1, 00, 000", 10_000_000),
        ("1 00 000", 10_000_000),
        ("1\u00a0000", 100_000),
        ("Rs. 500/-", 50_000),
        ("Rs500", 50_000),
        ("rs 500 /-", 50_000),
        ("INR 12.50", 1_250),
        ("१००", 10_000),
        ("₹१,००,०००.५०", 10_000_050),
    ],
)
def test_parse_typed_reads_what_people_type(text: str, minor: int) -> None:
    assert money.parse_typed(text, maximum=LIMIT) == minor


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0", "more than zero"),
        ("₹ -5", "more than zero"),
        ("1.005", "two decimals"),
        ("1,000.005", "two decimals"),
        ("10,00,001", "at most 1000000.00"),
        *(
            (text, "Type an amount")
            for text in (
                "",
                "₹",
                "abc",
                "1,5",
                "2 50",
                "1,00,0000",
                "12,34",
                "1,000,00",
                "1,000 000",
                ",100",
                "100,",
            )
        ),
        *((text, "Type an amount") for text in ("+5", "1e3", "$5", "₹₹5", "1_000", "5 6", "٣٠٠", "1.000,50", "NaN")),
    ],
)
def test_parse_typed_refuses_what_could_be_read_two_ways(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        money.parse_typed(text, maximum=LIMIT)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("700.00", "CZK", 70_000),
        ("20", "KES", 2_000),
        ("-15", "KES", -1_500),
        ("+15.5", "KES", 1_550),
        ("0", "INR", 0),
        ("-0.05", "INR", -5),
        ("0012", "INR", 1_200),
        ("100", "JPY", 100),
        ("1.005", "KWD", 1_005),
        ("92233720368547758.07", "INR", 2**63 - 1),
    ],
)
def test_parse_amount_is_exact_in_the_currency(text: str, currency: str, minor: int) -> None:
    assert money.parse_amount(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        *((text, "INR") for text in ("", " ", "abc", " 5", "5 ", "1_000", "1,000", "1e3", "NaN", "inf", "--5", "+-5")),
        *((text, "INR") for text in (".", ".5", "5.", "5.-1", "5.+1", "1.2.3", "-", "१००", "²", "5.5²", "9" * 5000)),
        *((text, "INR") for text in ("1.005", "1.000", "92233720368547758.08", "999999999999999999")),
        *(("100.0", "JPY"), ("1.0005", "KWD"), ("5", "XYZ"), ("5", "rupees")),
    ],
)
def test_parse_amount_refuses(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        money.parse_amount(text, currency)


@pytest.mark.parametrize(
    ("minor", "text"),
    [
        (25_000, "250.00"),
        (-1_250, "-12.50"),
        (-5, "-0.05"),
        (0, "0.00"),
        (1, "0.01"),
        (10**17, "1" + "0" * 15 + ".00"),
    ],
)
def test_to_decimal_string(minor: int, text: str) -> None:
    assert money.to_decimal_string(minor) == text


@pytest.mark.parametrize("locale", ["en_IN", "hi"])
def test_format_rupees_groups_as_indian_savers_read(locale: str) -> None:
    assert money.format_rupees(10_000_000, locale=locale) == "₹1,00,000"
    assert money.format_rupees(10_000_050, locale=locale) == "₹1,00,000.50"
    assert money.format_rupees(1_000_000_050, locale=locale) == "₹1,00,00,000.50"
    assert money.format_rupees(10_000_000, locale=locale, whole=False) == "₹1,00,000.00"
    assert money.format_rupees(-1_250, locale=locale) == "-₹12.50"
    assert money.format_rupees(0, locale=locale) == "₹0"


def test_format_rupees_follows_the_currency() -> None:
    assert money.format_rupees(500, currency="JPY") == "JP¥500"
    assert money.format_rupees(123_456, locale="en_KE", currency="KES") == "Ksh1,234.56"


@given(st.integers(1, money.LARGEST_MINOR))
def test_what_is_written_is_read_back(minor: int) -> None:
    text = money.to_decimal_string(minor)
    assert money.parse(text, maximum=None) == minor
    assert money.parse_typed(text, maximum=None) == minor
    assert money.parse_amount(text, "INR") == minor
    assert Decimal(text) * 100 == minor


@given(st.integers(1, 10**15))
def test_what_a_page_shows_can_be_typed_back(minor: int) -> None:
    for locale in ("en_IN", "hi"):
        assert money.parse_typed(money.format_rupees(minor, locale=locale), maximum=None) == minor


@given(st.integers(-money.LARGEST_MINOR, money.LARGEST_MINOR))
def test_amounts_in_files_keep_their_sign(minor: int) -> None:
    assert money.parse_amount(money.to_decimal_string(minor), "CZK") == minor


@given(st.one_of(st.text(), st.floats(), st.booleans(), st.from_regex(r"\A[-+ ]?[0-9,._eE]*\Z")))
def test_any_input_is_an_exact_amount_or_a_value_error(value: object) -> None:
    try:
        minor = money.parse(value, maximum=LIMIT)
    except ValueError:
        return
    assert isinstance(value, str)
    assert 0 < minor <= LIMIT
    assert Decimal(value) * 100 == minor
