"""The officer hears of each request by a letter that says where to look, and nothing of who asked or what.

A letter is sent before it is noted that it was: one whose sender dies in between is sent once more, under the same
Message-ID. What a mail server did not take has another turn with the next run.
"""

from __future__ import annotations

from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, parseaddr
from uuid import UUID

from flask import current_app

from app.integrations.email import Letter, Mailer
from app.integrations.outgoing import Away
from app.observability import get_logger
from app.services.ops.job_runs import Round
from app.services.ops.support_requests import officer
from app.transactions import fetch, queue, run

log = get_logger()
BATCH = 20
UNTOLD = """
SELECT id, reference, about_kind, created_at, answer_by FROM support_requests
WHERE status = 'open' AND told_at IS NULL ORDER BY answer_by, id LIMIT %s
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


def _letter(id_: UUID, reference: str, about: str | None, asked_at: datetime, answer_by: date) -> Letter:
    named, (name, sender) = officer(), parseaddr(current_app.config["MAIL_FROM"])
    message = EmailMessage(policy=SMTP)
    message["From"] = formataddr((name, sender))
    message["To"] = formataddr((named.name, named.email))
    message["Subject"] = f"{reference}: a saver asks, answer by {answer_by.isoformat()}"
    message["Date"] = format_datetime(asked_at)
    message["Message-ID"] = f"<{id_}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(
        f"A saver of Chhota asks for help{f' with their {about}' if about else ''}.\n\n"
        f"Reference: {reference}\nAnswer by: {answer_by.isoformat()}\n\n"
        f"Read it with      flask support show {reference}\n"
        f"Answer it with    flask support answer {reference} --by YOUR-ADDRESS\n\n"
        "Who asks and what they say stands in the product alone, not in letters.\n"
    )
    return Letter(sender, named.email, message.as_bytes())
