"""An evaluation from end to end: histories that were imported, what is asked of them, and the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.scoring.policy import Policy
from app.services.ops.evaluation import rows as history_rows
from app.services.ops.evaluation.settings import Question
from app.services.ops.evaluation.trials import Trial, held


@dataclass(frozen=True, slots=True)
class Order:
    """One history by the name of its import, what is asked of it, and the group of each account where one is known."""

    name: str
    questions: Sequence[Question]
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """A history and its trials."""

    name: str
    trials: list[Trial]
    groups: Mapping[str, Mapping[str, str]]


def evaluate(
    orders: Sequence[Order],
    policy: Policy,
    *,
    at: datetime,
    thorough: bool = True,
    progress: Callable[[str], None] = lambda step: None,
) -> Iterator[Answer]:
    """The answers, one history after the other. Nothing is written. Raises DomainError as ``rows`` does.

    ``progress`` is told the question that is next.
    """
    for order in orders:
        history = history_rows.find(order.name)
        trials = []
        for question in order.questions:
            progress(f"{order.name} {question.name}")
            trials.append(held(history_rows.rows(history, question, at=at), question, policy, thorough=thorough))
        yield Answer(order.name, trials, order.groups)
