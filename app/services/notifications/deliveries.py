"""From the inbox to elsewhere: one row for each notice and way out, made once, claimed, marked with what came of it.

A row is claimed by moving its ``due_at`` to the end of a lease, committed before anything is sent. So no transaction is
open while a mail server takes its time, and what a worker that died had claimed comes up again when the lease is over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import orjson

from app.integrations.outgoing import Outcome
from app.periods import SaverZone
from app.services.notifications.kinds import KINDS
from app.services.notifications.preferences import quiet_until, wants
from app.transactions import fetch, queue

ATTEMPTS = 8
LEASE = timedelta(minutes=5)
FIRST_DELAY = timedelta(minutes=1)  # three times as long after each further try: eight tries take eighteen hours
CHOICE = {"email": "email", "push": "push", "webpush": "push", "sms": "sms"}

# Push is for what is new: what the saver has been shown or has read needs none. A letter or SMS is a record of its own.
FAN_OUT = """
WITH told AS MATERIALIZED (
    SELECT n.user_id, n.id, n.kind, u.language, n.created_at + k.useful_for::interval AS expires_at,
        CASE WHEN k.always THEN k.email
            ELSE coalesce((u.notification_preferences->n.kind->>'email')::boolean, k.email) END AS email,
        n.read_at IS NULL AND CASE WHEN k.always THEN k.push
            ELSE coalesce((u.notification_preferences->n.kind->>'push')::boolean, k.push) END AS push,
        u.phone_verified_at IS NOT NULL AND u.phone IS NOT NULL
            AND coalesce((u.notification_preferences->n.kind->>'sms')::boolean, k.sms) AS sms
    FROM (SELECT DISTINCT * FROM unnest(%(users)s::uuid[], %(notices)s::uuid[])) AS m (user_id, id)
    JOIN notifications n USING (user_id, id)
    JOIN users u ON u.id = n.user_id AND u.status = 'active'
    JOIN jsonb_to_recordset(%(kinds)s) AS k (
        kind text, email boolean, push boolean, sms boolean, always boolean, useful_for text)
        ON k.kind = n.kind
)
INSERT INTO deliveries (user_id, notification_id, channel, device_id, due_at, expires_at, created_at)
SELECT t.user_id, t.id, c.channel, c.device_id, %(at)s, t.expires_at, %(at)s
FROM told t CROSS JOIN LATERAL (
    SELECT 'email' AS channel, NULL::uuid AS device_id WHERE t.email
    UNION ALL
    SELECT 'sms', NULL WHERE t.sms AND (t.kind = ANY(%(texts)s) OR t.kind || '.' || t.language = ANY(%(texts)s))
    UNION ALL
    SELECT CASE d.kind WHEN 'expo' THEN 'push' ELSE 'webpush' END, d.id
    FROM push_devices d JOIN refresh_families f ON f.id = d.family_id
    WHERE t.push AND d.user_id = t.user_id AND f.revoked_at IS NULL AND f.expires_at > %(real)s
) c
WHERE c.channel = ANY(%(channels)s)
ON CONFLICT DO NOTHING RETURNING channel
"""
DUE = """
SELECT d.id, d.attempts, d.expires_at, n.id, n.kind, n.facts, n.created_at, n.read_at, u.id, u.status, u.name, u.email,
    u.phone, u.phone_verified_at IS NOT NULL, u.language, u.notification_preferences, u.quiet_from, u.quiet_until,
    u.time_zone, u.time_zone_next, u.time_zone_from, p.id, p.address, p.keys
FROM deliveries d
LEFT JOIN notifications n ON n.user_id = d.user_id AND n.id = d.notification_id
LEFT JOIN users u ON u.id = d.user_id
LEFT JOIN push_devices p ON p.id = d.device_id AND p.user_id = d.user_id
    AND EXISTS (SELECT FROM refresh_families f WHERE f.id = p.family_id AND f.revoked_at IS NULL
        AND f.expires_at > %(real)s)
WHERE d.status = 'waiting' AND d.channel = %(channel)s AND d.due_at <= %(at)s
ORDER BY d.due_at LIMIT %(most)s FOR UPDATE OF d SKIP LOCKED
"""
DECIDE = """
UPDATE deliveries d SET status = x.status, due_at = x.due_at, attempts = d.attempts + x.tries,
    last_error = coalesce(x.reason, d.last_error)
FROM unnest(%(ids)s::bigint[], %(statuses)s::text[], %(due)s::timestamptz[], %(tries)s::smallint[], %(reasons)s::text[])
    AS x (id, status, due_at, tries, reason)
WHERE d.id = x.id
"""
# Only where nobody else has claimed the row since.
MARK = """
UPDATE deliveries d SET status = x.status, due_at = x.due_at, last_error = x.reason,
    sent_at = CASE x.status WHEN 'sent' THEN %(at)s END
FROM unnest(%(ids)s::bigint[], %(attempts)s::smallint[], %(statuses)s::text[], %(due)s::timestamptz[],
    %(reasons)s::text[]) AS x (id, attempts, status, due_at, reason)
WHERE d.id = x.id AND d.attempts = x.attempts AND d.status = 'waiting'
"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notice on its way out, claimed, with all that its words and its address are made of."""

    id: int
    attempts: int
    expires_at: datetime | None
    notice_id: UUID
    kind: str
    facts: dict[str, Any]
    told_at: datetime
    user_id: UUID
    name: str
    email: str
    phone: str | None
    language: str
    device_id: UUID | None
    address: str | None
    keys: dict[str, str] | None


def fan_out(
    notices: Iterable[tuple[str, str]],
    *,
    at: datetime,
    real: datetime,
    channels: Collection[str],
    texts: Collection[str] = (),
) -> set[str]:
    """Make the deliveries of ``notices`` (savers and ids), as each saver wants them. One query.

    The channels that have something new to send. ``real``: real time, by which sign-ins end. ``channels``: those that
    are set up here; ``texts``: kinds (or kind.language) whose SMS is registered.
    """
    pairs = list(notices)
    kinds = [
        {
            "kind": kind.code, "email": kind.email, "push": kind.push, "sms": kind.sms,
            "always": kind.always, "useful_for": str(kind.useful_for) if kind.useful_for else None,
        }
        for kind in KINDS.values()
    ]  # fmt: skip
    rows = fetch(
        FAN_OUT,
        {
            "at": at,
            "real": real,
            "users": [user for user, _ in pairs],
            "notices": [notice for _, notice in pairs],
            "kinds": orjson.dumps(kinds).decode(),
            "channels": list(channels),
            "texts": list(texts),
        },
    )
    return {channel for (channel,) in rows}


def claim(channel: str, *, at: datetime, real: datetime, most: int) -> tuple[list[Delivery], int]:
    """Take up to ``most`` deliveries that are due at ``at``; those to send now, and how many were looked at.

    What falls into its saver's quiet hours is put off to their end; what is of no use by then, or no longer wanted
    or possible, expires with its reason.
    """
    rows = fetch(DUE, {"channel": channel, "at": at, "real": real, "most": most})
    if not rows:
        return [], 0
    claimed: list[Delivery] = []
    decided: dict[str, list[Any]] = {name: [] for name in ("ids", "statuses", "due", "tries", "reasons")}
    for row in rows:
        reason, later = _stands_in_the_way(channel, row, at=at)
        send = reason is None and later is None
        for name, value in zip(
            decided,
            (row[0], "expired" if reason else "waiting", later or at + LEASE, 1 if send else 0, reason),
            strict=True,
        ):
            decided[name].append(value)
        if send:
            number, attempts, expires_at, notice_id, kind, facts, told_at = row[:7]
            user_id, _, name, email, phone, _, language = row[8:15]
            claimed.append(
                Delivery(
                    number, attempts + 1, expires_at, notice_id, kind, facts, told_at, user_id, name, email, phone,
                    language, *row[21:24],
                )
            )  # fmt: skip
    queue(DECIDE, decided)
    return claimed, len(rows)


def _stands_in_the_way(channel: str, row: Sequence[Any], *, at: datetime) -> tuple[str | None, datetime | None]:
    """Why the delivery is not made at all, or the instant until which it waits; two times None where it is made now."""
    _, _, expires_at, notice_id, kind, _, _, read_at, user_id, status = row[:10]
    phone, verified, _, stored, begins, ends, *zone = row[12:21]
    device_id = row[21]
    if notice_id is None:
        return "notice_gone", None
    if user_id is None or status != "active":
        return "saver_not_active", None
    if not wants(stored, kind, CHOICE[channel]):
        return "not_wanted", None
    if channel in {"push", "webpush"} and device_id is None:
        return "device_gone", None
    if channel in {"push", "webpush"} and read_at is not None:
        return "read_already", None
    if channel == "sms" and not (phone and verified):
        return "number_not_verified", None
    later = None if KINDS[kind].any_hour else _quiet_until(at, SaverZone(*zone), begins, ends)
    if expires_at is not None and (later or at) >= expires_at:
        return "too_late", None
    return None, later


def _quiet_until(at: datetime, zone: SaverZone, begins: time, ends: time) -> datetime | None:
    return quiet_until(at, zone.at(at), begins, ends)


def mark(outcomes: Sequence[tuple[Delivery, Outcome]], *, at: datetime) -> None:
    """Queue what came of claimed deliveries: sent, another try later (at most ATTEMPTS in all), or dead.

    A device that nobody holds any more is removed, and what was for it has expired.
    """
    values: dict[str, list[Any]] = {name: [] for name in ("ids", "attempts", "statuses", "due", "reasons")}
    for delivery, outcome in outcomes:
        again = outcome.state == "retry" and delivery.attempts < ATTEMPTS
        status = "waiting" if again else {"sent": "sent", "gone": "expired"}.get(outcome.state, "dead")
        due = at + FIRST_DELAY * 3 ** (delivery.attempts - 1) if again else at
        for name, value in zip(values, (delivery.id, delivery.attempts, status, due, outcome.reason), strict=True):
            values[name].append(value)
    queue(MARK, values | {"at": at})
    gone = [(d.device_id, d.address) for d, outcome in outcomes if outcome.state == "gone" and d.device_id]
    if gone:
        queue(
            "DELETE FROM push_devices d USING unnest(%s::uuid[], %s::text[]) AS x (id, address)"
            " WHERE d.id = x.id AND d.address = x.address",
            ([str(device) for device, _ in gone], [address for _, address in gone]),
        )
