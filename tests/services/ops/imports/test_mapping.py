from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.errors import DomainError
from app.services.ops.imports.mapping import make_mapping, read_toml
from tests.services.ops.imports.conftest import mapping, values


@pytest.mark.parametrize("name", ["akiba", "berka"])
def test_the_shipped_mappings_hold(name: str) -> None:
    shipped = make_mapping(read_toml(name), currency="INR")
    assert shipped.name == name
    assert shipped.email.endswith("@import.invalid")


def test_every_column_is_named_once() -> None:
    berka = make_mapping(read_toml("berka"), currency="INR")
    assert berka.columns == ["account_id", "date", "amount", "balance", "type", "k_symbol"]


def test_without_rules_the_sign_decides() -> None:
    assert [(rule.type, rule.sign, rule.when) for rule in mapping().rules] == [
        ("deposit", "positive", ()),
        ("withdraw", "negative", ()),
    ]


def test_sums_are_read_in_the_installations_currency() -> None:
    checked = mapping(jar={"plan": "daily", "target": "1,00,000", "installment": "50.50"})
    assert (checked.target, checked.installment) == (10_000_000, 5_050)


def test_the_digest_is_that_of_the_meaning() -> None:
    first = values(name="same")
    assert make_mapping(first, currency="INR").digest == make_mapping(values(name="same"), currency="INR").digest
    assert (
        make_mapping(first, currency="INR").digest
        != make_mapping(values(name="same", jar__plan="weekly"), currency="INR").digest
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "Über"}, "name: Use small letters"),
        ({"columns": {"account": "a", "amount": "b"}}, "columns.time: Missing data"),
        ({"columns": {"account": "a", "time": "t"}}, "columns.amount: Name either"),
        ({"columns": {"account": "a", "time": "t", "credit": "c"}}, "columns.amount: Name either"),
        ({"columns__debit": "d"}, "columns.amount: Name either"),
        ({"columns__colour": "d"}, "columns.colour: Unknown field"),
        ({"time__zone": "Asia/Atlantis"}, "time.zone: Asia/Atlantis is not a time zone"),
        ({"time__formats": []}, "time.formats:"),
        ({"currency": "XXZ"}, "currency: XXZ is not a currency"),
        ({"currency": "KWD"}, "currency: KWD has more decimals than INR"),
        ({"file": {"encoding": "klingon"}}, "file.encoding: klingon is not an encoding"),
        ({"file": {"delimiter": "||"}}, "file.delimiter: Give one character"),
        ({"amount": {"decimal": ",", "thousands": ","}}, "amount.thousands: this is the decimal sign too"),
        ({"types": [{"type": "gift"}]}, "types.0.type: Must be one of"),
        ({"types": []}, "types: "),
        ({"types": [{"type": "deposit", "when": {"kind": 0}}]}, "types.0.when: Give values as text"),
        ({"jar__plan": "hourly"}, "jar.plan: Must be one of"),
        ({"jar": {"plan": "flexible", "installment": "5"}}, "jar.installment: a flexible plan has none"),
        ({"jar__target": "-5"}, "jar.target:"),
        ({"saver": {"email": "all@import.invalid"}}, "saver.email: {account} must be in it"),
        ({"saver": {"email": "{account}@example.com"}}, "saver.email: use a domain that ends in .invalid"),
        ({"saver": {"email": "{account}@@import.invalid"}}, "saver.email: this makes no e-mail addresses"),
    ],
)
def test_what_cannot_be_used_is_named(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DomainError) as refusal:
        mapping(**changes)
    assert refusal.value.code == "mapping_invalid"
    assert f"  - {sentence}" in refusal.value.message


def test_bad_toml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("name = [")
    for name, words in ((str(path), "is not TOML"), (str(tmp_path / "none.toml"), "cannot be read"), ("acme", "akiba")):
        with pytest.raises(DomainError, match=words) as refusal:
            read_toml(name)
        assert refusal.value.code == "mapping_unreadable"
