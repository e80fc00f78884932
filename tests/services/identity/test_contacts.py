from __future__ import annotations

import pytest

from app.services.identity import contacts


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("9876543210", "+919876543210"),
        ("098765 43210", "+919876543210"),
        ("+91 98765-43210", "+919876543210"),
        ("0091 9876543210", "+919876543210"),
        ("(+91) 6000000000", "+916000000000"),
        ("९८७६५४३२१०", "+919876543210"),  # digits of any script are digits
        ("+1 650 253 0000", "+16502530000"),
        ("+44 7400 123456", "+447400123456"),
    ],
)
def test_numbers_are_kept_in_e164(typed: str, kept: str) -> None:
    assert contacts.phone(typed) == kept


@pytest.mark.parametrize(
    "typed", ["", "5876543210", "+915876543210", "987654321", "98765432100", "+1 555 000", "abc", "9876543210 ext 5"]
)
def test_what_is_no_mobile_number_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(ValueError, match=r"^Write .*\.$"):
        contacts.phone(typed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Asha@Example.com", "asha@example.com"),
        (" asha@example.com ", "asha@example.com"),
        ("ａｓｈａ@example.com", "asha@example.com"),
        ("straße@example.com", "STRASSE@example.com"),
        ("cafe\u0301@example.com", "caf\u00e9@example.com"),
        ("asha@EXAMPLE。com", "asha@example.com"),
    ],
)
def test_spellings_of_one_address_have_one_key(one: str, other: str) -> None:
    key = contacts.email(one)[1]
    assert key == contacts.email(other)[1]
    assert key == contacts.email_key(contacts.email(one)[0])  # what is shown leads back to the account
    assert contacts.email_key(key) == key


@pytest.mark.parametrize("typed", ["asha+jars@example.com", "a.s.h.a@example.com"])
def test_addresses_that_may_be_different_people_stay_different(typed: str) -> None:
    assert contacts.email(typed)[1] != contacts.email("asha@example.com")[1]


@pytest.mark.parametrize("anything", ["", "no address", "a@b@c", "\x00", "é" * 500])
def test_the_key_of_anything_can_be_looked_up(anything: str) -> None:
    assert isinstance(contacts.email_key(anything), str)


def test_names_are_tidied_and_bounded() -> None:
    assert contacts.name("  Asha \t Devi ") == "Asha Devi"
    assert contacts.name("e\u0301" * 100) == "\u00e9" * 100
    assert contacts.name("क्षितिज") == "क्षितिज"
    for refused in ("", "   ", "a" * 101, "a\x07b", "a\ue000b"):
        with pytest.raises(ValueError, match="Write a name"):
            contacts.name(refused)
