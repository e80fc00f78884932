from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import StrictUndefined

from app.models.notifications import KINDS as STORED
from app.services.gamification.badges import CATALOGUE
from app.services.notifications import examples
from app.services.notifications import words as module
from app.services.notifications.badge_titles import BADGES, badge_description, badge_title
from app.services.notifications.kinds import KINDS
from app.services.notifications.words import LANGUAGES, Words, words

JAR = {"jar_id": "0199c1f0-0000-7000-8000-000000000001", "jar": "Bicycle"}
LOAN = {"loan_id": "0199c1f0-0000-7000-8000-000000000002"}


def crossed(**choices: list[Any]) -> list[dict[str, Any]]:
    """Every combination of the given values."""
    return [dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())]


# What each kind can be told of, by the contract of its facts.
VARIANTS: dict[str, list[dict[str, Any]]] = {
    "deposit_received": [
        {**JAR, "transaction_id": "t", "amount": 5000, "balance": 12500050, **more} for more in ({}, {"auto": True})
    ],
    "auto_deposit": [
        {**JAR, "amount": 5000, "on": "2026-07-17", **more}
        for more in (
            *crossed(event=["ahead", "skipped", "failed"]),
            *crossed(event=["failed"], tries=[1, 3]),
        )
    ],
    "streak_at_risk": [
        {**JAR, **more, "due_by": "2026-07-15"}
        for more in crossed(
            plan=["daily", "weekly", "monthly"], current=[1, 12], unit=["days", "weeks", "months"], freezes=[0, 1, 2]
        )
    ],
    "streak_changed": [
        {**JAR, **more, "period_start": "2026-07-06"}
        for more in crossed(
            change=["lost", "frozen"], plan=["daily", "weekly", "monthly"], current=[0, 1, 12],
            unit=["days", "weeks", "months"], freezes=[0, 1, 2],
        )
    ],
    "badge_earned": [
        {"badge_type": code, "taken_back": back, **jar}
        for code, back, jar in itertools.product([*BADGES, "of_tomorrow"], [False, True], [{}, JAR])
    ],
    "target_reached": [{**JAR, "target": 500000}],
    "score_changed": [{"score": score, "before": before, "reason": "deposit"}
                      for score, before in itertools.product([620, 662], [640, None])],
    "instalment_due": [
        {**LOAN, "event": "due", "amount": 96973, "due_on": "2026-07-17", "overdue": late} for late in (False, True)
    ],
    "loan_ended": [
        {**LOAN, **JAR, "event": "repaid", "amount": 1960000},
        {**LOAN, **JAR, "event": "defaulted", "amount": 250000},
        {**LOAN, "event": "defaulted", "amount": 0},
    ],
    "kyc_decided": [
        {"status": status, "document_type": paper, **why}
        for status, paper, why in itertools.product(
            ["verified", "rejected", "resubmit"],
            ["pan", "aadhaar", "passport", "voter_id", "driving_licence"],
            [{}, {"reason": "unreadable"}, {"reason": "of_tomorrow"}],
        )
    ],
    "new_device": [{"device": device, "family_id": "f"} for device in ("Chrome, Android", None)],
    "support_answered": [
        {"reference": "CH-7K3M-9QXD", "request_id": "0199c1f0-0000-7000-8000-000000000003", **more}
        for more in ({}, {"late": True})
    ],
    "account_changed": [
        {"what": what, "provider": "Google", **({"left": 9} if what == "recovery_code_used" else {})}
        for what in ("password_changed", "password_reset", "email_changed", "phone_changed", "two_factor_on",
                     "two_factor_off", "recovery_code_used", "external_linked", "external_unlinked", "of_tomorrow")
    ],
    "weekly_digest": [
        {"week_start": "2026-07-06", "total": 420000, **more}
        for more in crossed(
            saved=[0, -500, 35000], deposits=[0, 1, 5], kept=[0, 1, 5], asked=[0, 1, 7], streak=[0, 1, 12],
            unit=["days", "weeks"],
        )
    ],
}  # fmt: skip
DEVANAGARI = re.compile(r"[\u0900-\u097f]")
MORE_THAN_ONE = re.compile(r"\b1 (days|weeks|months|deposits|lamps)\b")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_says_something_for_every_variant_of_its_facts(context: None, kind: str, language: str) -> None:
    for facts in VARIANTS[kind]:
        said = words(kind, facts, language)
        for part in (said.title, said.text, said.action_label):
            assert part.strip(), facts
            assert "\n" not in part
            assert not re.search(r"None|Undefined|[{}]|\s[.,;:!?।]|!", part), (facts, part)
        assert len(said.title) <= 110, said.title  # a phone shows about two lines of it
        assert not MORE_THAN_ONE.search(f"{said.title} {said.text}"), said
        written = f"{said.title} {said.text}"
        if language == "hi":
            assert DEVANAGARI.search(said.title), said.title
            assert DEVANAGARI.search(said.text), said.text
        else:
            assert not DEVANAGARI.search(written), written


def test_nothing_that_a_template_asks_for_is_missing_from_the_contract(app: Flask) -> None:
    """With every absent fact an error, but for those that a variant may leave out."""
    optional = {"auto", "tries", "jar", "jar_id", "reason", "support_address", "device", "late"}
    environment = app.jinja_env.overlay(undefined=StrictUndefined)
    with app.app_context():
        for kind, language in itertools.product(KINDS, LANGUAGES):
            template = environment.get_template(f"notices/{language}/{kind}.txt")
            for facts in (*VARIANTS[kind], *examples.NOTICES[kind].values()):
                values = {**dict.fromkeys(optional), **facts}
                values |= {"badge_title": badge_title_of(language), "badge_description": badge_title_of(language)}
                values |= {k: module.date.fromisoformat(v) for k, v in values.items() if k in module.DAYS}
                for block in ("title", "text", "action", "path"):
                    assert "".join(template.blocks[block](template.new_context(values))).strip()


def badge_title_of(language: str) -> Any:
    return lambda code: badge_title(code, language)


def test_every_kind_is_written_in_every_language() -> None:
    folder = Path(module.__file__).parents[2] / "templates" / "notices"
    assert set(KINDS) == set(STORED) == set(VARIANTS)
    assert {path.name for path in folder.iterdir()} == set(LANGUAGES), "a language that nobody can choose"
    for language in LANGUAGES:
        written = {path.stem for path in (folder / language).glob("*.txt")}
        assert written - {"counts", "papers"} == set(KINDS), language


def test_every_badge_is_named_in_every_language() -> None:
    assert set(CATALOGUE) <= set(BADGES)
    for code, language in itertools.product(BADGES, LANGUAGES):
        assert set(BADGES[code]) == set(LANGUAGES)
        assert badge_title(code, language)
        assert badge_description(code, language)
        assert bool(DEVANAGARI.search(badge_title(code, language))) == (language == "hi")
    for badge in CATALOGUE.values():
        assert (badge.title, badge.description) == BADGES[badge.code]["en"]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_notice_leads_to_a_page_that_is_there(app: Flask, kind: str) -> None:
    routes = app.url_map.bind("localhost")
    with app.app_context():
        for facts in VARIANTS[kind]:
            paths = {words(kind, facts, language).path for language in LANGUAGES}
            assert len(paths) == 1
            endpoint, _ = routes.match(paths.pop(), method="GET")
            assert endpoint.startswith("web_")


def test_money_and_days_are_written_as_the_reader_does(context: None) -> None:
    facts = {**JAR, "transaction_id": "t", "amount": 5000, "balance": 12500050}
    assert words("deposit_received", facts, "en") == Words(
        "₹50 is in Bicycle",
        "You put ₹50 aside. Bicycle now holds ₹1,25,000.50.",
        "See the jar",
        f"/jars/{JAR['jar_id']}",
    )
    hindi = words("deposit_received", facts, "hi")
    assert hindi.title == "“Bicycle” में ₹50 आए"
    assert "₹1,25,000.50" in hindi.text
    frozen = {**JAR, "change": "frozen", "plan": "daily", "period_start": "2026-07-15", "current": 12,
              "unit": "days", "freezes": 0}  # fmt: skip
    assert words("streak_changed", frozen, "en").text.startswith("Wednesday 15 July stayed dark in Bicycle.")
    assert words("streak_changed", frozen, "hi").text.startswith("बुधवार 15 जुलाई को “Bicycle”")


def test_what_a_saver_calls_a_jar_is_text_and_nothing_else(context: None) -> None:
    facts = {"jar_id": JAR["jar_id"], "jar": "<b>{{ 7*7 }}</b> & Co", "target": 5000}
    assert words("target_reached", facts, "en").title == "<b>{{ 7*7 }}</b> & Co is full: ₹50"


def test_a_language_that_is_not_written_reads_english(context: None) -> None:
    facts = {**JAR, "target": 5000}
    assert words("target_reached", facts, "ta") == words("target_reached", facts, "en")


def test_a_badge_nobody_has_named_still_has_a_name() -> None:
    assert badge_title("of_tomorrow", "hi") == "Of tomorrow"
    assert badge_description("of_tomorrow", "en") == ""
