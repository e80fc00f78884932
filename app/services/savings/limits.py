"""Caps on what a saver may move: identity not yet verified, and a day's deposits.

Each is asked with the saver's row locked, so that two movements at once cannot pass it together.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import current_app

from app import money
from app.errors import DomainError
from app.periods import SaverZone, start_of_day
from app.sentences import Sentence
from app.transactions import fetch

# Parts of the statement that locks a jar: $2 is the saver, $3 the instant at which the saver's day began.
DEPOSITED_SINCE = (
    "(SELECT coalesce(sum(t.amount), 0)::bigint FROM transactions t"
    " WHERE t.user_id = $2 AND t.occurred_at >= $3 AND t.type = 'deposit')"
)
HELD = "(SELECT coalesce(sum(h.current_amount), 0)::bigint FROM savings_jars h WHERE h.user_id = $2)"


def day_begins(zone: SaverZone, at: datetime) -> datetime:
    """The instant at which the saver's local day of ``at`` began."""
    return start_of_day(zone.date(at), zone.at(at))


def check_deposit(amount: int, *, held: int, deposited_today: int, verified: bool) -> None:
    """Refuse a deposit over a cap: DomainError ``kyc_required`` or ``daily_limit``. Amounts in minor units."""
    if deposited_today + amount > current_app.config["DAILY_DEPOSIT_CAP_MINOR"]:
        raise DomainError("daily_limit", "That is more than can be put in on one day. Nothing was taken; try tomorrow.")
    cap = current_app.config["UNVERIFIED_HELD_CAP_MINOR"]
    if not verified and held + amount > cap:
        raise DomainError(
            "kyc_required",
            Sentence(
                "Without a verified identity you can hold up to %(cap)s. Nothing was moved. Verify who you are"
                " to go on.",
                cap=_words(cap),
            ),
        )


def check_withdrawal(amount: int, *, saver_id: UUID, zone: SaverZone, at: datetime, verified: bool) -> None:
    """Refuse a withdrawal over the unverified saver's monthly cap: DomainError ``kyc_required``."""
    if verified:
        return
    month = start_of_day(zone.date(at).replace(day=1), zone.at(at))
    ((withdrawn,),) = fetch(
        "SELECT coalesce(sum(amount), 0)::bigint FROM transactions"
        " WHERE user_id = %s AND occurred_at >= %s AND type = 'withdraw'",
        (saver_id, month),
    )
    cap = current_app.config["UNVERIFIED_WITHDRAWAL_CAP_MINOR"]
    if withdrawn + amount > cap:
        raise DomainError(
            "kyc_required",
            Sentence(
                "Without a verified identity you can take out up to %(cap)s in a month. Nothing was moved. Verify who"
                " you are to go on.",
                cap=_words(cap),
            ),
        )


def _words(minor: int) -> str:
    return money.format_rupees(minor, currency=current_app.config["CURRENCY"])
