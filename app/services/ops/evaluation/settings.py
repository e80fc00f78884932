"""What is asked of a history: the ``[[evaluation]]`` tables of a mapping, or options, each with a default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate, validates_schema

from app.errors import DomainError
from app.services.ops.imports.schema import sentences

OWN: Final = "own"
PLANS: Final = (OWN, "daily", "weekly", "monthly")
#: What a period asks for: what the jar does, anything above nothing, or what was usual in the periods before.
COMMITMENTS: Final = (OWN, "any", "usual")
AT_LEAST: Final = 2


@dataclass(frozen=True, slots=True)
class Question:
    """One question to a history, put at the beginning of each period: will it be on time?

    ``plan``: of the periods; ``own`` leaves jars as they are, and gives a history of jars without periods the plan that
    its rhythm suggests. ``share``, ``periods``, ``least``: the usual commitment is that share of the median sum of up
    to so many full earlier periods, of which there must be so many. ``grace``: days, None as the product has it.
    ``days``: how long each jar is followed from its first day. ``at_least``: closed periods before a row counts.
    ``split``: learn from before that day, try from it on; ``folds``: savers apart instead; neither: the newest fifth of
    the rows. ``since``: rows before that day are left out; ``until``: nothing from that day on is looked at. ``by``:
    one sequence for each saver, or for each jar.
    """

    name: str = OWN
    title: str = ""
    plan: str = OWN
    commitment: str = OWN
    share: float = 0.8
    periods: int = 6
    least: int = 3
    grace: int | None = None
    days: int | None = None
    at_least: int = AT_LEAST
    split: date | None = None
    folds: int | None = None
    since: date | None = None
    until: date | None = None
    by: str = "saver"


@dataclass(frozen=True, slots=True)
class Lookup:
    """A step to a group: the rows of ``file`` (a pattern, beside the movements) whose ``where`` holds, ``key`` to
    ``value``."""

    file: str
    key: str
    value: str
    where: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Grouping:
    """A group that is known of each account, for the report only. ``read``: how the last value says it.

    ``names``: words for values; ``other``: for all the rest, where it is given.
    """

    name: str
    path: tuple[Lookup, ...]
    read: str
    names: Mapping[str, str]
    other: str | None


class _Strict(Schema):
    class Meta:
        unknown = RAISE


def _day() -> fields.Raw:
    return fields.Raw(validate=lambda value: _is_day(value))


def _is_day(value: Any) -> None:
    if type(value) is not date:
        raise ValidationError("Give a date as 2014-07-18, without quotation marks.")


class _Question(_Strict):
    name = fields.String(validate=validate.Regexp(r"(?a)[a-z0-9][a-z0-9-]{0,31}\Z"))
    title = fields.String(validate=validate.Length(1, 200))
    plan = fields.String(validate=validate.OneOf(PLANS))
    commitment = fields.String(validate=validate.OneOf(COMMITMENTS))
    share = fields.Float(validate=validate.Range(0.01, 10))
    periods = fields.Integer(strict=True, validate=validate.Range(1, 60))
    least = fields.Integer(strict=True, validate=validate.Range(1, 60))
    grace = fields.Integer(strict=True, validate=validate.Range(0, 27))
    days = fields.Integer(strict=True, validate=validate.Range(1))
    at_least = fields.Integer(strict=True, validate=validate.Range(0))
    split = _day()
    folds = fields.Integer(strict=True, validate=validate.Range(2, 20))
    since = _day()
    until = _day()
    by = fields.String(validate=validate.OneOf(("saver", "jar")))

    @validates_schema
    def holds_together(self, data: dict[str, Any], **_: Any) -> None:
        """A split or folds; a usual commitment needs periods."""
        if "split" in data and "folds" in data:
            raise ValidationError("Give a split by time, or folds by saver.", "folds")
        if data.get("commitment") == "usual" and data.get("plan", OWN) == OWN:
            raise ValidationError("Say of which periods: daily, weekly or monthly.", "plan")
        if data.get("least", 1) > data.get("periods", 60):
            raise ValidationError("This is more than periods.", "least")

    @post_load
    def made(self, data: dict[str, Any], **_: Any) -> Question:
        """The question."""
        return Question(**{"name": data.get("plan", OWN)} | data)


class _Lookup(_Strict):
    file = fields.String(required=True, validate=lambda name: _beside(name))
    key = fields.String(required=True)
    value = fields.String(required=True)
    where = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)

    @post_load
    def made(self, data: dict[str, Any], **_: Any) -> Lookup:
        """The step."""
        return Lookup(**data)


def _beside(name: str) -> None:
    if "/" in name or "\\" in name:
        raise ValidationError("Name a file beside the movements, without a folder.")


class _Grouping(_Strict):
    name = fields.String(required=True, validate=validate.Length(1, 40))
    path = fields.List(fields.Nested(_Lookup), required=True, validate=validate.Length(1))
    read = fields.String(
        load_default="as_it_is",
        validate=validate.OneOf(("as_it_is", "sex_of_czech_birth_number", "decade_of_czech_birth_number")),
    )
    names = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)
    other = fields.String(load_default=None)

    @post_load
    def made(self, data: dict[str, Any], **_: Any) -> Grouping:
        """The grouping."""
        return Grouping(**data | {"path": tuple(data["path"])})


class _Settings(_Strict):
    evaluation = fields.List(fields.Nested(_Question), load_default=list)
    groups = fields.List(fields.Nested(_Grouping), load_default=list)


#: Of a mapping, what is about evaluating and not about importing.
KEYS: Final = tuple(_Settings().fields)


def settings_of(
    values: Mapping[str, Any], options: Mapping[str, Any] | None = None
) -> tuple[Sequence[Question], Sequence[Grouping]]:
    """What a mapping's values ask, ``options`` before them; one question with all defaults where they ask nothing.

    Raises DomainError ``evaluation_invalid`` with one sentence for each value that cannot be used.
    """
    try:
        found = _Settings().load({key: values[key] for key in KEYS if key in values})
        given = {key: value for key, value in (options or {}).items() if value is not None}
        asked = found["evaluation"] or [Question()]
        if given:
            checked = _Question().load(given)
            asked = [_with(question, checked, given) for question in asked]
            # Two questions that the options have made one.
            asked = list(dict.fromkeys(asked))
    except ValidationError as error:
        problems = "\n".join(f"  - {sentence}" for sentence in sentences(error.normalized_messages()))
        raise DomainError("evaluation_invalid", f"This evaluation cannot be made:\n{problems}") from error
    names = [question.name for question in asked]
    if len(set(names)) < len(names):
        raise DomainError("evaluation_invalid", "Two questions of this evaluation have the same name.")
    return asked, found["groups"]


def _with(question: Question, checked: Question, given: Mapping[str, Any]) -> Question:
    changed = {key: getattr(checked, key) for key in given}
    if "split" in changed:
        changed["folds"] = None
    elif "folds" in changed:
        changed["split"] = None
    if "plan" in changed:
        # Another plan is another question: what was said of the first does not hold for it.
        return replace(Question(), **{"name": changed["plan"]} | changed)
    return replace(question, **changed)
