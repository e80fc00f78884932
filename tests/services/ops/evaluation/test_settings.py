from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.errors import DomainError
from app.services.ops.evaluation.settings import Question, settings_of
from app.services.ops.imports.mapping import make_mapping, read_toml


def test_a_mapping_that_asks_nothing_is_asked_about_its_own_plan() -> None:
    assert settings_of({"name": "x"}) == ([Question()], [])


def test_options_go_before_the_mapping() -> None:
    values = {"evaluation": [{"plan": "weekly", "days": 60, "folds": 5}]}
    assert settings_of(values)[0][0].name == "weekly"
    (asked,), _ = settings_of(values, {"split": date(2024, 5, 1), "at_least": None})
    assert (asked.plan, asked.days, asked.split, asked.folds) == ("weekly", 60, date(2024, 5, 1), None)
    # What was said of weeks does not hold for months.
    (asked,), _ = settings_of(values, {"plan": "monthly"})
    assert asked == Question(name="monthly", plan="monthly")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"plan": "yearly"}, "plan"),
        ({"split": "2024-05-01"}, "Give a date"),
        ({"split": date(2024, 5, 1), "folds": 5}, "a split by time, or folds"),
        ({"commitment": "usual"}, "Say of which periods"),
        ({"commitment": "usual", "plan": "weekly", "least": 9, "periods": 6}, "more than periods"),
        ({"share": 0}, "share"),
        ({"folds": 1}, "folds"),
        ({"by": "bank"}, "by"),
        ({"sex": "f"}, "Unknown field"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(table: dict[str, Any], words: str) -> None:
    with pytest.raises(DomainError) as refusal:
        settings_of({"evaluation": [table]})
    assert refusal.value.code == "evaluation_invalid"
    assert words in refusal.value.message


def test_two_questions_of_one_name_are_refused() -> None:
    with pytest.raises(DomainError, match="the same name"):
        settings_of({"evaluation": [{"plan": "weekly"}, {"plan": "weekly", "folds": 2}]})


def test_a_group_comes_out_of_a_file_beside_the_movements() -> None:
    with pytest.raises(DomainError, match="without a folder"):
        settings_of({"groups": [{"name": "x", "path": [{"file": "../a.csv", "key": "a", "value": "b"}]}]})


@pytest.mark.parametrize("name", ["akiba", "berka"])
def test_what_is_asked_is_no_part_of_what_is_imported(name: str) -> None:
    values = read_toml(name)
    asked, _ = settings_of(values)
    assert asked
    bare = {key: value for key, value in values.items() if key not in {"evaluation", "groups"}}
    assert len(bare) < len(values)
    assert make_mapping(values, currency="INR").digest == make_mapping(bare, currency="INR").digest
