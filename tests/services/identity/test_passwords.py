from __future__ import annotations

import pytest
from flask import Flask
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from app.errors import Invalid
from app.services.identity import passwords

COMMON = [word for word in FREQUENCY_LISTS["passwords"] if len(word) >= passwords.MINIMUM]


def weak(password: str, *personal: str) -> bool:
    try:
        passwords.check(password, personal=personal)
    except Invalid as refusal:
        return (refusal.code, list(refusal.errors)) == ("weak_password", ["password"])
    return False


def test_every_common_password_of_the_fields_list_is_refused(app: Flask) -> None:
    assert len(COMMON) > 1000
    for word in COMMON:
        assert weak(word), word
        assert weak(word.upper()), word


@pytest.mark.parametrize("change", ["{}1", "{}!", "{}123", "{}2026", "1{}", "{}@123", " {} "])
def test_a_common_password_with_a_little_more_is_no_better(app: Flask, change: str) -> None:
    for word in FREQUENCY_LISTS["passwords"][:300]:
        password = change.format(word.capitalize())
        if len(password) >= passwords.MINIMUM:
            assert weak(password), password


@pytest.mark.parametrize(
    "password",
    ["Password1234", "P@ssw0rd123", "qwerty123456", "asdfghjkl;'", "1q2w3e4r5t6y", "zaq12wsxcde3", "abcdefghij",
     "0987654321", "iloveyou2026", "India@1234", "jaishreeram", "JaiShreeRam1", "krishna1234", "sairam12345",
     "welcome@123", "mumbai12345", "chhotachhota", "Chhota12345", "98765432101", "aaaaabbbbb", "abcabcabcabc",
     "Ganesh@123"],
)  # fmt: skip
def test_what_others_would_try_first_is_refused(app: Flask, password: str) -> None:
    assert weak(password)


@pytest.mark.parametrize("password", ["Sunita Sharma 1", "sunita12345", "sunita.sharma", "9876543210", "sharma2026!"])
def test_what_anyone_who_knows_the_saver_would_try_is_refused(app: Flask, password: str) -> None:
    assert weak(password, "Sunita Sharma", "sunita.sharma@example.com", "sunita.sharma", "9876543210")


@pytest.mark.parametrize(
    "password",
    ["kettle drum monsoon", "ten chars!", "क्या बात है दोस्त", "été à la plage", "k7mq-v2xe-98ab-hw3c",
     "tulsi ke neeche diya",
     "x" * 3 + "rLq8 vTn2 bWp5", "a long walk by the river with nobody in a hurry " * 2],
)  # fmt: skip
def test_what_is_hard_to_guess_is_taken(app: Flask, password: str) -> None:
    with app.app_context():
        assert not weak(password, "Sunita Sharma", "sunita@example.com")


@pytest.mark.parametrize(("length", "refused"), [(9, True), (10, False), (128, False), (129, True)])
def test_ten_to_a_hundred_and_twenty_eight_characters(app: Flask, length: int, refused: bool) -> None:
    text = (
        "mango kettle tuesday Ravi9 umbrella ghost pencil lantern quartz river onion violet saddle copper harbour felt"
        * 2
    )
    assert weak(text[:length].ljust(length, "q")) is refused
