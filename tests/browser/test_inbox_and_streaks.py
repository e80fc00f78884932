"""The inbox, the page of streaks and push, in a real browser."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from app import clock as product_clock
from app.services.notifications.notices import write
from app.transactions import run
from tests import factories
from tests.browser.conftest import DESKTOP, PHONE, Visit
from tests.conftest import Clock

pytestmark = pytest.mark.browser

FACTS: dict[str, dict[str, Any]] = {
    "target_reached": {"jar": "Bicycle", "target": 500_000},
    "score_changed": {"score": 671, "before": 655, "reason": "on_time"},
    "new_device": {"device": "Chrome on Android", "family_id": str(uuid4())},
    "kyc_decided": {"status": "verified", "document_type": "pan"},
    "badge_earned": {"badge_type": "first_deposit", "taken_back": False, "jar": "Bicycle"},
}


def tell(saver: factories.Saver, kind: str, **facts: Any) -> UUID:
    with saver.app.app_context():
        return run(lambda: write(saver.id, kind, FACTS[kind] | facts, at=product_clock.now()))


@pytest.fixture
def asha(app: Flask, clock: Clock) -> factories.Saver:
    """A saver in Hindi with jars of each plan, a month of deposits and new notices of several kinds."""
    saver = factories.make_saver(app, language="hi")
    clock.advance(days=-30)
    jars = [saver.jar(name=f"A jar {plan}", plan_type=plan) for plan in ("daily", "weekly", "monthly", "flexible")]
    for day in range(30):
        for jar in jars[: 1 + day % 4]:
            if day not in (12, 13, 14, 25):
                saver.deposit(jar, "50")
        clock.advance(days=1)
    saver.call("PUT", f"/api/jars/{jars[1]}/pause/", {"until": "2026-07-20"})
    for kind in FACTS:
        tell(saver, kind, jar_id=jars[0])
    return saver


def test_a_notice_is_opened_and_the_rest_is_marked(
    visit: Callable[..., Visit], saver: factories.Saver, clock: Clock
) -> None:
    jar = saver.jar(name="Roof")
    tell(saver, "target_reached", jar_id=jar, jar="Roof")
    tell(saver, "score_changed")
    browser = visit(script=False)
    browser.log_in(saver.email)
    browser.follow("Inbox, 3 new")
    assert browser.says("New sign-in"), "of this browser"
    assert browser.page.locator(".told-new").count() == 3
    browser.send("Roof is full: ₹5,000")
    assert browser.page.url.endswith(f"/jars/{jar}")
    browser.follow("Inbox, 2 new")
    browser.send("Mark all as read")
    assert browser.says("Everything is marked as read.")
    assert browser.page.locator(".told-new").count() == 0
    browser.follow("Roof is full: ₹5,000")
    assert browser.page.url.endswith(f"/jars/{jar}")
    assert browser.complaints == []


def test_both_pages_are_quiet_fit_and_have_no_barrier(visit: Callable[..., Visit], asha: factories.Saver) -> None:
    browser = visit(size=DESKTOP)
    browser.log_in(asha.email)
    for path in ("/streaks", "/notifications"):
        browser.go(path)
        assert browser.sideways() <= 0, path
        assert browser.barriers() == []
    assert browser.complaints == []


def test_everything_to_press_is_large_enough(visit: Callable[..., Visit], asha: factories.Saver) -> None:
    browser = visit(size=PHONE)
    browser.log_in(asha.email)
    for path in ("/streaks", "/notifications"):
        browser.go(path)
        for target in browser.page.locator("main a:visible, main button:visible, .nav a, .top-actions a").all():
            # What fills its row does so beyond its own box, by an ::after.
            row = target.locator("xpath=ancestor::li[contains(@class, 'told-one')]")
            box = (row if row.count() else target).bounding_box()
            assert box is not None
            assert box["height"] >= 44, (path, target.inner_text())
    size = browser.page.locator(".nav li").count()
    assert size >= 4


def test_the_calendar_is_a_table_to_those_who_hear_it(visit: Callable[..., Visit], asha: factories.Saver) -> None:
    browser = visit(size=DESKTOP)
    browser.log_in(asha.email)
    browser.go("/streaks")
    table = browser.page.get_by_role("table")
    for day in ("सोम", "मंगल", "बुध", "गुरु", "शुक्र", "शनि", "रवि"):
        assert table.get_by_role("columnheader", name=day, exact=True).count() == 1
    assert table.get_by_role("rowheader").count() == 16
    assert table.get_by_role("cell", name=re.compile("15 ?: कुछ जमा नहीं, आज")).count() == 1


# ---- push ----


def test_without_a_script_there_is_no_button(visit: Callable[..., Visit], saver: factories.Saver) -> None:
    browser = visit(script=False)
    browser.log_in(saver.email)
    browser.go("/notifications")
    assert browser.page.locator("[data-push]").count() == 1
    assert not browser.page.locator("[data-push]").is_visible()


SUBSCRIPTION = """
(() => {
  // The push service is another company's, far away: what it would give is given here.
  let held = null;
  const made = () => ({
    endpoint: "https://fcm.googleapis.com/fcm/send/%s",
    toJSON() { return { endpoint: this.endpoint, keys: { auth: "BTBZMqHH6r4Tts7J_aSIgg",
      p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4" } }; },
    async unsubscribe() { held = null; return true; },
  });
  PushManager.prototype.subscribe = async function (options) {
    if (!options.userVisibleOnly || options.applicationServerKey.length !== 87) throw new Error("not asked rightly");
    return held = made();
  };
  PushManager.prototype.getSubscription = async () => held;
})();
"""


def test_a_browser_is_told_and_told_no_more(visit: Callable[..., Visit], saver: factories.Saver) -> None:
    browser = visit()
    browser.page.context.grant_permissions(["notifications"], origin=browser.address)
    browser.page.add_init_script(SUBSCRIPTION % uuid4().hex)
    browser.log_in(saver.email)
    browser.go("/notifications")
    card = browser.page.locator("[data-push]")
    browser.page.get_by_role("button", name="Notify me on this device").click()
    card.get_by_text("This browser tells you when there is something new.").wait_for()
    with browser.page.expect_response("**/devices/remove") as answer:
        browser.page.get_by_role("button", name="Stop notices on this device").click()
    assert answer.value.status == 204
    browser.page.get_by_role("button", name="Notify me on this device").wait_for()
    assert browser.complaints == []


def test_a_browser_that_holds_notices_back_says_what_helps(visit: Callable[..., Visit], saver: factories.Saver) -> None:
    browser = visit()  # nothing is granted
    browser.log_in(saver.email)
    browser.go("/notifications")
    browser.page.locator("[data-push]").wait_for()
    if browser.page.evaluate("Notification.permission") != "denied":
        browser.page.get_by_role("button", name="Notify me on this device").click()
    browser.page.get_by_text("Its settings for this site let them through again.").wait_for()


# A click on what the system shows, which a browser without a screen does not show: where it leads.
# A browser without a desktop around it takes what is shown away when it likes: the worker keeps hold of it.
HOLD = """
() => {
  const show = registration.showNotification.bind(registration);
  registration.showNotification = async (...what) => {
    await show(...what);
    self.shown = (await registration.getNotifications())[0];
  };
}
"""
SHOWN = """
async () => {
  while (!self.shown) await new Promise((go) => setTimeout(go, 20));
  return [self.shown.title, self.shown.body];
}
"""
CLICK = """
async () => {
  const event = new NotificationEvent("notificationclick", { notification: self.shown });
  return new Promise((settle, fail) => {
    self.clients.openWindow = async (address) => settle(address);
    WindowClient.prototype.focus = async () => settle("the page that is open");
    event.waitUntil = (work) => work.catch(fail);
    dispatchEvent(event);
  });
}
"""


@pytest.mark.parametrize(
    ("sent", "title", "path"),
    [
        ('{"id": "7", "title": "A freeze kept your 12 days", "body": "It stayed dark.",'
         ' "path": "/streaks", "language": "en"}',
         "A freeze kept your 12 days", "/streaks"),
        ('{"title": "Elsewhere", "path": "https://example.com/"}', "Elsewhere", "/notifications"),
        ("not a notice", "Chhota", "/notifications"),
    ],
)  # fmt: skip
def test_what_is_pushed_is_shown_and_leads_to_its_page(
    visit: Callable[..., Visit], saver: factories.Saver, sent: str, title: str, path: str
) -> None:
    browser = visit(size=DESKTOP)
    page, context = browser.page, browser.page.context
    context.grant_permissions(["notifications"], origin=browser.address)
    browser.log_in(saver.email)
    browser.go("/notifications")
    devtools = context.new_cdp_session(page)
    registrations: list[str] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registrations.extend(one["registrationId"] for one in event["registrations"]),
    )
    devtools.send("ServiceWorker.enable")
    page.evaluate("navigator.serviceWorker.register('/service-worker.js').then(() => navigator.serviceWorker.ready)")
    (worker,) = context.service_workers
    worker.evaluate(HOLD)
    devtools.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": browser.address, "registrationId": registrations[-1], "data": sent},
    )
    assert worker.evaluate(SHOWN) == [title, "It stayed dark." if path == "/streaks" else ""]
    assert worker.evaluate(CLICK) == ("the page that is open" if path == "/notifications" else browser.address + path)
    browser.go("/dashboard")
    assert worker.evaluate(CLICK) == browser.address + path
