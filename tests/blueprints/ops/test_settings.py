"""Settings and policies: all of them, with their source; nothing of a secret."""

from __future__ import annotations

import pytest

import config
from app.blueprints.ops import policy_words
from app.loans import policy as loans
from app.scoring import policy as scores
from tests.attacks.walking import Person

CANARY = "canary-that-nobody-may-see"


def test_settings_with_their_source_and_no_secret(admin: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    for one in config.SETTINGS:
        if one.secret:
            monkeypatch.setenv(one.name, CANARY)
    monkeypatch.setenv("SMS_URL", f"https://name:{CANARY}@sms.example/send?key={CANARY}")
    monkeypatch.setenv("MAX_JARS", "77")
    html = admin.browser.get("/ops/settings/").text
    assert CANARY not in html
    assert "sms.example/send" in html
    row = html.split("<code>MAX_JARS</code>")[1].split("</tr>")[0]
    assert "77" in row
    assert "environment" in row
    assert "default" in html.split("<code>CURRENCY</code>")[1].split("</tr>")[0]
    for one in config.SETTINGS:
        assert f"<code>{one.name}</code>" in html
    assert html.count(">set</span>") == sum(one.secret for one in config.SETTINGS)


def test_every_value_of_a_policy_is_said(support: Person) -> None:
    html = support.browser.get("/ops/policies/").text
    loan, rule = loans.policy(), scores.policy()
    assert {name for name, *_ in policy_words.LOANS} == set(loan.__slots__) - {"version"}
    assert set(policy_words.WEIGHTS) == set(rule.weights)
    assert set(policy_words.FULL) == set(rule.full)
    said = {name for name, *_ in policy_words.SCORE} | {"version", "weights", "full", "bands"}
    assert said == set(rule.__slots__)
    for text in (loan.version, rule.version, "₹2,000", "15 %", "75%", "6, 12, 18, 24 months", "counts now"):
        assert text in html, text
