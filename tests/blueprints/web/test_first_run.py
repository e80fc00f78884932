"""The first minutes: goal, plan, first deposit."""

import re
from html import unescape

import pytest

from tests import factories
from tests.blueprints.web.conftest import said

GOAL = {"name": "Bicycle", "target_amount": "5,000"}
PLAN = {"plan_type": "daily", "installment_amount": "50"}


@pytest.fixture
def newcomer(visitor, clock):
    """Somebody who has just signed up, and where that led."""
    answer = visitor.send(
        "/signup", name="Lakshmi Rao", email=factories.email(), phone=factories.phone(), password=factories.PASSWORD
    )
    assert answer.location == "/begin"
    return visitor


def leads(visitor, path):
    return visitor.get(path).location


def test_three_steps_to_the_first_coin(newcomer):
    assert leads(newcomer, "/begin") == "/begin/goal"
    first = newcomer.get("/begin/goal")
    assert "Namaste, Lakshmi Rao" in said(first)
    assert "Step 1 of 3" in first.text
    assert newcomer.send("/begin/goal", **GOAL).location == "/begin/plan"
    second = newcomer.get("/begin/plan")
    assert "₹5,000 for Bicycle." in second.text
    assert newcomer.send("/begin/plan", **PLAN).location == "/begin/deposit"
    third = newcomer.get("/begin/deposit")
    assert "Bicycle is ready." in third.text
    action = unescape(re.search(r'<form class="card form" method="post" action="([^"]+)"', third.text)[1])
    answer = newcomer.send(action, form="/begin/deposit", amount="50", note="")
    assert answer.status_code == 303
    page = newcomer.get(answer.location)
    assert "₹50 is in. This jar now holds ₹50. 1 day kept alight." in said(page).replace("\xa0", " ")
    assert [leads(newcomer, f"/begin{step}") for step in ("", "/goal", "/plan", "/deposit")] == ["/dashboard"] * 4


def test_it_can_be_left_and_is_taken_up_where_it_was(newcomer):
    assert leads(newcomer, "/begin/plan") == "/begin/goal", "no plan without a goal"
    newcomer.send("/begin/goal", **GOAL)
    home = newcomer.get("/dashboard").text
    assert 'href="/begin"' in home
    assert leads(newcomer, "/begin") == "/begin/plan"
    assert 'value="Bicycle"' in newcomer.get("/begin/goal").text, "it can still be changed"
    newcomer.send("/begin/plan", **PLAN)
    assert leads(newcomer, "/begin") == "/begin/deposit"
    assert leads(newcomer, "/begin/goal") == "/begin/deposit"
    assert newcomer.get("/dashboard").status_code == 200


def test_a_plan_sent_twice_is_one_jar(newcomer):
    newcomer.send("/begin/goal", **GOAL)
    before = newcomer.client.get_cookie("chhota").value
    carried = newcomer.hidden("/begin/plan")
    for _ in range(2):
        newcomer.client.set_cookie("chhota", before)  # a second tap carries what the first one did
        assert newcomer.client.post("/begin/plan", data=carried | PLAN).location == "/begin/deposit"
    assert newcomer.get("/jars").text.count("<article") == 1


@pytest.mark.parametrize(
    ("step", "wrong", "sentence"),
    [
        ("goal", {"name": ""}, "Give the jar a name, like Bicycle."),
        ("goal", {"target_amount": "0"}, "The amount must be more than zero."),
        ("plan", {"plan_type": "hourly"}, "Not a valid choice."),
        ("plan", {"installment_amount": "6000"}, "This is more than the target."),
    ],
)
def test_bad_input_is_said_at_its_field_and_kept(newcomer, step, wrong, sentence):
    if step == "plan":
        newcomer.send("/begin/goal", **GOAL)
    answer = newcomer.send(f"/begin/{step}", **(GOAL if step == "goal" else PLAN) | wrong)
    assert answer.status_code == 422
    assert answer.text.count(sentence) == 2
    typed = GOAL["target_amount"] if "name" in wrong else next(iter(wrong.values()))
    if typed != "hourly":
        assert f'value="{typed}"' in answer.text


def test_who_has_saved_before_is_led_home(asha, saver):
    saver.deposit(saver.jar(), "50")
    assert leads(asha, "/begin") == "/dashboard"
