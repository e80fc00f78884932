"""Who holds which badge, and for which deposit: the product beside a slow definition, over random histories."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from app import clock as product_clock
from app.errors import DomainError
from app.periods import Plan, period_of
from app.services.gamification.badges import STREAK_BADGES
from app.services.gamification.habit import from_history
from app.services.gamification.streaks import JarTerms, Movement, period_states
from app.services.ops.reversals import reverse
from app.transactions import fetch, run
from tests import factories
from tests.conftest import Clock
from tests.factories import Saver

FIRST = date(2026, 1, 28)
Badge = tuple[str, str | None]
ON_TIME_MONTH = ("on_time_month", None)  # of the closing of days, and of no movement


def undo(app: Flask, transaction_id: str) -> None:
    with app.app_context():
        run(lambda: reverse(UUID(transaction_id), reason="test", by=None, at=product_clock.now()))


def held(app: Flask, saver: Saver) -> dict[Badge, str | None]:
    """Badges by code and jar, with the movement that each belongs to."""
    with app.app_context():
        rows = run(
            lambda: fetch("SELECT badge_type, jar_id, transaction_id FROM badges WHERE user_id = %s", (saver.id,))
        )
    return {(code, str(jar) if jar else None): str(earner) if earner else None for code, jar, earner in rows}


def notices(app: Flask, saver: Saver) -> list[dict[str, Any]]:
    """What the inbox says of badges, in order."""
    with app.app_context():
        rows = run(
            lambda: fetch(
                "SELECT facts, read_at IS NOT NULL FROM notifications WHERE user_id = %s AND kind = 'badge_earned'"
                " ORDER BY id",
                (saver.id,),
            )
        )
    return [facts | {"seen": seen} for facts, seen in rows]


# ---- the slow definition ----


@dataclass
class SlowJar:
    """``target`` and ``instalment`` in minor units."""

    id: str
    plan: Plan
    target: int
    instalment: int | None


@dataclass
class Done:
    """One movement that stands."""

    id: str
    jar: int
    day: date
    amount: int


@dataclass
class Slow:
    """A saver as the whole history shows them, worked out anew for every question."""

    jars: list[SlowJar]
    standing: list[Done] = field(default_factory=list)
    held: dict[Badge, str | None] = field(default_factory=dict)
    completed: dict[int, date] = field(default_factory=dict)

    def balance(self, upto: int, jar: int) -> int:
        return sum(done.amount for done in self.standing[:upto] if done.jar == jar)

    def full(self, upto: int, jar: int) -> bool:
        """Whether the jar was filled by then. One that a reversal opened again never was."""
        day = self.completed.get(jar)
        return day is not None and any(
            done.jar == jar and done.day >= day and self.balance(number, jar) >= self.jars[jar].target
            for number, done in enumerate(self.standing[:upto], 1)
        )

    def terms(self, upto: int, jar: int) -> tuple[JarTerms, list[Movement]]:
        one = self.jars[jar]
        moved = [Movement(done.day, done.amount) for done in self.standing[:upto] if done.jar == jar]
        terms = JarTerms(one.plan, one.instalment, FIRST)
        full = self.completed.get(jar)
        if full is not None:
            period = period_of(one.plan, full)
            assert period is not None
            moved = [movement for movement in moved if movement.day <= period.end]
            states = period_states(terms, moved, max([full, *(movement.day for movement in moved)]))
            net = next(state.net for state in states if state.period == period)
            terms = replace(terms, filled=period.end + timedelta(days=1) if terms.met(net) else full)
        return terms, moved

    def streak(self, upto: int, jar: int, today: date) -> tuple[int, bool]:
        """The count, and whether the period before today's was passed over."""
        _, histories = from_history([self.terms(upto, number) for number in range(len(self.jars))], today)
        period = period_of(self.jars[jar].plan, today)
        kept = period is not None and any(
            state.period.end == period.start - timedelta(days=1) and state.state in ("frozen", "paused")
            for state in histories[jar].periods
        )
        return histories[jar].current, kept

    def earned_at(self, number: int) -> set[Badge]:
        """What the movement of that number earns, by the history up to it."""
        done, before, after = self.standing[number], number, number + 1
        if done.amount < 0:
            return set()
        jar, one = done.jar, self.jars[done.jar]
        earned: set[Badge] = set()
        deposits = {other.jar for other in self.standing[:before] if other.amount > 0}
        if jar not in deposits:
            earned |= {("first_deposit", None)} | ({("second_pot", None)} if deposits else set())
        was, kept = self.streak(before, jar, done.day)
        now, _ = self.streak(after, jar, done.day)
        for line, code in STREAK_BADGES.get(one.plan, {}).items():
            if was < line <= now:
                earned.add((code, None))
        if 0 < was < now and kept:
            earned.add(("carried_over", None))
        if was < 3 <= now and self.came_down(number):
            earned.add(("comeback", None))
        if not self.full(before, jar):
            if self.balance(after, jar) >= one.target:
                earned.add(("target_reached", one.id))
                if sum(self.full(after, other) for other in range(len(self.jars))) >= 3:
                    earned.add(("three_pots", None))
            elif 2 * self.balance(before, jar) < one.target <= 2 * self.balance(after, jar):
                earned.add(("halfway", one.id))
        return earned

    def came_down(self, number: int) -> bool:
        """Whether the jar's row was three long once, and one or nothing at a later look."""
        jar, best = self.standing[number].jar, 0
        for earlier, done in enumerate(self.standing[: number + 1]):
            if done.jar == jar:
                was, _ = self.streak(earlier, jar, done.day)
                if best >= 3 and was <= 1:
                    return True
                best = max(best, was, self.streak(earlier + 1, jar, done.day)[0] if earlier < number else 0)
        return False

    def month_on_time(self, today: date) -> bool:
        """Whether in some month before today's four periods closed or more, all of them on time."""
        terms = [self.terms(len(self.standing), number) for number in range(len(self.jars))]
        months: dict[tuple[int, int], list[str]] = {}
        for (one, _), history in zip(terms, from_history(terms, today)[1], strict=True):
            for state in history.periods:
                day = one.open_until(state.period)
                if state.state != "paused" and day < today:
                    months.setdefault((day.year, day.month), []).append(state.state)
        return any(
            len(states) >= 4 and {*states} <= {"met", "late"}
            for month, states in months.items()
            if month < (today.year, today.month)
        )

    def close_days(self, today: date) -> None:
        if self.month_on_time(today):
            self.held[ON_TIME_MONTH] = None

    def move(self, done: Done) -> None:
        self.standing.append(done)
        if done.jar not in self.completed and self.balance(len(self.standing), done.jar) >= self.jars[done.jar].target:
            self.completed[done.jar] = done.day
        for badge in self.earned_at(len(self.standing) - 1):
            self.held.setdefault(badge, done.id)

    def reverse(self, id_: str, today: date) -> None:
        jar = next(done.jar for done in self.standing if done.id == id_)
        self.standing = [done for done in self.standing if done.id != id_]
        # Only the jar of the movement can open again, and only where all that stands never reached its target.
        counts = range(1, len(self.standing) + 1)
        if jar in self.completed and all(self.balance(upto, jar) < self.jars[jar].target for upto in counts):
            del self.completed[jar]
        self.held = {badge: earner for badge, earner in self.held.items() if earner != id_}
        for number, done in enumerate(self.standing):
            for badge in self.earned_at(number):
                self.held.setdefault(badge, done.id)
        if not self.month_on_time(today):
            self.held.pop(ON_TIME_MONTH, None)
        self.close_days(today)


step = st.one_of(
    # Some days (or weeks) in a row, a movement now and then, a gap, and something taken back.
    st.tuples(st.just("row"), st.integers(0, 2), st.integers(2, 9), st.sampled_from([1, 1, 7])),
    st.tuples(st.just("deposit"), st.integers(0, 2), st.integers(1, 80), st.integers(0, 2)),
    st.tuples(st.just("withdraw"), st.integers(0, 2), st.integers(1, 40), st.integers(0, 1)),
    st.tuples(st.just("gap"), st.just(0), st.integers(1, 12), st.just(0)),
    st.tuples(st.just("reverse"), st.just(0), st.integers(0, 30), st.just(0)),
)


@settings(
    max_examples=30, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
# A jar that was filled and is below its target stays filled where a movement of another jar is reversed,
@example(
    steps=[("row", 1, 7, 1), ("gap", 0, 1, 0), ("row", 0, 2, 1), ("withdraw", 1, 11, 0), ("reverse", 0, 7, 0)],
    plans=[Plan.DAILY, Plan.DAILY], instalment=None, target=60,
)  # fmt: skip
# where a withdrawal of its own is, and where a deposit is that did not fill it.
@example(
    steps=[("row", 1, 7, 1), ("withdraw", 1, 30, 0), ("withdraw", 1, 10, 0), ("reverse", 0, 8, 0)],
    plans=[Plan.DAILY, Plan.DAILY], instalment=None, target=60,
)  # fmt: skip
@example(
    steps=[("row", 1, 7, 1), ("withdraw", 1, 40, 0), ("deposit", 1, 10, 0), ("reverse", 0, 8, 0)],
    plans=[Plan.DAILY, Plan.DAILY], instalment=None, target=60,
)  # fmt: skip
@given(
    steps=st.lists(step, min_size=5, max_size=14),
    plans=st.lists(st.sampled_from(list(Plan)[:3]), min_size=2, max_size=2),
    instalment=st.sampled_from([None, 10]),
    target=st.sampled_from([60, 150, 10_000]),
)
def test_badges_are_those_of_the_slow_definition(
    app: Flask, clock: Clock, steps: list[Any], plans: list[Plan], instalment: int | None, target: int
) -> None:
    clock.set(datetime(2026, 1, 28, 5, tzinfo=UTC))
    saver, jars = factories.make_saver(app), []
    for plan in [Plan.DAILY, *plans]:
        made = saver.jar(plan_type=plan.value, target_amount=str(target), installment_amount=instalment)
        jars.append(SlowJar(made, plan, target * 100, instalment and instalment * 100))
    slow, ids = Slow(jars), []

    def today() -> date:
        return (clock.at + timedelta(hours=5, minutes=30)).date()

    def move(kind: str, jar: int, amount: int) -> None:
        answer = getattr(saver, kind)(jars[jar].id, str(amount))
        if answer.status_code != 201:
            assert answer.json["code"] == "insufficient_funds"
            return
        ids.append(answer.json["transaction"]["id"])
        slow.close_days(today())
        before = set(slow.held)
        signed = amount * 100 if kind == "deposit" else -amount * 100
        slow.move(Done(ids[-1], jar, today(), signed))
        if kind == "deposit":
            new = [badge["badge_type"] for badge in answer.json["badges_earned"]]
            assert sorted(new) == sorted(code for code, _ in slow.held.keys() - before)

    for kind, jar, number, more in steps:
        if kind == "row":
            for _ in range(number):
                move("deposit", jar, 10)
                clock.advance(days=more)
        elif kind == "gap":
            clock.advance(days=number)
        elif kind == "reverse":
            if ids:
                chosen = ids.pop(number % len(ids))
                with suppress(DomainError):  # the jar holds less: that takes two people, and changes nothing here
                    undo(app, chosen)
                    slow.reverse(chosen, today())
        else:
            clock.advance(days=more)
            move(kind, jar, number)
        assert held(app, saver) == slow.held, (kind, jar, number)


# ---- one by one ----


def save(saver: Saver, clock: Clock, jar: str, days: int, amount: str = "10") -> list[str]:
    """A deposit on each of ``days`` days; the clock stands on the day after the last."""
    made = []
    for _ in range(days):
        made.append(saver.deposit(jar, amount).json["transaction"]["id"])
        clock.advance(days=1)
    return made


def test_a_badge_that_nothing_else_deserves_is_taken_back_and_its_saver_told_once(
    app: Flask, saver: Saver, clock: Clock
) -> None:
    jar = saver.jar()
    days = save(saver, clock, jar, 7)
    assert held(app, saver)["streak_7_days", None] == days[6]
    undo(app, days[6])
    with pytest.raises(DomainError):
        undo(app, days[6])
    assert set(held(app, saver)) == {("first_deposit", None)}
    assert [notice for notice in notices(app, saver) if notice["taken_back"]] == [
        {"badge_type": "streak_7_days", "taken_back": True, "jar_id": jar, "jar": "Bicycle", "seen": False}
    ]
    with app.app_context():
        told = run(
            lambda: fetch(
                "SELECT (SELECT id FROM notifications WHERE user_id = %s AND facts @> '{\"taken_back\": true}')::text"
                " = payload->'notices'->0->>1 FROM outbox WHERE payload->>'user_id' = %s ORDER BY id DESC LIMIT 1",
                (saver.id, str(saver.id)),
            )
        )
    assert told == [(True,)]


def test_a_badge_that_another_deposit_deserves_goes_over_to_it_without_a_word(
    app: Flask, saver: Saver, clock: Clock
) -> None:
    jar = saver.jar()
    first, second, _ = save(saver, clock, jar, 3)
    before = notices(app, saver)
    undo(app, first)
    assert held(app, saver) == {("first_deposit", None): second}
    assert notices(app, saver) == before
    answer = saver.get("/api/badges/").json["earned"]
    assert [badge["earned_at"] for badge in answer] == ["2026-07-16T06:30:00.000Z"]


def test_a_target_that_is_still_reached_stays(app: Flask, saver: Saver) -> None:
    jar = saver.jar(target_amount="100")
    ids = [saver.deposit(jar, amount).json["transaction"]["id"] for amount in ("60", "60", "60")]
    assert held(app, saver)["target_reached", jar] == ids[1]
    undo(app, ids[1])
    assert held(app, saver)["target_reached", jar] == ids[2]


def test_a_badge_that_was_taken_back_can_be_earned_again(app: Flask, saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    only = saver.deposit(jar, "10").json["transaction"]["id"]
    undo(app, only)
    assert held(app, saver) == {}
    again = saver.deposit(jar, "10").json
    assert [badge["badge_type"] for badge in again["badges_earned"]] == ["first_deposit"]


def test_a_row_that_a_reversed_withdrawal_makes_whole_earns_its_badge(app: Flask, saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    save(saver, clock, jar, 3)
    saver.deposit(jar, "10")
    taken = saver.withdraw(jar, "10").json["transaction"]["id"]
    clock.advance(days=1)
    days = save(saver, clock, jar, 3)
    assert ("streak_7_days", None) not in held(app, saver)
    undo(app, taken)
    assert held(app, saver)["streak_7_days", None] == days[2]
    assert notices(app, saver)[-1] == {
        "badge_type": "streak_7_days", "taken_back": False, "jar_id": jar, "jar": "Bicycle", "seen": False,
    }  # fmt: skip


def test_three_that_shrank_within_a_day_have_not_come_back(app: Flask, saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    save(saver, clock, jar, 2)
    saver.deposit(jar, "10")
    saver.withdraw(jar, "10")
    assert saver.deposit(jar, "10").json["badges_earned"] == []
    clock.advance(days=3)
    save(saver, clock, jar, 3)
    assert ("comeback", None) in held(app, saver)


def test_a_row_goes_on_after_a_pause(app: Flask, saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    save(saver, clock, jar, 2)
    assert saver.call("PUT", f"/api/jars/{jar}/pause/", {"until": "2026-07-19"}).status_code == 200
    clock.advance(days=3)
    answer = saver.deposit(jar, "10").json
    assert [badge["badge_type"] for badge in answer["badges_earned"]] == ["carried_over"]


def test_three_jars_filled(app: Flask, saver: Saver) -> None:
    earned = []
    for number in range(3):
        jar = saver.jar(name=f"Jar {number}", target_amount="20")
        saver.deposit(jar, "12")
        earned.append([badge["badge_type"] for badge in saver.deposit(jar, "8").json["badges_earned"]])
    assert earned == [["target_reached"], ["target_reached"], ["target_reached", "three_pots"]]
