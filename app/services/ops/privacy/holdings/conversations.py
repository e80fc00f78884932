"""What savers are told, what they ask, and what was noted of either side."""

from __future__ import annotations

from datetime import timedelta

from app.services.ops.privacy.holding import Holding, Section, columns

HOLDINGS = (
    Holding(
        "notifications",
        "Notices in the inbox",
        Section(
            "notices",
            columns("id", "kind", "facts", "created_at", "read_at"),
            "FROM notifications t WHERE t.user_id = %(user)s ORDER BY t.id",
        ),
        withheld={"once": "keeps the same from being told twice"},
        erased=("DELETE FROM notifications WHERE user_id = %(user)s",),
        kept=timedelta(days=180),
        counted="after they were written; those never read 400 days",
    ),
    Holding(
        "deliveries",
        "Letters, pushes and SMS on their way and sent",
        Section(
            "sent_to_you",
            columns(
                "notification_id",
                "channel",
                "status",
                "due_at",
                "expires_at",
                "attempts",
                "last_error",
                "created_at",
                "sent_at",
            ),
            "FROM deliveries t WHERE t.user_id = %(user)s ORDER BY t.id",
        ),
        withheld={"id": "a number of ours", "device_id": "a number of ours"},
        erased=("DELETE FROM deliveries WHERE user_id = %(user)s",),
        kept=timedelta(days=90),
        counted="after they were written, unless they still wait",
    ),
    Holding(
        "support_requests",
        "Requests for help and their answers",
        Section(
            "requests",
            columns(
                "id",
                "reference",
                "subject",
                "text",
                "about_kind",
                "about_id",
                "shown",
                "status",
                "created_at",
                "answer_by",
                "told_at",
                "answer",
                "answered_at",
                "appeal_of",
                "late_told_at",
            ),
            "FROM support_requests t WHERE t.user_id = %(user)s ORDER BY t.created_at, t.id",
        ),
        withheld={"answered_by": "who of the staff wrote it: somebody else's"},
        erased=(
            "UPDATE support_requests SET subject = 'Erased', text = 'Erased', shown = NULL, answer = 'Erased',"
            " answered_at = coalesce(answered_at, %(at)s), status = 'answered' WHERE user_id = %(user)s",
        ),
        stays="without a word of either side: that each complaint was dealt with, until its time is over",
        kept=timedelta(days=3 * 365),
        counted="after they were answered",
    ),
    Holding(
        "saver_notes",
        "Notes of staff about savers",
        Section(
            "notes_about_you",
            columns("at", "text"),
            "FROM saver_notes t WHERE t.user_id = %(user)s ORDER BY t.at, t.id",
        ),
        withheld={"id": "a number of ours", "author_id": "who of the staff wrote it: somebody else's"},
        erased=("UPDATE saver_notes SET text = 'Erased' WHERE user_id = %(user)s",),
        stays="without its words: that a note was made, and by whom",
    ),
    Holding(
        "audit_log",
        "The log of what staff, savers and the system did",
        Section(
            "log",
            columns("at", "actor", "action", "subject_type", "subject_id", "details"),
            "FROM (SELECT * FROM audit_log WHERE subject_type = 'user' AND subject_id = %(user)s::text"
            " UNION SELECT * FROM audit_log WHERE actor_id = %(user)s) t ORDER BY t.id",
        ),
        withheld={
            "id": "a number of ours",
            "actor_id": "somebody else's, where staff did it",
            "request_id": "of the server's own log",
            "hash": "the chain's own",
        },
        stays="ids alone, chained so that nothing can be taken out of it",
    ),
    Holding(
        "idempotency_records",
        "Answers that are given again to the same key",
        "copies of answers about what stands above, for two days",
        erased=("DELETE FROM idempotency_records WHERE user_id = %(user)s",),
        kept=timedelta(hours=48),
        counted="after they were given",
    ),
)
