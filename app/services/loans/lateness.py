"""Late charges: one for each instalment that is not paid on time, by one statement for one loan and for thousands."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from app.loans.policy import FOLDER, policy
from app.transactions import fetch

#: The saver's day of an instant, as a part of a statement about ``u``.
LOCAL_DAY = (
    "(%(at)s AT TIME ZONE CASE WHEN u.time_zone_from <= %(at)s THEN u.time_zone_next ELSE u.time_zone END)::date"
)
#: The terms of each policy that there has been, as ``p``.
POLICIES = (
    "unnest(%(versions)s::text[], %(late_charge)s::bigint[], %(late_charge_most)s::bigint[], %(on_time_days)s::int[],"
    " %(default_after_days)s::int[])"
    " AS p (version, late_charge, late_charge_most, on_time_days, default_after_days)"
)
CHARGE = f"""
UPDATE loan_instalments i SET charge = least(p.late_charge, (i.principal + i.interest) * p.late_charge_most / 10000)
FROM loans l JOIN users u ON u.id = l.user_id JOIN {POLICIES} ON p.version = l.loan_policy_version
WHERE i.loan_id = ANY(%(loans)s::uuid[]) AND l.id = i.loan_id AND l.status IN ('accepted', 'active')
    AND i.paid_on IS NULL AND i.charge IS NULL AND i.due_on + p.on_time_days < {LOCAL_DAY}
    AND least(p.late_charge, (i.principal + i.interest) * p.late_charge_most / 10000) > 0
RETURNING i.loan_id, i.number
"""  # noqa: S608  constants only


def charge(loan_ids: list[UUID], *, at: datetime) -> int:
    """Charge what is late at ``at`` in these loans; how many instalments. Done again, it does nothing."""
    return len(fetch(CHARGE, policies() | {"loans": [str(loan_id) for loan_id in loan_ids], "at": at}))


def policies() -> dict[str, Any]:
    """The parameters of ``POLICIES``."""
    known = [policy(path.stem) for path in sorted(FOLDER.glob("*.toml"))]
    names = ("late_charge", "late_charge_most", "on_time_days", "default_after_days")
    return {"versions": [each.version for each in known]} | {
        name: [getattr(each, name) for each in known] for name in names
    }
