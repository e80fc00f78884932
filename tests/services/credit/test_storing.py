"""Scores are kept with their changes and causes, by one saver's statements and by thousands' alike."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from app.integrations import saver_cache
from app.scoring.policy import policy
from app.scoring.rule import factors_of, reasons
from app.services.credit import storing
from app.services.credit.gathering import gather
from app.services.credit.refresh import causes_of, refresh, refresh_all
from app.services.credit.scoring import Predictor, Scores, score
from app.services.credit.storing import Cause, keep
from app.transactions import fetch, queue, run
from tests.conftest import Clock
from tests.factories import Saver, make_saver

pytestmark = pytest.mark.usefixtures("context")
COLUMNS = (
    "status, score, predicted_score, probability, policy_version, model_version, feature_set, points, features,"
    " reasons, as_of, last_updated, first_score, told_score, told_at"
)
HISTORY = (
    "cause, transaction_id, status, score, predicted_score, policy_version, model_version, points, features, as_of"
)


@pytest.fixture
def jar(saver: Saver, clock: Clock) -> str:
    return saver.jar()


def row_of(saver: Saver) -> dict[str, Any]:
    rows = run(lambda: fetch(f"SELECT {COLUMNS} FROM credit_scores WHERE user_id = %s", (saver.id,)))
    return dict(zip(COLUMNS.split(", "), rows[0], strict=True)) if rows else {}


def history_of(saver: Saver) -> list[dict[str, Any]]:
    sql = f"SELECT {HISTORY} FROM credit_score_history WHERE user_id = %s ORDER BY as_of, id"
    return [dict(zip(HISTORY.split(", "), row, strict=True)) for row in run(lambda: fetch(sql, (saver.id,)))]


def told(saver: Saver) -> list[tuple[Any, ...]]:
    sql = "SELECT facts ->> 'before', facts ->> 'score', facts ->> 'reason' FROM notifications WHERE user_id = %s"
    return run(lambda: fetch(f"{sql} AND kind = 'score_changed' ORDER BY id", (saver.id,)))


def badges(saver: Saver) -> int:
    sql = "SELECT count(*) FROM badges WHERE user_id = %s AND badge_type = 'score_up_50'"
    ((count,),) = run(lambda: fetch(sql, (saver.id,)))
    return int(count)


def computed(savers: list[Saver], at: datetime, predictor: Predictor | None = None) -> Scores:
    return run(lambda: score(gather([saver.id for saver in savers], at=at), policy(), predictor))


def make(savers: list[Saver], clock: Clock, cause: str = "deposit") -> None:
    run(lambda: refresh_all([saver.id for saver in savers], Cause(cause), at=clock.now()))


def live(saver: Saver, jar: str, clock: Clock, days: int, *, save: bool = True) -> None:
    """So many days with a deposit each, and the score made as they close."""
    for _ in range(days):
        if save:
            assert saver.deposit(jar).status_code == 201
            make([saver], clock)
        clock.advance(days=1)
        make([saver], clock, "period_closed")


def test_what_is_kept_is_what_was_computed(app: Flask, clock: Clock) -> None:
    new, two, four, odd = people = [make_saver(app) for _ in range(4)]
    jars = [person.jar(installment_amount="50", plan_type="daily") for person in people]
    for day in range(6):
        for person, jar, deposits in zip(people, jars, ({}, {4, 5}, {2, 3, 4, 5}, {0, 2, 5}), strict=True):
            if day in deposits:
                person.deposit(jar, "70" if person is odd else "50")
        if day == 5:
            odd.withdraw(jars[3], "60")
        clock.advance(days=1)
    make(people, clock, "recalculation")
    found = computed(people, clock.now())
    features = run(lambda: gather([person.id for person in people], at=clock.now())).features()
    for person in people:
        row, place = row_of(person), found.savers.index(person.id)
        assert row["status"] == found.status(place)
        assert row["score"] == found.rule.score[place]
        assert row["policy_version"] == "rule-1"
        assert (row["predicted_score"], row["probability"]) == (found.predicted[place], found.probability[place])
        assert row["points"] == found.rule.points[place].tolist()
        assert sum(row["points"]) + found.policy.base == row["score"]
        assert str(row["features"]) == str(found.features[place].tolist())
        assert row["reasons"] == [
            factor.code for factor in reasons(factors_of(features, found.rule, place, found.policy))
        ]
        assert row["as_of"] == row["last_updated"] == clock.now()
        (change,) = history_of(person)
        assert {name: str(value) for name, value in change.items() if name in row} == {
            name: str(row[name]) for name in change if name in row
        }
        assert (change["cause"], change["transaction_id"]) == ("recalculation", None)
    assert row_of(new)["score"] < row_of(two)["score"] < row_of(four)["score"]


def test_without_history_there_is_a_row_and_no_score(saver: Saver, jar: str, clock: Clock) -> None:
    make([saver], clock)
    row = row_of(saver)
    assert (row["status"], row["score"], row["predicted_score"], row["probability"]) == ("no_history", None, None, None)
    assert (row["points"], row["reasons"], row["first_score"], row["told_score"]) == ([], [], None, None)
    assert row["features"]
    assert history_of(saver) == []
    live(saver, jar, clock, 2)
    assert row_of(saver)["status"] == "provisional"
    # Whoever has no score any more has that in their history.
    queued = "UPDATE savings_jars SET start_date = %s WHERE user_id = %s"
    run(lambda: queue(queued, (clock.now().date() + timedelta(1), saver.id)))
    make([saver], clock, "jar_changed")
    assert (row_of(saver)["status"], row_of(saver)["score"]) == ("no_history", None)
    assert history_of(saver)[-1]["status"] == "no_history"


def test_a_change_is_kept_once_with_its_cause_and_what_did_not_change_is_not(
    saver: Saver, jar: str, clock: Clock
) -> None:
    live(saver, jar, clock, 3)
    before = history_of(saver)
    deposit = UUID(saver.deposit(jar).json["transaction"]["id"])
    for _ in range(3):
        run(lambda: refresh({saver.id: Cause("deposit", deposit)}, at=clock.now()))
        clock.advance(minutes=1)
    *earlier, newest = history_of(saver)
    assert str(earlier) == str(before)
    assert (newest["cause"], newest["transaction_id"]) == ("deposit", deposit)
    assert newest["score"] == row_of(saver)["score"]
    assert newest["as_of"] < row_of(saver)["as_of"] == clock.now() - timedelta(minutes=1)


def test_another_model_or_policy_is_a_change_too(saver: Saver, jar: str, clock: Clock) -> None:
    live(saver, jar, clock, 3)
    before = len(history_of(saver))

    class Even:
        kind = "even"

        def probabilities(self, features: Any) -> Any:
            return features.columns["periods"] * 0 + 0.5

    predictor = Predictor("even-1", Even())  # type: ignore[arg-type]
    found = computed([saver], clock.now(), predictor)
    run(lambda: keep(found, Cause("model")))
    (newest,) = history_of(saver)[before:]
    assert (newest["model_version"], newest["predicted_score"], newest["cause"]) == ("even-1", 600, "model")
    assert newest["score"] == history_of(saver)[before - 1]["score"]


def test_an_older_computation_never_overwrites_a_newer_one(saver: Saver, jar: str, clock: Clock) -> None:
    live(saver, jar, clock, 3)
    old = computed([saver], clock.now())
    clock.advance(seconds=1)
    saver.deposit(jar)
    make([saver], clock)
    row, history = row_of(saver), history_of(saver)
    run(lambda: keep(old, Cause("period_closed")))
    assert str((row_of(saver), history_of(saver))) == str((row, history))  # NaN is not equal to itself


def test_those_who_keep_the_same_savers_at_once_leave_the_newest_and_one_first_row(app: Flask, clock: Clock) -> None:
    people = [make_saver(app) for _ in range(12)]
    for person in people:
        jar = person.jar()
        person.deposit(jar)
    clock.advance(days=3)
    rounds = [computed(people[first:], clock.now() + timedelta(seconds=first)) for first in range(6)]
    failed: list[BaseException] = []

    def work(found: Scores) -> None:
        try:
            with app.app_context():
                run(lambda: keep(found, Cause("recalculation")))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(found,)) for found in rounds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failed == []
    for number, person in enumerate(people):
        assert row_of(person)["as_of"] == clock.now() + timedelta(seconds=min(number, 5))
        assert len(history_of(person)) == 1


def test_the_first_score_is_told_then_what_moved_far_and_not_each_week_anew(
    saver: Saver, jar: str, clock: Clock
) -> None:
    live(saver, jar, clock, 2)
    first = row_of(saver)["score"]
    assert told(saver) == [(None, str(first), "period_closed")]
    live(saver, jar, clock, 6)
    # From the fourth period on, far enough away and six days after.
    ((_, _, _), second) = told(saver)
    assert second[0] == str(first)
    assert int(second[1]) >= first + storing.WORTH_TELLING
    told_score = row_of(saver)["told_score"]
    live(saver, jar, clock, 3, save=False)
    assert row_of(saver)["score"] <= told_score - storing.WORTH_TELLING
    assert len(told(saver)) == 2
    live(saver, jar, clock, 4, save=False)
    third = told(saver)[2]
    assert (third[0], third[2]) == (str(told_score), "period_closed")
    sql = "SELECT count(*) FROM outbox WHERE topic = 'notifications.made' AND payload::text LIKE %s"
    assert run(lambda: fetch(sql, (f"%{saver.id}%",))) == [(4,)]  # the badge too


def test_what_chhota_changed_itself_is_not_told(saver: Saver, jar: str, clock: Clock) -> None:
    for _ in range(9):
        saver.deposit(jar)
        clock.advance(days=1)
    make([saver], clock, "recalculation")
    assert told(saver) == []
    first = row_of(saver)["told_score"]
    assert first == row_of(saver)["score"]
    clock.advance(days=7)
    make([saver], clock, "policy")
    fallen = row_of(saver)
    assert fallen["score"] < first - 100
    assert fallen["told_score"] == fallen["score"]
    make([saver], clock, "period_closed")
    assert told(saver) == []


def test_fifty_points_above_the_first_settled_score_earn_the_badge_once(saver: Saver, jar: str, clock: Clock) -> None:
    live(saver, jar, clock, 4)
    first = row_of(saver)["first_score"]
    assert first == row_of(saver)["score"]
    while row_of(saver)["score"] < first + 50:
        assert badges(saver) == 0
        live(saver, jar, clock, 1)
    assert badges(saver) == 1
    live(saver, jar, clock, 4, save=False)
    assert row_of(saver)["score"] < first + 50
    live(saver, jar, clock, 12)
    assert row_of(saver)["score"] >= first + 50
    assert badges(saver) == 1
    sql = "SELECT count(*) FROM notifications WHERE user_id = %s AND facts ->> 'badge_type' = 'score_up_50'"
    assert run(lambda: fetch(sql, (saver.id,))) == [(1,)]


def test_what_is_cached_of_a_score_ends_with_the_commit(app: Flask, saver: Saver, clock: Clock) -> None:
    other = make_saver(app)
    made: list[UUID] = []

    def read(person: Saver, kind: str = "score") -> None:
        saver_cache.remembered(kind, person.id, "test", lambda: made.append(person.id) or "text")  # type: ignore[func-returns-value]

    for person in (saver, other):
        read(person)
        read(person)
        read(person, "streaks")
    assert made == [saver.id, saver.id, other.id, other.id]
    saver.jar()
    made.clear()
    read(saver)
    assert made == []
    make([saver], clock)
    read(saver)
    read(other)
    read(other, "streaks")
    assert made == [saver.id]


def test_messages_of_movements_are_causes() -> None:
    one, two, three, four = (uuid4() for _ in range(4))
    first, second = uuid4(), uuid4()

    def moved(saver: UUID, movement: UUID, **more: str) -> dict[str, str]:
        return {"user_id": str(saver), "transaction_id": str(movement), **more}

    assert causes_of(
        [
            {"user_id": str(one)},
            moved(one, first, kind="withdraw"),
            moved(one, first, kind="withdraw"),
            moved(two, first, kind="deposit"),
            moved(two, second, kind="reversal"),
            {"user_id": str(two)},
            {"user_id": str(three)},
            moved(four, first),
        ]
    ) == {
        one: Cause("withdrawal", first),
        two: Cause("reversal"),
        three: Cause("jar_changed"),
        four: Cause("recalculation", first),
    }
