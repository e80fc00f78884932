import re
from html import unescape
from uuid import uuid4

import pytest

from app import transactions
from tests import factories
from tests.blueprints.web.conftest import Visitor

JAR = {"name": "Bicycle", "target_amount": "5,000", "plan_type": "daily", "installment_amount": "", "end_date": ""}


def make_jar(visitor, **values):
    answer = visitor.send("/jars/new", **JAR | values)
    assert answer.status_code == 303, answer.text
    return answer.location


def deposit(saver, clock, path, amount="50", **delta):
    clock.advance(**delta)
    assert saver.deposit(path.rpartition("/")[2], amount).status_code == 201


def older(page):
    """Where the pager leads, or None."""
    before, pager, _ = page.partition('rel="next"')
    return before.rpartition('href="')[2].partition('"')[0] if pager else None


def text(page):
    plain = re.sub(r"<[^>]+>", " ", page.text.partition("<main")[2])
    return " ".join(unescape(plain).replace("\xa0", " ").split())


class TestNewJar:
    def test_it_is_made_and_shown(self, asha):
        path = make_jar(asha, target_amount="₹ 1,00,000", installment_amount="५०", end_date="2027-07-15")
        page = text(asha.get(path))
        assert "Bicycle is ready." in page
        assert "Of ₹1,00,000" in page
        assert "Each time ₹50" in page
        assert "To be full by 15 Jul 2027" in page
        assert "The first lamp lights with the first deposit of ₹50." in page

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"name": ""}, "Give the jar a name, like Bicycle."),
            ({"name": "a" * 61}, "Give 1 to 60 characters."),
            ({"name": "a\x00"}, "Characters that are not text are not taken."),
            ({"target_amount": ""}, "Say how much the jar should hold, like 5,000."),
            ({"target_amount": "0"}, "The amount must be more than zero."),
            ({"target_amount": "1e9"}, "Type an amount such as 250 or 1,00,000.50."),
            ({"target_amount": "12.345"}, "An amount has at most two decimals."),
            ({"target_amount": "9" * 30}, "The amount must be at most"),
            ({"installment_amount": "6000"}, "This is more than the target."),
            ({"plan_type": "hourly"}, "Not a valid choice."),
            ({"end_date": "2020-01-01"}, "The end lies before the start."),
            ({"end_date": "0001-01-01"}, "Choose a day in this century."),
            ({"end_date": "soon"}, "Choose a day, such as 14 February 2027."),
        ],
    )
    def test_what_cannot_be_is_said_and_what_was_typed_stays(self, asha, wrong, sentence):
        answer = asha.send("/jars/new", **JAR | {"installment_amount": "20"} | wrong)
        assert answer.status_code == 422
        assert sentence in answer.text
        if "installment_amount" not in wrong:
            assert 'value="20"' in answer.text
        for typed in ("9" * 30, "1e9", "12.345", "6000", "soon"):
            if typed in wrong.values():
                assert f'value="{typed}"' in answer.text
        assert "Your first jar" in asha.get("/jars").text, "none was made"

    def test_a_name_is_text_and_not_markup(self, asha):
        page = asha.get(make_jar(asha, name='<script>alert(1)</script>"')).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page

    def test_too_many(self, new_app):
        app = new_app(MAX_JARS="1")
        visitor = Visitor(app)
        visitor.log_in(factories.make_saver(app).email)
        make_jar(visitor)
        answer = visitor.send("/jars/new", **JAR)
        assert answer.status_code == 409
        assert "You have 1 jars" in answer.text


class TestDashboard:
    def test_without_a_jar_it_leads_to_one(self, asha):
        page = asha.get("/dashboard")
        assert 'href="/begin"' in page.text
        assert "Namaste, Asha." in page.text

    def test_the_week_the_streak_and_the_next_deposit(self, asha, saver, clock):
        clock.advance(days=-2)  # Monday
        path = make_jar(asha, installment_amount="50")
        deposit(saver, clock, path)
        deposit(saver, clock, path, days=1)
        clock.advance(days=1)
        page = asha.get("/dashboard")
        assert "2 days kept alight, today is still open" in text(page)
        assert "₹100 so far this week" in text(page)
        assert "Save ₹50 in Bicycle" in text(page)
        assert f'href="{path}/deposit?amount=50"' in page.text
        assert "Monday 13 July: kept" in text(page)
        assert "Wednesday 15 July: still open" in text(page)
        assert "Thursday 16 July: still to come" in text(page)
        deposit(saver, clock, path)
        assert "3 days kept alight, today too" in text(asha.get("/dashboard"))

    def test_a_missed_day_is_said_without_blame(self, asha, saver, clock):
        clock.advance(days=-2)
        path = make_jar(asha)
        deposit(saver, clock, path)
        clock.advance(days=2)
        page = text(asha.get("/dashboard"))
        assert "One lamp starts a new row. Your longest was 1." in page
        assert "Tuesday 14 July: stayed dark" in page
        assert not any(word in page.lower() for word in ("failed", "lost", "missed"))

    def test_more_than_last_week_is_told_and_less_is_not(self, asha, saver, clock):
        path = make_jar(asha, plan_type="flexible", target_amount="100000")
        deposit(saver, clock, path, "100")
        deposit(saver, clock, path, "450", days=7)
        assert "₹350 more than last week at this time" in text(asha.get("/dashboard"))
        deposit(saver, clock, path, "30", days=7)
        page = text(asha.get("/dashboard"))
        assert "₹30 so far this week" in page
        assert "less" not in page
        assert "Monday 27 July: nothing put in" in page
        assert "stayed dark" not in page

    def test_a_weekly_saver_sees_weeks(self, asha, saver, clock):
        path = make_jar(asha, plan_type="weekly", installment_amount="200")
        deposit(saver, clock, path, "80")
        page = text(asha.get("/dashboard"))
        assert "week of Monday 13 July: still open" in page
        assert "Save ₹120 in Bicycle" in page
        deposit(saver, clock, path, "120")
        assert "1 week kept alight in Bicycle, the next by Sunday 26 July" in text(asha.get("/dashboard"))

    def test_few_queries(self, asha, saver, clock, monkeypatch):
        for number in range(4):
            deposit(saver, clock, make_jar(asha, name=f"Jar {number}"))
        asha.get("/dashboard")  # makes the first score
        asha.get("/dashboard")  # keeps it
        seen = []
        send = transactions._send
        monkeypatch.setattr(
            transactions, "_send", lambda work, **options: seen.append(str(work.queue)) or send(work, **options)
        )
        assert asha.get("/dashboard").status_code == 200
        assert 3 <= len(seen) <= 6, seen

    def test_others_are_not_in_it(self, app, asha, saver, clock):
        deposit(saver, clock, make_jar(asha, name="Mine alone"))
        other = Visitor(app)
        other.log_in(factories.make_saver(app).email)
        assert "Mine alone" not in other.get("/dashboard").text + other.get("/jars").text


class TestJar:
    def test_somebody_elses_is_as_one_that_is_not(self, app, asha):
        path = make_jar(asha)
        other = Visitor(app)
        other.log_in(factories.make_saver(app).email)
        for page in (
            "",
            "/edit",
            "/close",
            "/deposit",
            "/withdraw",
            "/statement",
            "/statement.csv?from=2026-07-01&to=2026-07-02",
        ):
            foreign, missing = other.get(path + page), other.get(f"/jars/{uuid4()}{page}")
            assert foreign.status_code == missing.status_code == 404
            assert "You have no such jar." in foreign.text
        values = JAR | {"amount": "50", "note": ""}
        for page in ("/edit", "/close", "/deposit", "/withdraw"):
            carried = other.hidden("/profile") | {"key": "k" * 20}
            assert other.send(path + page, carried=carried, **values).status_code == 404
        assert "₹0" in text(asha.get(path))

    def test_an_address_that_is_none(self, asha):
        page = asha.get("/jars/1")
        assert page.status_code == 404
        assert 'href="/dashboard"' in page.text, "the navigation stays"

    def test_on_track_behind_and_without_an_end(self, asha, saver, clock):
        path = make_jar(asha, target_amount="1000", end_date="2026-07-24")
        deposit(saver, clock, path, "100")
        assert "₹900 to go, on track for 24 Jul" in text(asha.get(path))
        clock.advance(days=4)
        page = text(asha.get(path))
        assert "₹900 to go; ₹150 a day is in time for 24 Jul" in page
        clock.advance(days=10)
        assert "₹900 to go. 24 Jul has passed: choose a new day" in text(asha.get(path))
        loose = make_jar(asha, name="Loose", target_amount="1000")
        assert "₹1,000 to go" in text(asha.get(loose))
        deposit(saver, clock, loose, "100")
        assert "₹900 to go. At this pace: 7 Aug" in text(asha.get(loose))

    def test_a_full_jar(self, asha, saver, clock):
        path = make_jar(asha, target_amount="100")
        deposit(saver, clock, path, "100")
        page = text(asha.get(path))
        assert "Full since 15 Jul" in page
        assert "100%" in page

    def test_history_goes_on_to_the_last_row(self, asha, saver, clock):
        path = make_jar(asha, plan_type="flexible", target_amount="100000")
        for number in range(1, 31):
            deposit(saver, clock, path, str(number), minutes=1)
        seen, at = [], path
        while at:
            page = asha.get(at).text
            seen += [int(part.partition("<")[0]) for part in page.split("in: </span>₹")[1:]]
            at = older(page)
        assert seen == list(range(30, 0, -1))

    def test_a_cursor_of_another_list_is_refused(self, asha, saver, clock):
        path = make_jar(asha)
        for _ in range(13):
            deposit(saver, clock, path, "1", minutes=1)
        cursor = asha.get(path).text.partition("?after=")[2].partition('"')[0]
        assert cursor
        assert asha.get(f"{path}?after={cursor}").status_code == 200
        other = make_jar(asha, name="Other")
        for forged in (cursor, "x", cursor[:-1] + "A"):
            assert asha.get(f"{other}?after={forged}").status_code == 400

    def test_a_note_stands_in_the_history_as_text(self, asha, saver):
        path = make_jar(asha)
        saver.deposit(path.rpartition("/")[2], "50", note="<b>Chai</b>")
        assert "&lt;b&gt;Chai&lt;/b&gt;" in asha.get(path).text

    def test_days_are_the_savers_own(self, asha, saver, clock):
        path = make_jar(asha)
        clock.set(clock.at.replace(hour=18, minute=29))
        deposit(saver, clock, path)
        assert "Today, 11:59 pm" in text(asha.get(path))
        deposit(saver, clock, path, minutes=1)
        page = text(asha.get(path))
        assert "Today, 12:00 am" in page
        assert "Yesterday, 11:59 pm" in page


class TestChange:
    def test_it_is_changed(self, asha):
        path = make_jar(asha)
        values = {"name": "Red bicycle", "target_amount": "6000", "installment_amount": "25", "end_date": "2026-12-01"}
        assert asha.send(f"{path}/edit", **values).location == path
        page = text(asha.get(path))
        assert "Red bicycle" in page
        assert "Of ₹6,000" in page
        assert "Each time ₹25" in page

    def test_the_amount_of_each_time_is_fixed_once_money_has_moved(self, asha, saver, clock):
        path = make_jar(asha, installment_amount="50")
        deposit(saver, clock, path)
        assert "How much each time?" not in asha.get(f"{path}/edit").text
        values = {"name": "Bicycle", "target_amount": "6000", "end_date": ""}
        assert asha.send(f"{path}/edit", installment_amount="10", **values).status_code == 303
        assert "Each time ₹50" in text(asha.get(path))

    def test_what_cannot_be(self, asha, clock):
        path = make_jar(asha)
        clock.advance(days=3)
        answer = asha.send(f"{path}/edit", name="Bi", target_amount="10", installment_amount="", end_date="2026-07-16")
        assert answer.status_code == 422
        assert "Choose today or a later day." in answer.text
        assert 'value="Bi"' in answer.text


class TestClose:
    def test_an_empty_jar_is_closed_and_keeps_its_history(self, asha, saver, clock):
        path = make_jar(asha)
        deposit(saver, clock, path)
        saver.withdraw(path.rpartition("/")[2])
        assert "Close Bicycle?" in asha.get(f"{path}/close").text
        answer = asha.send(f"{path}/close")
        assert answer.location == "/jars"
        page = asha.get("/jars").text
        assert "Bicycle is closed. Its history stays." in page
        assert 'id="closed-title"' in page
        page = asha.get(path).text
        assert "Closed on" in page
        assert "Saved" in page
        assert "/deposit" not in page
        assert asha.get(f"{path}/edit").location == path
        assert asha.get(f"{path}/deposit").location == path

    def test_one_with_money_in_it_is_not(self, asha, saver, clock):
        path = make_jar(asha)
        deposit(saver, clock, path)
        assert "There is ₹50 in it" in asha.get(f"{path}/close").text
        answer = asha.send(f"{path}/close", form="/profile")
        assert answer.status_code == 409
        assert "Take it out first" in answer.text


class TestStatement:
    def test_all_days_to_begin_with(self, asha, saver, clock):
        path = make_jar(asha)
        deposit(saver, clock, path, days=3)
        page = asha.get(f"{path}/statement").text
        assert 'value="2026-07-15"' in page
        assert 'value="2026-07-18"' in page
        csv = asha.get(f"{path}/statement.csv?from=2026-07-15&to=2026-07-18")
        assert csv.mimetype == "text/csv"
        assert "attachment" in csv.headers["Content-Disposition"]
        assert csv.headers["Cache-Control"] == "no-store"
        assert "50.00" in csv.text
        pdf = asha.get(f"{path}/statement.pdf?from=2026-07-15&to=2026-07-18")
        assert pdf.mimetype == "application/pdf"
        assert pdf.data.startswith(b"%PDF")

    @pytest.mark.parametrize(
        ("days", "sentence"),
        [
            ("", "Choose the first day."),
            ("?from=2026-07-15", "Choose the last day."),
            ("?from=2026-07-15&to=2026-07-14", "This is before the first day."),
            ("?from=2016-07-15&to=2026-07-14", "at most 5 years"),
            ("?from=x&to=2026-07-14", "Choose a day"),
        ],
    )
    def test_days_that_cannot_be(self, asha, days, sentence):
        path = make_jar(asha)
        for form in ("csv", "pdf"):
            answer = asha.get(f"{path}/statement.{form}{days}")
            assert answer.status_code == 422
            assert sentence in answer.text

    def test_five_years_are_offered_on_a_leap_day(self, asha, clock):
        path = make_jar(asha)
        clock.set(clock.at.replace(year=2032, month=2, day=29))
        page = asha.get(f"{path}/statement").text
        assert 'value="2027-03-01"' in page
        assert asha.get(f"{path}/statement.csv?from=2027-03-01&to=2032-02-29").status_code == 200


def test_many_jars_come_in_pages(asha, saver):
    for number in range(32):
        saver.jar(name=f"Jar {number:02}")
    page = asha.get("/jars").text
    assert "Jar 29" in page
    assert "Jar 30" not in page
    assert "Jar 31" in asha.get(older(page)).text


class TestPause:
    def test_a_pause_is_made_moved_and_ended(self, asha, saver, clock):
        path = make_jar(asha)
        deposit(saver, clock, path)
        assert "Pause until" in text(asha.get(f"{path}/pause"))
        page = asha.send(f"{path}/pause", until="2026-07-20")
        assert page.status_code == 303
        jar = text(asha.get(path))
        assert "is paused. Its row of lamps waits" in jar
        assert "Paused until" in jar
        clock.advance(days=2)
        assert "paused" in text(asha.get(path))
        assert asha.send(f"{path}/resume", form=f"{path}/pause").status_code == 303
        assert "goes on: today counts again" in text(asha.get(path))

    def test_a_day_that_cannot_be_is_said_at_its_field(self, asha, saver, clock):
        path = make_jar(asha)
        page = asha.send(f"{path}/pause", until="2026-09-20")
        assert page.status_code == 422
        assert "A pause lasts 30 days at most" in text(page)

    def test_a_flexible_jar_has_no_such_page(self, asha, saver, clock):
        path = make_jar(asha, plan_type="flexible")
        assert asha.get(f"{path}/pause").status_code == 303


class TestFreezes:
    def test_a_frozen_day_has_its_own_lamp_and_the_home_says_what_is_left(self, asha, saver, clock):
        path = make_jar(asha)
        for _ in range(14):
            deposit(saver, clock, path)
            clock.advance(days=1)
        assert "Two freezes in hand" in text(asha.get("/dashboard"))
        clock.advance(days=1)
        assert "One freeze in hand" in text(asha.get("/dashboard"))
        assert "saved by a freeze" in text(asha.get(path))
