"""A jar's page: the line of its balance, a part of its history, and moving money without leaving it."""

import re

from tests.blueprints.web.test_savings import deposit, make_jar, older, text


def rows(page):
    return re.findall(r'class="txn-title">(?:<a[^>]*>)?([^<]+)', page.text)


class TestChart:
    def test_a_young_jar_has_none(self, asha, saver, clock):
        path = make_jar(asha)
        deposit(saver, clock, path)
        clock.advance(days=2)
        assert "How it has filled" not in asha.get(path).text

    def test_its_sentence_and_its_table_hold_the_numbers(self, asha, saver, clock):
        path = make_jar(asha)
        deposit(saver, clock, path, "500")
        deposit(saver, clock, path, "300", days=4)
        saver.withdraw(path.rpartition("/")[2], "100")
        clock.advance(days=3)
        page = asha.get(path)
        assert "₹700 since 15 Jul. At this pace the jar is full on 10 Sept." in text(page)
        table = page.text.partition("What was in this jar, newest first")[2].partition("</table>")[0]
        assert re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td>', table) == [
            ("19\xa0Jul", "₹700"),
            ("15\xa0Jul", "₹500"),
        ]
        assert 'balance-ahead"' in page.text

    def test_a_full_jar_has_no_way_to_go(self, asha, saver, clock):
        path = make_jar(asha, target_amount="500")
        deposit(saver, clock, path, "500")
        clock.advance(days=5)
        page = asha.get(path)
        assert "₹500 since 15 Jul: the target is reached." in text(page)
        assert 'balance-ahead"' not in page.text

    def test_a_closed_jar_shows_what_was(self, asha, saver, clock):
        path = make_jar(asha)
        jar = path.rpartition("/")[2]
        deposit(saver, clock, path, "500")
        clock.advance(days=5)
        saver.withdraw(jar, "500")
        saver.call("DELETE", f"/api/jars/{jar}/")
        clock.advance(days=40)
        page = asha.get(path)
        assert "as long as this jar was open." in text(page)
        assert "deposit-dialog" not in page.text


class TestHistory:
    def test_by_kind_and_by_days(self, asha, saver, clock):
        path = make_jar(asha)
        deposit(saver, clock, path, "500")
        saver.withdraw(path.rpartition("/")[2], "20")
        deposit(saver, clock, path, "60", days=3)
        assert rows(asha.get(path)) == ["Saved", "Taken out", "Saved"]
        assert rows(asha.get(f"{path}?type=withdraw")) == ["Taken out"]
        assert rows(asha.get(f"{path}?type=deposit&from=2026-07-16")) == ["Saved"]
        assert rows(asha.get(f"{path}?to=2026-07-15")) == ["Taken out", "Saved"]
        nothing = asha.get(f"{path}?from=2026-07-16&to=2026-07-17")
        assert "Nothing of that kind moved on these days." in nothing.text
        assert rows(nothing) == []

    def test_what_makes_no_sense_is_said_at_its_field(self, asha):
        path = make_jar(asha)
        page = asha.get(f"{path}?from=2026-07-16&to=2026-07-15")
        assert page.status_code == 422
        assert "This is before the first day." in page.text
        assert asha.get(f"{path}?type=stolen").status_code == 422
        assert asha.get(f"{path}?from=soon").status_code == 422

    def test_the_older_pages_go_on_with_the_same_question(self, asha, saver, clock):
        path = make_jar(asha)
        for _ in range(14):
            deposit(saver, clock, path, "5", hours=1)
        saver.withdraw(path.rpartition("/")[2], "1")
        first = asha.get(f"{path}?type=deposit")
        assert rows(first) == ["Saved"] * 12
        assert "type=deposit" in older(first.text)
        assert rows(asha.get(older(first.text).replace("&amp;", "&"))) == ["Saved"] * 2


class TestDialogs:
    def test_each_form_has_ids_of_its_own_and_a_key(self, asha):
        path = make_jar(asha, installment_amount="50")
        page = asha.get(path).text
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert {"deposit-amount", "withdraw-amount", "deposit-note", "withdraw-note"} <= set(ids)
        assert len(re.findall(r'name="key" value="[^"]{16,}"|name="key"[^>]*value="[^"]{16,}"', page)) == 2
        assert re.search(r'name="amount"[^>]*value="50"|value="50"[^>]*name="amount"', page)

    def test_a_form_of_the_page_moves_money_once(self, asha, saver):
        path = make_jar(asha)
        carried = asha.hidden(path)
        for _ in range(2):
            answer = asha.client.post(f"{path}/deposit", data=carried | {"amount": "50"})
            assert (answer.status_code, answer.location) == (303, path)
        assert saver.get(f"/api{path}/").json["jar"]["current_amount"] == "50.00"


def test_a_paused_day_is_not_called_lit(asha, saver):
    jar = saver.jar(installment_amount="50")
    saver.deposit(jar, "50")
    assert "Today’s lamp is lit." in text(asha.get(f"/jars/{jar}"))
    saver.call("PUT", f"/api/jars/{jar}/pause/", {"until": "2026-07-20"})
    page = text(asha.get(f"/jars/{jar}"))
    assert "Today’s lamp is lit." not in page
    assert "Paused until 20 Jul." in page
    home = text(asha.get("/dashboard"))
    assert "1 day kept alight in Bicycle" in home
    assert "today is still open" not in home
