"""What goes into a jar by itself, on the pages: set, changed, skipped, paused, gone on with, ended."""

from __future__ import annotations

from html import unescape
from uuid import uuid4

import pytest

from app.transactions import queue, run
from tests.blueprints.web.conftest import Visitor, said
from tests.factories import Saver


@pytest.fixture
def path(asha: Visitor, saver: Saver) -> str:
    """A jar's page."""
    return f"/jars/{saver.jar(name='School fees', plan_type='weekly', installment_amount='75')}"


def text(page: object) -> str:
    return " ".join(unescape(page.text).replace("\xa0", " ").split())  # type: ignore[attr-defined]


def state(saver: Saver, path: str) -> dict | None:
    return saver.get(f"/api{path}/auto-deposit/").json["auto_deposit"]


def test_it_is_set_changed_and_ended(asha: Visitor, saver: Saver, path: str) -> None:
    assert "Save by itself" in text(asha.get(path))
    form = asha.get(f"{path}/auto-deposit")
    assert 'value="75"' in form.text
    assert "Sunday" in form.text
    answer = asha.send(f"{path}/auto-deposit", amount="₹ 80", day="5")
    assert (answer.status_code, answer.location) == (303, path)
    page = asha.get(path)
    assert "School fees fills by itself from now on." in said(page)
    assert "₹80 every Friday." in text(page)
    assert "Next: ₹80 on Friday 17 July." in text(page)
    assert "Save by itself" not in text(page)
    again = asha.get(f"{path}/auto-deposit")
    assert '<option value="5" selected>' in again.text
    assert 'value="80"' in again.text
    assert asha.send(f"{path}/auto-deposit", amount="90", day="5").status_code == 303
    assert state(saver, path)["amount"] == "90.00"
    assert asha.send(f"{path}/auto-deposit/end", form=path).status_code == 303
    assert "Nothing goes into School fees by itself any more." in said(asha.get(path))
    assert state(saver, path) is None


def test_it_is_skipped_paused_and_gone_on_with(asha: Visitor, saver: Saver, path: str) -> None:
    asha.send(f"{path}/auto-deposit", amount="80", day="5")
    asha.send(f"{path}/auto-deposit/skip", form=path)
    page = asha.get(path)
    assert "The next deposit into School fees is skipped." in said(page)
    assert "Friday 17 July is skipped, as you asked." in text(page)
    assert "Next: ₹80 on Friday 24 July." in text(page)
    assert "Skip the next" not in text(page)
    asha.send(f"{path}/auto-deposit/pause", form=path)
    page = asha.get(path)
    assert "Paused: nothing goes in until you go on." in text(page)
    assert "Next:" not in text(page)
    asha.send(f"{path}/auto-deposit/resume", form=path)
    assert "Next: ₹80 on Friday 24 July." in text(asha.get(path))


def test_a_deposit_that_failed_says_what_to_do(asha: Visitor, saver: Saver, path: str) -> None:
    asha.send(f"{path}/auto-deposit", amount="80", day="5")
    with saver.app.app_context():
        run(
            lambda: queue(
                "INSERT INTO auto_deposit_turns (jar_id, due_on, amount, status, told_at)"
                " VALUES (%s, '2026-07-10', 8000, 'failed', now())",
                (path.rpartition("/")[2],),
            )
        )
    page = text(asha.get(path))
    assert "The deposit of Friday 10 July was not let through. No money moved." in page
    assert "Put it in by hand" in page


@pytest.mark.parametrize(
    "values", [{"amount": "", "day": "5"}, {"amount": "80", "day": "8"}, {"amount": "x", "day": "1"}]
)
def test_what_cannot_be_is_said_on_the_form(asha: Visitor, saver: Saver, path: str, values: dict[str, str]) -> None:
    answer = asha.send(f"{path}/auto-deposit", **values)
    assert answer.status_code == 422
    assert "field-error" in answer.text
    assert state(saver, path) is None


def test_a_step_that_comes_too_late_changes_nothing(asha: Visitor, saver: Saver, path: str) -> None:
    carried = asha.hidden(f"{path}/auto-deposit")
    answer = asha.send(f"{path}/auto-deposit/skip", carried=carried)
    assert answer.status_code == 303
    assert "there is nothing to change" in said(asha.get(path))
    assert asha.send(f"/jars/{uuid4()}/auto-deposit/skip", carried=carried).status_code == 404
    saver.call("DELETE", f"/api{path}/")
    assert asha.get(f"{path}/auto-deposit").status_code == 303


@pytest.mark.parametrize(("plan", "words"), [("daily", "every day."), ("monthly", "on the 2nd of each month."),
                                             ("flexible", "on the 2nd of each month.")])  # fmt: skip
def test_the_rhythm_follows_the_plan(asha: Visitor, saver: Saver, plan: str, words: str) -> None:
    path = f"/jars/{saver.jar(plan_type=plan)}"
    day = {} if plan == "daily" else {"day": "2"}
    assert ('id="day"' in asha.get(f"{path}/auto-deposit").text) == bool(day)
    assert asha.send(f"{path}/auto-deposit", amount="20", **day).status_code == 303
    assert f"₹20 {words}" in text(asha.get(path))
