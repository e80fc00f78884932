"""Answers written out by hand: to a movement, where marshmallow takes four times as long on the path of every deposit,
and of a saver's streaks, where it takes longer than to find them.

What they say is MovementAnswerSchema's and StreaksSchema's; tests hold them together, members in order.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from app.blueprints.api.jars import streak_of
from app.blueprints.api.schemas.savings import AutoDepositSchema
from app.money import to_decimal_string
from app.services.gamification.badges import EarnedBadge
from app.services.savings.jar import JarView
from app.services.savings.movements import Movement
from app.services.savings.streak_summary import Summary

_auto_deposit = AutoDepositSchema()


def movement(outcome: Movement, *, currency: str) -> bytes:
    """The JSON text of MovementAnswerSchema for ``outcome``."""
    booked, view = outcome.transaction, outcome.jar
    # orjson writes UUIDs and dates as the contract has them, and instants not.
    document = {
        "jar": _jar(view, currency),
        "transaction": {
            "id": booked.id,
            "jar_id": booked.jar_id,
            "type": booked.type,
            "amount": to_decimal_string(booked.amount),
            "currency": currency,
            "date": booked.date,
            "occurred_at": _instant(booked.occurred_at),
            "balance_after": to_decimal_string(booked.balance_after),
            "note": booked.note,
            "reversal_of": booked.reversal_of,
            "status": "posted",
        },
        "streak": streak_of(view),
        "badges_earned": [_badge(badge) for badge in outcome.badges_earned],
    }
    return orjson.dumps(document)


def streaks(seen: Summary) -> bytes:
    """The JSON text of StreaksSchema for ``seen``."""
    document = {
        "current": seen.streak.current,
        "longest": seen.streak.longest,
        "unit": seen.streak.unit,
        "at_risk": seen.streak.at_risk,
        "next_deposit_due": seen.streak.due_by,
        "freezes_left": seen.freezes_left,
        "jars": seen.jars,
        "calendar": [
            {
                "date": day.date,
                "deposited": day.deposits > 0,
                "deposits": day.deposits,
                "amount": to_decimal_string(day.amount),
            }
            for day in seen.calendar
        ],
    }
    return orjson.dumps(document)


def _jar(view: JarView, currency: str) -> dict[str, Any]:
    jar = view.jar
    return {
        "id": jar.id,
        "name": jar.name,
        "plan_type": jar.plan_type,
        "target_amount": to_decimal_string(jar.target_amount),
        "current_amount": to_decimal_string(jar.current_amount),
        "currency": currency,
        "start_date": jar.start_date,
        "end_date": jar.end_date,
        "streak_count": view.streak.current,
        "installment_amount": None if jar.installment_amount is None else to_decimal_string(jar.installment_amount),
        "status": jar.status,
        "progress": jar.progress,
        "projected_completion_date": view.projected_completion_date,
        "on_track": view.on_track,
        "auto_deposit": None if jar.auto_deposit is None else _auto_deposit.dump(jar.auto_deposit),
        "created_at": _instant(jar.created_at),
    }


def _badge(badge: EarnedBadge) -> dict[str, Any]:
    return {
        "badge_type": badge.badge_type,
        "title": badge.title,
        "description": badge.description,
        "earned_at": _instant(badge.earned_at),
        "image": badge.image,
        "jar_id": badge.jar_id,
    }


def _instant(value: datetime) -> str:
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat(timespec="milliseconds")[:-6] + "Z"
