"""The rows of an evaluation: every period that closed, what was known before it began, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

import numpy as np

from app.errors import DomainError
from app.scoring.deposits import in_time
from app.scoring.features import Instalments
from app.scoring.histories import Index
from app.scoring.questions import Labelled, joined, labelled
from app.services.credit.gathering import gather
from app.services.ops.evaluation.adapters import asked, number
from app.services.ops.evaluation.settings import Question
from app.transactions import fetch, transaction

AT_ONCE: Final = 20_000
RUNS = "SELECT id FROM import_runs WHERE source = %s AND status = 'done' ORDER BY id"
ACCOUNTS = (
    "SELECT account, user_id, jar_id FROM import_accounts WHERE run_id = ANY(%s::uuid[]) ORDER BY user_id, jar_id"
)
# The last day of a history is hardly ever whole, and nothing is known of those after it.
LAST_DAY = """
SELECT max(last.date) FROM import_accounts i CROSS JOIN LATERAL (
    SELECT t.date FROM transactions t WHERE t.jar_id = i.jar_id ORDER BY t.occurred_at DESC LIMIT 1) AS last
WHERE i.run_id = ANY(%s::uuid[])
"""


@dataclass(frozen=True, slots=True)
class History:
    """An imported history. ``accounts``: name, saver and jar of each, in the order of savers."""

    name: str
    runs: tuple[UUID, ...]
    accounts: list[tuple[str, UUID, UUID]]
    until: int


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows in the order (who, day): ``labelled`` counts savers (or jars) by their place in ``names``.

    ``deposits``: all that each had made before. ``plan``: of the periods, ``own`` where each jar has its own.
    ``seen``: the day of the history's last movement, on which and after which nothing is known for certain.
    """

    labelled: Labelled
    deposits: Index
    names: list[str]
    plan: str
    seen: int

    def __len__(self) -> int:
        return len(self.labelled)


def find(name: str) -> History:
    """The history that was imported under ``name``. Raises DomainError ``not_imported``."""
    with transaction():
        runs = [row[0] for row in fetch(RUNS, (name,))]
        if not runs:
            known = (
                ", ".join(row[0] for row in fetch("SELECT DISTINCT source FROM import_runs ORDER BY source")) or "none"
            )
            raise DomainError(
                "not_imported",
                f"No history of the name {name!r} was imported to its end; there is: {known}."
                " Import one with `flask import history` (docs/import.md).",
            )
        ids = [str(run) for run in runs]
        accounts = [(account, user_id, jar_id) for account, user_id, jar_id in fetch(ACCOUNTS, (ids,))]
        ((last,),) = fetch(LAST_DAY, (ids,))
    if last is None:
        raise DomainError("nothing_to_evaluate", f"The history {name!r} has no movement.")
    return History(name, tuple(runs), accounts, number(last))


def rows(history: History, question: Question, *, at: datetime) -> Rows:
    """What ``question`` asks of ``history``, with what was known; ``at`` is any instant after the import.

    Raises DomainError ``nothing_to_evaluate`` where no period has closed after enough others.
    """
    until = number(question.until) if question.until else history.until
    savers = list(dict.fromkeys(user_id for _, user_id, _ in history.accounts))
    names: list[str] = []
    parts: list[Labelled] = []
    counts: list[Index] = []
    for start in range(0, len(savers), AT_ONCE):
        some = savers[start : start + AT_ONCE]
        with transaction():
            gathered = gather(some, at=at)
        done, jars, plan = asked(gathered, question, until)
        # What the first savers' rhythm suggests holds for all.
        question = replace(question, plan=plan)
        found = labelled(
            done, jars, gathered.movements, Instalments.none(len(done.starts) - 1), at_least=question.at_least
        )
        if question.since:
            found = found.chosen(found.as_of >= number(question.since))
        counts.append(in_time(jars, gathered.movements).count(found.saver, found.as_of))
        parts.append(replace(found, saver=found.saver + len(names)))
        names += _names(history.accounts, gathered.jar_ids if question.by == "jar" else gathered.savers, question.by)
    if not sum(len(part) for part in parts):
        raise DomainError(
            "nothing_to_evaluate",
            f"{history.name}, {question.name}: nobody has {question.at_least} closed periods and one after them.",
        )
    everything = Labelled(
        np.concatenate([part.saver for part in parts]),
        np.concatenate([part.as_of for part in parts]),
        np.concatenate([part.on_time for part in parts]),
        joined([part.features for part in parts]),
        np.concatenate([part.closed for part in parts]),
    )
    return _in_order(everything, np.concatenate(counts), names, question.plan, history.until)


def _names(accounts: list[tuple[str, UUID, UUID]], ids: Iterable[UUID], by: str) -> list[str]:
    """The account of each jar, or the first account of each saver."""
    known: dict[UUID, str] = {}
    for account, user_id, jar_id in accounts:
        key = jar_id if by == "jar" else user_id
        known[key] = min(account, known.get(key, account))
    return [known.get(each, str(each)) for each in ids]


def _in_order(found: Labelled, deposits: Index, names: list[str], plan: str, seen: int) -> Rows:
    """By the accounts' own names: ids are new with each import, and the same rows shall make the same tables."""
    order = sorted(range(len(names)), key=lambda place: names[place])
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.arange(len(names))
    saver = place[found.saver]
    sequence = np.lexsort((np.arange(len(found)), found.as_of, saver))
    return Rows(
        replace(found, saver=saver).chosen(sequence), deposits[sequence], [names[each] for each in order], plan, seen
    )
