"""Scores made anew for some savers, together: what follows a movement, an order, a day that is over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.scoring.policy import policy
from app.services.credit import registry
from app.services.credit.gathering import Gathered, gather
from app.services.credit.scoring import Scores, score
from app.services.credit.storing import Cause, keep
from app.transactions import fetch

#: Types of movements as causes.
_CAUSES: Final = {"deposit": "deposit", "withdraw": "withdrawal", "reversal": "reversal", "repayment": "repayment"}
THERE: Final = "SELECT id FROM users WHERE id = ANY(%s::uuid[]) AND status <> 'erased'"


def refresh(causes: Mapping[UUID, Cause], *, at: datetime) -> None:
    """Compute the scores of these savers as of ``at``, which is now, and keep them, each with its cause.

    One gathering for all of them. Savers who do not exist, or are erased, are passed over.
    """
    there = fetch(THERE, ([str(saver) for saver in causes],))
    keep(made(gather([saver for (saver,) in there], at=at)), causes)


def refresh_all(user_ids: Iterable[UUID], cause: Cause, *, at: datetime) -> int:
    """The same of savers with one cause; how many there were."""
    scores = made(gather(list(user_ids), at=at))
    keep(scores, cause)
    return len(scores)


def made(gathered: Gathered) -> Scores:
    """Their scores by the policy and the model in service."""
    return score(gathered, policy(), registry.serving())


def causes_of(messages: Iterable[Mapping[str, Any]]) -> dict[UUID, Cause]:
    """What messages about movements (``user_id``, ``transaction_id``, ``kind``) and changes of jars (``user_id``) are
    the causes of. Where several movements of one saver came together, none of them is named.
    """
    codes: dict[UUID, str] = {}
    movements: dict[UUID, set[str]] = {}
    for message in messages:
        saver, movement = UUID(message["user_id"]), message.get("transaction_id")
        if movement is None:
            codes.setdefault(saver, "jar_changed")
        else:
            codes[saver] = _CAUSES.get(message.get("kind", ""), "recalculation")
            movements.setdefault(saver, set()).add(movement)
    found: dict[UUID, Cause] = {}
    for saver, code in codes.items():
        own = list(movements.get(saver, ()))
        found[saver] = Cause(code, UUID(own[0]) if len(own) == 1 else None)
    return found
