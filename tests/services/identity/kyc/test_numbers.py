"""Numbers of papers: what is one, what of it is shown, and that it is found again without being kept."""

from __future__ import annotations

import pytest
from flask import Flask

from app.errors import Invalid
from app.services.identity.kyc import numbers
from app.services.identity.kyc.numbers import read


@pytest.fixture(autouse=True)
def within(context: None) -> None:
    """Every test needs the settings."""


@pytest.mark.parametrize(
    ("kind", "typed", "masked"),
    [
        ("pan", "ACUPA7085R", "ACUPAXXXXR"),
        ("pan", " acupa 7085-r ", "ACUPAXXXXR"),
        ("aadhaar", "234123412346", "XXXX XXXX 2346"),
        ("aadhaar", "2341 2341 2346", "XXXX XXXX 2346"),
        ("passport", "k1234567", "XXXXX567"),
        ("voter_id", "WKH1186253", "XXXXXXX253"),
        ("driving_licence", "MH-14 2011 0062821", "XXXXXXXXXXXX821"),
    ],
)
def test_a_number_is_shown_in_part(kind: str, typed: str, masked: str) -> None:
    number = read(kind, typed)
    assert number is not None
    assert number.masked == masked
    compact = numbers.SEPARATORS.sub("", typed).upper()
    assert compact not in repr(number)
    assert compact.encode() not in number.digest


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("pan", "ACUFA7085R"), ("pan", "ACUCA7085R"), ("pan", "ACUPA7085"), ("pan", "ACUPA70855"),
        ("pan", "ACUPA0000R"), ("aadhaar", "234123412347"), ("aadhaar", "134123412346"), ("aadhaar", "23412341234"),
        ("aadhaar", "222222222222"),
        ("passport", "A123456"), ("passport", "12345678"), ("voter_id", "1234567890"), ("driving_licence", "1234"),
        ("pan", "'; DROP TABLE users"), ("aadhaar", "२३४१२३४१२३४६x"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_and_never_repeated(kind: str, typed: str) -> None:
    with pytest.raises(Invalid) as raised:
        read(kind, typed)
    assert list(raised.value.errors) == ["document_number"]
    assert typed not in str(raised.value.errors) + str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_nothing_typed_is_no_number() -> None:
    assert read("pan", None) is None
    assert read("pan", "  ") is None


def test_the_same_number_is_found_however_it_is_typed_and_only_with_the_key(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def digest(kind: str, typed: str) -> bytes:
        number = read(kind, typed)
        assert number is not None
        return number.digest

    first = digest("aadhaar", "234123412346")
    assert digest("aadhaar", " 2341-2341-2346") == first
    assert digest("pan", "ACUPA7085R") != digest("pan", "ACUPA7086R")
    monkeypatch.setitem(app.config, "KYC_NUMBER_KEY", "another key, of which nobody knows anything")
    assert digest("aadhaar", "234123412346") != first
