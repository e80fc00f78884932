from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.observability.scrubbing import LONGEST_TEXT, describe_exception, is_personal, scrub
from tests.observability.conftest import JWT


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("PAN ACUPA1234R seen", "PAN [pan] seen"),
        ("pan=acupa1234r", "pan=[pan]"),
        ("(ACUPA1234R)", "([pan])"),
        ("2341 2341 2346", "[aadhaar]"),
        ("2341-2341-2346", "[aadhaar]"),
        ("234123412346", "[aadhaar]"),
        ("call 9876543210 now", "call [phone] now"),
        ("+919876543210", "[phone]"),
        ("+91-98765-43210", "[phone]"),
        ("+91 98765 43210", "[phone]"),
        ("919876543210", "[phone]"),
        ("09876543210", "[phone]"),
        ("+14155552671", "[phone]"),
        ("+९१ ९८७६५ ४३२१०", "[phone]"),
        ("mail asha.k+x@mail.example.in.", "mail [email]."),
        (f"jwt {JWT} end", "jwt [token] end"),
        (f"Authorization: Bearer {JWT}", "[secret]"),
        ("Bearer opaque-123", "[bearer]"),
        ('{"password": "correct horse"}', '{"[secret]}'),
        ("user_password=hunter2&x=1", "user_[secret]&x=1"),
        ("redis://user:pa55@127.0.0.1:6379/0", "redis://[credentials]127.0.0.1:6379/0"),
        ("shopping: rice", "shopping: rice"),
        ("jar 0192f3c0-7b1d-7000-8000-234123412346 of 12 jars", "jar 0192f3c0-7b1d-7000-8000-234123412346 of 12 jars"),
        ("at 1732276800 took 250.00", "at 1732276800 took 250.00"),
        ("2026-11-22T12:17:20.512910Z", "2026-11-22T12:17:20.512910Z"),
    ],
)
def test_scrub(text: str, scrubbed: str) -> None:
    assert scrub(text) == scrubbed


@given(
    st.from_regex(r"\A[A-Z]{3}P[A-Z][0-9]{4}[A-Z]\Z"),
    st.from_regex(r"\A[6-9][0-9]{9}\Z"),
    st.sampled_from(" ,;:/()'\"=\n"),
)
def test_every_pan_and_phone_is_found_wherever_it_stands(pan: str, phone: str, gap: str) -> None:
    scrubbed = scrub(f"a{gap}{pan}{gap}{phone}{gap}b")
    assert pan not in scrubbed
    assert phone not in scrubbed
    assert is_personal(pan)
    assert is_personal(phone)


@given(st.uuids())
def test_an_id_of_ours_is_never_taken_for_a_number(identity: object) -> None:
    assert scrub(f"jar {identity}.") == f"jar {identity}."
    assert not is_personal(str(identity))


@pytest.mark.parametrize("unit", ["a", "9", "+9", "a.", "-", "@", "eyJ", "password=", "98765 ", "a@", "://"])
def test_long_text_is_cut_and_costs_little(unit: str) -> None:
    started = time.process_time()
    assert len(scrub(unit * 100_000)) <= LONGEST_TEXT
    assert time.process_time() - started < 0.25


def test_a_database_error_is_told_by_its_codes() -> None:
    class IntegrityError(Exception):
        def __init__(self) -> None:
            super().__init__("Key (email)=(asha@example.in) already exists.")
            self.orig = SimpleNamespace(pgcode="23505", diag=SimpleNamespace(constraint_name="uq_users_email"))

    (described,) = describe_exception(IntegrityError())
    assert described["type"].endswith("IntegrityError")
    assert (described["sqlstate"], described["constraint"], described["frames"]) == ("23505", "uq_users_email", [])


def test_a_circle_of_causes_ends() -> None:
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    assert [link["type"] for link in describe_exception(first)] == ["ValueError", "KeyError"]
