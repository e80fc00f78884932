from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from app.errors import DomainError
from app.ledger.verify import verify
from app.services.credit import looking_back
from app.services.gamification import badges
from app.services.identity import sign_in
from app.services.identity.principal import Principal, principal
from app.services.loans import decisions, loan
from app.services.ops import demo
from app.services.savings import jars, overview
from app.services.savings.jar import JarView
from app.transactions import fetch, run, transaction
from tests import factories

ACCOUNTS = demo.Accounts(
    "asha@example.com",
    "k7mq-v2xe-98ab-hw3c",
    "admin@example.com",
    "b4nf-82wt-xk9m-qe5r",
    "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
)
KOLKATA = ZoneInfo("Asia/Kolkata")
# Days on which a calendar bends, and the first and last minutes of one.
MOMENTS = [
    datetime(2026, 7, 15, 12, 0, tzinfo=KOLKATA),  # a Wednesday
    datetime(2026, 3, 2, 0, 1, tzinfo=KOLKATA),  # a Monday, a minute old
    datetime(2026, 11, 30, 23, 59, tzinfo=KOLKATA),  # a Monday, the last of a month
    datetime(2028, 2, 29, 9, 0, tzinfo=KOLKATA),
    datetime(2027, 1, 1, 0, 0, tzinfo=KOLKATA),
    datetime(2026, 5, 31, 18, 0, tzinfo=KOLKATA),  # a Sunday, the last of a month
]


@pytest.fixture
def fresh(new_app: Callable[..., Flask]) -> Iterator[Flask]:
    app = new_app()
    with app.app_context():
        yield app


def saver(email: str) -> Principal:
    def signed_in() -> Principal | None:
        ((user_id,),) = fetch("SELECT id FROM users WHERE email = %s", (email,))
        return principal(sign_in.open_family(user_id, kind="api", device="tests").family_id)

    found = run(signed_in)
    assert found is not None
    return found


def jars_of(email: str, now: datetime) -> dict[str, JarView]:
    views, _ = run(lambda: jars.page(saver(email), at=now, limit=50))
    return {view.jar.name: view for view in views}


@pytest.mark.parametrize("now", MOMENTS, ids=lambda moment: moment.strftime("%Y-%m-%dT%H:%M"))
def test_every_state_is_there_whatever_the_day(fresh: Flask, clock: Any, now: datetime) -> None:
    clock.set(now.astimezone(UTC))
    assert run(lambda: demo.load(ACCOUNTS, now=clock.now())) is True
    today = now.date()
    shown = jars_of(ACCOUNTS.saver_email, clock.now())

    daily = shown["Auto rickshaw"]
    assert (daily.streak.current, daily.streak.longest) == (36, 49)
    assert (daily.streak.at_risk, daily.streak.due_by, daily.streak.period_net) == (True, today, 0)

    weekly = shown["Sister's wedding"]
    assert weekly.streak.current == weekly.streak.longest == 13
    assert weekly.jar.terms.met(weekly.streak.period_net)
    assert weekly.on_track is True

    monthly = shown["School fees"]
    assert (monthly.streak.current, monthly.on_track) == (3, False)
    left = (monthly.jar.end_date.year - today.year) * 12 + monthly.jar.end_date.month - today.month + 1
    remaining = monthly.jar.target_amount - monthly.jar.current_amount
    assert remaining == left * (monthly.jar.installment_amount + 300_00)

    assert shown["Rainy day"].jar.current_amount == 1_900_00
    assert (shown["School shoes"].jar.status, shown["School shoes"].jar.progress) == ("completed", 1.0)
    assert (shown["Pressure cooker"].jar.status, shown["Pressure cooker"].jar.current_amount) == ("closed", 0)
    past = shown["Meera's birthday"].jar
    assert past.status == "active"
    assert past.end_date < today
    assert 0 < past.current_amount < past.target_amount
    empty = shown["Sewing machine"].jar
    assert (empty.current_amount, empty.start_date) == (0, today)

    asha = saver(ACCOUNTS.saver_email)
    # Whether a whole month was on time depends on where in the month the ninety days begin.
    assert {badge.badge_type for badge in run(lambda: badges.earned_by(asha.id))} - {
        "on_time_month",
        "score_up_50",
    } == {
        "first_deposit",
        "second_pot",
        "streak_7_days",
        "streak_30_days",
        "streak_4_weeks",
        "streak_12_weeks",
        "streak_3_months",
        "halfway",
        "target_reached",
        "comeback",
        "carried_over",
    }
    # A newcomer can choose a loan, and sees one that is being paid back.
    assert run(lambda: decisions.decide(asha, at=clock.now())).eligible
    kamla = saver("kamla@example.com")
    ((view,), _) = run(lambda: loan.page(kamla, at=clock.now(), limit=5))
    assert view.status == "active"
    assert (sum(row.paid_on is not None for row in view.book), view.overdue) == (3, 0)
    streak = run(lambda: overview.overview(asha, at=clock.now())).streak
    assert (streak.current, streak.unit, streak.at_risk) == (36, "days", True)

    ((first, last, late),) = run(
        lambda: fetch(
            "SELECT min(occurred_at), max(occurred_at), count(*) FILTER (WHERE occurred_at > %s) FROM transactions",
            (clock.now(),),
        )
    )
    assert clock.now() - last < timedelta(days=8)
    assert timedelta(days=88) <= clock.now() - first <= demo.AGE
    assert late == 0
    with transaction():
        assert list(verify()) == []


@pytest.mark.parametrize("now", MOMENTS[:2] + MOMENTS[4:5], ids=lambda moment: moment.strftime("%Y-%m-%dT%H:%M"))
def test_each_score_is_what_its_recomputation_says(fresh: Flask, clock: Any, now: datetime) -> None:
    clock.set(now.astimezone(UTC))
    run(lambda: demo.load(ACCOUNTS, now=clock.now()))
    measured = "SELECT user_id, as_of, status, score, predicted_score, points, features FROM"
    changes = run(lambda: fetch(f"{measured} credit_score_history"))
    newest = run(lambda: fetch(f"{measured} credit_scores"))
    assert len(changes) > 15
    assert len(newest) == 5
    for user_id, at, status, *known, points, features in changes + newest:
        again = run(lambda user_id=user_id, at=at: looking_back.recomputed(user_id, at=at))
        assert again.status(0) == status, at
        if status != "no_history":
            told = again.rule.score[0], again.predicted[0], again.rule.points[0].tolist()
            assert told == (*known, points), at
        assert str(again.features[0].tolist()) == str(features), at  # NaN is not equal to itself


def test_all_was_booked_when_it_happened(fresh: Flask, clock: Any) -> None:
    run(lambda: demo.load(ACCOUNTS, now=clock.now()))
    late = "SELECT type, occurred_at, recorded_at FROM transactions WHERE recorded_at <> occurred_at"
    assert run(lambda: fetch(late)) == []
    # Each change of what a jar asks for is of an instant at which something was done with it.
    terms = run(
        lambda: fetch(
            "SELECT j.name, p.until = t.occurred_at FROM past_jar_terms p JOIN savings_jars j ON j.id = p.jar_id"
            " JOIN LATERAL (SELECT occurred_at FROM transactions t WHERE t.jar_id = j.id ORDER BY 1 DESC LIMIT 1) t"
            " ON true ORDER BY j.name, p.until"
        )
    )
    assert ("School shoes", True) in terms
    assert {name for name, _ in terms} == {"School shoes", "Pressure cooker"}


def test_the_late_week_counts_and_was_late(fresh: Flask, clock: Any) -> None:
    run(lambda: demo.load(ACCOUNTS, now=clock.now()))
    rows = run(
        lambda: fetch(
            "SELECT t.date FROM transactions t JOIN savings_jars j ON j.id = t.jar_id"
            " WHERE j.name = %s ORDER BY t.occurred_at",
            ("Sister's wedding",),
        )
    )
    weeks = [day - timedelta(days=day.weekday()) for (day,) in rows]
    empty = date(2026, 7, 13) - timedelta(weeks=5)
    assert empty not in weeks
    assert (empty + timedelta(weeks=1),) in rows  # the Monday after
    assert set(weeks) == {date(2026, 7, 13) - timedelta(weeks=week) for week in range(13)} - {empty}


def test_the_other_savers(fresh: Flask, clock: Any) -> None:
    run(lambda: demo.load(ACCOUNTS, now=clock.now()))
    assert jars_of("ravi@example.com", clock.now()) == {}
    sunita = saver("sunita@example.com")
    assert (sunita.language, sunita.name) == ("hi", "सुनीता शर्मा")
    hindi = jars_of("sunita@example.com", clock.now())
    assert hindi["दिवाली"].streak.current == 24
    assert hindi["बेटी की पढ़ाई"].streak.current == 6
    assert jars_of("farida@example.com", clock.now())["Bakery oven"].streak.current == 2
    assert [saver(email).role for email in (ACCOUNTS.admin_email, ACCOUNTS.support_email)] == ["admin", "support"]


def test_what_waits_for_two_was_asked_for_by_the_second(fresh: Flask, clock: Any) -> None:
    """Whoever signs in as the administrator can agree at once."""
    run(lambda: demo.load(ACCOUNTS, now=clock.now()))
    waiting = "SELECT u.email FROM reversal_requests r JOIN users u ON u.id = r.requested_by WHERE r.status = 'waiting'"
    assert run(lambda: fetch(waiting)) == [(ACCOUNTS.support_email,)]


def test_nothing_seems_to_have_waited_for_the_worker_since_it_happened(fresh: Flask, clock: Any) -> None:
    run(lambda: demo.load(ACCOUNTS, now=clock.now()))
    ((oldest, count),) = run(lambda: fetch("SELECT min(available_at), count(*) FROM outbox"))
    assert (oldest, count > 50) == (clock.now(), True)


def test_the_two_members_of_staff_are_two(fresh: Flask, clock: Any) -> None:
    alone = replace(ACCOUNTS, support_email=ACCOUNTS.admin_email.upper())
    with pytest.raises(DomainError, match="two addresses"):
        run(lambda: demo.load(alone, now=clock.now()))
    assert run(lambda: fetch("SELECT count(*) FROM users")) == [(0,)]


def history() -> list[tuple[Any, ...]]:
    return run(
        lambda: fetch(
            "SELECT u.name, j.name, t.type, t.amount, t.occurred_at, n.note FROM transactions t"
            " JOIN users u ON u.id = t.user_id JOIN savings_jars j ON j.id = t.jar_id"
            " LEFT JOIN transaction_notes n ON n.transaction_id = t.id WHERE u.status = 'active'"
            " ORDER BY t.occurred_at, u.name, j.name, t.amount"
        )
    )


def test_a_second_load_changes_nothing_but_a_password(fresh: Flask, clock: Any) -> None:
    run(lambda: demo.load(ACCOUNTS, now=clock.now()))
    before = history()
    clock.advance(days=3)
    assert run(lambda: demo.load(ACCOUNTS, now=clock.now())) is False
    assert history() == before
    other = replace(ACCOUNTS, saver_password="another drum monsoon")
    assert run(lambda: demo.load(other, now=clock.now())) is False
    assert run(lambda: sign_in.authenticate(email=other.saver_email, password="another drum monsoon"))


def test_a_reset_retires_the_savers_and_tells_the_same_story_anew(fresh: Flask, clock: Any) -> None:
    run(lambda: demo.load(ACCOUNTS, now=clock.now()))
    before, old, admin = history(), saver(ACCOUNTS.saver_email), saver(ACCOUNTS.admin_email)
    for number in (1, 2):
        assert run(lambda: demo.reset(ACCOUNTS, now=clock.now())) == 5
        assert history() == before
        ((status, phone),) = run(
            lambda number=number: fetch(
                "SELECT status, phone FROM users WHERE email = %s", (f"asha+retired-{number}@example.com",)
            )
        )
        assert (status, phone) == ("suspended", None)
    assert run(lambda: principal(old.family_id)) is None
    assert saver(ACCOUNTS.saver_email).id != old.id
    assert saver(ACCOUNTS.admin_email).id == admin.id
    with pytest.raises(DomainError, match="invalid_credentials"):
        run(lambda: sign_in.authenticate(email="asha+retired-1@example.com", password=ACCOUNTS.saver_password))
    ((left,),) = run(
        lambda: fetch(
            "SELECT count(*) FROM outbox o JOIN users u ON u.id::text = o.payload ->> 'user_id'"
            " WHERE u.status = 'suspended'"
        )
    )
    assert left == 0
    # Nothing of a retired saver waits for staff, and the requests of the new ones do.
    for waits in (
        "reversal_requests r JOIN transactions t ON t.id = r.transaction_id JOIN users u ON u.id = t.user_id"
        " WHERE r.status = 'waiting'",
        "support_requests r JOIN users u ON u.id = r.user_id WHERE r.status = 'open'",
    ):
        assert {status for (status,) in run(lambda waits=waits: fetch(f"SELECT u.status FROM {waits}"))} == {"active"}
    with transaction():
        assert list(verify()) == []


def test_somebody_elses_account_is_left_alone(fresh: Flask, clock: Any) -> None:
    other = factories.make_saver(fresh, email=ACCOUNTS.saver_email)
    with pytest.raises(DomainError, match="not_a_demo_account"):
        run(lambda: demo.load(ACCOUNTS, now=clock.now()))
    assert run(lambda: fetch("SELECT count(*) FROM users")) == [(1,)]
    assert run(lambda: sign_in.authenticate(email=other.email, password=factories.PASSWORD)) == other.id


def test_never_in_production(fresh: Flask, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fresh.config, "APP_ENV", "production")
    for work in (demo.load, demo.reset):
        with pytest.raises(DomainError, match="not_in_production"):
            run(lambda work=work: work(ACCOUNTS, now=clock.now()))
    assert run(lambda: fetch("SELECT count(*) FROM users")) == [(0,)]
