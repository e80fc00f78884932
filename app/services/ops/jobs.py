"""Every scheduled job as data: its name, what it does, the function, and when it runs (UTC).

Beat, the worker's tasks and `flask jobs` are made from it. A job is safe to run twice, late, or killed halfway.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from celery.schedules import BaseSchedule, crontab
from celery.schedules import schedule as every

from app import clock
from app.errors import DomainError, NotFound
from app.services.credit import monitoring, training
from app.services.gamification import boards
from app.services.identity import account_letters
from app.services.notifications import sending
from app.services.ops import (
    auto_deposits,
    checkpoints,
    counting,
    dead_letters,
    digests,
    exports,
    handing_on,
    job_runs,
    loans,
    reminders,
    scores,
    stored_files,
    support_letters,
    upkeep,
    verifying,
)
from app.services.ops.closing import close_days
from app.services.ops.job_runs import Job, Outcome, Round, perform
from app.transactions import run

# Zones begin their days, and their hours, at every quarter of an hour.
QUARTERS = "0,15,30,45 * * * *"
FIVE_AFTER = "5,20,35,50 * * * *"
TENTHS = "3,13,23,33,43,53 * * * *"


def _close(turn: Round) -> int:
    return close_days(turn.at, progress=lambda closing: turn.report(closing.savers, None)).savers


def _seal(turn: Round) -> int:
    return 0 if run(lambda: checkpoints.seal(at=turn.at)) is None else 1


def _boards(turn: Round) -> int:
    return boards.keep_fresh(at=turn.at) or 0


def _send(_turn: Round) -> int:
    return sum(sending.send_due(clock.now).values())


def _letters(_turn: Round) -> int:
    return account_letters.send_due()


def _resume(_turn: Round) -> int:
    silent = run(lambda: job_runs.silent(now=datetime.now(UTC)))
    return sum(perform(job).state != "running" for job in JOBS.values() if job.name in silent)


def _train(turn: Round) -> int:
    """Too little to learn from is nothing to do."""
    try:
        trained = training.train(at=turn.at, watch=lambda stage, done, total: turn.report(0, None))
    except DomainError as refusal:
        if refusal.code != "too_little":
            raise
        return 0
    return int(trained.new or trained.promoted)


def _health(turn: Round) -> int:
    monitoring.check_health(at=turn.at, report=lambda done, total: turn.report(0, None))
    return 1


JOBS: dict[str, Job] = {
    job.name: job
    for job in (
        Job("outbox.relay", "Hands what left with a commit to the worker.", handing_on.hand_on, 1.0, recorded=False),
        Job("jobs.resume", "Goes on with runs whose worker died.", _resume, 20.0, recorded=False),
        Job("gamification.close_days", "Closes each day that is over for its savers.", _close, QUARTERS),
        Job("gamification.refresh_boards", "Rebuilds boards: lost ones, and after days closed.", _boards, FIVE_AFTER),
        Job("credit.keep_up", "Makes scores anew whose saver's day is over.", scores.keep_up, FIVE_AFTER),
        Job(scores.KIND, "Makes every score anew, or those that staff name.", scores.recalculate, "40 20 * * 0"),
        Job("credit.health", "Measures how predictions have held since.", _health, "40 18 * * 0"),
        Job("credit.train", "Trains on what closed; promotes what is better.", _train, "10 19 * * 0"),
        Job("notifications.send_due", "Sends what waited for its time.", _send, "* * * * *", recorded=False),
        Job("savings.remind", "Tells savers in the evening whose streak ends tonight.", reminders.remind, QUARTERS),
        Job("savings.digest", "Tells savers on Monday how the week before was.", digests.send_digests, QUARTERS),
        Job("savings.announce", "Tells savers a day ahead of each auto-deposit.", auto_deposits.announce, QUARTERS),
        Job("savings.collect", "Collects the auto-deposits that are due.", auto_deposits.collect, "*/5 * * * *"),
        Job("identity.send_letters", "Sends links and codes to savers.", _letters, "* * * * *", recorded=False),
        Job("loans.progress", "Ends offers and cooling-offs whose time is over.", loans.progress, QUARTERS),
        Job("loans.remind", "Tells savers of instalments due soon, today, or overdue.", loans.remind, QUARTERS),
        Job("loans.age", "Charges what is late, ends loans in default.", loans.age, FIVE_AFTER),
        Job("support.tell_officer", "Sends word of savers' requests.", support_letters.tell_officer, TENTHS),
        Job(
            "support.tell_late", "Tells officer and saver of answers that are late.", support_letters.tell_late, TENTHS
        ),
        Job("upkeep.dead_letters", "Counts what was given up, tries what an outage killed.", dead_letters.look, TENTHS),
        Job("console.count", "Counts what the console's first page shows.", counting.count, "*/5 * * * *"),
        Job(exports.KIND, "Writes what staff export; lets go of yesterday's.", exports.write, "52 * * * *"),
        Job("ledger.seal", "Seals the heads of all chains that moved.", _seal, "7 * * * *"),
        Job("ledger.verify", "Recomputes ledger, loan book and audit log.", verifying.nightly, "15 22 * * *"),
        Job("uploads.remove", "Deletes files that were replaced, erased or lost.", stored_files.remove_files, TENTHS),
        Job("upkeep.purge", "Removes what has served its time.", upkeep.purge, "30 21 * * *"),
    )
}


def job(name: str) -> Job:
    """The job of that name. Raises NotFound, with the names that there are."""
    found = JOBS.get(name)
    if found is None:
        raise NotFound(f"There is no job {name}. There are: {', '.join(sorted(JOBS))}.")
    return found


def timetable(job: Job) -> BaseSchedule:
    """When beat starts it."""
    if isinstance(job.schedule, str):
        return crontab.from_string(job.schedule)
    return every(timedelta(seconds=job.schedule))


def next_start(job: Job, *, after: datetime) -> datetime:
    """When beat starts it next."""
    schedule = timetable(job)
    if not isinstance(schedule, crontab):
        return after + schedule.run_every
    last, delta, _ = schedule.remaining_delta(after)
    return last + delta


def perform_ordered(kinds: Iterator[str] | list[str]) -> list[Outcome]:
    """Begin the runs that were ordered, each once."""
    return [perform(job(kind)) for kind in dict.fromkeys(kinds)]
