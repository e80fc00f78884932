import re
from html import unescape
from uuid import UUID, uuid4

import pytest

from app import transactions
from app.services.notifications.notices import write
from app.transactions import run
from tests import factories
from tests.blueprints.web.conftest import Visitor


@pytest.fixture
def tell(app, saver, clock):
    """Write a notice of a kind to the saver, or to another; its id."""

    def told(kind: str = "target_reached", *, of: UUID | None = None, **facts) -> UUID:
        facts = {"jar_id": str(uuid4()), "jar": "Bicycle", "target": 500_000} | facts
        with app.app_context():
            return run(lambda: write(of or saver.id, kind, facts, at=clock.now()))

    return told


def text(page):
    plain = re.sub(r"<[^>]+>", " ", page.text.partition("<main")[2])
    return " ".join(unescape(plain).replace("\xa0", " ").split())


def unread(page):
    return page.text.count("told-new")


def bell(page):
    return re.search(r'aria-label="(Inbox[^"]*)"', page.text)[1]


class TestInbox:
    def test_an_empty_one_says_what_will_stand_there(self, asha):
        page = asha.get("/notifications")
        assert "Nothing here yet" in text(page)
        assert "Mark all as read" not in page.text
        assert bell(page) == "Inbox"

    def test_it_goes_by_the_savers_own_days(self, asha, clock, tell):
        clock.set(clock.at.replace(hour=18, minute=29))
        tell(jar="Before midnight")
        clock.advance(minutes=1)
        tell(jar="After midnight")
        page = text(asha.get("/notifications"))
        assert page.index("Today") < page.index("After midnight") < page.index("Yesterday")
        assert page.index("Yesterday") < page.index("Before midnight")
        assert "12:00 am" in page
        assert "11:59 pm" in page
        clock.advance(days=2)
        assert "Wed 15 Jul" in text(asha.get("/notifications"))

    def test_what_is_new_is_said_in_words(self, asha, saver, clock, tell):
        saver.deposit(saver.jar(), "50")
        tell(jar="Roof")
        page = asha.get("/notifications")
        assert unread(page) == 1
        assert text(page).count("New ") == 1
        assert "Roof is full: ₹5,000" in text(page)
        assert "₹50 is in Bicycle" in text(page)
        assert bell(page) == "Inbox, 1 new"

    def test_the_bell_counts_to_ninety_nine(self, asha, tell):
        for _ in range(101):
            tell()
        assert bell(asha.get("/profile")) == "Inbox, 99+ new"

    def test_names_are_text_and_not_markup(self, asha, tell):
        tell(jar="<b>Roof</b>")
        page = asha.get("/notifications").text
        assert "&lt;b&gt;Roof&lt;/b&gt;" in page
        assert "<b>Roof" not in page

    def test_a_hindi_reader_reads_hindi(self, app, clock, tell):
        sunita = factories.make_saver(app, language="hi")
        visitor = Visitor(app)
        visitor.log_in(sunita.email)
        tell(of=sunita.id)
        page = visitor.get("/notifications").text
        title = re.search(r'<button class="told-title" type="submit">([^<]+)', page)[1]
        assert re.search("[\u0900-\u097f]", title)

    def test_pages_go_back_to_the_first(self, asha, clock, tell):
        for number in range(45):
            tell(target=(number + 1) * 100)
            clock.advance(minutes=1)
        seen, at = [], "/notifications"
        while at:
            page = asha.get(at)
            seen += [int(amount) for amount in re.findall(r"is full: ₹(\d+)<", page.text)]
            before, pager, _ = page.text.partition('rel="next"')
            at = before.rpartition('href="')[2].partition('"')[0] if pager else None
        assert seen == list(range(45, 0, -1))

    def test_a_cursor_of_somebody_else_is_refused(self, app, asha, tell):
        other = factories.make_saver(app)
        for _ in range(21):
            tell(of=other.id)
        visitor = Visitor(app)
        visitor.log_in(other.email)
        cursor = visitor.get("/notifications").text.partition("?after=")[2].partition('"')[0]
        assert cursor
        assert asha.get(f"/notifications?after={cursor}").status_code == 400

    def test_what_reaches_one_is_a_link_away(self, asha):
        assert 'href="/profile/notifications"' in asha.get("/notifications").text.partition("<main")[2]

    def test_others_are_not_in_it(self, app, asha, tell):
        tell(of=factories.make_saver(app).id, jar="Of somebody else")
        assert "Of somebody else" not in asha.get("/notifications").text


class TestReading:
    def test_opening_one_marks_it_and_leads_on(self, asha, saver, tell):
        jar = saver.jar()
        notice = tell(jar_id=jar)
        answer = asha.send(f"/notifications/{notice}/read", form="/notifications")
        assert (answer.status_code, answer.location) == (303, f"/jars/{jar}")
        page = asha.get("/notifications")
        assert unread(page) == 0
        assert f'<a class="told-title" href="/jars/{jar}"' in page.text
        assert bell(page) == "Inbox"
        again = asha.send(f"/notifications/{notice}/read", form="/profile")
        assert again.location == f"/jars/{jar}"

    def test_somebody_elses_is_as_one_that_is_not(self, app, asha, tell):
        other = factories.make_saver(app)
        foreign = asha.send(f"/notifications/{tell(of=other.id)}/read", form="/profile")
        missing = asha.send(f"/notifications/{uuid4()}/read", form="/profile")
        assert foreign.status_code == missing.status_code == 404
        assert "You have no such notice." in foreign.text
        assert other.get("/api/notifications/").json["items"][0]["read_at"] is None

    def test_all_that_was_shown_is_marked_and_nothing_later(self, asha, tell):
        for _ in range(3):
            tell()
        carried = asha.hidden("/notifications")
        tell(jar="Late")
        answer = asha.send("/notifications/read", carried=carried)
        assert (answer.status_code, answer.location) == (303, "/notifications")
        page = asha.get("/notifications")
        assert "Everything is marked as read." in page.text
        assert unread(page) == 1
        assert "Late is full" in text(page)

    @pytest.mark.parametrize("through", ["", "x", "1' OR '1'='1"])
    def test_a_mark_that_is_none(self, asha, tell, through):
        tell()
        assert asha.send("/notifications/read", form="/notifications", through=through).status_code == 400
        assert unread(asha.get("/notifications")) == 1

    def test_the_bell_costs_no_query(self, asha, tell, monkeypatch):
        tell()
        asha.get("/profile")
        seen = []
        send = transactions._send
        monkeypatch.setattr(
            transactions, "_send", lambda work, **options: seen.append(str(work.queue)) or send(work, **options)
        )
        asha.get("/notifications")
        assert [sql for sql in seen if "notifications" in sql and "LIMIT" in sql], seen
        # Who is there (with the bell's number), the rows, the browser's own registration, and the commit.
        assert len(seen) <= 4, seen


def subscription(**values):
    """A subscription as Chromium gives one: a point of the curve, and sixteen secret bytes."""
    return {
        "endpoint": f"https://fcm.googleapis.com/fcm/send/{uuid4().hex}",
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    } | values


class TestThisDevice:
    def test_the_card_waits_for_a_script(self, asha):
        page = asha.get("/notifications").text
        card = re.search(r"<section[^>]*data-push[^>]*>", page)[0]
        assert card.endswith(" hidden>")
        assert 'data-known="no"' in card
        assert 'src="/static/js/push.js' in page

    def test_without_keys_there_is_no_card(self, new_app):
        app = new_app(VAPID_PRIVATE_KEY="", VAPID_PUBLIC_KEY="")
        visitor = Visitor(app)
        visitor.log_in(factories.make_saver(app).email)
        page = visitor.get("/notifications").text
        assert "data-push" not in page
        assert "push.js" not in page

    def test_a_browser_is_taken_and_let_go(self, asha, superuser, saver):
        sent = subscription()
        assert asha.send("/notifications/devices", form="/profile", **sent).status_code == 204
        assert asha.send("/notifications/devices", form="/profile", **sent).status_code == 204
        assert 'data-known="yes"' in asha.get("/notifications").text
        with superuser.cursor() as cursor:
            cursor.execute("SELECT address, kind FROM push_devices WHERE user_id = %s", (str(saver.id),))
            assert cursor.fetchall() == [(sent["endpoint"], "web")]
        assert asha.send("/notifications/devices/remove", form="/profile").status_code == 204
        assert asha.send("/notifications/devices/remove", form="/profile").status_code == 204
        assert 'data-known="no"' in asha.get("/notifications").text

    def test_another_browser_of_the_same_saver_is_another(self, app, asha):
        asha.send("/notifications/devices", form="/profile", **subscription())
        visitor = Visitor(app)
        visitor.log_in(asha.email)
        assert 'data-known="no"' in visitor.get("/notifications").text
        visitor.send("/notifications/devices/remove", form="/profile")
        assert 'data-known="yes"' in asha.get("/notifications").text

    @pytest.mark.parametrize(
        "wrong",
        [
            {"endpoint": ""},
            {"endpoint": "https://169.254.169.254/latest/meta-data"},
            {"endpoint": "https://example.com/fcm/send/x"},
            {"p256dh": "AAAA"},
            {"auth": ""},
        ],
    )
    def test_what_is_no_subscription_is_not_taken(self, asha, wrong):
        assert asha.send("/notifications/devices", form="/profile", **subscription(**wrong)).status_code == 422
        assert 'data-known="no"' in asha.get("/notifications").text
