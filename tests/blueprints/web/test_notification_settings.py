from __future__ import annotations

import re
from datetime import time

from flask import Flask

from app.services.notifications import preferences
from app.services.notifications.kinds import KINDS
from app.services.notifications.preferences import Preferences
from app.transactions import run
from tests import factories
from tests.blueprints.web.conftest import Visitor, said
from tests.factories import Saver

PATH = "/profile/notifications"


def held(app: Flask, saver: Saver) -> Preferences:
    with app.app_context():
        return run(lambda: preferences.read(saver.id))


def switched_on(page: str) -> set[str]:
    return set(re.findall(r'name="on" value="([a-z_.]+)" checked', page))


def send(asha: Visitor, on: set[str], **more: str):
    data = asha.hidden(PATH) | {"quiet_from": "22:00", "quiet_until": "07:00"} | more | {"on": sorted(on)}
    return asha.client.post(PATH, data=data)


def test_the_page_shows_what_is_in_effect_and_the_profile_leads_there(asha: Visitor, saver: Saver) -> None:
    assert f'href="{PATH}"' in asha.get("/profile").text
    page = asha.get(PATH)
    assert page.status_code == 200
    expected = {
        f"{kind.code}.{choice}"
        for kind in KINDS.values()
        for choice in preferences.offered()[kind.code]
        if getattr(kind, choice)
    }
    assert switched_on(page.text) == expected
    assert page.text.count('role="switch"') == sum(len(choices) for choices in preferences.offered().values())
    names = re.findall(r'role="switch".*?<span class="sr-only">(.*?)</span>', page.text)
    assert len(set(names)) == len(names) == page.text.count('role="switch"'), "each switch has a name of its own"
    assert 'value="22:00"' in page.text
    assert "E-mail, SMS are not set up" in " ".join(page.text.split()).replace("E-mail, Push, SMS", "E-mail, SMS")


def test_choices_are_kept_and_what_was_left_alone_follows_the_defaults(app: Flask, asha: Visitor, saver: Saver) -> None:
    before = switched_on(asha.get(PATH).text)
    answer = send(asha, before - {"weekly_digest.email"} | {"deposit_received.email"}, quiet_from="21:30")
    assert (answer.status_code, answer.headers["Location"]) == (303, PATH)
    page = asha.get(PATH)
    assert "Your choices are saved" in said(page)
    assert switched_on(page.text) == before - {"weekly_digest.email"} | {"deposit_received.email"}
    now = held(app, saver)
    assert (now.quiet_from, now.quiet_until) == (time(21, 30), time(7))
    stored = saver.get("/api/profile/").json["user"]
    assert stored["notification_preferences"] == {
        "weekly_digest": {"email": False},
        "deposit_received": {"email": True},
    }
    assert stored["quiet_hours"] == {"from": "21:30", "until": "07:00"}


def test_what_is_no_time_or_no_kind_changes_nothing(app: Flask, asha: Visitor, saver: Saver) -> None:
    before = held(app, saver)
    answer = send(asha, set(), quiet_from="half past nine")
    assert answer.status_code == 422
    assert switched_on(answer.text) == set(), "the switches stay as they were set"
    assert held(app, saver) == before
    on = switched_on(asha.get(PATH).text)
    assert send(asha, on | {"of_tomorrow.email", "badge_earned.fax", "badge_earned.sms"}).status_code == 303
    assert held(app, saver) == before


def test_the_api_takes_quiet_hours_and_keeps_what_is_not_said(saver: Saver) -> None:
    hours = {"from": "23:15", "until": "05:00"}
    answer = saver.call("PATCH", "/api/profile/", {"quiet_hours": hours})
    assert (answer.status_code, answer.json["user"]["quiet_hours"]) == (200, hours)
    for chosen in ({"push": False}, {"email": False}):
        saver.call("PATCH", "/api/profile/", {"notification_preferences": {"auto_deposit": chosen}})
    user = saver.get("/api/profile/").json["user"]
    assert user["notification_preferences"] == {"auto_deposit": {"push": False, "email": False}}
    assert user["quiet_hours"] == hours
    for wrong in ({"from": "23:15"}, {"from": "24:00", "until": "05:00"}, {"from": "7:00", "until": "05:00"},
                  {"from": "07:00:30", "until": "05:00"}, {"from": 7, "until": "05:00"}, "22:00", None):  # fmt: skip
        refused = saver.call("PATCH", "/api/profile/", {"quiet_hours": wrong})
        assert refused.status_code == 422, wrong
        assert {field.partition(".")[0] for field in refused.json["errors"]} == {"quiet_hours"}, wrong


def token(app: Flask, saver: Saver, kind: str) -> str:
    with app.app_context():
        return preferences.unsubscribe_token(saver.id, kind)


def test_the_way_out_asks_in_the_readers_language_and_works_signed_out(app: Flask) -> None:
    saver = factories.make_saver(app, language="hi")
    path = f"/unsubscribe/{token(app, saver, 'weekly_digest')}"
    visitor = app.test_client()
    page = visitor.get(path)
    assert (page.status_code, "ये चिट्ठियाँ बंद करें?" in page.text, '<html lang="hi">' in page.text) == (200, True, True)
    assert held(app, saver).kinds["weekly_digest"]["email"]
    done = visitor.post(path)
    assert (done.status_code, "अब नहीं आएँगी" in done.text) == (200, True)
    assert not held(app, saver).kinds["weekly_digest"]["email"]
    assert "अब नहीं आएँगी" in visitor.get(path).text, "and says so when it is opened again"


def test_a_link_that_was_not_signed_here_does_nothing(app: Flask, saver: Saver) -> None:
    good = token(app, saver, "weekly_digest")
    with app.app_context():
        from itsdangerous import URLSafeSerializer

        stranger = URLSafeSerializer("another key", salt="unsubscribe").dumps([str(saver.id), "weekly_digest"])
        other_salt = URLSafeSerializer(app.config["SECRET_KEY"], salt="else").dumps([str(saver.id), "weekly_digest"])
    before = held(app, saver)
    for bad in (good[:-1], good + "x", "x", stranger, other_salt):
        for method in ("GET", "POST"):
            answer = app.test_client().open(f"/unsubscribe/{bad}", method=method)
            assert (answer.status_code, "This link is not whole" in answer.text) == (400, True)
    assert held(app, saver) == before
