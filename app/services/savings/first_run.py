"""The first minutes of a saver: a goal, a plan, a first deposit. How far somebody is follows from what there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.services.identity.principal import Principal
from app.services.savings import jars
from app.services.savings.jar import JarView
from app.services.savings.rows import LOCK_SAVER
from app.transactions import fetch, queue


@dataclass(frozen=True, slots=True)
class FirstRun:
    """``jar``: the only one there is, still without a movement; ``over``: nothing of the first minutes is left."""

    jar: JarView | None
    over: bool


def read(saver: Principal, *, at: datetime) -> FirstRun:
    """How far the saver is."""
    rows = fetch(
        "SELECT id, status, EXISTS (SELECT FROM transactions t WHERE t.jar_id = j.id)"
        " FROM savings_jars j WHERE user_id = %s ORDER BY created_at, id LIMIT 2",
        (saver.id,),
    )
    if not rows:
        return FirstRun(None, over=False)
    jar_id, status, moved = rows[0]
    if len(rows) > 1 or moved or status == "closed":
        return FirstRun(None, over=True)
    return FirstRun(jars.read(saver, jar_id, at=at), over=False)


def make_jar(
    saver: Principal,
    *,
    name: str,
    target_amount: int,
    plan_type: str,
    installment_amount: int | None,
    at: datetime,
) -> None:
    """The first jar; nothing where there is one already, so that a form sent twice makes one. Raises as jars.create."""
    queue(LOCK_SAVER, (saver.id,))
    if not fetch("SELECT 1 FROM savings_jars WHERE user_id = %s LIMIT 1", (saver.id,)):
        jars.create(
            saver,
            name=name,
            target_amount=target_amount,
            plan_type=plan_type,
            installment_amount=installment_amount,
            at=at,
        )
