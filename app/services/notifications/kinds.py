"""The kinds of notifications as data: by which channels each goes where its saver has not said otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from app.models.notifications import CHANNELS

__all__ = ["CHANNELS", "KINDS", "Kind"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. ``email``, ``push``, ``sms``: whether it goes there by default; the inbox has every kind.

    ``useful_for``: after this time it is not sent any more; None for what is worth knowing whenever it comes.
    ``any_hour``: it does not wait for the end of quiet hours. ``always``: nobody can switch it off, so that whoever
    gets into an account does not do so unheard.
    """

    code: str
    email: bool = False
    push: bool = False
    sms: bool = False
    useful_for: timedelta | None = None
    any_hour: bool = False
    always: bool = False


KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        # The saver has just seen the answer; an auto-deposit's comes by push.
        Kind("deposit_received", push=True),
        Kind("auto_deposit", email=True, push=True),
        Kind("streak_at_risk", email=True, push=True, useful_for=timedelta(hours=8)),
        Kind("streak_changed", push=True),
        Kind("badge_earned", push=True),
        Kind("target_reached", email=True, push=True),
        Kind("score_changed", push=True),
        Kind("instalment_due", email=True, push=True, sms=True),
        Kind("loan_ended", email=True, push=True),
        Kind("kyc_decided", email=True, push=True, sms=True),
        Kind("new_device", email=True, push=True, any_hour=True),
        Kind("weekly_digest", email=True),
        Kind("support_answered", email=True, push=True),
        Kind("account_changed", email=True, push=True, any_hour=True, always=True),
    )
}
