import re
from datetime import UTC, datetime
from html import unescape

import pytest

from app import transactions
from tests import factories
from tests.blueprints.web.conftest import Visitor

CELL = re.compile(r'<td class="heat-day heat-(\d)( heat-today)?"[^>]*>(.*?)</td>', re.DOTALL)


def text(page):
    return plain(page.text.partition("<main")[2])


def plain(markup):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", markup)).replace("\xa0", " ").split())


def save(saver, clock, jar, days, amount="50"):
    """A deposit on each of ``days`` days, today the first; the clock stands on the day after the last."""
    for _ in range(days):
        assert saver.deposit(jar, amount).status_code == 201
        clock.advance(days=1)


class TestOwnStreak:
    def test_somebody_new_is_led_to_a_jar(self, asha):
        page = asha.get("/streaks")
        assert page.status_code == 200
        assert 'href="/jars/new"' in page.text
        assert "Each day on which you put something in gets a dot here." in text(page)
        assert "On time" not in text(page), "nothing is asked for yet, so nothing is a share"

    def test_the_number_its_unit_and_what_is_due(self, asha, saver, clock):
        jar = saver.jar(name="Roof", installment_amount="50")
        save(saver, clock, jar, 3)
        page = asha.get("/streaks")
        assert "Your streak 3 days kept alight in Roof · , today is still open" in text(page)
        assert "Longest row 3 days" in text(page)
        assert "Best month 3 days July 2026" in text(page)
        assert f'href="/jars/{jar}/deposit?amount=50"' in page.text
        assert "Save ₹50 in Roof" in text(page)
        saver.deposit(jar, "50")
        assert "4 days kept alight in Roof · , today’s lamp is lit" in text(asha.get("/streaks"))

    def test_a_weekly_saver_reads_weeks(self, asha, saver, clock):
        jar = saver.jar(plan_type="weekly")
        saver.deposit(jar, "50")
        page = text(asha.get("/streaks"))
        assert "Your streak 1 week" in page
        assert "the next by Sunday 26 July" in page
        assert "One comes after 4 more lit weeks, this week among them." in page

    def test_a_period_in_its_grace_says_until_when(self, asha, saver, clock):
        saver.jar(name="Roof", plan_type="monthly")
        clock.set(datetime(2026, 8, 1, 6, 30, tzinfo=UTC))
        assert "Last month can still be lit until Monday 3 August." in text(asha.get("/streaks"))
        clock.advance(days=2)
        assert "Last month can still be lit today." in text(asha.get("/streaks"))
        clock.advance(days=1)
        assert "The next by Monday 31 August." in text(asha.get("/streaks"))

    def test_a_row_that_ended_is_told_without_blame(self, asha, saver, clock):
        save(saver, clock, saver.jar(), 3)
        clock.advance(days=1)
        page = text(asha.get("/streaks"))
        assert "One lamp starts a new row" in page
        assert "Longest row 3 days" in page
        assert not any(word in page.lower() for word in ("failed", "lost", "0 days", "0%"))

    def test_how_often_it_was_on_time_stands_beside_it(self, asha, saver, superuser, clock):
        save(saver, clock, saver.jar(), 2)
        asha.get("/streaks")  # closes the days before
        with superuser.cursor() as cursor:
            cursor.execute(
                "UPDATE saver_habits SET all_closed = 150, all_on_time = 149 WHERE user_id = %s", (str(saver.id),)
            )
        assert "On time 99% 149 of 150 lamps" in text(asha.get("/streaks"))

    def test_a_miss_is_never_shown_as_zero(self, asha, saver, superuser, clock):
        saver.jar()
        clock.advance(days=1)
        asha.get("/streaks")
        with superuser.cursor() as cursor:
            cursor.execute(
                "UPDATE saver_habits SET all_closed = 1, all_on_time = 0 WHERE user_id = %s", (str(saver.id),)
            )
        page = text(asha.get("/streaks"))
        assert "On time" not in page
        assert "0 of 1" not in page

    def test_somebody_else_has_a_page_of_their_own(self, app, asha, saver, clock):
        save(saver, clock, saver.jar(name="Mine alone"), 2)
        other = Visitor(app)
        other.log_in(factories.make_saver(app).email)
        assert "Mine alone" not in other.get("/streaks").text


class TestFreezes:
    def test_how_many_and_when_the_next_comes(self, asha, saver, clock):
        jar = saver.jar()
        save(saver, clock, jar, 5)
        page = text(asha.get("/streaks"))
        assert "No freeze in hand just now." in page
        assert "Towards the next freeze 2 days to go" in page
        assert "One comes after 2 more lit days." in page
        saver.deposit(jar, "50")
        assert "One comes after 2 more lit days, today among them." in text(asha.get("/streaks"))
        clock.advance(days=1)
        saver.deposit(jar, "50")
        assert "One comes when today is over." in text(asha.get("/streaks"))
        clock.advance(days=1)
        page = text(asha.get("/streaks"))
        assert "One freeze in hand: it saves a missed day." in page
        assert "The next comes after 7 more lit days." in page
        home = text(asha.get("/dashboard"))
        assert "One freeze in hand: it saves a missed day. The next comes after 7 more lit days." in home

    def test_two_are_the_most(self, asha, saver, clock):
        save(saver, clock, saver.jar(), 15)
        for path in ("/streaks", "/dashboard"):
            page = text(asha.get(path))
            assert "Two freezes in hand: each saves a missed day." in page
            assert "Two are the most; the next begins to grow when one has been used." in page


class TestCalendar:
    def test_a_cell_says_how_often_by_dots_and_words(self, asha, saver, clock):
        jar = saver.jar(plan_type="flexible")
        for deposits in (1, 2, 3, 5):
            for _ in range(deposits):
                saver.deposit(jar, "5")
            clock.advance(days=1)
        cells = CELL.findall(asha.get("/streaks").text)
        assert len(cells) == 15 * 7 + 7  # up to Sunday, the 19th
        by_words = {plain(inner): (int(heat), bool(today)) for heat, today, inner in cells}
        assert by_words["15 • : 1 deposit"] == (1, False)
        assert by_words["16 •• : 2 deposits"] == (2, False)
        assert by_words["17 ••• : 3 deposits"] == (3, False)
        assert by_words["18 ••• : 5 deposits"] == (3, False)
        assert by_words["19 : nothing put in, today"] == (0, True)
        page = text(asha.get("/streaks"))
        assert "You put something in on 4 days , 11 times in all." in page
        for words in ("none", "one deposit", "two", "three or more"):
            assert words in page

    def test_weeks_and_months_have_names(self, asha, clock):
        page = asha.get("/streaks").text
        table = page.partition('<table class="heat">')[2].partition("</table>")[0]
        assert table.count('scope="row"') == 16
        assert table.count('scope="col"') == 8
        heads = [plain(head) for head in re.findall(r'<th scope="row">(.*?)</th>', table)]
        assert heads[0] == "Apr Week of Monday 30 March", "the month that begins in it"
        assert [head.split()[0] for head in heads if not head.startswith("Week")] == ["Apr", "May", "Jun", "Jul"]
        assert heads[-1] == "Week of Monday 13 July"
        assert 'aria-current="date"' in table

    def test_no_amount_stands_in_it(self, asha, saver, clock):
        saver.deposit(saver.jar(plan_type="flexible"), "777")
        assert "777" not in asha.get("/streaks").text


class TestJars:
    def test_each_has_its_row_with_a_word_for_every_lamp(self, asha, saver, clock):
        daily, weekly = saver.jar(name="Bicycle"), saver.jar(name="Roof", plan_type="weekly")
        saver.deposit(weekly, "50")
        save(saver, clock, daily, 8)
        clock.advance(days=2)
        page = asha.get("/streaks")
        assert f'href="/jars/{daily}"' in page.text
        assert "Wednesday 22 July: kept" in text(page)
        assert "Thursday 23 July: saved by a freeze" in text(page)
        assert "Friday 24 July: stayed dark" in text(page)
        assert "Saturday 25 July: still open" in text(page)
        assert "week of Monday 13 July: kept" in text(page)
        assert "Longest: 8 days." in text(page)

    def test_every_state_is_in_the_legend(self, asha):
        page = asha.get("/streaks").text.partition('class="lamp-key"')[2].partition("</ul>")[0]
        for state in ("met", "late", "open", "frozen", "paused", "missed"):
            assert f'href="#lamp-{state}"' in page
        assert plain(page).count(" ") > 6

    def test_a_paused_jar_says_until_when(self, asha, saver, clock):
        jar = saver.jar()
        save(saver, clock, jar, 2)
        saver.call("PUT", f"/api/jars/{jar}/pause/", {"until": "2026-07-20"})
        clock.advance(days=1)
        page = text(asha.get("/streaks"))
        assert "Paused until 20 Jul." in page
        assert "Friday 17 July: paused" in page

    def test_a_late_week_and_one_that_begins_later(self, asha, saver, clock):
        jar = saver.jar(plan_type="weekly")
        saver.jar(name="Later", start_date="2026-09-01")
        clock.set(datetime(2026, 7, 20, 6, 30, tzinfo=UTC))  # Monday, the week's grace
        saver.deposit(jar, "50")
        clock.advance(days=2)
        page = text(asha.get("/streaks"))
        assert "week of Monday 13 July: kept, a little late" in page
        assert "Begins on Tuesday 1 September." in page


def test_the_home_leads_here(asha, saver):
    saver.jar()
    assert 'href="/streaks"' in asha.get("/dashboard").text.partition("<main")[2]


@pytest.mark.parametrize("jars", [1, 6])
def test_few_queries(asha, saver, clock, monkeypatch, jars):
    for number in range(jars):
        save(saver, clock, saver.jar(name=f"Jar {number}"), 1)
    asha.get("/streaks")
    seen = []
    send = transactions._send
    monkeypatch.setattr(
        transactions, "_send", lambda work, **options: seen.append(str(work.queue)) or send(work, **options)
    )
    assert asha.get("/streaks").status_code == 200
    assert len(seen) <= 7, seen
