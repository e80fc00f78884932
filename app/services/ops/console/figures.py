"""The figures of the first page: what a job has counted (ops/counting.py), what waits, and whether all parts are well.

Four queries, none of which counts what grows with the savers: what may pile up is counted to ``MOST`` and no further.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from app.services.credit import monitoring, registry
from app.services.ops.job_runs import SILENT_FOR
from app.transactions import fetch

#: This many or more, to whoever looks.
MOST: Final = 10_000
#: Days of the small charts.
CHARTED: Final = 14
COUNTED = """
SELECT name, value, as_of, NULL::date, NULL::bigint FROM standing_figures
UNION ALL SELECT type, amount, NULL, day, count FROM daily_figures WHERE day BETWEEN %s AND %s
"""
LEDGER = """
SELECT c.id, c.sealed_at, c.object_key IS NOT NULL, v.at, v.findings, v.postings
FROM (SELECT 1) AS one
LEFT JOIN (SELECT id, sealed_at, object_key FROM ledger_checkpoints ORDER BY id DESC LIMIT 1) c ON true
LEFT JOIN (SELECT at, (details->>'findings')::bigint AS findings, (details->>'postings')::bigint AS postings
    FROM audit_log WHERE action = 'ledger_verified' ORDER BY at DESC, id DESC LIMIT 1) v ON true
"""
WORK = f"""
SELECT
    (SELECT count(*) FROM (SELECT FROM kyc_documents WHERE status = 'pending' OR proposed_status IS NOT NULL
        LIMIT {MOST}) w),
    (SELECT count(*) FROM (SELECT FROM support_requests WHERE status = 'open' LIMIT {MOST}) w),
    (SELECT count(*) FROM (SELECT FROM support_requests WHERE status = 'open' AND answer_by < %(day)s
        LIMIT {MOST}) w),
    (SELECT count(*) FROM (SELECT FROM reversal_requests WHERE status = 'waiting' LIMIT {MOST}) w),
    (SELECT coalesce(array_agg(kind ORDER BY kind), '{{}}') FROM job_marks WHERE outcome = 'failed'),
    (SELECT coalesce(array_agg(kind ORDER BY kind), '{{}}') FROM job_runs
        WHERE status IN ('queued', 'running') AND heartbeat_at < %(silent)s),
    (SELECT count(*) FROM (SELECT FROM deliveries WHERE status = 'dead' LIMIT {MOST}) w),
    o.waiting, o.dead, o.oldest, l.*
FROM (SELECT count(*) FILTER (WHERE dead_at IS NULL) AS waiting, count(dead_at) AS dead,
        min(available_at) FILTER (WHERE dead_at IS NULL AND available_at <= %(now)s) AS oldest
    FROM (SELECT available_at, dead_at FROM outbox ORDER BY id LIMIT {MOST}) first) o,
    ({LEDGER}) l
"""  # noqa: S608  constants only


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that was counted ahead, and the instant it is of. Amounts in minor units."""

    value: int
    as_of: datetime


@dataclass(frozen=True, slots=True)
class DayTotal:
    """How many movements of a type a local day has, and their sum in minor units."""

    day: date
    count: int = 0
    amount: int = 0


@dataclass(frozen=True, slots=True)
class Moved:
    """Movements of one type: today so far, the same day a week ago, and the last two weeks for a chart, today last.

    Each as booked: what was taken back later is a movement of its own.
    """

    today: DayTotal
    week_ago: DayTotal
    days: list[DayTotal]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for staff, ``MOST`` at most of each. ``late``: of the requests, those whose day has passed."""

    papers: int
    requests: int
    late: int
    reversals: int


@dataclass(frozen=True, slots=True)
class Machinery:
    """``failed``: jobs whose last run failed; ``stuck``: those whose run has been silent. ``oldest``: how long the
    oldest message that is due has waited, None where none is. Counts are ``MOST`` at most."""

    failed: list[str]
    stuck: list[str]
    dead_deliveries: int
    outbox_waiting: int
    outbox_dead: int
    oldest: timedelta | None


@dataclass(frozen=True, slots=True)
class LedgerState:
    """The newest checkpoint (``stored``: whether the object store has its copy), and the newest verification."""

    checkpoint: int | None
    sealed_at: datetime | None
    stored: bool | None
    verified_at: datetime | None
    findings: int | None
    postings: int | None


@dataclass(frozen=True, slots=True)
class ModelState:
    """The model in service, None where the rule predicts, with how it held up when it was last measured.

    ``verdict``: ok, drifting, unknown or refused; None where nothing was measured. ``trouble``: why its file cannot
    be used.
    """

    version: str | None
    promoted_at: datetime | None
    trouble: str | None
    verdict: str | None
    measured_at: datetime | None
    reasons: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Figures:
    """All of it. ``counted``: held, locked, lent, owed (minor units), savers, active_savers, streaks_at_risk,
    loans_in_arrears, arrears (minor units); those are missing that no job has counted yet. ``answers``: which of the
    systems outside (scanner, storage) answered when they were last asked, of those that are configured."""

    counted: dict[str, Figure]
    answers: dict[str, bool]
    deposits: Moved
    withdrawals: Moved
    waiting: Waiting
    machinery: Machinery
    ledger: LedgerState
    model: ModelState


def read(*, today: date, now: datetime) -> Figures:
    """The figures. ``today``: the day of the installation's own zone by the product's clock; ``now``: real time."""
    counted: dict[str, Figure] = {}
    moved: dict[tuple[str, date], DayTotal] = {}
    for name, value, as_of, day, count in fetch(COUNTED, (today - timedelta(days=CHARTED - 1), today)):
        if day is None:
            counted[name] = Figure(value, as_of)
        else:
            moved[name, day] = DayTotal(day, count, value)
    outside = [name for name in counted if name.startswith("answers_")]
    answers = {name.removeprefix("answers_"): bool(counted.pop(name).value) for name in outside}
    waiting, machinery, ledger = _work(today, now)
    return Figures(
        counted, answers, _moved(moved, "deposit", today), _moved(moved, "withdraw", today), waiting, machinery,
        ledger, _model(),
    )  # fmt: skip


def machinery(*, today: date, now: datetime) -> Machinery:
    """How jobs and outbox are, in one query. ``today`` and ``now`` as of ``read``."""
    return _work(today, now)[1]


def _moved(found: dict[tuple[str, date], DayTotal], kind: str, today: date) -> Moved:
    days = [today - timedelta(days=ago) for ago in range(CHARTED - 1, -1, -1)]
    totals = [found.get((kind, day), DayTotal(day)) for day in days]
    return Moved(totals[-1], totals[-8], totals)


def _work(today: date, now: datetime) -> tuple[Waiting, Machinery, LedgerState]:
    ((papers, requests, late, reversals, failed, stuck, dead, waiting, given_up, oldest, *ledger),) = fetch(
        WORK, {"day": today, "silent": now - SILENT_FOR, "now": now}
    )
    return (
        Waiting(papers, requests, late, reversals),
        Machinery(failed, stuck, dead, waiting, given_up, None if oldest is None else now - oldest),
        LedgerState(*ledger),
    )


def _model() -> ModelState:
    kept, measured = registry.in_service(), monitoring.newest()
    return ModelState(
        None if kept is None else kept.version,
        None if kept is None else kept.promoted_at,
        None if kept is None else kept.trouble,
        None if measured is None else measured.verdict,
        None if measured is None else measured.measured_at,
        [] if measured is None else measured.report.get("reasons", []),
    )
