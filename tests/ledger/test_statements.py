"""Any statement adds up, whatever order its movements were booked in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.ledger import posting, statements
from app.ledger.accounts import lock_jar_accounts
from app.transactions import queue, transaction
from tests import factories
from tests.factories import Saver

FIRST = date(2026, 1, 1)
# Day and minute of a movement, and its signed minor units: in the order of booking, which is not that of time.
Booked = tuple[int, int, int]
booked = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from([0, 0, 1, 700, 1439]), st.integers(-5_000, 5_000).filter(bool)),
    max_size=12,
)


@pytest.fixture
def jar(context: None, saver: Saver) -> UUID:
    return UUID(saver.jar())


def book(user_id: UUID, jar_id: UUID, movements: Sequence[Booked]) -> list[tuple[date, datetime, int]]:
    """Book what the jar can bear; what was booked, in that order."""
    done = []
    with transaction():
        account, _ = lock_jar_accounts([jar_id])[jar_id]
        for day, minute, signed in movements:
            if account.balance + signed < 0:
                continue
            local = FIRST + timedelta(days=day)
            at = datetime(local.year, local.month, local.day, tzinfo=UTC) + timedelta(minutes=minute - 330)
            kind = "deposit" if signed > 0 else "withdraw"
            posting.post(
                user_id=user_id,
                jar_id=jar_id,
                jar_account=account,
                kind=kind,
                amount=abs(signed),
                lines=posting.lines_of(kind, account, abs(signed)),
                day=local,
                occurred_at=at,
                recorded_at=at,
            )
            done.append((local, at, signed))
        queue(posting.UPDATE_JAR, (account.balance, jar_id))
    return done


def read(jar_id: UUID, since: date, until: date, most_lines: int = 100) -> statements.Statement:
    with transaction():
        return statements.read(jar_id, since, until, most_lines=most_lines)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(movements=booked, first=st.integers(-1, 11), length=st.integers(0, 12))
@example(movements=[(5, 0, 500), (2, 0, -300), (2, 0, 100)], first=2, length=0)  # out before in: below zero in between
def test_opening_and_in_less_out_is_closing_for_any_period(
    app: Flask, context: None, movements: list[Booked], first: int, length: int
) -> None:
    person = factories.make_saver(app)
    jar = UUID(person.jar())
    done = book(person.id, jar, movements)
    since, until = FIRST + timedelta(days=first), FIRST + timedelta(days=first + length)

    found = read(jar, since, until)

    # By the movements themselves: nothing of the statement's own arithmetic.
    inside = [signed for day, _, signed in done if since <= day <= until]
    assert found.opening == sum(signed for day, _, signed in done if day < since)
    assert found.total_in == sum(signed for signed in inside if signed > 0)
    assert found.total_out == -sum(signed for signed in inside if signed < 0)
    assert found.closing == found.opening + found.total_in - found.total_out
    assert sorted(line.effect for line in found.lines) == sorted(inside)
    # In the history's order, each balance following from the one before.
    assert [(line.day, line.occurred_at, line.id) for line in found.lines] == sorted(
        (line.day, line.occurred_at, line.id) for line in found.lines
    )
    balance = found.opening
    for line in found.lines:
        balance += line.effect
        assert line.balance == balance
    # One period closes where the next opens, and the last of all is the balance of the jar.
    rest = read(jar, until + timedelta(days=1), FIRST + timedelta(days=99))
    assert rest.opening == found.closing
    assert rest.closing == sum(signed for _, _, signed in done)


def test_a_period_before_and_after_everything(jar: UUID, saver: Saver) -> None:
    book(saver.id, jar, [(0, 0, 700), (1, 0, -200)])
    before = read(jar, date(2025, 1, 1), date(2025, 12, 31))
    after = read(jar, date(2026, 2, 1), date(2026, 2, 1))
    assert (before.opening, before.lines, before.closing) == (0, (), 0)
    assert (after.opening, after.lines, after.closing) == (500, (), 500)


def test_the_number_of_lines_is_capped_exactly(jar: UUID, saver: Saver) -> None:
    book(saver.id, jar, [(0, minute, 100) for minute in range(3)])
    assert len(read(jar, FIRST, FIRST, most_lines=3).lines) == 3
    with pytest.raises(statements.TooManyLines):
        read(jar, FIRST, FIRST, most_lines=2)


def test_other_jars_stay_out_of_it(jar: UUID, saver: Saver) -> None:
    other = UUID(saver.jar())
    book(saver.id, other, [(0, 0, 900)])
    book(saver.id, jar, [(0, 0, 500)])
    with transaction():
        posting.move(other, jar, 300, day=FIRST, occurred_at=datetime(2026, 1, 1, 12, tzinfo=UTC))
    found = read(jar, FIRST, FIRST)
    assert [(line.type, line.effect, line.balance) for line in found.lines] == [
        ("deposit", 500, 500),
        ("transfer_in", 300, 800),
    ]
    assert [line.effect for line in read(other, FIRST, FIRST).lines] == [900, -300]
