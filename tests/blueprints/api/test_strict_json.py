from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.blueprints.api.strict_json import MAX_ERRORS, MAX_NAME, BodyError, parse_json_object


def refusal(raw: bytes) -> BodyError:
    with pytest.raises(BodyError) as caught:
        parse_json_object(raw)
    return caught.value


def nested(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


@pytest.mark.parametrize(
    "raw",
    [
        *(
            b"{",
            b"{'a': 1}",
            b'{"a": 1,}',
            b'{"a": 1} x',
            b'{"a": 01}',
            b'{"a": +1}',
            b'{"a": .5}',
            b" ",
            b"a",
            b'{"a',
        ),
        *(b'{"a": NaN}', b'{"a": Infinity}', b'{"a": -Infinity}', b'{"a": [{"b": NaN}]}'),
        *(
            b'{"a": 1, "a": 2}',
            b'{"a": {"b": 1, "b": 1}}',
            b'{"a": 1, "\\u0061": 2}',
            b'{"a": %s, "a": 1}' % (b"9" * 30),
        ),
        *(
            b'\xef\xbb\xbf{"a": 1}',
            '{"a": "é"}'.encode("latin-1"),
            '{"a": 1}'.encode("utf-16"),
            b'{"a": "\xed\xa0\x80"}',
        ),
        *(b'{"a": "\x00"}', b'{"a": "\n"}', b'{"a": "\\x41"}', b'\x00{"a": 1}'),
        *(
            nested(33),
            nested(30_000),
            b"[" * 60_000,
            b'{"a":[' * 10_000,
            b'{"a": "' + b"[" * 60_000,
            b"[]," * 20_000,
        ),
    ],
)
def test_what_is_not_one_json_text_in_utf8_is_malformed(raw: bytes) -> None:
    error = refusal(raw)
    assert (error.status, error.code, error.errors) == (400, "malformed_json", None)


@pytest.mark.parametrize("raw", [b"[]", b"null", b'"a"', b"5", b"true", b'[{"a": 1}]'])
def test_what_is_not_an_object_cannot_be_used(raw: bytes) -> None:
    error = refusal(raw)
    assert (error.status, error.code, error.errors) == (
        422,
        "validation_error",
        {"_body": ["Send a JSON object."]},
    )


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (rb'{"note": "a\u0000b"}', "note"),
        (rb'{"note": "\ud800"}', "note"),
        (rb'{"note": "\udc00\ud800"}', "note"),
        (rb'{"a": {"b": [1, "\u0000"]}}', "a.b.1"),
        (rb'{"a\u0000": 1}', "a\ufffd"),
        (rb'{"a": {"\udfff": 1}}', "a.\ufffd"),
        (b'{"amount": 1e400}', "amount"),
        (b'{"amount": -1e400}', "amount"),
        (b'{"amount": %s}' % (b"9" * 21), "amount"),
        (b'{"a": {"amount": -%s}}' % (b"9" * 5000), "a.amount"),
        (b'{"amount": %s.5}' % (b"9" * 5000), "amount"),
    ],
)
def test_values_that_no_field_can_hold_are_refused_by_name(raw: bytes, field: str) -> None:
    error = refusal(raw)
    assert (error.status, error.code) == (422, "validation_error")
    assert list(error.errors or ()) == [field]


def test_only_text_is_refused_not_every_escape() -> None:
    assert parse_json_object(rb'{"note": "\ud83d\ude00 \u0915\n"}') == {"note": "😀 क\n"}


def test_32_levels_are_not_too_deep_and_brackets_in_strings_do_not_count() -> None:
    document: Any = parse_json_object(nested(32))
    for _ in range(32):
        document = document["a"]
    assert document == 1
    text = '[{\\"' * 100
    assert parse_json_object(f'{{"note": "{text}", "list": [{"[]," * 50}[]]}}'.encode())["note"] == '[{"' * 100


def test_depth_is_counted_before_parsing() -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(150)
    try:
        assert refusal(b'{"a":' * 200).detail == "The body is nested more than 32 levels deep."
    finally:
        sys.setrecursionlimit(limit)


def test_an_answer_never_grows_with_the_attack() -> None:
    error = refusal(("{" + ",".join(f'"{i}{"n" * 500}": "\\u0000"' for i in range(100)) + "}").encode())
    assert error.errors is not None
    assert len(error.errors) == MAX_ERRORS
    assert max(map(len, error.errors)) == MAX_NAME


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters="\x00")),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers(-(2**63), 2**63 - 1)
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(st.characters(codec="utf-8", exclude_characters="\x00")),
            lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
            max_leaves=8,
        ),
    ),
    st.booleans(),
)
def test_every_ordinary_document_comes_through_unchanged(document: dict[str, Any], ascii_only: bool) -> None:
    assert parse_json_object(json.dumps(document, ensure_ascii=ascii_only).encode()) == document


@given(
    st.binary()
    | st.text().map(lambda text: json.dumps({text: text}).encode())
    | st.from_regex(rb'\A[\[{"\\u0:,}\]]*\Z')
)
def test_any_bytes_are_an_object_or_a_body_error(raw: bytes) -> None:
    try:
        document = parse_json_object(raw)
    except BodyError as error:
        status = error.status
    else:
        status = 200 if isinstance(document, dict) else 500
    assert status in {200, 400, 422}
