from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from marshmallow import ValidationError, fields, validate

from app.blueprints.api.schemas.base import (
    LocalDate,
    MoneyField,
    QueryInteger,
    StrictBoolean,
    StrictInteger,
    StrictSchema,
    StrictString,
    UtcDateTime,
)


class Everything(StrictSchema):
    amount = MoneyField()
    target = MoneyField(allow_none=True)
    balance = MoneyField(dump_only=True)
    small = MoneyField(maximum=500)
    name = StrictString(max_length=10)
    note = StrictString(max_length=20, min_length=0, multiline=True)
    plan = StrictString(max_length=10, validate=validate.OneOf(["daily", "weekly"]))
    count = StrictInteger(minimum=1, maximum=24)
    limit = QueryInteger(minimum=1, maximum=100)
    opted_in = StrictBoolean()
    start_date = LocalDate()
    created_at = UtcDateTime()


@pytest.fixture(autouse=True)
def application() -> Iterator[None]:
    app = Flask(__name__)
    app.config["MAX_AMOUNT_MINOR"] = 100_000
    with app.app_context():
        yield


def refused(**values: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        Everything().load(values)
    messages: dict[str, list[str]] = caught.value.normalized_messages()
    return messages


def loaded(**values: Any) -> Any:
    (value,) = Everything().load(values).values()
    return value


def test_unknown_fields_are_refused() -> None:
    assert refused(role="admin") == {"role": ["Unknown field."]}


def test_members_come_out_in_the_order_of_their_declaration() -> None:
    assert list(Everything().dump({"created_at": None, "name": "a", "amount": 1})) == [
        "amount",
        "name",
        "created_at",
    ]


def test_money_is_paise_inside_and_a_decimal_string_outside() -> None:
    assert loaded(amount="250.5") == 25_050
    assert loaded(amount=7) == 700
    assert loaded(target=None) is None
    assert Everything().dump({"amount": 25_050, "balance": -5, "target": None, "small": 0}) == {
        "amount": "250.50",
        "target": None,
        "balance": "-0.05",
        "small": "0.00",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("amount", value) for value in (0, -1, 1.5, 250.0, "1.005", True, 1e30, "१००", None, [], "1000.01", 1_001)),
        *(("small", value) for value in ("5.01", 6)),
        ("balance", "5"),
    ],
)
def test_money_refuses_beside_its_field(field: str, value: object) -> None:
    errors = refused(**{field: value})
    assert list(errors) == [field]
    assert errors[field][0].endswith(".")


def test_money_takes_its_limit_from_the_settings_of_the_app() -> None:
    assert loaded(amount="1000.00") == 100_000
    assert refused(amount="1000.01") == {"amount": ["The amount must be at most 1000.00."]}


@pytest.mark.parametrize("text", ["Goa", " Goa ", "घर", "क्‍ष", "👩‍👩‍👧", "a'; --", "=cmd", "x" * 10])
def test_strings_keep_every_character(text: str) -> None:
    assert loaded(name=text) == text


def test_strings_are_normalised_before_they_are_measured() -> None:
    decomposed = unicodedata.normalize("NFD", "é" * 10)
    assert len(decomposed) == 20
    assert loaded(name=decomposed) == "é" * 10


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("name", value) for value in (5, True, None, ["a"], {"a": 1}, 1.5, b"a", "x" * 11, "x" * 10_000)),
        *(("name", value) for value in ("", " ", "\u00a0", "\u200d", "\u2800", "\u3164 ", "\u0301")),
        *(
            ("name", f"a{character}b")
            for character in "\n\r\t\x00\x1b\x7f\x85\u200b\u202e\u2028\u2066\ufeff\ud800\uffff"
        ),
        *(("note", f"a{character}b") for character in "\x00\x0b\x1b\u202e\u2029"),
        ("plan", "yearly"),
    ],
)
def test_strings_refuse_what_is_not_plain_text(field: str, value: object) -> None:
    assert list(refused(**{field: value})) == [field]


def test_a_note_may_have_lines_and_may_be_empty() -> None:
    assert loaded(note="chai\n\tand\r\nsamosa") == "chai\n\tand\r\nsamosa"
    assert loaded(note="") == ""


@pytest.mark.parametrize("value", [True, 5.0, 5.9, "5", "1_000", None, [5], 0, 25, 10**30])
def test_integers_are_whole_json_numbers_in_their_range(value: object) -> None:
    assert loaded(count=24) == 24
    assert list(refused(count=value)) == ["count"]


@pytest.mark.parametrize("value", [5, "5.0", "1_0", " 5", "५", "+5", "", "0", "101", "9" * 5000])
def test_integers_in_a_query_are_digits(value: object) -> None:
    assert loaded(limit="100") == 100
    assert list(refused(limit=value)) == ["limit"]


@pytest.mark.parametrize("value", [1, 0, "true", "on", None, []])
def test_booleans_are_true_or_false(value: object) -> None:
    assert loaded(opted_in=False) is False
    assert list(refused(opted_in=value)) == ["opted_in"]


@pytest.mark.parametrize(
    "value",
    [
        *(
            "20260131",
            "2026-W05-6",
            "2026-1-31",
            "31-01-2026",
            "2026-01-31T00:00:00",
            " 2026-01-31",
            "2026-01-31\n",
        ),
        *(
            "2026-02-29",
            "2026-13-01",
            "0001-01-01",
            "1899-12-31",
            "2200-01-01",
            "9999-12-31",
            "२०२६-०१-३१",
            20260131,
            None,
        ),
    ],
)
def test_dates_are_calendar_days_in_one_form(value: object) -> None:
    assert loaded(start_date="2024-02-29") == date(2024, 2, 29)
    assert list(refused(start_date=value)) == ["start_date"]


def test_instants_come_out_in_utc() -> None:
    kolkata = timezone(timedelta(hours=5, minutes=30))
    for instant in (datetime(2026, 1, 31, 18, 30, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=kolkata)):
        assert Everything().dump({"created_at": instant}) == {"created_at": "2026-01-31T18:30:00.000Z"}
    assert Everything().dump({"created_at": datetime(2026, 1, 1, microsecond=123_999, tzinfo=UTC)}) == {
        "created_at": "2026-01-01T00:00:00.123Z"
    }
    with pytest.raises(ValueError, match="naive"):
        Everything().dump({"created_at": datetime(2026, 1, 31)})


@pytest.mark.parametrize("value", ["2026-01-31T18:30:00Z", "2026-01-31T18:30Z", "2026-02-01T00:00:00.000+05:30"])
def test_instants_go_in_with_an_offset(value: str) -> None:
    assert loaded(created_at=value) == datetime(2026, 1, 31, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        *(
            "2026-01-31T18:30:00",
            "2026-01-31",
            "2026-01-31 18:30:00Z",
            "20260131T183000Z",
            "2026-01-31T25:00:00Z",
            5,
            None,
        ),
        *(
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
            "1899-12-31T23:59:59Z",
            "2026-01-31T18:30:00+99:00",
        ),
    ],
)
def test_instants_without_an_offset_or_out_of_range_are_refused(value: object) -> None:
    assert list(refused(created_at=value)) == ["created_at"]


def test_openapi_says_what_the_fields_take() -> None:
    spec = APISpec("t", "1", "3.1.0", plugins=[MarshmallowPlugin()])
    spec.components.schema("Everything", schema=Everything)
    properties = spec.to_dict()["components"]["schemas"]["Everything"]["properties"]
    amounts = [
        {"type": "string", "pattern": r"^[0-9]{1,17}(\.[0-9]{1,2})?$"},
        {"type": "integer", "minimum": 1},
    ]
    assert properties["amount"] == {"anyOf": amounts, "example": "250.00"}
    assert properties["target"] == {"anyOf": [*amounts, {"type": "null"}], "example": "250.00"}
    assert properties["balance"] == {"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2}$", "readOnly": True}
    assert properties["name"] == {"type": "string", "minLength": 1, "maxLength": 10}
    assert properties["plan"] == {
        "type": "string",
        "minLength": 1,
        "maxLength": 10,
        "enum": ["daily", "weekly"],
    }
    assert properties["count"] == {"type": "integer", "minimum": 1, "maximum": 24}
    assert properties["opted_in"] == {"type": "boolean"}
    assert properties["start_date"] == {"type": "string", "format": "date"}
    assert properties["created_at"] == {"type": "string", "format": "date-time"}


def test_openapi_keeps_a_description_given_with_the_field() -> None:
    class Described(StrictSchema):
        amount = MoneyField(load_default=500, metadata={"description": "What is set aside."})
        ids = fields.List(StrictInteger())

    spec = APISpec("t", "1", "3.1.0", plugins=[MarshmallowPlugin()])
    spec.components.schema("Described", schema=Described)
    amount = spec.to_dict()["components"]["schemas"]["Described"]["properties"]["amount"]
    assert (amount["description"], amount["default"], len(amount["anyOf"])) == (
        "What is set aside.",
        "5.00",
        2,
    )
