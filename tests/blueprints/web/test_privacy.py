"""Amounts hidden with one tap."""

import re

import pytest

from app.blueprints.web.privacy import DOTS
from tests import hindi
from tests.blueprints.web.conftest import said


def test_one_tap_hides_every_amount_and_another_shows_them(asha, saver):
    jar = saver.jar(installment_amount="50")
    saver.deposit(jar, "1234")
    here = f"/jars/{jar}"
    back = asha.client.post("/amounts", data=asha.hidden(here), headers={"Referer": f"http://localhost{here}?after=x"})
    assert back.location == f"{here}?after=x"
    for path in ("/dashboard", "/jars", here, f"{here}/withdraw", "/notifications"):
        page = asha.get(path).text
        shown = page.partition("<main")[2].replace('data-value="1234"', "")
        assert "1,234" not in shown, path
        assert "1234" not in shown, path
        assert DOTS in shown, path
    assert 'aria-label="Show amounts"' in asha.get("/dashboard").text
    assert "₹50</button>" in asha.get(f"{here}/deposit").text, "what is chosen from is readable"
    asha.send("/amounts", form="/dashboard")
    assert "₹1,234" in asha.get("/dashboard").text


def test_a_confirmation_keeps_the_secret(asha, saver):
    jar = saver.jar()
    asha.send("/amounts", form="/dashboard")
    asha.send(f"/jars/{jar}/deposit", amount="777", note="")
    page = asha.get(f"/jars/{jar}")
    assert f"₹{DOTS} is in." in said(page)


def test_a_statement_is_for_its_reader(asha, saver):
    jar = saver.jar()
    saver.deposit(jar, "1234")
    asha.send("/amounts", form="/dashboard")
    statement = asha.get(f"/jars/{jar}/statement.csv?from=2026-07-01&to=2026-07-31")
    assert "1234.00" in statement.text


def test_it_leads_nowhere_else(asha):
    carried = asha.hidden("/dashboard")
    for referrer in ("https://evil.example/x", "http://localhost//evil.example", "", "javascript:alert(1)"):
        answer = asha.client.post("/amounts", data=carried, headers={"Referer": referrer})
        assert answer.location == "/dashboard", referrer
    assert asha.client.post("/amounts").status_code == 400


def test_a_stranger_hides_nothing(visitor):
    assert visitor.send("/amounts", form="/login").location.startswith("/login")


# What a saver chooses from, and what was typed or stands there to be changed, is readable.
CHOSEN = re.compile(
    r'<button class="suggestion.*?</button>|<p class="field-hint".*?</p>|<input[^>]*>'
    r'|<span class="choice-(?:label|hint)">.*?</span>',
    re.DOTALL,
)


@pytest.mark.parametrize("language", ["en", "hi"])
def test_no_page_shows_an_amount(app, clock, new_visitor, language):
    reader = hindi.reader(app, clock)
    reader.saver.call("PATCH", "/api/profile/", {"language": language})
    visitor = new_visitor()
    visitor.log_in(reader.saver.email)
    clear = {path: visitor.get(path).text for path in reader.pages}
    visitor.send("/amounts", form="/dashboard")
    telling = 0
    for path in reader.pages:
        if path.endswith("/key-facts"):
            continue  # nobody agrees to amounts that are hidden
        page = CHOSEN.sub("", visitor.get(path).text)
        assert re.findall(r"₹\s?[\d०-९][^<]*", page) == [], path
        assert 'class="chart balance"' not in page, "a line tells of amounts by its shape"
        telling += DOTS in page
    assert telling > 20
    assert any('class="chart balance"' in page for page in clear.values())
    assert sum("₹" in page for page in clear.values()) > 20
