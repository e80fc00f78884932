from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from app.errors import DomainError
from app.services.ops.imports.reading import LONGEST_LINE, Line, Position, fields_of, file_hash, headers, rows


def lines(*paths: Path, encoding: str = "utf-8") -> list[Line]:
    return list(rows(paths, encoding=encoding, position=Position()))


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("a,b,c\n", ["a", "b", "c"]),
        ("a,,", ["a", "", ""]),
        ('"a,b",c\n', ["a,b", "c"]),
        ('"say ""no""",c\n', ['say "no"', "c"]),
        ('"never closed,c\n', None),
        ('"a"b,c\n', None),
    ],
)
def test_fields(line: str, fields: list[str] | None) -> None:
    assert fields_of(line, ",") == fields


def test_every_line_after_the_header_is_a_row_with_its_number(tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv.gz"
    first.write_bytes(b"\xef\xbb\xbfaccount,amount\r\n1,2\r\n\r\n3,4")
    second.write_bytes(gzip.compress(b"amount,account\n5,6\n"))
    assert headers([first, second], encoding="utf-8", delimiter=",", needed=["account"]) == [
        ["account", "amount"],
        ["amount", "account"],
    ]
    assert lines(first, second) == [Line(1, 2, "1,2\n"), Line(1, 3, "\n"), Line(1, 4, "3,4"), Line(2, 2, "5,6\n")]


def test_a_position_ends_at_the_size_of_the_files(tmp_path: Path) -> None:
    path, packed = tmp_path / "a.csv", tmp_path / "a.csv.gz"
    path.write_text("a\n" + "1\n" * 5000)
    packed.write_bytes(gzip.compress(path.read_bytes()))
    position = Position()
    assert len(list(rows([path, packed], encoding="utf-8", position=position))) == 10_000
    assert position.bytes == path.stat().st_size + packed.stat().st_size


def test_a_file_without_line_ends_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("a\n" + "x" * (3 * LONGEST_LINE) + "\n" + "y\n")
    assert [(line.line, len(line.text)) for line in lines(path)] == [(2, LONGEST_LINE), (3, 2)]


def test_bytes_of_another_encoding_come_as_surrogates(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(b"a\n\xe9\n")
    assert lines(path)[0].text == "\udce9\n"
    assert lines(path, encoding="latin-1")[0].text == "é\n"


@pytest.mark.parametrize(
    ("content", "encoding", "words"),
    [
        (b"", "utf-8", "is empty"),
        (b"\n1,2\n", "utf-8", "is empty"),
        (b"compte\xe9,amount\n", "utf-8", "is not utf-8"),
        (b"a", "utf-16", "is not in the encoding"),
        (b"a\n", "rot13", "is not in the encoding"),
    ],
)
def test_an_unreadable_file_is_named(tmp_path: Path, content: bytes, encoding: str, words: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(DomainError, match=words) as refusal:
        headers([path], encoding=encoding, delimiter=",", needed=[])
    assert refusal.value.code == "file_unreadable"
    assert str(path) in refusal.value.message


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path, words in ((tmp_path / "none.csv", "No such file"), (tmp_path, "directory")):
        with pytest.raises(DomainError, match=words) as refusal:
            file_hash([path])
        assert refusal.value.code == "file_unreadable"


def test_a_download_cut_short_is_found_before_anything_is_booked(tmp_path: Path) -> None:
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + bytes(range(256)) * 4000)[:-900])
    with pytest.raises(DomainError, match="damaged or cut short"):
        file_hash([path])


def test_missing_and_doubled_columns_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a;b;b\n")
    with pytest.raises(DomainError, match=r"no column 'c'; it has 'a', 'b', 'b'"):
        headers([path], encoding="utf-8", delimiter=";", needed=["a", "c"])
    with pytest.raises(DomainError, match="'b' more than once"):
        headers([path], encoding="utf-8", delimiter=";", needed=["b"])


def test_the_hash_is_that_of_the_bytes_in_their_order(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_text("1")
    second.write_text("2")
    hashes = {file_hash([first]), file_hash([second]), file_hash([first, second]), file_hash([second, first])}
    assert len(hashes) == 4
