"""What was done a moment ago is taken back: by the one who did it, with a form of this browser, for ten minutes."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask

from app.blueprints.web import undo
from app.services.notifications.notices import write
from app.transactions import run
from tests import factories
from tests.blueprints.web.conftest import Visitor, said
from tests.conftest import Clock
from tests.factories import Saver

BUTTON = re.compile(r'<form class="toast-undo".*?</form>', re.DOTALL)
DONE = "Undone. All is as it was before."


def offered(page) -> dict[str, str]:
    """What the button on the page carries; {} where there is none."""
    found = BUTTON.search(page.text)
    return dict(re.findall(r'name="([^"]+)" value="([^"]*)"', unescape(found[0]))) if found else {}


def press(asha: Visitor, path: str) -> str:
    """Press the button of the page; what is said then."""
    carried = offered(asha.get(path))
    assert carried, "a button stands beside what was done"
    answer = asha.client.post("/undo", data=carried)
    assert answer.status_code == 303
    return said(asha.get(answer.location))


@pytest.fixture
def weekly(saver: Saver) -> str:
    """A weekly jar that fills by itself."""
    jar = saver.jar(name="School fees", plan_type="weekly", installment_amount="75")
    assert saver.call("PUT", f"/api/jars/{jar}/auto-deposit/", {"amount": "75", "day": 5}).status_code == 200
    return jar


def instruction(saver: Saver, jar: str) -> dict | None:
    return saver.get(f"/api/jars/{jar}/auto-deposit/").json["auto_deposit"]


def test_a_closed_jar_is_open_again(asha: Visitor, saver: Saver) -> None:
    jar = saver.jar()
    assert asha.send(f"/jars/{jar}/close").status_code == 303
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["status"] == "closed"
    assert DONE in press(asha, "/jars")
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["status"] == "active"


def test_closing_what_is_closed_offers_nothing(asha: Visitor, saver: Saver) -> None:
    jar = saver.jar()
    form = asha.hidden(f"/jars/{jar}/close")
    for _ in range(2):
        asha.client.post(f"/jars/{jar}/close", data=form)
        carried = offered(asha.get("/jars"))
    assert carried == {}


def test_a_pause_is_taken_back_whole_or_to_the_day_it_had(asha: Visitor, saver: Saver) -> None:
    jar = saver.jar()

    def paused_until() -> str | None:
        found = re.search(r"Paused until (\d+ \w+)", asha.get(f"/jars/{jar}").text.replace("\xa0", " "))
        return found and found[1]

    asha.send(f"/jars/{jar}/pause", until="2026-07-20")
    assert DONE in press(asha, f"/jars/{jar}")
    assert paused_until() is None
    asha.send(f"/jars/{jar}/pause", until="2026-07-20")
    asha.get(f"/jars/{jar}")
    asha.send(f"/jars/{jar}/pause", until="2026-07-25")
    assert DONE in press(asha, f"/jars/{jar}")
    assert paused_until() == "20 Jul"
    asha.send(f"/jars/{jar}/resume", form=f"/jars/{jar}/pause")
    assert DONE in press(asha, f"/jars/{jar}")
    assert paused_until() == "20 Jul"


@pytest.mark.parametrize("step", ["pause", "end"])
def test_what_goes_in_by_itself_goes_on_as_it_did(asha: Visitor, saver: Saver, weekly: str, step: str) -> None:
    before = instruction(saver, weekly)
    assert asha.send(f"/jars/{weekly}/auto-deposit/{step}", form=f"/jars/{weekly}").status_code == 303
    assert instruction(saver, weekly) != before
    assert DONE in press(asha, f"/jars/{weekly}")
    assert instruction(saver, weekly) == before


def test_what_was_set_anew_meanwhile_stays(asha: Visitor, saver: Saver, weekly: str) -> None:
    asha.send(f"/jars/{weekly}/auto-deposit/end", form=f"/jars/{weekly}")
    carried = offered(asha.get(f"/jars/{weekly}"))
    saver.call("PUT", f"/api/jars/{weekly}/auto-deposit/", {"amount": "90", "day": 1})
    answer = asha.client.post("/undo", data=carried)
    assert "changed once more since" in said(asha.get(answer.location))
    assert instruction(saver, weekly)["amount"] == "90.00"


def test_going_on_is_taken_back_too(asha: Visitor, saver: Saver, weekly: str) -> None:
    asha.send(f"/jars/{weekly}/auto-deposit/pause", form=f"/jars/{weekly}")
    asha.send(f"/jars/{weekly}/auto-deposit/resume", form=f"/jars/{weekly}")
    page = asha.get(f"/jars/{weekly}")
    last = re.findall(r'name="what" value="([^"]+)"', page.text)[-1]
    asha.client.post("/undo", data=asha.carried_in(page) | {"what": last})
    assert instruction(saver, weekly)["paused"]


def test_a_skipped_deposit_comes_after_all(asha: Visitor, saver: Saver, weekly: str) -> None:
    before = instruction(saver, weekly)
    assert asha.send(f"/jars/{weekly}/auto-deposit/skip", form=f"/jars/{weekly}").status_code == 303
    assert instruction(saver, weekly)["skipped_on"] == before["next_on"]
    assert DONE in press(asha, f"/jars/{weekly}")
    assert instruction(saver, weekly) == before
    assert saver.get("/api/notifications/").json["items"] == [], "nothing says that it was skipped"


def test_notices_are_new_once_more(asha: Visitor, saver: Saver, clock: Clock) -> None:
    jar, other = saver.jar(target_amount="100"), saver.jar()
    saver.deposit(jar, "100")  # on the page itself, and so not new
    facts = {"jar_id": other, "jar": "Bicycle", "target": 10_000}
    with asha.app.app_context():
        run(lambda: write(saver.id, "target_reached", facts, at=clock.now()))
    unread = [one["id"] for one in saver.get("/api/notifications/?unread=true").json["items"]]
    clock.advance(minutes=1)
    asha.send("/notifications/read", form="/notifications")
    assert saver.get("/api/notifications/?unread=true").json["items"] == []
    assert DONE in press(asha, "/notifications")
    assert [one["id"] for one in saver.get("/api/notifications/?unread=true").json["items"]] == unread


def test_whoever_left_the_boards_is_back(asha: Visitor, saver: Saver) -> None:
    asha.send("/leaderboard/join", form="/leaderboard", display_name="Lamp keeper")
    asha.send("/leaderboard/leave", form="/leaderboard")
    assert not saver.get("/api/profile/").json["user"]["leaderboard_opt_in"]
    assert DONE in press(asha, "/leaderboard")
    assert saver.get("/api/profile/").json["user"]["leaderboard_opt_in"]


def test_the_button_belongs_to_who_was_given_it(
    asha: Visitor, saver: Saver, app: Flask, new_visitor: Callable[[], Visitor]
) -> None:
    jar = saver.jar()
    asha.send(f"/jars/{jar}/close")
    what = offered(asha.get("/jars"))["what"]
    other = new_visitor()
    other.log_in(factories.make_saver(app).email)
    assert other.client.post("/undo", data=other.hidden("/dashboard") | {"what": what}).status_code == 404
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["status"] == "closed"


def test_the_button_needs_a_form_of_this_browser_and_is_not_made_up(asha: Visitor, saver: Saver) -> None:
    jar = saver.jar()
    asha.send(f"/jars/{jar}/close")
    carried = offered(asha.get("/jars"))
    assert asha.client.post("/undo", data={"what": carried["what"]}).status_code == 400
    for what in ("", "made up", carried["what"][:-2], f"{carried['what']}x"):
        assert asha.client.post("/undo", data=carried | {"what": what}).status_code == 400
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["status"] == "closed"
    assert asha.client.get("/undo").status_code == 405


def test_after_ten_minutes_it_stays(asha: Visitor, saver: Saver, monkeypatch: pytest.MonkeyPatch) -> None:
    jar = saver.jar()
    asha.send(f"/jars/{jar}/close")
    carried = offered(asha.get("/jars"))
    monkeypatch.setattr(undo, "LASTS", -1)
    answer = asha.client.post("/undo", data=carried)
    assert answer.status_code == 303
    assert "can no longer be undone" in said(asha.get(answer.location))
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["status"] == "closed"


def test_what_cannot_be_taken_back_any_more_says_why(asha: Visitor, saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    asha.send(f"/jars/{jar}/close")
    carried = offered(asha.get("/jars"))
    clock.advance(days=1)
    answer = asha.client.post("/undo", data=carried)
    assert "closed on an earlier day" in said(asha.get(answer.location))
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["status"] == "closed"


def test_money_is_never_offered_back(asha: Visitor, saver: Saver) -> None:
    """What was booked stays booked; a saver takes it out or puts it back."""
    jar = saver.jar()
    for kind in ("deposit", "withdraw"):
        asha.send(f"/jars/{jar}/{kind}", amount="50")
        assert offered(asha.get(f"/jars/{jar}")) == {}
