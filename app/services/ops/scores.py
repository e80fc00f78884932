"""Scores made anew for many: whose day is over, each day; everybody, once a week and where staff order it.

Savers in chunks, each a transaction of its own, as of an instant that is taken before its rows are read. So a chunk
takes what moved meanwhile into account or leaves it to the refresh that follows each movement, whichever comes last.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from flask import Flask, current_app

from app import clock
from app.errors import Invalid, NotFound
from app.services.audit import log as audit
from app.services.credit import registry
from app.services.credit.gathering import Gathered, gather, gather_next
from app.services.credit.refresh import made, refresh
from app.services.credit.scoring import Scores
from app.services.credit.storing import Cause, keep
from app.services.identity import staff_at_work
from app.services.ops import job_runs
from app.services.ops.job_runs import JobRun, Round
from app.services.ops.local_hours import IN_FORCE, SAVERS, LocalHour, local_hours
from app.transactions import fetch, queue, run

KIND: Final = "credit.recalculate"
CHUNK = 5_000
#: Chunks whose rows are read at once: enough that asking for them costs little, few enough to be held in memory.
READ_AT_ONCE: Final = 5
#: Chunks that are made and wait to be kept: several readings' worth, so that neither side waits for the other.
AHEAD: Final = 3 * READ_AT_ONCE
#: A day and the hour by which clocks are set back: each zone has had a midnight within it.
PATIENCE: Final = timedelta(hours=25)
MOST_NAMED: Final = 1_000
NOBODY: Final = UUID(int=0)
# Savers of a chunk with a jar whose score is as of a day before; ``since`` is the midnight that ended it.
BEHIND = f"""
WITH {SAVERS}
SELECT (SELECT max(id::text) FROM saver), array_agg(s.id ORDER BY s.id)
    FILTER (WHERE h.user_id IS NOT NULL AND (c.as_of IS NULL OR c.as_of < %(since)s))
FROM saver s LEFT JOIN saver_habits h ON h.user_id = s.id LEFT JOIN credit_scores c ON c.user_id = s.id
"""  # noqa: S608  constants only


def keep_up(turn: Round) -> int:
    """The job: make the scores anew of all savers whose day has ended since they were made; how many.

    Only zones are looked at in which it has become midnight since the last run: else this is one query.
    """
    done = 0
    for hour in _newest(local_hours(turn, 0, patience=PATIENCE)):
        for in_force in IN_FORCE:
            for found in _ahead(NOBODY, partial(_behind, hour, in_force, turn.at)):
                run(partial(keep, found, Cause("period_closed")))
                done += len(found)
                turn.report(done, None)
    return done


def _newest(hours: Sequence[LocalHour]) -> list[LocalHour]:
    return list({hour.zone: hour for hour in hours}.values())


def _behind(hour: LocalHour, in_force: str, at: datetime, after: UUID) -> tuple[UUID | None, Gathered]:
    now = clock.now()
    values = {"zone": hour.zone, "at": at, "since": hour.at, "after": after, "limit": CHUNK * READ_AT_ONCE}
    ((last, savers),) = fetch(BEHIND.format(in_force=in_force), values)
    return (None if last is None else UUID(last)), gather(savers or [], at=now)


def recalculate(turn: Round) -> int:
    """The job: make the scores of everybody with a jar anew, or of those who were named; how many.

    Goes on behind the last chunk of a run that died. Where another model has come into service meanwhile, and its order
    found this running, everything is made once more.
    """
    after, done = NOBODY if turn.cursor is None else UUID(turn.cursor), 0
    while True:
        model = _model()
        done = _recalculated(turn, after, done)
        if model == _model():
            return done
        after = NOBODY


def _model() -> str | None:
    found = run(partial(registry.serving, fresh=True))
    return None if found is None else found.version


def _recalculated(turn: Round, after: UUID, done: int) -> int:
    named: list[str] | None = turn.parameters.get("user_ids")
    if named is None:
        ((total,),) = run(lambda: fetch("SELECT count(*) FROM saver_habits WHERE user_id > %s", (after,)))
        chunks = _ahead(after, _next)
    else:
        left = sorted(UUID(each) for each in named if UUID(each) > after)
        total, chunks = len(left), _ahead(after, partial(_some, left))
    total += done
    for found in chunks:
        run(partial(_keep, turn, found, done, total))
        done += len(found)
        turn.report(done, total)
    return done


def _next(after: UUID) -> tuple[UUID | None, Gathered]:
    gathered = gather_next(after, CHUNK * READ_AT_ONCE, at=clock.now())
    return (gathered.savers[-1] if gathered.savers else None), gathered


def _some(savers: list[UUID], after: UUID) -> tuple[UUID | None, Gathered]:
    begin = bisect_right(savers, after)
    some = savers[begin : begin + CHUNK * READ_AT_ONCE]
    return (some[-1] if some else None), gather(some, at=clock.now())


def _keep(turn: Round, found: Scores, done: int, total: int) -> None:
    _patiently()
    keep(found, Cause("recalculation"))
    turn.advance(str(found.savers[-1]), done + len(found), total)


def _ahead(after: UUID, read: Callable[[UUID], tuple[UUID | None, Gathered]]) -> Iterator[Scores]:
    """The scores of one chunk after another, until there is none: the next are read and made while one is kept.

    ``read`` is told behind whom, and answers the last of its savers (None where there is none), in a transaction of its
    own.
    """
    chunks = _chunks(current_app._get_current_object(), after, read)  # type: ignore[attr-defined]
    reader = ThreadPoolExecutor(1)
    try:
        made_of = deque(reader.submit(next, chunks, None) for _ in range(AHEAD))
        while (found := made_of.popleft().result()) is not None:
            made_of.append(reader.submit(next, chunks, None))
            yield found
    finally:
        reader.shutdown(cancel_futures=True)


def _chunks(app: Flask, after: UUID, read: Callable[[UUID], tuple[UUID | None, Gathered]]) -> Iterator[Scores]:
    def work(behind: UUID) -> tuple[UUID | None, Gathered]:
        _patiently()
        queue("SET LOCAL enable_seqscan = on")
        queue("SET LOCAL work_mem = '256MB'")
        return read(behind)

    last: UUID | None = after
    while last is not None:
        with app.app_context():
            last, gathered = run(partial(work, last))
        for part in gathered.parts(CHUNK):
            with app.app_context():
                found = run(partial(made, part))
            yield found


def order(user_ids: Sequence[UUID] | None, *, by: UUID | None, actor: str, at: datetime) -> JobRun:
    """Order a recalculation of everybody, or of the named savers; the worker begins it a second later.

    Raises Invalid, which names savers who do not exist, and DomainError ``job_running``.
    """
    parameters: dict[str, Any] = {}
    if user_ids is not None:
        asked = list(dict.fromkeys(user_ids))
        known = {
            user_id
            for (user_id,) in fetch(
                "SELECT id FROM users WHERE id = ANY(%s::uuid[]) AND status <> 'erased'",
                ([str(each) for each in asked],),
            )
        }
        unknown = [each for each in asked if each not in known]
        if unknown:
            raise Invalid({"user_ids": [f"There is no saver {each}." for each in unknown]})
        parameters = {"user_ids": [str(each) for each in asked]}
    ordered = job_runs.order(KIND, parameters, by=by, at=at)
    audit.record(
        "scores_ordered", subject_type="job", subject_id=ordered.id, at=at, actor_id=by, actor=actor,
        details={"savers": len(parameters["user_ids"]) if parameters else None},
    )  # fmt: skip
    return ordered


def recalculate_one(user_id: UUID, *, by: UUID, at: datetime) -> None:
    """Make one saver's score anew, now. Raises NotFound, DomainError ``not_staff``.

    ``at``: now by the product's clock, taken before anything else.
    """
    role = staff_at_work.role_of(by)
    if not fetch("SELECT 1 FROM users WHERE id = %s AND role = 'saver' AND status <> 'erased'", (user_id,)):
        raise NotFound
    refresh({user_id: Cause("recalculation")}, at=at)
    audit.record("score_recalculated", subject_type="user", subject_id=user_id, at=at, actor_id=by, actor=role)


def _patiently() -> None:
    queue("SET LOCAL statement_timeout = '120s'")
