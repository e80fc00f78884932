"""The officer hears of each request by a letter that says where to look, and nothing of who asked or what.

A letter is sent before it is noted that it was: one whose sender dies in between is sent once more, under the same
Message-ID. What a mail server did not take has another turn with the next run.
"""

from __future__ import annotations

from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, parseaddr
from functools import partial
from uuid import UUID

from flask import current_app

from app.integrations.email import Letter, Mailer
from app.integrations.outgoing import Away
from app.observability import get_logger
from app.services.audit import log as audit
from app.services.notifications.notices import tell
from app.services.ops.job_runs import Round
from app.services.ops.support_requests import officer
from app.transactions import fetch, queue, run

log = get_logger()
BATCH = 20
UNTOLD = """
SELECT id, reference, about_kind, created_at, answer_by FROM support_requests
WHERE status = 'open' AND told_at IS NULL ORDER BY answer_by, id LIMIT %s
"""
# By the saver's own day: it is late when that is over.
LATE = """
SELECT s.id, s.reference, s.about_kind, s.created_at, s.answer_by, s.user_id
FROM support_requests s JOIN users u ON u.id = s.user_id
WHERE s.status = 'open' AND s.late_told_at IS NULL AND s.answer_by < (%s AT TIME ZONE u.time_zone)::date
ORDER BY s.answer_by, s.id LIMIT %s
"""


def tell_officer(turn: Round) -> int:
    """The job: send a letter of each open request that the officer has not been told of; how many left.

    Nothing leaves where no mail server is set up: `flask support list` has them all the same.
    """
    mailer: Mailer = current_app.extensions["mailer"]
    if not mailer.configured:
        return 0
    untold = run(lambda: fetch(UNTOLD, (BATCH,)))
    if not untold:
        return 0
    try:
        outcomes = mailer.deliver([_letter(*row) for row in untold])
    except Away as away:
        log.warning("officer_not_told", count=len(untold), reason=str(away)[:40])
        return 0
    told = [str(row[0]) for row, outcome in zip(untold, outcomes, strict=True) if outcome.state == "sent"]
    if len(told) < len(untold):
        reasons = sorted({outcome.reason or "" for outcome in outcomes if outcome.state != "sent"})
        log.warning("officer_not_told", count=len(untold) - len(told), reason=reasons)
    run(lambda: queue("UPDATE support_requests SET told_at = %s WHERE id = ANY(%s::uuid[])", (turn.at, told)))
    return len(told)


def tell_late(turn: Round) -> int:
    """The job: where the day of an answer has passed, tell the officer by a letter and the saver by a notice; how many.

    The saver is told as it is: that the day has passed, and whom to reach. Each once; a saver is told also where no
    mail server is set up.
    """
    late = run(lambda: fetch(LATE, (turn.at, BATCH)))
    mailer: Mailer = current_app.extensions["mailer"]
    if late and mailer.configured:
        try:
            mailer.deliver([_letter(*row[:-1], late=True) for row in late])
        except Away as away:
            log.warning("officer_not_told", count=len(late), reason=str(away)[:40])
            return 0
    for row in late:
        run(partial(_mark_late, row[0], row[1], row[-1], turn.at))
    return len(late)


def _mark_late(id_: UUID, reference: str, user_id: UUID, at: datetime) -> None:
    if not fetch(
        "UPDATE support_requests SET late_told_at = %s WHERE id = %s AND status = 'open' AND late_told_at IS NULL"
        " RETURNING 1",
        (at, id_),
    ):
        return
    facts = {"reference": reference, "request_id": str(id_), "late": True}
    tell(user_id, "support_answered", facts, at=at, once=f"support-late:{id_}")
    audit.record("support_late", subject_type="support_request", subject_id=id_, at=at)


def _letter(
    id_: UUID, reference: str, about: str | None, asked_at: datetime, answer_by: date, *, late: bool = False
) -> Letter:
    named, (name, sender) = officer(), parseaddr(current_app.config["MAIL_FROM"])
    message = EmailMessage(policy=SMTP)
    message["From"] = formataddr((name, sender))
    message["To"] = formataddr((named.name, named.email))
    said = f"LATE, was due on {answer_by.isoformat()}" if late else f"a saver asks, answer by {answer_by.isoformat()}"
    message["Subject"] = f"{reference}: {said}"
    message["Date"] = format_datetime(asked_at)
    message["Message-ID"] = f"<{'late-' if late else ''}{id_}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(
        f"A saver of Chhota {'still waits' if late else 'asks'} for help{f' with their {about}' if about else ''}.\n\n"
        f"Reference: {reference}\nAnswer by: {answer_by.isoformat()}\n\n"
        f"Read it with      flask support show {reference}\n"
        f"Answer it with    flask support answer {reference} --by YOUR-ADDRESS\n\n"
        "Who asks and what they say stands in the product alone, not in letters.\n"
    )
    return Letter(sender, named.email, message.as_bytes())
