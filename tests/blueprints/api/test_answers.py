"""The answers written out by hand are the schemas', member for member."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.blueprints.api import answers
from app.blueprints.api.schemas.gamification import StreaksSchema
from app.blueprints.api.schemas.savings import MovementAnswerSchema
from app.ledger.posting import Posted
from app.services.gamification.badges import CATALOGUE, EarnedBadge
from app.services.savings.calendar import Day
from app.services.savings.jar import Jar, view
from app.services.savings.movements import Movement
from app.services.savings.overview import SaverStreak
from app.services.savings.streak_summary import JarStreak, Summary

instants = st.datetimes(
    datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.sampled_from([UTC, timezone(timedelta(hours=5.5))])
)
dates = st.dates(date(2020, 1, 1), date(2030, 1, 1))
amounts = st.integers(1, 10**12)
ids = st.uuids(version=4)
jars = st.builds(
    Jar,
    id=ids,
    user_id=ids,
    name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60),
    plan_type=st.sampled_from(["daily", "weekly", "monthly", "flexible"]),
    target_amount=amounts,
    installment_amount=st.none() | amounts,
    current_amount=st.integers(0, 10**12),
    start_date=dates,
    end_date=st.none() | dates,
    status=st.sampled_from(["active", "completed"]),
    completed_on=st.none() | dates,
    closed_on=st.none(),
    auto_deposit=st.none()
    | st.fixed_dictionaries({"amount": amounts, "day": st.integers(1, 28)})
    | st.fixed_dictionaries({"amount": amounts}),
    streak_longest=st.integers(0, 400),
    streak_run=st.integers(0, 400),
    streak_period=st.none(),
    streak_net=st.just(0),
    streak_previous_net=st.just(0),
    streak_kept_through=st.none(),
    pauses=st.none(),
    created_at=instants,
)
booked = st.builds(
    Posted,
    id=ids,
    user_id=ids,
    jar_id=ids,
    type=st.sampled_from(["deposit", "withdraw"]),
    amount=amounts,
    date=dates,
    occurred_at=instants,
    recorded_at=instants,
    balance_after=st.integers(0, 10**12),
    reversal_of=st.none() | ids,
    note=st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
)
earned = st.lists(
    st.builds(
        EarnedBadge, st.sampled_from(sorted(CATALOGUE)), instants, st.none() | ids, st.sampled_from(["en", "hi"])
    ),
    max_size=3,
)


def members(value: Any, **more: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__} | more


@given(jars, booked, earned, dates)
def test_the_answer_is_the_schemas(jar: Jar, transaction: Posted, badges: list[EarnedBadge], today: date) -> None:
    shown = view(jar, today)
    schema_says = MovementAnswerSchema().dump(
        {
            "jar": {
                "jar": jar,
                "streak": shown.streak,
                "projected_completion_date": shown.projected_completion_date,
                "on_track": shown.on_track,
                "currency": "INR",
            },
            "transaction": members(transaction, currency="INR", status="posted"),
            "streak": {
                "jar_id": jar.id,
                "plan_type": jar.plan_type,
                "current": shown.streak.current,
                "longest": shown.streak.longest,
                "at_risk": shown.streak.at_risk,
                "due_by": shown.streak.due_by,
            },
            "badges_earned": badges,
        }
    )
    text = json.dumps(schema_says, ensure_ascii=False, separators=(",", ":"))
    assert answers.movement(Movement(transaction, shown, badges), currency="INR").decode() == text


counts = st.integers(0, 400)
streaks = st.builds(
    SaverStreak, counts, counts, st.sampled_from(["days", "weeks", "months"]), st.booleans(), st.none() | dates
)
summaries = st.builds(
    Summary,
    streak=streaks,
    freezes_left=st.integers(0, 2),
    jars=st.lists(
        st.builds(
            JarStreak, ids, st.sampled_from(["daily", "weekly", "monthly"]), counts, counts, st.booleans(),
            st.none() | dates,
        ),
        max_size=3,
    ),
    calendar=st.lists(st.builds(Day, dates, counts, st.integers(0, 10**12)), max_size=5),
)  # fmt: skip


@given(summaries)
def test_the_streaks_are_the_schemas(seen: Summary) -> None:
    schema_says = StreaksSchema().dump(
        {
            **members(seen.streak),
            "next_deposit_due": seen.streak.due_by,
            "freezes_left": seen.freezes_left,
            "jars": seen.jars,
            "calendar": [members(day, deposited=day.deposits > 0) for day in seen.calendar],
        }
    )
    text = json.dumps(schema_says, ensure_ascii=False, separators=(",", ":"))
    assert answers.streaks(seen).decode() == text
