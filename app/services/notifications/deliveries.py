"""From the inbox to elsewhere: one row for each notice and channel, made once, whatever delivers its message twice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import orjson

from app.services.notifications.kinds import KINDS
from app.transactions import fetch

FAN_OUT = """
INSERT INTO deliveries (user_id, notification_id, channel, due_at, expires_at, created_at)
SELECT n.user_id, n.id, 'email', %(at)s, n.created_at + k.useful_for::interval, %(at)s
FROM unnest(%(users)s::uuid[], %(notices)s::uuid[]) AS m (user_id, id)
JOIN notifications n USING (user_id, id)
JOIN users u ON u.id = n.user_id AND u.status = 'active'
JOIN jsonb_to_recordset(%(kinds)s) AS k (kind text, email boolean, useful_for text) ON k.kind = n.kind
WHERE coalesce((u.notification_preferences->n.kind->>'email')::boolean, k.email)
ON CONFLICT DO NOTHING RETURNING id
"""


def fan_out(notices: Iterable[tuple[str, str]], *, at: datetime) -> list[int]:
    """Make the deliveries of ``notices`` (savers and ids), as each saver wants them; ids of the new ones. One query."""
    pairs = list(notices)
    kinds = [
        {"kind": kind.code, "email": kind.email, "useful_for": str(kind.useful_for) if kind.useful_for else None}
        for kind in KINDS.values()
    ]
    rows = fetch(
        FAN_OUT,
        {
            "at": at,
            "users": [user for user, _ in pairs],
            "notices": [notice for _, notice in pairs],
            "kinds": orjson.dumps(kinds).decode(),
        },
    )
    return [number for (number,) in rows]
