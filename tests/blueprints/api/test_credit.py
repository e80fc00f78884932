"""The score over the API, as the contract has it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.blueprints.api.schemas.credit import CreditScoreSchema, ScoreHistoryPageSchema
from tests import factories
from tests.conftest import Clock
from tests.factories import Saver

MEMBERS = [
    "status", "score", "band", "predicted_score", "on_time_probability", "base", "factors", "reasons", "next_steps",
    "policy_version", "model_version", "as_of", "last_updated",
]  # fmt: skip


def score_of(saver: Saver) -> dict[str, Any]:
    answer = saver.get("/api/credit-score/")
    assert answer.status_code == 200, answer.json
    found: dict[str, Any] = answer.json
    return found


def test_the_answer_is_the_contract_s(saver: Saver, clock: Clock) -> None:
    factories.live_weeks(saver, clock, "110111110111")
    found = score_of(saver)
    assert list(found) == MEMBERS == list(CreditScoreSchema().fields)
    assert (found["status"], found["score"], found["predicted_score"], found["model_version"]) == (
        "scored", 711, 711, None,
    )  # fmt: skip
    assert found["base"] + sum(factor["points"] for factor in found["factors"]) == found["score"]
    assert sum(factor["max"] for factor in found["factors"]) + found["base"] == 900
    assert found["factors"][0] == {"code": "punctuality", "points": 118, "max": 150,
                                   "observed": {"on_time": 10, "of": 12}}  # fmt: skip
    assert 0.82 < found["on_time_probability"] < 0.83
    assert found["reasons"][2] == {
        "code": "punctuality",
        "text": "10 of your last 12 weeks were on time.",
        "points": 118,
        "max": 150,
        "observed": {"on_time": 10, "of": 12},
        "action": "Put in what is asked for before the week is over.",
    }
    assert [step["points"] for step in found["next_steps"]] == [27, 66, -61]
    assert found["next_steps"][0]["text"] == "Your next 2 weeks on time"
    assert (
        found["as_of"] == found["last_updated"] == clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def test_without_history_there_is_no_number_but_a_way(saver: Saver, clock: Clock) -> None:
    found = score_of(saver)
    assert (found["status"], found["score"], found["band"], found["on_time_probability"]) == (
        "no_history", None, None, None,
    )  # fmt: skip
    assert (found["factors"], found["reasons"], found["base"]) == ([], [], 300)
    assert found["next_steps"][0]["points"] is None
    assert "rhythm" in found["next_steps"][0]["text"]
    saver.jar(plan_type="weekly")
    factories.score(saver, clock)
    assert score_of(saver)["next_steps"] == [
        {
            "text": "2 weeks of your plan, and your score begins on Tuesday 28 July."
            " The next deposit is due by Sunday 19 July.",
            "points": None,
        }
    ]


def test_a_short_history_is_provisional(saver: Saver, clock: Clock) -> None:
    factories.live_weeks(saver, clock, "11")
    found = score_of(saver)
    assert found["status"] == "provisional"
    assert found["base"] + sum(factor["points"] for factor in found["factors"]) == found["score"]


def test_the_words_are_the_saver_s(app: Flask, clock: Clock) -> None:
    saver = factories.make_saver(app, language="hi")
    factories.live_weeks(saver, clock, "110111110111")
    found = score_of(saver)
    assert found["next_steps"][0]["text"] == "अगले 2 हफ़्ते समय पर"
    assert found["reasons"][2]["text"] == "पिछले 12 हफ़्तों में से 10 समय पर रहे।"


def test_the_history_is_a_list(saver: Saver, clock: Clock) -> None:
    factories.live_weeks(saver, clock, "110111")
    first = saver.get("/api/credit-score/history/?limit=3").json
    assert list(first) == list(ScoreHistoryPageSchema().fields)
    assert [list(item) for item in first["items"]] == [["score", "predicted_score", "date"]] * 3
    second = saver.get("/api/credit-score/history/", query_string={"limit": 3, "cursor": first["next_cursor"]}).json
    days = [item["date"] for item in first["items"] + second["items"]]
    assert days == sorted(set(days), reverse=True)
    assert first["items"][0]["score"] == score_of(saver)["score"]
    assert second["next_cursor"] is None


def test_a_cursor_of_somebody_else_is_none(app: Flask, saver: Saver, clock: Clock) -> None:
    factories.live_weeks(saver, clock, "1101")
    cursor = saver.get("/api/credit-score/history/?limit=1").json["next_cursor"]
    other = factories.make_saver(app).get("/api/credit-score/history/", query_string={"cursor": cursor})
    assert (other.status_code, other.json["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize("query", ["?limit=0", "?limit=101", "?day=1"])
def test_bad_questions(saver: Saver, query: str) -> None:
    assert saver.get(f"/api/credit-score/history/{query}").status_code == 422
