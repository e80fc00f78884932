import re

import pytest

from tests import factories
from tests.blueprints.web.conftest import Visitor, said
from tests.blueprints.web.test_savings import deposit, make_jar, text


def test_before_the_first_jar_the_wall_says_how_to_begin(asha):
    page = asha.get("/badges")
    assert page.status_code == 200
    assert "0 earned, 21 still to come" in text(page)
    assert "Your first one First coin You put something aside for the first time." in text(page)
    assert 'href="/jars/new"' in page.text
    assert "rangoli-unfolding" not in page.text


def test_what_was_earned_comes_first_and_the_nearest_on_top(asha, saver, clock):
    path = make_jar(asha, target_amount="100")
    for _ in range(4):
        deposit(saver, clock, path, "20")
        clock.advance(days=1)
    page = asha.get("/badges")
    words = text(page)
    assert "2 earned, 19 still to come" in words
    assert (
        "The next one Full pot You reached what you were saving for. 80% Bicycle is 80% full Save in Bicycle" in words
    )
    assert words.index("Earned Halfway A jar of yours is half full. Bicycle Fri 17 Jul First coin") < words.index(
        "Still"
    )
    assert "One week Seven days in a row. 57% 4 of 7 days" in words
    assert "Three full pots Three jars reached what they were for. 0% 0 of 3 jars" in words
    assert page.text.count("rangoli-unfolding") == 1, "the newest one opens"
    assert page.text.count("badges/outline/") == 19
    assert f'href="{path}/deposit"' in page.text


def test_every_picture_is_there(asha, saver, clock):
    deposit(saver, clock, make_jar(asha))
    for image in set(re.findall(r'src="(/static/badges/[^"]+)"', asha.get("/badges").text)):
        assert asha.get(image).status_code == 200


def test_the_badge_is_shown_after_the_deposit_that_earned_it(asha):
    path = make_jar(asha, target_amount="50")
    asha.send(f"{path}/deposit", amount="50", note="")
    page = asha.get(path)
    assert "A new badge, First coin" in said(page)
    assert "A new badge, Full pot: you reached what you were saving for." in said(page)
    assert page.text.count("rangoli-unfolding") == 2
    assert "rangoli" not in asha.get(path).text, "shown once"


def test_home_has_the_newest_and_the_next(asha, saver, clock):
    path = make_jar(asha)
    assert "Next: First coin 0% With your first deposit" in text(asha.get("/dashboard"))
    deposit(saver, clock, path)
    words = text(asha.get("/dashboard"))
    assert "Badges See all badges First coin Next: A second pot" in words


def test_a_hindi_saver_reads_one_language_on_a_page(app, clock):
    visitor = Visitor(app)
    saver = factories.make_saver(app, language="hi")
    visitor.log_in(saver.email)
    saver.deposit(saver.jar(), "5")
    words = visitor.get("/badges").text
    assert "पहला सिक्का" in words
    assert "First coin" not in words


def test_others_are_not_in_it(app, asha, saver, clock):
    deposit(saver, clock, make_jar(asha, name="Mine alone"))
    other = Visitor(app)
    other.log_in(factories.make_saver(app).email)
    assert "0 earned" in text(other.get("/badges"))
    assert "Mine alone" not in other.get("/badges").text


@pytest.mark.usefixtures("clock")
def test_strangers_are_sent_to_the_sign_in(visitor):
    answer = visitor.get("/badges")
    assert (answer.status_code, answer.location) == (303, "/login?next=/badges")
