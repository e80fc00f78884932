"""The leaderboard in a real browser."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests import factories
from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without-script"])
def test_joining_and_leaving(visit: Callable[..., Visit], saver: factories.Saver, script: bool) -> None:
    saver.deposit(saver.jar())
    browser = visit(script=script)
    browser.log_in(saver.email)
    browser.go("/leaderboard")
    browser.fill(display_name="asha at gmail dot com")
    browser.send("Join the boards")
    assert browser.says("leave out addresses, phone numbers and links")
    browser.fill(display_name="Kettle 2026")
    browser.send("Join the boards")
    assert browser.says("You are on the boards as Kettle 2026.")
    assert browser.says("with 1 day.")
    browser.follow("All time")
    browser.follow("On time")
    assert browser.says("You have no place on this board yet.")
    browser.send("Leave the boards")
    assert browser.says("You have left the boards.")
    assert not browser.says("Kettle 2026 ")
    assert browser.complaints == []


def test_boards_have_no_barrier_and_fit(visit: Callable[..., Visit], app: Flask) -> None:
    savers = [factories.make_saver(app) for _ in range(3)]
    for saver, name in zip(savers, ("Little drops", "A rather long name that goes on and on", "सुनीता"), strict=True):
        saver.deposit(saver.jar())
        saver.call("PATCH", "/api/profile/", {"display_name": name, "leaderboard_opt_in": True})
    browser, barriers = visit(), []
    browser.log_in(savers[1].email)
    for query in ("", "?period=all", "?board=consistency&period=month"):
        browser.go(f"/leaderboard{query}")
        barriers += browser.barriers()
        assert browser.sideways() <= 0, query
    for link in browser.page.locator(".tabs a").all():
        box = link.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    browser.send("Leave the boards")
    barriers += browser.barriers()
    browser.fill(display_name="98765 43210")
    browser.send("Join the boards")
    barriers += browser.barriers()
    assert browser.sideways() <= 0
    assert barriers == []
    assert browser.complaints == []
