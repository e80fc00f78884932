"""clamd's protocol against a server that speaks it."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path

import pytest

from app.errors import Unavailable
from app.integrations import scanner as module
from app.integrations.scanner import ClamdScanner, NullScanner, scanner
from tests.clamd import clamd
from tests.files import EICAR


def test_a_file_is_sent_whole_and_what_is_found_is_named() -> None:
    with clamd() as there:
        looking = ClamdScanner(there.url)
        large = bytes(range(256)) * 1_000 + b"end"
        assert looking.finding(large) is None
        assert there.scanned == [large]
        assert looking.finding(b"before " + EICAR) == "Eicar-Test-Signature"
        assert looking.reachable()
        assert looking.configured


def test_it_listens_at_a_path_too() -> None:
    with tempfile.TemporaryDirectory() as folder, clamd(Path(folder) / "clamd.ctl") as there:
        looking = ClamdScanner(there.url)
        assert looking.finding(b"anything") is None
        assert looking.finding(EICAR) == "Eicar-Test-Signature"
        assert looking.reachable()


@pytest.mark.parametrize(
    "answer", [b"stream: broken ERROR\0", b"UNKNOWN COMMAND\0", b"\0", b"x" * 5_000, b"stream: OK"]
)
def test_only_a_verdict_is_one(answer: bytes) -> None:
    with clamd() as there:
        there.answer = answer
        looking = ClamdScanner(there.url)
        if answer == b"stream: OK":  # the end of the connection ends an answer as well
            assert looking.finding(b"anything") is None
        else:
            with pytest.raises(Unavailable):
                looking.finding(b"anything")


def test_what_is_too_large_for_it_was_not_looked_at() -> None:
    with clamd(most=100_000) as there, pytest.raises(Unavailable):
        ClamdScanner(there.url).finding(b"\0" * 5_000_000)


def test_one_that_is_away_or_silent_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    with clamd() as there:
        gone = ClamdScanner(there.url)
    for looking in (gone, ClamdScanner("unix:///nowhere/clamd.ctl")):
        assert not looking.reachable()
        with pytest.raises(Unavailable):
            looking.finding(b"anything")
    monkeypatch.setattr(module, "SECONDS", 0.3)
    with clamd() as there:
        there.silent = threading.Event()
        began = time.monotonic()
        with pytest.raises(Unavailable):
            ClamdScanner(there.url).finding(b"anything")
        assert time.monotonic() - began < 2


def test_without_a_setting_nothing_is_looked_at_and_it_says_so() -> None:
    twin = scanner({"SCANNER_URL": ""})
    assert isinstance(twin, NullScanner)
    assert (twin.configured, twin.reachable(), twin.finding(EICAR)) == (False, False, None)
