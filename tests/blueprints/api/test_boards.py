"""The leaderboard's call."""

from __future__ import annotations

import pytest

from tests.factories import Saver


@pytest.fixture(autouse=True)
def noon(clock: object) -> None:
    """A Wednesday in July 2026."""


def test_a_leaderboard_holds_names_and_how_consistent_and_nothing_else(saver: Saver) -> None:
    saver.call("PATCH", "/api/profile/", {"display_name": "Asha 2026", "leaderboard_opt_in": True})
    saver.deposit(saver.jar(), "1234.56")
    answer = saver.get("/api/leaderboard/?board=streak&period=week&limit=1")
    assert answer.status_code == 200
    assert list(answer.json) == ["board", "period", "period_start", "items", "me", "opted_in", "total"]
    assert (answer.json["board"], answer.json["period"], answer.json["period_start"]) == (
        "streak", "week", "2026-07-13",
    )  # fmt: skip
    assert [list(item) for item in answer.json["items"]] == [["rank", "display_name", "value", "me"]]
    assert answer.json["me"]["value"] == 1
    own = [entry for entry in answer.json["me"]["neighbours"] if entry["me"]]
    assert own == [{"rank": answer.json["me"]["rank"], "display_name": "Asha 2026", "value": 1, "me": True}]
    assert answer.json["opted_in"] is True
    assert "1234" not in answer.text
    assert saver.email not in answer.text


def test_who_has_not_joined_reads_and_is_not_listed(saver: Saver) -> None:
    saver.deposit(saver.jar())
    answer = saver.get("/api/leaderboard/").json
    assert (answer["board"], answer["period"], answer["me"], answer["opted_in"]) == ("streak", "week", None, False)
    assert saver.get("/api/leaderboard/?period=month").json["period_start"] == "2026-07-01"
    assert saver.get("/api/leaderboard/?board=consistency&period=all").json["period_start"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("board=money", "board"), ("board=", "board"), ("period=year", "period"), ("limit=0", "limit"),
        ("limit=101", "limit"), ("limit=x", "limit"), ("cursor=x", "cursor"), ("board=streak&board=streak", "board"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked(saver: Saver, query: str, field: str) -> None:
    answer = saver.get(f"/api/leaderboard/?{query}")
    assert (answer.status_code, answer.json["code"], list(answer.json["errors"])) == (422, "validation_error", [field])


def test_nobody_joins_without_a_name(saver: Saver) -> None:
    refused = saver.call("PATCH", "/api/profile/", {"leaderboard_opt_in": True})
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["display_name"])
    assert saver.get("/api/leaderboard/").json["opted_in"] is False
    joined = saver.call("PATCH", "/api/profile/", {"leaderboard_opt_in": True, "display_name": "Asha"})
    assert joined.json["user"]["leaderboard_opt_in"] is True
    both = saver.call("PATCH", "/api/profile/", {"leaderboard_opt_in": True, "display_name": "asha@example.com"})
    assert (both.status_code, len(both.json["errors"]["display_name"])) == (422, 1)


def test_whoever_takes_the_name_away_leaves(saver: Saver) -> None:
    saver.call("PATCH", "/api/profile/", {"leaderboard_opt_in": True, "display_name": "Asha"})
    left = saver.call("PATCH", "/api/profile/", {"display_name": None}).json["user"]
    assert (left["display_name"], left["leaderboard_opt_in"]) == (None, False)
