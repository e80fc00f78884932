"""The page of the score, and its card at home."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask

from app import transactions
from tests import factories
from tests.blueprints.web.conftest import Visitor
from tests.conftest import Clock
from tests.factories import Saver

SHAME = re.compile(r"\b(low score|too low|poor|bad|failed|lost)\b", re.IGNORECASE)


def text(page: object) -> str:
    main = page.text.partition("<main")[2].partition("</main>")[0]  # type: ignore[attr-defined]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).replace("\xa0", " ").split())


def test_the_number_and_all_that_it_is_made_of(asha: Visitor, saver: Saver, clock: Clock) -> None:
    factories.live_weeks(saver, clock, "110111110111")
    page = asha.get("/score")
    assert page.status_code == 200
    said = text(page)
    assert 'aria-label="Your score: 711,' in page.text
    for part in (
        "Where everybody begins 300 On time 118 of / 150 Recent habit 91 of / 120 Keeping at it 31 of / 75",
        "Loan instalments no loan stands for half 38 of / 75 In a row 23 of / 60 Latest deposit 45 of / 45",
        "Full amounts 35 of / 45 Money kept 30 of / 30 Your score 711",
        "10 of your last 12 weeks were on time.",
        "Of ten savers with a history like yours, about 8 make the next deposit on time.",
        "Your next 2 weeks on time +27 27 points more",
        "Your next 4 weeks on time +66 66 points more",
        "those after it bring it back −61 61 points less",
        "It is not a credit bureau’s score",
        "by rule rule-1",
    ):
        assert part in said, part
    assert not SHAME.search(said)
    assert 'href="/support/new?about=score"' in page.text
    assert "provisional" not in said.lower()


def test_how_it_has_moved_is_a_sentence_a_line_and_a_table(asha: Visitor, saver: Saver, clock: Clock) -> None:
    factories.live_weeks(saver, clock, "110111")
    page = asha.get("/score")
    chart = page.text.partition('<svg class="chart"')[2].partition("</svg>")[0]
    assert chart.count("chart-line") == 1
    rows = re.findall(r'<tr><th scope="row">([^<]+)</th><td>(\d+)</td></tr>', page.text)
    assert len(rows) >= 4
    points = [int(score) for _, score in rows]
    assert f"{points[0] - points[-1]} points up since" in text(page)
    assert f"from {points[-1]} to {points[0]}." in text(page)


def test_the_first_day_has_no_line_yet(asha: Visitor, saver: Saver, clock: Clock) -> None:
    saver.jar(plan_type="weekly", installment_amount="50")
    clock.advance(days=21)
    factories.score(saver, clock)
    said = text(asha.get("/score"))
    assert "Its line begins here" in said
    assert "Provisional: your history is still short" in said


def test_nobody_has_a_low_score_before_there_is_one(asha: Visitor, saver: Saver, clock: Clock) -> None:
    page = asha.get("/score")
    assert 'aria-label="No score yet: building history"' in page.text
    assert 'href="/jars/new"' in page.text
    assert "300 of" not in text(page)
    saver.jar(plan_type="weekly")
    factories.score(saver, clock)
    said = text(asha.get("/score"))
    assert "2 weeks of your plan, and your score begins on Tuesday 28 July." in said
    assert "Towards your first score 0 of 2" in said
    assert re.search(r"All on time, it begins at \d{3}\.", said)


def test_whoever_has_all_the_points_reads_that_there_is_nothing_to_do(
    asha: Visitor, saver: Saver, clock: Clock
) -> None:
    factories.live_weeks(saver, clock, "1" * 30)
    said = text(asha.get("/score"))
    assert "You have all the points that saving gives" in said
    assert "As full as they get" in said
    assert "left to gain" not in said


def test_it_stands_in_the_bar_and_at_home(asha: Visitor, saver: Saver, clock: Clock) -> None:
    factories.live_weeks(saver, clock, "110111110111")
    home = asha.get("/dashboard")
    assert re.search(r'<li><a href="/score"><svg', home.text)
    said = text(home)
    assert "Your score See why" in said
    assert "Your next 2 weeks on time: +27" in said
    assert "Chhota’s own score, not a bureau’s." in said
    assert 'aria-label="Your score: 711,' in home.text


def test_home_before_there_is_a_score(asha: Visitor, saver: Saver, clock: Clock) -> None:
    saver.jar(plan_type="flexible")
    said = text(asha.get("/dashboard"))
    assert "building history Make a jar with a rhythm" in said


@pytest.mark.parametrize("path", ["/score", "/score/"])
def test_both_addresses_and_few_queries(
    asha: Visitor, saver: Saver, clock: Clock, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    factories.live_weeks(saver, clock, "1101")
    asha.get("/score")
    seen: list[str] = []
    send = transactions._send
    monkeypatch.setattr(
        transactions, "_send", lambda work, **options: seen.append(str(work.queue)) or send(work, **options)
    )
    assert asha.get(path).status_code == 200
    assert len(seen) <= 4, seen


def test_another_saver_has_their_own(app: Flask, asha: Visitor, saver: Saver, clock: Clock) -> None:
    factories.live_weeks(saver, clock, "110111110111")
    other = Visitor(app)
    other.log_in(factories.make_saver(app).email)
    assert "Your score: 711" not in other.get("/score").text
