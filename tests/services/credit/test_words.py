"""What is said of a score: for every factor and step, in every language, without blame."""

from __future__ import annotations

import itertools
import re
from datetime import date

import pytest

from app.periods import Plan
from app.scoring.advice import Advice, Step
from app.scoring.policy import policy
from app.scoring.rule import Factor
from app.services.credit.words import LANGUAGES, Words, measured, tenths

DEVANAGARI = re.compile(r"[ऀ-ॿ]")
BLAME = re.compile(r"\b(low|poor|bad|fail\w*|lost|only|never|worse|penal\w*)\b", re.IGNORECASE)
PLANS = [Plan.DAILY, Plan.WEEKLY, Plan.MONTHLY, None]
OBSERVED: dict[str, list[dict[str, float | int]]] = {
    "punctuality": [{"on_time": n, "of": of} for n, of in ((0, 0), (0, 1), (1, 1), (1, 2), (9, 12), (12, 12), (0, 9))],
    "habit": [{"share": s, "of": of} for s, of in ((0.5, 0), (0.3333, 1), (0.7593, 12), (0.8794, 12), (0.1, 30))],
    "tenure": [{"on_time": n, "of": 24} for n in (0, 1, 11, 24)],
    "repayment": [{"on_time": n, "of": of} for n, of in ((0, 0), (1, 1), (5, 6))],
    "streak": [{"in_a_row": n, "of": 8} for n in (0, 1, 3, 12)],
    "recency": [{"since": n, "of": of} for n, of in ((12, 0), (0, 5), (1, 5), (3, 9), (12, 9), (12, 30))],
    "fulfilment": [
        {"share": s, "of": of} for s, of in ((0.5, 0), (0.3333, 1), (0.6667, 1), (0.7143, 12), (0.9286, 12))
    ],
    "kept": [{"withdrawn_share": s} for s in (0.0, 0.0004, 0.02, 0.37, 1.0)],
}  # fmt: skip


def factor(code: str, **observed: float) -> Factor:
    return Factor(code, 1, policy().weights[code], observed)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_factor_says_something_whatever_was_measured(context: None, language: str) -> None:
    assert set(OBSERVED) == set(policy().weights)
    words = Words(language)
    for code, plan in itertools.product(OBSERVED, PLANS):
        for observed in OBSERVED[code]:
            said = words.reason(factor(code, **observed), plan)
            for text in (said.name, said.text, said.action):
                assert text, (code, observed)
                assert not re.search(r"None|Undefined|[{}]|\s[.,;:!?।]|!|\b1 (days|weeks|months|times)\b", text), text
                assert not BLAME.search(text), text
                assert bool(DEVANAGARI.search(text)) == (language == "hi"), text
            assert not re.search(r"\b0\b", said.text), said.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_band_and_chance_says_something(context: None, language: str) -> None:
    words = Words(language)
    codes = ("keep_up", "leave_in", "stay", "missed", "begin", "make_plan")
    for code, count, plan in itertools.product(codes, (1, 2, 12), PLANS):
        step = Step(code, count, 3, plan, date(2026, 7, 19))
        said = words.step(step, Advice([step], plan, 2, date(2026, 7, 21)))
        assert not re.search(r"None|Undefined|[{}]|!|\b1 (days|weeks|months|times)\b", said), said
        assert not BLAME.search(said), said
        assert bool(DEVANAGARI.search(said)) == (language == "hi")
    for band, _ in policy().bands:
        assert words.band(band)
    for status in ("scored", "provisional", "no_history"):
        assert words.status(status)
    assert all(words.chance(n / 20) for n in range(21))


def test_a_reason_names_what_was_measured(context: None) -> None:
    words = Words("en")
    said = words.reason(factor("punctuality", on_time=9, of=12), Plan.WEEKLY)
    assert said.text == "9 of your last 12 weeks were on time."
    assert said.action == "Put in what is asked for before the week is over."
    assert words.reason(factor("punctuality", on_time=9, of=12), None).text == "9 of your last 12 times were on time."
    assert words.reason(factor("kept", withdrawn_share=0.37), None).text == (
        "37% of what you put in lately was taken out again."
    )
    hindi = Words("hi").reason(factor("punctuality", on_time=9, of=12), Plan.WEEKLY)
    assert hindi.text == "पिछले 12 हफ़्तों में से 9 समय पर रहे।"


def test_a_step_says_what_to_do_and_until_when(context: None) -> None:
    words = Words("en")
    step = Step("begin", 2, None, Plan.WEEKLY, date(2026, 7, 19))
    assert words.step(step, Advice([step], None, 2, date(2026, 7, 28))) == (
        "2 weeks of your plan, and your score begins on Tuesday 28 July. The next deposit is due by Sunday 19 July."
    )
    assert words.step(Step("keep_up", 2, 27, Plan.MONTHLY), Advice([], None)) == "Your next 2 months on time"
    assert words.step(Step("keep_up", 4, 27, None), Advice([], None)) == "On time the next 4 times"


def test_shares_are_said_as_they_were_before_the_rule_shrank_them() -> None:
    assert measured(factor("fulfilment", share=13 / 14, of=12))["percent"] == 100
    assert measured(factor("fulfilment", share=round(10 / 14, 4), of=12))["percent"] == 75
    assert measured(factor("fulfilment", share=1 / 3, of=1))["percent"] == 0
    weights = sum(0.5 ** (age / 4) for age in range(12))
    assert measured(factor("habit", share=round((weights + 1) / (weights + 2), 4), of=12))["tenths"] == 10
    assert measured(factor("habit", share=round((weights / 2 + 1) / (weights + 2), 4), of=12))["tenths"] == 5


@pytest.mark.parametrize(("chance", "of_ten"), [(0.0, 1), (0.04, 1), (0.5, 5), (0.823, 8), (0.94, 9), (0.96, 10)])
def test_a_chance_as_so_many_of_ten(chance: float, of_ten: int) -> None:
    assert tenths(chance) == of_ten


def test_a_language_that_is_not_written_reads_english(context: None) -> None:
    assert Words("ta").band("steady") == Words("en").band("steady")
