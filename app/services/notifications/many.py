"""Telling thousands of savers something by one statement: the inbox rows, and outbox rows that name them in packs."""

from __future__ import annotations

#: Notices in one outbox row.
PACK = 200

# Parts of a WITH that follow one called ``news`` (user_id, facts, once). Parameters: kind, at (the product's instant)
# and born (real time, which ids go by). What a saver has been told already is not told again.
TELL_NEWS = f"""
told AS (
    INSERT INTO notifications (user_id, id, kind, facts, once, created_at)
    SELECT user_id, uuid_at(%(born)s), %(kind)s, facts, once, %(at)s FROM news
    ON CONFLICT DO NOTHING RETURNING user_id, id
), sent AS (
    INSERT INTO outbox (topic, payload, created_at, available_at)
    SELECT 'notifications.made', jsonb_build_object('notices', jsonb_agg(jsonb_build_array(user_id, id))),
        %(at)s, %(at)s
    FROM (SELECT user_id, id, (row_number() OVER () - 1) / {PACK} AS pack FROM told) packed GROUP BY pack
)
"""  # noqa: S608  constants only
