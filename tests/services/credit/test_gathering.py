"""What is gathered is what the ledger holds: alone and among many, now and as it was known at any past moment."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from flask import Flask

from app import clock as product_clock
from app.errors import DomainError
from app.scoring.obligations import obligations
from app.services.credit.gathering import Gathered, gather, gather_next
from app.services.credit.known_then import unsettled
from app.services.credit.refresh import made, refresh_all
from app.services.credit.scoring import FEATURE_SETS
from app.services.credit.storing import Cause
from app.services.gamification.streaks import JarTerms
from app.services.idempotency.once import Claim
from app.services.identity import sign_in
from app.services.identity.principal import principal
from app.services.ops.closing import close_days
from app.services.ops.imports.mapping import make_mapping
from app.services.ops.imports.run import import_history
from app.services.ops.reversals import reverse
from app.services.savings.deposits import book_collected
from app.services.savings.jar import COLUMNS, Jar
from app.services.savings.streak_history import movements_of
from app.transactions import fetch, run
from tests.conftest import Clock
from tests.factories import Saver, make_saver
from tests.scoring.columns import number
from tests.scoring.test_obligations import asked

PLANS = ("daily", "weekly", "weekly", "monthly", "flexible")
ZONES = ("Asia/Kolkata", "Europe/London", "America/New_York")


def gathered(savers: list[Saver], at: datetime, *, past: bool = False) -> Gathered:
    return run(lambda: gather([saver.id for saver in savers], at=at, past=past))


def numbers(savers: list[Saver], at: datetime, *, past: bool = False) -> dict[UUID, str]:
    """What is measured of each saver, as text: NaN is not equal to itself."""
    found = run(lambda: made(gather([saver.id for saver in savers], at=at, past=past)))
    return {saver: _text(found, place) for place, saver in enumerate(found.savers)}


def _text(found: Any, place: int) -> str:
    named = zip(FEATURE_SETS[1], found.features[place].tolist(), strict=True)
    return f"{found.status(place)} {found.rule.score[place]} {dict(named)}"


def test_a_saver_with_a_jar_and_what_moved_in_it(app: Flask) -> None:
    saver = make_saver(app)
    jar = saver.jar(plan_type="weekly", installment_amount="50.00", target_amount="5000")
    saver.deposit(jar, "70")
    saver.withdraw(jar, "20")
    with app.app_context():
        found = gathered([saver], product_clock.now())
    assert found.savers == [saver.id]
    assert found.jar_ids == [UUID(jar)]
    assert (list(found.jars.plan), list(found.jars.installment)) == ([1], [5000])
    assert list(found.movements.amount) == [7000, -2000]
    assert list(found.movements.day) == list(found.today) * 2
    features = found.features()
    assert list(features.known) == [1]
    assert list(features.closed) == [0]


class Lives:
    """Savers who do all that savers can, by a seeded draw, and what was measured of them on the way."""

    def __init__(self, app: Flask, clock: Clock, seed: int, people: int) -> None:
        self.draw, self.clock = random.Random(seed), clock
        self.savers = [make_saver(app, time_zone=self.draw.choice(ZONES)) for _ in range(people)]
        self.jars: dict[UUID, list[str]] = {saver.id: [] for saver in self.savers}
        self.done: list[tuple[str, bool]] = []
        self.measured: list[tuple[Saver, datetime, str]] = []

    def call(self, saver: Saver, method: str, path: str, body: Any = None) -> bool:
        answer = saver.call(method, path, body)
        assert answer.status_code < 500, answer.json
        return answer.status_code < 300

    def act(self, saver: Saver) -> None:
        draw, jars = self.draw, self.jars[saver.id]
        if not jars or (len(jars) < 4 and draw.random() < 0.03):
            plan = draw.choice(PLANS)
            terms = {"installment_amount": "50"} if draw.random() < 0.6 else {}
            jars.append(saver.jar(plan_type=plan, target_amount=draw.choice(["300", "2000"]), **terms))
        jar, today = draw.choice(jars), run(saver.principal).today(self.clock.now())
        kind = draw.choices(
            ["deposit", "withdraw", "empty", "reverse", "pause", "resume", "end", "target", "close", "zone"],
            [60, 6, 4, 8, 4, 3, 3, 3, 5, 2],
        )[0]
        path = f"/api/jars/{jar}/"
        if kind == "deposit":
            done = saver.deposit(jar, draw.choice(["50", "50", "50", "20", "120"])).status_code == 201
        elif kind == "withdraw":
            done = saver.withdraw(jar, draw.choice(["10", "50"])).status_code == 201
        elif kind == "empty":
            done = saver.withdraw(jar, saver.get(path).json["jar"]["current_amount"]).status_code == 201
        elif kind == "reverse":
            done = self.reverse(saver)
        elif kind == "pause":
            done = self.call(saver, "PUT", f"{path}pause/", {"until": str(today + timedelta(draw.randrange(1, 12)))})
        elif kind == "resume":
            done = self.call(saver, "DELETE", f"{path}pause/")
        elif kind == "end":
            ends = draw.choice([None, str(today + timedelta(draw.randrange(40)))])
            done = self.call(saver, "PATCH", path, {"end_date": ends})
        elif kind == "target":
            done = self.call(saver, "PATCH", path, {"target_amount": draw.choice(["200", "500", "3000"])})
        elif kind == "close":
            done = self.call(saver, "DELETE", path)
        else:
            done = self.call(saver, "PATCH", "/api/profile/", {"time_zone": draw.choice(ZONES)})
        self.done.append((kind, done))

    def reverse(self, saver: Saver) -> bool:
        sql = "SELECT id FROM transactions WHERE user_id = %s AND type <> 'reversal' ORDER BY occurred_at DESC LIMIT 9"
        movements = [row[0] for row in run(lambda: fetch(sql, (saver.id,)))]
        if not movements:
            return False
        movement, second = self.draw.choice(movements), self.savers[0].id
        try:
            run(lambda: reverse(movement, reason="test", by=None, second=second, at=self.clock.now()))
        except DomainError:
            return False
        return True

    def go_on(self, days: int) -> None:
        for _ in range(days * 3):
            self.clock.advance(hours=8, minutes=self.draw.randrange(20), seconds=1)
            if self.draw.random() < 0.4:
                close_days(self.clock.now())
            for saver in self.savers:
                if self.draw.random() < 0.35:
                    self.act(saver)
                    if self.draw.random() < 0.5:
                        self.clock.advance(seconds=1)
                        self.act(saver)
                    self.measure(saver)

    def measure(self, saver: Saver) -> None:
        at = self.clock.now()
        self.measured.append((saver, at, numbers([saver], at)[saver.id]))
        if self.draw.random() < 0.2:
            run(lambda: refresh_all([saver.id], Cause("recalculation"), at=at))


@pytest.fixture
def lives(app: Flask, context: None, clock: Clock, request: pytest.FixtureRequest) -> Lives:
    clock.set(datetime.fromisoformat("2026-07-15T06:30:00+00:00"))
    return Lives(app, clock, request.param, people=4)


@pytest.mark.parametrize("lives", [1, 2], indirect=True)
def test_histories_are_those_of_the_slow_definition_and_of_their_own_past(lives: Lives) -> None:
    lives.go_on(40)
    happened = {kind for kind, done in lives.done if done}
    assert {"deposit", "withdraw", "reverse", "pause", "end", "target"} <= happened

    at = lives.clock.now()
    many = gathered(lives.savers, at)
    found = obligations(many.jars, many.pauses, many.movements, many.today, settled_early=True)
    for place, saver in enumerate(many.savers):
        expected = []
        for row in np.flatnonzero(many.jars.saver == place):
            jar_id = many.jar_ids[int(row)]
            terms = _terms(jar_id)
            today = date(1970, 1, 1) + timedelta(int(many.today[place]))
            moved = [each for each in run(lambda jar_id=jar_id: movements_of(jar_id)) if each.day <= today]  # type: ignore[misc]
            for state in asked(terms, moved, today):
                met = state.net > 0 if terms.installment is None else state.net >= terms.installment
                if met or state.state == "missed":
                    expected.append((number(state.period.end), int(row), met))
        rows = range(found.starts[place], found.starts[place + 1])
        got = [(int(found.due[row]), int(found.jar[row]), bool(found.on_time[row])) for row in rows]
        assert got == sorted(expected), saver

    # Alone and among many, and out of a range of ids in which others stand too.
    together = numbers(lives.savers, at)
    assert {saver.id: numbers([saver], at)[saver.id] for saver in lives.savers} == together
    assert numbers(lives.savers, at, past=True) == together
    first = min(saver.id for saver in lives.savers)
    chunk = run(lambda: made(gather_next(UUID(int=first.int - 1), 100, at=at)))
    for place, saver in enumerate(chunk.savers):
        if saver in together:
            assert _text(chunk, place) == together[saver]

    # What was measured then is what is recomputed now, whatever has been booked, taken back and changed since.
    assert len(lives.measured) > 100
    for saver, then, text in lives.measured:
        assert numbers([saver], then, past=True)[saver.id] == text, (saver.id, then)
    kept = "SELECT user_id, as_of, status, score, features FROM credit_score_history WHERE user_id = ANY(%s::uuid[])"
    rows = run(lambda: fetch(kept, ([str(saver.id) for saver in lives.savers],)))
    assert rows
    by_id = {saver.id: saver for saver in lives.savers}
    for user_id, as_of, status, score, features in rows:
        named = dict(zip(FEATURE_SETS[1], features, strict=True))
        assert numbers([by_id[user_id]], as_of, past=True)[user_id].startswith(status)
        assert score is None or f"{status} {score} {named}" == numbers([by_id[user_id]], as_of, past=True)[user_id]


def _terms(jar_id: UUID) -> JarTerms:
    sql = f"SELECT {COLUMNS} FROM savings_jars j WHERE j.id = %s"
    jar = Jar(*run(lambda: fetch(sql, (jar_id,)))[0])
    ends = [day for day in (jar.end_date and jar.end_date + timedelta(1), jar.closed_on) if day is not None]
    return JarTerms(
        jar.terms.plan,
        jar.installment_amount,
        jar.start_date,
        min(ends, default=None),
        jar.paused_days,
        filled=jar.completed_on,
    )


def test_movements_of_one_day_stand_in_the_order_of_their_instants_then_of_their_ids(
    app: Flask, context: None, clock: Clock
) -> None:
    savers = [make_saver(app) for _ in range(2)]
    jars = [saver.jar(plan_type="weekly", target_amount="5000") for saver in savers for _ in range(2)]
    begun = clock.now()
    # Turn by turn, so that no jar's rows stand together; two of each at one instant, and one that came in late.
    for amount in ("10", "20"):
        for place, jar in enumerate(jars):
            savers[place // 2].deposit(jar, amount)
    clock.advance(minutes=2)
    for place, jar in enumerate(jars):
        savers[place // 2].deposit(jar, "30")
    clock.advance(minutes=1)
    for place, jar in enumerate(jars):
        saver = savers[place // 2]
        claim, made_at = Claim(saver.id, f"late-{jar}", "tests", b"late"), begun + timedelta(minutes=1)
        run(lambda saver=saver, jar=jar, made_at=made_at, claim=claim: book_collected(
            saver.principal(), UUID(jar), 4000, made_at=made_at, claim=claim))  # fmt: skip
    found = gathered(savers, clock.now()).movements
    assert list(found.jar) == [jar for jar in range(4) for _ in range(4)]
    assert len(set(found.day.tolist())) == 1
    assert found.amount.tolist() == [1000, 2000, 4000, 3000] * 4


def test_what_was_booked_late_or_taken_back_later_was_not_known(app: Flask, context: None, clock: Clock) -> None:
    saver = make_saver(app)
    jar = saver.jar(plan_type="weekly", target_amount="5000")
    begun = clock.now()
    saver.deposit(jar, "10")
    clock.advance(days=1)
    made_at = clock.now()
    clock.advance(days=2)
    claim = Claim(saver.id, f"late-{jar}", "tests", b"late")
    run(lambda: book_collected(saver.principal(), UUID(jar), 2000, made_at=made_at, claim=claim))
    booked = clock.now()
    clock.advance(days=1)
    ((first,),) = run(lambda: fetch("SELECT id FROM transactions WHERE jar_id = %s AND amount = 1000", (jar,)))
    run(lambda: reverse(first, reason="test", by=None, at=clock.now()))

    def amounts(at: datetime, *, past: bool = True) -> list[int]:
        return list(gathered([saver], at, past=past).movements.amount)

    assert amounts(begun - timedelta(seconds=1)) == []
    assert amounts(begun) == amounts(made_at) == amounts(booked - timedelta(seconds=1)) == [1000]
    assert amounts(booked) == [1000, 2000]
    assert amounts(clock.now() - timedelta(seconds=1)) == [1000, 2000]
    assert amounts(clock.now()) == amounts(clock.now(), past=False) == [2000]


@pytest.mark.parametrize("newest_first", [False, True])
def test_an_imported_history_was_known_when_it_happened_and_prizes_are_nobodys_doing(
    app: Flask, context: None, clock: Clock, tmp_path: Path, newest_first: bool
) -> None:
    name = f"known-{uuid4().hex[:8]}"
    file = tmp_path / "history.csv"
    rows = [f"{name},50,d,2026-06-{day:02} 10:00" for day in (1, 8, 15, 22)]
    rows[2:2] = [f"{name},900,p,2026-06-10 10:00", f"{name},20,w,2026-06-11 10:00"]
    file.write_text("account,amount,kind,time\n" + "\n".join(rows[::-1] if newest_first else rows) + "\n")
    kinds = {"deposit": "d", "bonus": "p", "withdraw": "w"}
    mapping = {
        "name": name,
        "currency": "INR",
        "columns": {"account": "account", "amount": "amount", "time": "time"},
        "time": {"formats": ["%Y-%m-%d %H:%M"], "zone": "Asia/Kolkata"},
        "types": [{"type": kind, "when": {"kind": word}} for kind, word in kinds.items()],
        "jar": {"plan": "weekly", "name": "Bicycle"},
        "saver": {"name": "Saver {account}", "email": "{account}@import.invalid"},
    }
    import_history([file], make_mapping(mapping, currency="INR"))
    ((saver,),) = run(lambda: fetch("SELECT id FROM users WHERE email = %s", (f"{name}@import.invalid",)))

    def amounts(day: str, *, past: bool) -> list[int]:
        at = datetime.fromisoformat(f"{day}T12:00+05:30")
        return list(run(lambda: gather([saver], at=at, past=past)).movements.amount)

    for past in (True, False):
        assert amounts("2026-06-01", past=past) == [5000]
        assert amounts("2026-06-12", past=past) == [5000, 5000, -2000]
        assert amounts("2026-07-14", past=past) == [5000, 5000, -2000, 5000, 5000]

    # What came into the jar since then is like any other movement: not known before it was booked.
    ((jar,),) = run(lambda: fetch("SELECT id FROM savings_jars WHERE user_id = %s", (saver,)))
    clock.advance(days=1)
    made_at = clock.now()
    clock.advance(days=2)
    signed_in = run(lambda: sign_in.open_family(saver, kind="api", device="tests")).family_id
    claim = Claim(saver, f"late-{jar}", "tests", b"late")
    run(lambda: book_collected(principal(signed_in), jar, 700, made_at=made_at, claim=claim))  # type: ignore[arg-type]
    assert amounts("2026-07-17", past=True) == amounts("2026-07-14", past=True)
    assert amounts("2026-07-17", past=False) == amounts("2026-07-19", past=True) == [5000, 5000, -2000, 5000, 5000, 700]
    mornings = np.array([number(date(2026, month, day)) for month, day in ((6, 2), (7, 16), (7, 17), (7, 18), (7, 19))])
    changed = run(lambda: unsettled(gather([saver], at=clock.now()), np.zeros(5, dtype=np.int64), mornings))
    assert changed.tolist() == [False, False, True, True, False]
