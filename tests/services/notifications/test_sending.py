"""What leaves, on real servers of this machine: once each, in the saver's language, whatever runs twice or dies."""

from __future__ import annotations

import base64
import itertools
import json
import os
import threading
from datetime import UTC, datetime, time, timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import http_ece
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.errors import Invalid, NotFound
from app.services.identity import profile, sign_in, staff
from app.services.notifications import deliveries, devices, preferences, sending
from app.services.notifications.badge_titles import badge_title
from app.services.notifications.deliveries import ATTEMPTS, LEASE, claim
from app.services.notifications.kinds import KINDS
from app.services.notifications.words import words
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.transactions import fetch, queue, run
from tests.factories import Saver
from tests.outside import Call
from tests.services.notifications.conftest import Post
from tests.services.notifications.test_words import JAR, VARIANTS

# The mail server warns of a password without TLS, for each connection.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")
FULL = {**JAR, "target": 500000}  # target_reached: goes by e-mail and push
EVERYWHERE = {kind: {"email": True} for kind in KINDS}


def parts(letter: EmailMessage) -> tuple[str, str]:
    text, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert text is not None
    assert html is not None
    return text.get_content(), html.get_content()


def expo(call: Call) -> tuple[int, bytes]:
    """Expo's service: a ticket for each message."""
    return 200, json.dumps({"data": [{"status": "ok", "id": "x"} for _ in call.json]}).encode()


def expo_calls(post: Post) -> list[Call]:
    return [call for call in post.web.calls if call.path == "/expo"]


class Browser:
    """A browser's subscription, with the private half that only the browser has."""

    def __init__(self, url: str) -> None:
        self.endpoint = f"{url}/push/{os.urandom(4).hex()}"
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.secret = os.urandom(16)
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.keys = {"p256dh": encoded(point), "auth": encoded(self.secret)}

    def read(self, body: bytes) -> Any:
        return json.loads(http_ece.decrypt(body, private_key=self.key, auth_secret=self.secret, version="aes128gcm"))

    def register(self, post: Post, saver: Saver) -> devices.Device:
        return run(
            lambda: devices.register_browser(saver.id, saver.family_id, self.endpoint, self.keys, at=post.clock.now())
        )


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# ---- e-mail ----


@pytest.mark.parametrize("language", ["en", "hi"])
def test_a_letter_of_each_kind_arrives_once_in_the_savers_language(post: Post, language: str) -> None:
    saver = post.saver(language=language)
    run(lambda: preferences.choose(saver.id, EVERYWHERE))
    told = {kind: post.tell(saver, kind, VARIANTS[kind][-1]) for kind in KINDS}
    post.send_out(saver, *told.values())
    post.send_out(saver, *told.values())
    perform(JOBS["notifications.send_due"])

    letters = {letter["Message-ID"]: letter for letter in post.mail.to(saver.email)}
    assert len(letters) == len(post.mail.letters) == len(KINDS)
    assert post.mail.connections == 1
    for kind, notice in told.items():
        said = words(kind, VARIANTS[kind][-1], language)
        letter = letters[f"<{notice}@chhota.example>"]
        assert letter["Subject"] == said.title
        assert letter["From"] == "Chhota <hello@chhota.example>"
        assert letter["Reply-To"] == "help@chhota.example"
        assert letter["Content-Language"] == {"en": "en-IN", "hi": "hi-IN"}[language]
        ends = not KINDS[kind].always  # nobody can end letters about who gets into the account
        assert letter["List-Unsubscribe-Post"] == ("List-Unsubscribe=One-Click" if ends else None)
        text, html = parts(letter)
        for body in (text, html):
            assert f"https://chhota.example{said.path}" in body
            assert (letter["List-Unsubscribe"] or "/unsubscribe/").strip("<>") in body.replace("\n", "") or not ends
            assert ("https://chhota.example/profile/notifications" in body) == ends
            assert ("/unsubscribe/" in body) == ends
            assert {"en": "Namaste Asha Devi", "hi": "नमस्ते Asha Devi"}[language] in body
        assert " ".join(said.text.split()) in " ".join(text.split())
        assert f'<html lang="{letter["Content-Language"]}">' in html
        assert "prefers-color-scheme: dark" in html
    assert {row[:2] for row in post.rows(saver)} == {("email", "sent")}


def test_the_link_in_a_letter_ends_letters_of_its_kind_without_signing_in(post: Post) -> None:
    saver = post.saver()
    post.send_out(saver, post.tell(saver, "target_reached", FULL))
    (letter,) = post.mail.to(saver.email)
    link = urlsplit(letter["List-Unsubscribe"].strip("<>"))
    assert (link.scheme, link.netloc) == ("https", "chhota.example")
    visitor = post.app.test_client()

    asks = visitor.get(link.path)
    assert asks.status_code == 200
    assert "<form" in asks.text
    assert saver.email not in asks.text, "whoever is forwarded the letter learns nothing of its saver"
    post.send_out(saver, post.tell(saver, "target_reached", FULL))
    assert len(post.mail.letters) == 2, "looking at the page changes nothing"

    for _ in range(2):  # as a mail program does it (RFC 8058), and again
        assert visitor.post(link.path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    post.send_out(saver, post.tell(saver, "target_reached", FULL))
    post.send_out(saver, post.tell(saver, "weekly_digest", VARIANTS["weekly_digest"][-1]))
    assert len(post.mail.letters) == 3, "the other kinds go on"
    assert run(lambda: preferences.read(saver.id)).kinds["target_reached"] == {
        "email": False, "push": True, "sms": False,
    }  # fmt: skip


def test_what_a_saver_typed_is_text_in_a_letter(post: Post) -> None:
    saver = post.saver(name="<b>Asha</b> & Co")
    post.send_out(saver, post.tell(saver, "target_reached", FULL | {"jar": '<img src="x">'}))
    (letter,) = post.mail.to(saver.email)
    text, html = parts(letter)
    assert "<b>Asha</b> & Co" in text
    assert "&lt;b&gt;Asha&lt;/b&gt; &amp; Co" in html
    assert "<img" not in html
    assert letter["Subject"] == '<img src="x"> is full: ₹5,000'


def test_a_worker_killed_between_sending_and_marking_sends_the_same_letter_again(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    saver = post.saver()
    notice = post.tell(saver, "target_reached", FULL)

    class Killed(BaseException):
        pass

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    monkeypatch.setattr(sending, "mark", die)
    with pytest.raises(Killed):
        post.send_out(saver, notice)
    monkeypatch.undo()
    monkeypatch.setattr("app.clock.now", post.clock.now)
    assert len(post.mail.letters) == 1
    assert post.send_due() == {"push": 0, "webpush": 0, "sms": 0, "email": 0}, "it may still be at work"

    post.clock.advance(seconds=LEASE.total_seconds() + 1)
    assert post.send_due()["email"] == 1
    first, second = post.mail.raw
    assert first == second, "byte for byte"
    assert post.rows(saver) == [("email", "sent", 2, None)]
    post.clock.advance(days=30)
    assert post.send_due()["email"] == 0


def test_two_workers_at_once_send_each_letter_once(post: Post) -> None:
    savers = [post.saver() for _ in range(30)]
    for saver in savers:
        post.fan_out(saver, post.tell(saver, "target_reached", FULL))
    begin = threading.Barrier(3)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with post.app.app_context():
                begin.wait(30)
                post.send_due()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(letter["To"] for letter in post.mail.letters) == sorted(saver.email for saver in savers)


def test_a_letter_that_is_put_off_is_tried_eight_times_with_growing_delays(post: Post) -> None:
    saver = post.saver()
    post.mail.answers = ["451 not now"] * 20
    run(lambda: preferences.choose(saver.id, {}, quiet=(time(0), time(0))))
    began = post.clock.now()
    post.send_out(saver, post.tell(saver, "target_reached", FULL))
    tries = [began]
    while post.rows(saver)[0][1] == "waiting":
        ((due,),) = run(lambda: fetch("SELECT due_at FROM deliveries WHERE user_id = %s", (saver.id,)))
        post.clock.set(due - timedelta(seconds=1))
        assert post.send_due()["email"] == 0
        post.clock.set(due)
        post.send_due()
        tries.append(due)
    assert post.rows(saver) == [("email", "dead", ATTEMPTS, "smtp_451")]
    waits = [(after - before) / timedelta(minutes=1) for before, after in itertools.pairwise(tries)]
    assert waits == [3**n for n in range(ATTEMPTS - 1)]
    assert len(post.mail.answers) == 20 - ATTEMPTS
    assert post.mail.letters == []


def test_an_address_that_is_refused_is_not_tried_again(post: Post) -> None:
    saver, other = post.saver(), post.saver()
    post.mail.answers = ["550 nobody here"]
    post.fan_out(saver, post.tell(saver, "target_reached", FULL))
    post.clock.advance(seconds=1)
    post.fan_out(other, post.tell(other, "target_reached", FULL))
    assert post.send_due()["email"] == 1
    assert post.rows(saver) == [("email", "dead", 1, "smtp_550")]
    assert post.rows(other) == [("email", "sent", 1, None)]


def test_a_mail_server_that_is_away_keeps_letters_waiting_and_is_left_alone_for_a_while(post: Post) -> None:
    saver = post.saver()
    there = post.app.extensions["mailer"]
    post.app.extensions["mailer"] = type(there)("smtp://127.0.0.1:9")
    phone = post.phone(saver, "at-hand")
    post.web.answer = expo
    post.send_out(saver, post.tell(saver, "target_reached", FULL))
    assert phone
    assert sorted(post.rows(saver)) == [
        ("email", "waiting", 1, "ConnectionRefusedError"), ("push", "sent", 1, None),
    ], "its neighbours are untouched"  # fmt: skip

    post.app.extensions["mailer"] = there
    post.clock.advance(minutes=2)
    assert "email" not in post.send_due(), "it rests"
    sending.wake()
    assert post.send_due()["email"] == 1
    assert post.rows(saver)[0] == ("email", "sent", 2, None)


def test_a_wrong_password_of_the_mail_server_loses_no_letter(post: Post) -> None:
    saver = post.saver()
    there = post.app.extensions["mailer"]
    post.app.extensions["mailer"] = type(there)(post.mail.url.replace("kettle", "drum"))
    post.send_out(saver, post.tell(saver, "target_reached", FULL))
    assert post.rows(saver)[0][:3] == ("email", "waiting", 1)
    assert not post.app.extensions["mailer"].reachable()
    assert there.reachable()


def test_a_notice_that_cannot_be_put_into_words_holds_up_no_other(post: Post) -> None:
    broken, sound = post.saver(), post.saver()
    post.fan_out(broken, post.tell(broken, "target_reached", {"jar_id": "x", "jar": "Bicycle"}))
    post.fan_out(sound, post.tell(sound, "target_reached", FULL))
    assert post.send_due()["email"] == 1
    assert post.rows(broken)[0][:3] == ("email", "dead", 1)
    assert post.rows(sound)[0][1] == "sent"


# ---- who is not written to, and when ----


def test_deposits_leave_by_no_letter_unless_asked_for(post: Post) -> None:
    saver = post.saver()
    assert saver.deposit(saver.jar()).status_code == 201
    payloads = run(lambda: fetch("SELECT payload FROM outbox WHERE topic = 'savings.moved'"))
    post_office = [payload for (payload,) in payloads]
    assert post_office[0]["notices"]
    sending.make_deliveries([tuple(one) for one in post_office[0]["notices"]], at=post.clock.now())
    assert post.rows(saver) == []


def test_a_saver_who_is_suspended_or_a_notice_that_is_gone_is_not_sent(post: Post) -> None:
    kept_out, erased, gone, changed = (post.saver() for _ in range(4))
    for saver in (kept_out, erased, gone, changed):
        post.fan_out(saver, post.tell(saver, "target_reached", FULL))
    run(lambda: staff.suspend(kept_out.email, at=post.clock.now()))
    run(lambda: queue("UPDATE users SET status = 'erased' WHERE id = %s", (erased.id,)))
    run(lambda: queue("DELETE FROM notifications WHERE user_id = %s", (gone.id,)))
    run(lambda: preferences.choose(changed.id, {"target_reached": {"email": False}}))
    assert post.send_due()["email"] == 0
    assert post.mail.letters == []
    assert [post.rows(saver) for saver in (kept_out, erased, gone, changed)] == [
        [("email", "expired", 0, "saver_not_active")],
        [("email", "expired", 0, "saver_not_active")],
        [("email", "expired", 0, "notice_gone")],
        [("email", "expired", 0, "not_wanted")],
    ]
    assert post.fan_out(kept_out, post.tell(kept_out, "target_reached", FULL)) == set()


def test_quiet_hours_hold_what_can_wait_until_they_are_over(post: Post) -> None:
    saver = post.saver()
    post.clock.set(datetime(2026, 7, 15, 17, 0, tzinfo=UTC))  # half past ten in the evening
    post.send_out(
        saver, post.tell(saver, "target_reached", FULL), post.tell(saver, "new_device", VARIANTS["new_device"][0])
    )
    assert [letter["Subject"] for letter in post.mail.letters] == ["New sign-in: Chrome, Android"]
    late = post.tell(saver, "streak_at_risk", VARIANTS["streak_at_risk"][0])  # of use for eight hours
    post.send_out(saver, late)
    assert post.rows(saver)[-1] == ("email", "expired", 0, "too_late")

    post.clock.set(datetime(2026, 7, 16, 1, 29, 59, tzinfo=UTC))
    assert post.send_due()["email"] == 0
    post.clock.set(datetime(2026, 7, 16, 1, 30, tzinfo=UTC))  # seven in the morning
    assert post.send_due()["email"] == 1
    assert {row[1] for row in post.rows(saver)} == {"sent", "expired"}


def test_quiet_hours_are_those_of_the_zone_in_force(post: Post) -> None:
    saver = post.saver()
    post.clock.set(datetime(2026, 7, 15, 6, 30, tzinfo=UTC))  # noon in Kolkata
    run(lambda: profile.change(saver.id, {"time_zone": "America/New_York"}, at=post.clock.now()))
    post.clock.set(datetime(2026, 7, 17, 6, 30, tzinfo=UTC))  # noon there, half past two at night here
    post.send_out(saver, post.tell(saver, "target_reached", FULL))
    assert post.mail.letters == []
    ((due,),) = run(lambda: fetch("SELECT due_at FROM deliveries WHERE user_id = %s", (saver.id,)))
    assert due == datetime(2026, 7, 17, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "zone", "begins", "ends", "over"),
    [
        ("2026-07-15T16:29:59", "Asia/Kolkata", "22:00", "07:00", None),
        ("2026-07-15T16:30:00", "Asia/Kolkata", "22:00", "07:00", "2026-07-16T01:30:00"),
        ("2026-07-16T01:29:59", "Asia/Kolkata", "22:00", "07:00", "2026-07-16T01:30:00"),
        ("2026-07-16T01:30:00", "Asia/Kolkata", "22:00", "07:00", None),
        ("2026-07-15T08:00:00", "Asia/Kolkata", "13:00", "15:00", "2026-07-15T09:30:00"),
        ("2026-07-15T12:00:00", "Asia/Kolkata", "13:00", "15:00", None),
        ("2026-07-15T12:00:00", "Asia/Kolkata", "12:00", "12:00", None),
        ("2026-07-15T18:45:00", "Asia/Kolkata", "00:00", "06:00", "2026-07-16T00:30:00"),
        # Clocks go back at two: half past one comes twice, and the quiet ends with the second.
        ("2026-11-01T06:10:00", "America/New_York", "23:00", "01:30", "2026-11-01T06:30:00"),
        # Clocks go forward at two: there is no half past two, and three is the next there is.
        ("2026-03-08T06:30:00", "America/New_York", "23:00", "02:30", "2026-03-08T07:30:00"),
    ],
)
def test_when_quiet_ends(at: str, zone: str, begins: str, ends: str, over: str | None) -> None:
    found = preferences.quiet_until(
        datetime.fromisoformat(at).replace(tzinfo=UTC), zone, time.fromisoformat(begins), time.fromisoformat(ends)
    )
    assert found == (over and datetime.fromisoformat(over).replace(tzinfo=UTC))


# ---- phones ----


def test_push_reaches_each_phone_of_the_saver_once(post: Post) -> None:
    post.web.answer = expo
    saver = post.saver(language="hi")
    post.phone(saver, "one")
    post.phone(saver, "two")
    notice = post.tell(saver, "badge_earned", {"badge_type": "streak_7_days", "taken_back": False, **JAR})
    for _ in range(2):
        post.send_out(saver, notice)
    perform(JOBS["notifications.send_due"])
    (call,) = expo_calls(post)
    assert call.headers["authorization"] == "Bearer expo-secret"
    assert sorted(message["to"] for message in call.json) == ["ExponentPushToken[one]", "ExponentPushToken[two]"]
    for message in call.json:
        assert message["title"] == f"नया बैज: {badge_title('streak_7_days', 'hi')}"
        assert message["data"] == {
            "notification_id": str(notice), "kind": "badge_earned", "path": f"/jars/{JAR['jar_id']}",
        }  # fmt: skip
    assert post.rows(saver) == [("push", "sent", 1, None)] * 2


def test_a_hundred_phones_to_a_call(post: Post) -> None:
    post.web.answer = expo
    savers = [post.saver() for _ in range(13)]
    for number, saver in enumerate(savers):
        for other in range(8):
            post.phone(saver, f"{number}-{other}")
        post.fan_out(saver, post.tell(saver, "score_changed", VARIANTS["score_changed"][0]))
    assert post.send_due()["push"] == 104
    assert [len(call.json) for call in expo_calls(post)] == [100, 4]


def test_a_phone_that_is_gone_is_sent_nothing_more(post: Post) -> None:
    def answer(call: Call) -> tuple[int, bytes]:
        tickets = [
            {"status": "error", "message": "…", "details": {"error": "DeviceNotRegistered"}}
            if "gone" in message["to"]
            else {"status": "ok", "id": "x"}
            for message in call.json
        ]
        return 200, json.dumps({"data": tickets}).encode()

    post.web.answer = answer
    saver = post.saver()
    post.phone(saver, "gone")
    kept = post.phone(saver, "kept")
    post.send_out(saver, post.tell(saver, "score_changed", VARIANTS["score_changed"][0]))
    assert sorted(post.rows(saver)) == [("push", "expired", 1, "DeviceNotRegistered"), ("push", "sent", 1, None)]
    assert [device.id for device in run(lambda: devices.registered(saver.family_id))] == [kept]


def test_one_message_that_the_service_does_not_take_costs_the_others_nothing(post: Post) -> None:
    def answer(call: Call) -> tuple[int, bytes]:
        if any("bad" in message["to"] for message in call.json):
            return 400, b'{"errors": [{"code": "PUSH_TOO_MANY_EXPERIENCE_IDS"}]}'
        return expo(call)

    post.web.answer = answer
    savers = [post.saver() for _ in range(5)]
    for saver in savers:
        post.phone(saver, f"bad-{saver.id.hex}" if saver is savers[3] else saver.id.hex)
        post.fan_out(saver, post.tell(saver, "score_changed", VARIANTS["score_changed"][0]))
    assert post.send_due()["push"] == 4
    assert post.rows(savers[3]) == [("push", "dead", 1, "http_400")]


@pytest.mark.parametrize("answer", [(503, b""), (429, b""), (200, b"<html>"), (200, b'{"data": []}'), (307, b"/other")])
def test_a_push_service_that_is_out_of_order_is_asked_again_later(post: Post, answer: tuple[int, bytes]) -> None:
    post.web.answer = lambda call: answer
    saver = post.saver()
    post.phone(saver, "one")
    post.send_out(saver, post.tell(saver, "score_changed", VARIANTS["score_changed"][0]))
    assert post.rows(saver)[0][:3] == ("push", "waiting", 1)
    assert [call.path for call in post.web.calls] == ["/expo"], "no redirect is followed"
    sending.wake()
    post.web.answer = expo
    post.clock.advance(minutes=1)
    assert post.send_due()["push"] == 1


def test_what_the_saver_has_seen_is_not_pushed(post: Post) -> None:
    post.web.answer = expo
    saver = post.saver()
    post.phone(saver, "one")
    facts = VARIANTS["deposit_received"][0]
    assert post.fan_out(saver, post.tell(saver, "deposit_received", facts, seen=True)) == set()
    assert post.fan_out(saver, post.tell(saver, "deposit_received", facts)) == {"push"}
    run(lambda: queue("UPDATE notifications SET read_at = created_at WHERE user_id = %s", (saver.id,)))
    assert post.send_due()["push"] == 0
    assert post.rows(saver) == [("push", "expired", 0, "read_already")]
    assert post.web.calls == []


# ---- devices ----


def test_a_device_falls_silent_when_its_sign_in_ends(post: Post) -> None:
    post.web.answer = expo
    saver = post.saver()
    post.phone(saver, "one")
    post.fan_out(saver, post.tell(saver, "score_changed", VARIANTS["score_changed"][0]))
    run(lambda: sign_in.sign_out([saver.family_id]))
    assert run(lambda: devices.registered(saver.family_id)) == []
    assert post.send_due()["push"] == 0
    assert post.rows(saver) == [("push", "expired", 0, "device_gone")]

    other = post.saver()
    post.phone(other, "two")
    run(lambda: queue("UPDATE refresh_families SET expires_at = now() WHERE id = %s", (other.family_id,)))
    assert post.fan_out(other, post.tell(other, "score_changed", VARIANTS["score_changed"][0])) == set()


def test_a_token_that_moves_to_another_account_moves(post: Post) -> None:
    post.web.answer = expo
    before, after = post.saver(), post.saver()
    first = post.phone(before, "shared")
    assert post.phone(before, "shared") == first, "the same phone again is the same device"
    post.fan_out(before, post.tell(before, "score_changed", VARIANTS["score_changed"][0]))
    moved = post.phone(after, "shared")
    assert moved != first
    assert post.send_due()["push"] == 0
    assert post.rows(before) == [("push", "expired", 0, "device_gone")]
    with pytest.raises(NotFound):
        run(lambda: devices.remove(before.id, moved))
    post.send_out(after, post.tell(after, "score_changed", VARIANTS["score_changed"][0]))
    assert len(expo_calls(post)) == 1
    run(lambda: devices.remove(after.id, moved))
    with pytest.raises(NotFound):
        run(lambda: devices.remove(after.id, moved))


def test_an_account_has_twenty_devices_at_most(post: Post) -> None:
    saver, other = post.saver(), post.saver()
    stays = post.phone(other, "elsewhere")
    made = []
    for number in range(devices.MOST + 3):
        post.clock.advance(seconds=1)
        made.append(post.phone(saver, f"n{number}"))
    assert [device.id for device in run(lambda: devices.registered(saver.family_id))] == made[3:]
    assert [device.id for device in run(lambda: devices.registered(other.family_id))] == [stays]


@pytest.mark.parametrize("token", ["", "x", "ExponentPushToken[]", "ExponentPushToken[a b]", "ExponentPushToken[a]\n"])
def test_what_is_no_expo_token_is_refused(post: Post, token: str) -> None:
    saver = post.saver()
    with pytest.raises(Invalid):
        run(lambda: devices.register_phone(saver.id, saver.family_id, token, at=post.clock.now()))


# ---- browsers ----


def test_push_to_a_browser_can_be_read_by_that_browser_alone(post: Post) -> None:
    saver = post.saver()
    browser, stranger = Browser(post.web.url), Browser(post.web.url)
    browser.register(post, saver)
    notice = post.tell(saver, "target_reached", FULL)
    for _ in range(2):
        post.send_out(saver, notice)
    (call,) = post.web.calls
    assert call.path == urlsplit(browser.endpoint).path
    assert browser.read(call.body) == {
        "id": str(notice), "kind": "target_reached", "title": "Bicycle is full: ₹5,000",
        "body": words("target_reached", FULL, "en").text, "path": f"/jars/{JAR['jar_id']}", "language": "en",
    }  # fmt: skip
    assert b"Bicycle" not in call.body
    with pytest.raises(Exception, match=r".*"):
        stranger.read(call.body)

    assert call.headers["content-encoding"] == "aes128gcm"
    assert call.headers["topic"] == notice.hex
    assert call.headers["ttl"] == "86400"
    scheme, _, fields = call.headers["authorization"].partition(" ")
    assert scheme == "vapid"
    given = dict(field.strip().split("=", 1) for field in fields.split(","))
    assert given["k"] == run(devices.browser_key)
    point = base64.urlsafe_b64decode(given["k"] + "=" * (-len(given["k"]) % 4))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    claims = jwt.decode(given["t"], public, algorithms=["ES256"], audience=post.web.url)
    assert claims["sub"] == "mailto:help@chhota.example"
    assert ("webpush", "sent", 1, None) in post.rows(saver)


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_is_gone_is_removed(post: Post, status: int) -> None:
    post.web.answer = lambda call: (status, b"")
    saver = post.saver()
    Browser(post.web.url).register(post, saver)
    post.send_out(saver, post.tell(saver, "score_changed", VARIANTS["score_changed"][0]))
    assert post.rows(saver) == [("webpush", "expired", 1, f"http_{status}")]
    assert run(lambda: devices.registered(saver.family_id)) == []


def test_a_push_service_that_is_away_or_leads_elsewhere(post: Post) -> None:
    answers = {"/push/busy": (503, b""), "/push/elsewhere": (307, f"{post.web.url}/inside".encode())}
    post.web.answer = lambda call: answers[call.path]
    for path, expected in (("busy", "waiting"), ("elsewhere", "dead")):
        saver = post.saver()
        browser = Browser(post.web.url)
        browser.endpoint = f"{post.web.url}/push/{path}"
        browser.register(post, saver)
        post.send_out(saver, post.tell(saver, "score_changed", VARIANTS["score_changed"][0]))
        assert post.rows(saver)[0][:2] == ("webpush", expected)
    assert "/inside" not in [call.path for call in post.web.calls]


# ---- SMS ----


def test_an_sms_goes_to_a_verified_number_with_its_registered_text(post: Post) -> None:
    english, hindi, unverified = post.saver(), post.saver(language="hi"), post.saver()
    facts = VARIANTS["instalment_due"][0]
    for saver in (english, hindi):
        post.verify_phone(saver)
    for saver in (english, hindi, unverified):
        run(lambda saver=saver: preferences.choose(saver.id, {"instalment_due": {"email": False}}))
        notice = post.tell(saver, "instalment_due", facts)
        for _ in range(2):
            post.send_out(saver, notice)
    calls = [call for call in post.web.calls if call.path == "/sms"]
    assert [call.json["template_id"] for call in calls] == ["1107160000000000001", "1107160000000000002"]
    said = words("instalment_due", facts, "en")
    assert calls[0].json == {
        "to": english.phone, "sender": "CHHOTA", "entity_id": "1101000000000000001",
        "template_id": "1107160000000000001", "text": f"{said.title}. {said.text}",
        "reference": calls[0].headers["idempotency-key"],
    }  # fmt: skip
    assert calls[0].headers["authorization"] == "Bearer sms-secret"
    assert post.rows(unverified) == []


def test_an_sms_without_a_registered_text_is_not_made(post: Post) -> None:
    saver = post.saver()
    post.verify_phone(saver)
    run(lambda: preferences.choose(saver.id, {"score_changed": {"sms": True}}))
    assert post.fan_out(saver, post.tell(saver, "score_changed", VARIANTS["score_changed"][0])) == set()


def test_a_gateway_that_is_away_is_asked_again_with_the_same_reference(post: Post) -> None:
    post.web.answer = lambda call: (503, b"")
    saver = post.saver()
    post.verify_phone(saver)
    run(lambda: preferences.choose(saver.id, {"kyc_decided": {"email": False}}))
    post.send_out(saver, post.tell(saver, "kyc_decided", VARIANTS["kyc_decided"][0]))
    post.web.answer = lambda call: (202, b"")
    post.clock.advance(minutes=1)
    assert post.send_due()["sms"] == 1
    first, second = (call.json for call in post.web.calls)
    assert first == second


# ---- the whole ----


def test_without_any_way_out_nothing_is_made_or_sent(
    new_app: Any, clock: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sending, "_named", set())
    app = new_app(VAPID_PRIVATE_KEY="", VAPID_PUBLIC_KEY="")
    with app.app_context():
        post = Post(app, None, None, clock)  # type: ignore[arg-type]
        saver = post.saver()
        assert sending.set_up() == []
        assert post.fan_out(saver, post.tell(saver, "target_reached", FULL)) == set()
        assert post.fan_out(saver, post.tell(saver, "target_reached", FULL)) == set()
        logged = [line for line in capsys.readouterr().err.splitlines() if "way_out_not_set_up" in line]
        assert len(logged) == 4, "each is named once"
        assert post.send_due() == {}
        assert post.rows(saver) == []
        assert devices.browser_key() is None
        browser = Browser("http://127.0.0.1:9")
        with pytest.raises(Invalid):
            browser.register(post, saver)


def test_deposits_of_many_savers_make_no_delivery_and_one_quick_query(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    saver = post.saver()
    notices = [post.tell(saver, "deposit_received", VARIANTS["deposit_received"][0], seen=True) for _ in range(200)]
    sent: list[Any] = []

    def counted(sql: Any, parameters: Any = ()) -> list[Any]:
        sent.append(sql)
        return fetch(sql, parameters)

    monkeypatch.setattr(deliveries, "fetch", counted)
    post.send_out(saver, *notices)
    assert len(sent) == 1
    assert post.rows(saver) == []


def test_a_claim_is_committed_before_anything_leaves(post: Post) -> None:
    saver = post.saver()
    post.fan_out(saver, post.tell(saver, "target_reached", FULL))
    at = post.clock.now()
    claimed, looked_at = run(lambda: claim("email", at=at, real=datetime.now(UTC), most=10))
    assert (len(claimed), looked_at) == (1, 1)
    assert run(lambda: claim("email", at=at, real=datetime.now(UTC), most=10)) == ([], 0)


def test_what_left_is_counted_and_logged_without_a_word_of_it(post: Post, capsys: pytest.CaptureFixture[str]) -> None:
    def counted(outcome: str) -> float:
        return sending.deliveries_total.labels("email", outcome)._value.get()

    before = {outcome: counted(outcome) for outcome in ("sent", "refused")}
    reached, refused = post.saver(), post.saver()
    for saver in (reached, refused):
        post.fan_out(saver, post.tell(saver, "target_reached", FULL))
    post.mail.answers = ["250", f"550 <{refused.email}> is unknown"]
    capsys.readouterr()
    assert post.send_due()["email"] == 1
    assert {outcome: counted(outcome) - before[outcome] for outcome in before} == {"sent": 1, "refused": 1}
    logged = capsys.readouterr().err
    assert '"event":"notices_not_sent"' in logged
    assert '"smtp_550"' in logged
    for word in (reached.email, refused.email, "Bicycle", "Asha", "kettle"):
        assert word not in logged
