from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.services.ops.imports.mapping import make_mapping, read_toml
from app.services.ops.imports.reading import LONGEST_LINE, Line
from app.services.ops.imports.rows import Refused, Row, RowReader
from tests.services.ops.imports.conftest import mapping

LATEST = datetime(2026, 7, 15, 6, 30, tzinfo=UTC)
KINDS = [
    {"type": "deposit", "when": {"kind": "in"}},
    {"type": "withdraw", "sign": "any", "when": {"kind": ["out", "cash"]}},
]


def read(text: str, header: str = "account,time,amount,kind", **changes: Any) -> Row | Refused:
    checked = mapping(**changes)
    names = header.split(checked.delimiter)
    return RowReader(checked, names, currency="INR", latest=LATEST).read(Line(1, 2, text))


def booked(text: str, header: str = "account,time,amount,kind", **changes: Any) -> Row:
    row = read(text, header, **changes)
    assert isinstance(row, Row), row
    return row


def test_a_row() -> None:
    row = booked(" A-1 ,2025-03-01 23:59, 12.5 ,\n")
    assert (row.account, row.kind, row.amount, row.signed, row.day) == ("A-1", "deposit", 1250, 1250, date(2025, 3, 1))
    assert row.at == datetime(2025, 3, 1, 18, 29, tzinfo=UTC)
    assert booked("A-1,2025-03-01,-3,").signed == -300


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("\n", "blank_line"),
        ("  \n", "blank_line"),
        ("x" * LONGEST_LINE, "line_too_long"),
        ("1,2025-03-01,\udce9,in\n", "unreadable_text"),
        ('"1,2025-03-01,5,in\n', "unreadable_row"),
        ("1,2025-03-01,5\n", "wrong_column_count"),
        ("1,2025-03-01,5,in,more\n", "wrong_column_count"),
        (" ,2025-03-01,5,in\n", "unreadable_account"),
        ("\x00,2025-03-01,5,in\n", "unreadable_account"),
        ("a" * 65 + ",2025-03-01,5,in\n", "unreadable_account"),
        ("1,01/03/2025,5,in\n", "unreadable_date"),
        ("1,2025-02-29,5,in\n", "unreadable_date"),
        ("1,,5,in\n", "unreadable_date"),
        ("1,0001-01-01,5,in\n", "date_out_of_range"),
        ("1,9999-12-31,5,in\n", "date_out_of_range"),
        ("1,2026-07-15,5,in\n", "Row"),
        ("1,2026-07-15 12:01,5,in\n", "date_out_of_range"),
        ("1,2025-03-01,five,in\n", "unreadable_amount"),
        ("1,2025-03-01,,in\n", "unreadable_amount"),
        ("1,2025-03-01,1.005,in\n", "unreadable_amount"),
        ("1,2025-03-01,1e3,in\n", "unreadable_amount"),
        ("1,2025-03-01,१००,in\n", "unreadable_amount"),
        ("1,2025-03-01,99999999999999999999,in\n", "unreadable_amount"),
        ("1,2025-03-01,5,gift\n", "unknown_type"),
        ("1,2025-03-01,0,in\n", "zero_amount"),
        ("1,2025-03-01,-0.00,out\n", "zero_amount"),
        ("1,2025-03-01,-5,in\n", "negative_amount"),
        ("1,2025-03-01,-5,cash\n", "Row"),
        ("1,2025-03-01,5,out\n", "Row"),
    ],
)
def test_what_cannot_be_booked_says_why(text: str, code: str) -> None:
    found = read(text, types=KINDS)
    assert getattr(found, "code", "Row") == code
    if isinstance(found, Refused):
        assert found.detail.endswith(".")
        assert "{" not in found.detail


def test_the_first_rule_that_takes_the_sign_wins() -> None:
    rules = [
        {"type": "interest", "when": {"kind": "x"}},
        {"type": "deposit"},
        {"type": "fee", "sign": "negative", "when": {"kind": "f"}},
        {"type": "withdraw", "sign": "negative"},
    ]
    kinds = [booked(f"1,2025-03-01,{amount}", types=rules).kind for amount in ("5,x", "5,", "-5,f", "-5,x")]
    assert kinds == ["interest", "deposit", "fee", "withdraw"]


def test_a_positive_amount_where_the_file_writes_negatives() -> None:
    rule = [{"type": "withdraw", "sign": "negative"}]
    found = read("1,2025-03-01,5,", types=rule)
    assert isinstance(found, Refused)
    assert (found.code, found.detail) == (
        "positive_amount",
        "5 is above zero, which a withdraw cannot be in this file.",
    )


CREDIT_DEBIT = {"account": "account", "time": "time", "credit": "in", "debit": "out"}


@pytest.mark.parametrize(("text", "signed"), [("1,2025-03-01,5,", 500), ("1,2025-03-01,,7.50", -750)])
def test_credit_and_debit_in_columns_of_their_own(text: str, signed: int) -> None:
    assert booked(text, "account,time,in,out", columns=CREDIT_DEBIT).signed == signed


@pytest.mark.parametrize("text", ["1,2025-03-01,5,7", "1,2025-03-01,,"])
def test_credit_and_debit_are_not_both_filled_or_both_blank(text: str) -> None:
    found = read(text, "account,time,in,out", columns=CREDIT_DEBIT)
    assert isinstance(found, Refused)
    assert found.code == "unreadable_amount"


@pytest.mark.parametrize(
    ("decimal", "thousands", "text", "minor"),
    [
        (".", ",", '"1,23,456.70"', 12_345_670),
        (",", ".", '"1.234,50"', 123_450),
        (",", " ", '"1 234,5"', 123_450),
        (",", "", "1234", 123_400),
    ],
)
def test_numbers_as_people_write_them(decimal: str, thousands: str, text: str, minor: int) -> None:
    assert booked(f"1,2025-03-01,{text},", amount={"decimal": decimal, "thousands": thousands}).amount == minor


def test_a_point_is_not_a_decimal_comma() -> None:
    assert isinstance(read("1,2025-03-01,1.50,", amount={"decimal": ","}), Refused)


def test_figures_of_a_currency_without_decimals_keep_their_value() -> None:
    assert booked("1,2025-03-01,150,", currency="JPY").amount == 15_000
    assert isinstance(read("1,2025-03-01,1.5,", currency="JPY"), Refused)


def test_balances() -> None:
    columns = {"account": "account", "time": "time", "amount": "amount", "balance": "kind"}
    assert booked("1,2025-03-01,5,-17.25", columns=columns).balance == -1725
    assert booked("1,2025-03-01,5,", columns=columns).balance is None
    found = read("1,2025-03-01,5,much", columns=columns)
    assert isinstance(found, Refused)
    assert found.code == "unreadable_balance"


def test_the_shipped_rules_of_berka() -> None:
    header = ["trans_id", "account_id", "date", "type", "operation", "amount", "balance", "k_symbol", "bank", "account"]
    reader = RowReader(make_mapping(read_toml("berka"), currency="INR"), header, currency="INR", latest=LATEST)
    kinds = {}
    for type_, symbol in (
        ("PRIJEM", ""), ("PRIJEM", "UROK"), ("PRIJEM", "DUCHOD"), ("VYDAJ", "SLUZBY"), ("VYDAJ", "SANKC. UROK"),
        ("VYDAJ", " "), ("VYBER", ""), ("VYDAJ", "UVER"), ("JINY", ""),
    ):  # fmt: skip
        row = reader.read(Line(1, 2, f'1;2;930131;"{type_}";"X";10.00;10.00;"{symbol}";"";'))
        kinds[type_, symbol] = row.kind if isinstance(row, Row) else row.code
    assert kinds == {
        ("PRIJEM", ""): "deposit",
        ("PRIJEM", "UROK"): "interest",
        ("PRIJEM", "DUCHOD"): "deposit",
        ("VYDAJ", "SLUZBY"): "fee",
        ("VYDAJ", "SANKC. UROK"): "fee",
        ("VYDAJ", " "): "withdraw",
        ("VYBER", ""): "withdraw",
        ("VYDAJ", "UVER"): "withdraw",
        ("JINY", ""): "unknown_type",
    }
