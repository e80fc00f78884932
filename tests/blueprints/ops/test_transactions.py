"""Movements at the console: to look at, with their postings; never to change."""

from __future__ import annotations

import re

from flask import Flask

from tests.attacks.walking import Person, pages


def listed(person: Person, **query: str) -> list[str]:
    html = person.browser.get("/ops/transactions/", query_string=query).text
    return re.findall(r'<td><a href="/ops/transactions/([0-9a-f-]{36})/"', html)


def test_narrowed_by_each_filter(support: Person, owner: Person) -> None:
    first, second = owner.saver.jar(), owner.saver.jar(name="Goat")
    small = owner.saver.deposit(first, "50").json["transaction"]["id"]
    large = owner.saver.deposit(second, "500").json["transaction"]["id"]
    out = owner.saver.withdraw(second, "20").json["transaction"]["id"]
    mine = {"user": str(owner.saver.id)}
    assert listed(support, **mine) == [out, large, small]
    assert listed(support, **mine, sort="occurred_at") == [small, large, out]
    assert listed(support, jar=second) == [out, large]
    assert listed(support, **mine, type="withdraw") == [out]
    assert listed(support, **mine, at_least="50.01") == [large]
    assert listed(support, **mine, at_least="50", at_most="₹ 50") == [small]
    assert listed(support, **mine, **{"from": "2000-01-01", "to": "2000-01-02"}) == []
    assert listed(support, **mine, **{"from": "2000-01-01", "to": "2199-01-01"}) == [out, large, small]
    assert support.browser.get("/ops/transactions/").text.count('type="date"') == 2  # both are chosen in a calendar


def test_a_movement_with_its_postings_whose_sum_is_zero(support: Person, owner: Person) -> None:
    movement = owner.saver.deposit(owner.saver.jar(name="Goat"), "50", note="tea money").json["transaction"]["id"]
    html = support.browser.get(f"/ops/transactions/{movement}/").text
    assert "Deposit of ₹50" in html
    assert re.findall(r"<td>(jar|outside) <code", html) in (["jar", "outside"], ["outside", "jar"])
    assert re.search(r'Sum</th><td class="ops-number amount">₹0</td>', html)
    assert f"/ops/users/{owner.saver.id}/" in html
    assert "tea money" not in html


def test_a_movement_that_is_none(support: Person, owner: Person) -> None:
    assert support.browser.get(f"/ops/transactions/{owner.saver.jar()}/").status_code == 404


def test_nothing_of_a_movement_can_be_changed(app: Flask) -> None:
    changes = {
        str(route) for route in pages(app) if route.rule.rule.startswith("/ops/transactions") and route.method != "GET"
    }
    assert changes == {"POST /ops/transactions/export", "POST /ops/transactions/<uuid:transaction_id>/reverse"}
