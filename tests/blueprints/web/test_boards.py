"""The leaderboard's page: looking, joining, leaving, without a script."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.blueprints.web.conftest import Visitor, said
from tests.factories import Saver


def test_a_saver_joins_and_leaves_as_easily(asha: Visitor, saver: Saver) -> None:
    saver.deposit(saver.jar())
    page = asha.get("/leaderboard")
    assert page.status_code == 200
    assert "Would you like to be listed?" in page.text
    assert "Your place" not in page.text
    joined = asha.send("/leaderboard/join?period=month", form="/leaderboard", display_name="Tea 2026")
    assert (joined.status_code, joined.headers["Location"]) == (303, "/leaderboard?board=streak&period=month")
    page = asha.get("/leaderboard")
    assert "You are on the boards as Tea 2026." in said(page)
    assert "Your place" in page.text
    assert page.text.count("<bdi>Tea 2026</bdi>") >= 1
    assert "Would you like to be listed?" not in page.text
    assert saver.get("/api/profile/").json["user"]["leaderboard_opt_in"] is True
    left = asha.send("/leaderboard/leave", form="/leaderboard")
    assert left.status_code == 303
    page = asha.get("/leaderboard")
    assert "You have left the boards." in said(page)
    assert "<bdi>Tea 2026</bdi>" not in page.text
    assert 'value="Tea 2026"' in page.text, "the name is offered again"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Choose the name that others see."),
        ("call 98765 43210", "leave out addresses, phone numbers and links"),
        ("asha@example.com", "leave out addresses, phone numbers and links"),
        ("a" * 41, "40 characters"),
    ],
)
def test_a_name_that_leads_to_somebody_is_said_at_its_field(
    asha: Visitor, saver: Saver, name: str, sentence: str
) -> None:
    page = asha.send("/leaderboard/join", form="/leaderboard", display_name=name)
    assert page.status_code == 422
    assert sentence in page.text
    assert "<title>Error: " in page.text
    assert saver.get("/api/profile/").json["user"]["leaderboard_opt_in"] is False


def test_every_board_of_every_period_says_what_is_counted(asha: Visitor) -> None:
    seen = set()
    for board in ("streak", "consistency"):
        for period in ("week", "month", "all"):
            page = asha.get(f"/leaderboard?board={board}&period={period}")
            assert page.status_code == 200
            assert page.text.count('aria-current="page"') == 2
            counted = page.text.partition("What is counted")[2].partition("Five rupees")[0]
            seen.add(counted)
    assert len(seen) == 6


@pytest.mark.parametrize("query", ["board=money", "period=year", "board="])
def test_no_such_board(asha: Visitor, query: str) -> None:
    assert asha.get(f"/leaderboard?{query}").status_code == 404


def test_who_is_not_signed_in_is_led_to_the_sign_in(new_visitor: Callable[[], Visitor]) -> None:
    assert new_visitor().get("/leaderboard").status_code == 303
