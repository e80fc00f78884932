from __future__ import annotations

from datetime import timedelta

import click
import pytest

from app.cli.clock import Span
from tests.cli.conftest import command_of


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("3d", timedelta(days=3)),
        ("12h", timedelta(hours=12)),
        ("90m", timedelta(minutes=90)),
        ("2w", timedelta(weeks=2)),
        ("1d12h", timedelta(hours=36)),
        ("3660d", timedelta(days=3660)),
    ],
)
def test_spans(text: str, span: timedelta) -> None:
    assert Span().convert(text, None, None) == span


@pytest.mark.parametrize("text", ["", "3", "d", "-3d", "3 d", "1.5d", "3s", "0d", "3661d", "999999999w", "३d"])
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Span().convert(text, None, None)


def test_the_clock_is_shown_and_moved(new_app) -> None:
    flask = command_of(new_app())
    assert flask("clock").stdout.endswith("(real time)\n")
    assert flask("clock", "advance", "3d").exit_code == 0
    moved = flask("clock", "advance", "12h")
    assert "(3 days, 12:00:00 ahead of real time" in moved.stdout
    assert "(3 days, 12:00:00 ahead of real time)" in flask("clock").stdout


def test_it_is_never_moved_in_production(production) -> None:
    result = production("clock", "advance", "3d")
    assert result.exit_code == 1
    assert "production" in result.stderr
    assert production("clock").stdout.endswith("(real time)\n")


def test_backwards_is_no_way(flask) -> None:
    result = flask("clock", "advance", "0m")
    assert result.exit_code == 2
    assert "Traceback" not in result.output
