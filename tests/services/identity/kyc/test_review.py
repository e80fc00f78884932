"""What staff do with papers: who may, whose word counts, and what is written down of it."""

from __future__ import annotations

import threading
from uuid import UUID, uuid4

import psycopg2
import pytest
from flask import Flask

from app.errors import DomainError, Invalid, NotFound, Unavailable
from app.integrations.object_store import NullObjectStore
from app.services.audit import log as audit
from app.services.identity import staff as staff_accounts
from app.services.identity.kyc import review
from app.transactions import queue, run
from tests import factories
from tests.conftest import Clock
from tests.factories import Saver
from tests.services.identity.kyc.conftest import Send, audited, of_user, state, told

NUMBERS = iter(f"ABCPD{n:04d}E" for n in range(1_000, 9_999))


@pytest.fixture
def reviewers(app: Flask) -> list[UUID]:
    """Three members of staff."""
    return [factories.make_staff(app, "support").id for _ in range(3)]


def decide(paper: UUID, verdict: str, reason: str | None = None, *, by: UUID, clock: Clock) -> bool:
    return run(lambda: review.decide(paper, verdict, reason=reason, by=by, at=clock.now()))


def refusal(*arguments: object, **more: object) -> str:
    with pytest.raises(DomainError) as raised:
        decide(*arguments, **more)
    return raised.value.code


def test_the_queue_is_in_the_order_of_sending_and_names_nobody(app: Flask, send: Send, clock: Clock) -> None:
    sent = []
    for _ in range(3):
        sent.append(send(factories.make_saver(app)).id)
        clock.advance(minutes=1)
    rows = [row for row in run(lambda: review.waiting(most=10_000)) if row.id in sent]
    assert [row.id for row in rows] == sent
    assert "Asha" not in repr(rows)


def test_each_look_is_written_down_with_who_looked(
    app: Flask, saver: Saver, send: Send, reviewers: list[UUID], clock: Clock
) -> None:
    paper = send(saver, "pan", "ACUPA7085R")
    look = run(lambda: review.look(paper.id, by=reviewers[0], at=clock.now()))
    assert look.document.name == "Asha Devi"
    assert look.document.number_masked == "ACUPAXXXXR"
    assert "X-Amz-Expires=60" in look.link
    run(lambda: review.look(paper.id, by=reviewers[1], at=clock.now()))
    assert audited(paper.id)[1:] == [("kyc_document_viewed", by, {}) for by in reviewers[:2]]
    assert list(run(lambda: list(audit.verify()))) == []


def test_a_look_that_shows_nothing_is_no_look(
    app: Flask, saver: Saver, send: Send, reviewers: list[UUID], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = send(saver)
    monkeypatch.setitem(app.extensions, "object_store", NullObjectStore())
    with pytest.raises(Unavailable):
        run(lambda: review.look(paper.id, by=reviewers[0], at=clock.now()))
    assert [action for action, _, _ in audited(paper.id)] == ["kyc_document_sent"]


@pytest.mark.parametrize(
    ("verdict", "reason"), [("verified", None), ("rejected", "name_mismatch"), ("resubmit", "unreadable")]
)
def test_one_member_of_staff_decides_and_the_saver_is_told(
    saver: Saver, send: Send, reviewers: list[UUID], clock: Clock, verdict: str, reason: str | None
) -> None:
    paper = send(saver, "aadhaar")
    clock.advance(hours=1)
    assert decide(paper.id, verdict, reason, by=reviewers[0], clock=clock)
    assert state(paper.id) == (verdict, reason, clock.now())
    assert of_user(saver)[0] == verdict
    assert told(saver) == [{"status": verdict, "document_type": "aadhaar"} | ({"reason": reason} if reason else {})]
    action, actor, details = audited(paper.id)[-1]
    assert (action, actor) == ("kyc_decided", reviewers[0])
    assert details == {"status": verdict, "reason": reason, "before": "pending", "agreeing_with": None}
    assert paper.id not in {row.id for row in run(lambda: review.waiting(most=10_000))}
    assert refusal(paper.id, verdict, reason, by=reviewers[1], clock=clock) == "already_decided"


def test_nobody_looks_at_their_own(app: Flask, send: Send, clock: Clock, superuser: object) -> None:
    member = factories.make_staff(app)
    paper = send(member)
    assert refusal(paper.id, "verified", by=member.id, clock=clock) == "own_paper"
    with pytest.raises(DomainError, match="own papers"):
        run(lambda: review.look(paper.id, by=member.id, at=clock.now()))
    with superuser.cursor() as cursor, pytest.raises(psycopg2.errors.CheckViolation):
        cursor.execute("UPDATE kyc_documents SET decided_by = user_id WHERE id = %s", (str(paper.id),))


def test_only_active_staff_looks(app: Flask, saver: Saver, send: Send, clock: Clock) -> None:
    paper = send(saver)
    gone, demoted = factories.make_staff(app), factories.make_staff(app)
    run(lambda: staff_accounts.suspend(gone.email, at=clock.now()))
    run(lambda: staff_accounts.set_role(demoted.email, "saver", at=clock.now()))
    for by in (gone.id, demoted.id, factories.make_saver(app).id, uuid4()):
        assert refusal(paper.id, "verified", by=by, clock=clock) == "not_staff"
        with pytest.raises(DomainError, match="not_staff"):
            run(lambda by=by: review.look(paper.id, by=by, at=clock.now()))
    assert state(paper.id)[0] == "pending"


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [("verified", "expired"), ("rejected", None), ("rejected", "unreadable"), ("resubmit", None),
     ("resubmit", "not_genuine"), ("pending", None), ("replaced", None), ("rejected", "because")],
)  # fmt: skip
def test_reasons_are_those_of_the_verdict(
    saver: Saver, send: Send, reviewers: list[UUID], clock: Clock, verdict: str, reason: str | None
) -> None:
    paper = send(saver)
    with pytest.raises(Invalid):
        decide(paper.id, verdict, reason, by=reviewers[0], clock=clock)
    assert state(paper.id)[0] == "pending"


def test_what_is_not_there_or_was_replaced_is_not_decided(
    saver: Saver, send: Send, reviewers: list[UUID], clock: Clock
) -> None:
    with pytest.raises(NotFound):
        decide(uuid4(), "verified", by=reviewers[0], clock=clock)
    first = send(saver)
    send(saver)
    assert refusal(first.id, "verified", by=reviewers[0], clock=clock) == "already_decided"


def test_a_number_known_elsewhere_takes_two_and_the_saver_hears_nothing_of_it(
    app: Flask, send: Send, reviewers: list[UUID], clock: Clock
) -> None:
    honest, other = factories.make_saver(app), factories.make_saver(app)
    number = next(NUMBERS)
    first = send(honest, "pan", number)
    assert decide(first.id, "verified", by=reviewers[0], clock=clock)
    second = send(other, "pan", number.lower())
    (row,) = [row for row in run(lambda: review.waiting(most=10_000)) if row.id == second.id]
    assert row.accounts_with_the_number == 1
    look = run(lambda: review.look(second.id, by=reviewers[0], at=clock.now()))
    assert (look.document.accounts_with_the_number, look.document.accounts_verified_with_it) == (1, 1)

    assert not decide(second.id, "verified", by=reviewers[0], clock=clock)
    assert (state(second.id)[0], of_user(other)[0], told(other)) == ("pending", "pending", [])
    assert refusal(second.id, "verified", by=reviewers[0], clock=clock) == "second_needed"
    seen = other.get("/api/kyc/").json
    assert seen["documents"][0]["status"] == "pending"
    assert str(honest.id) not in str(seen)

    assert not decide(second.id, "rejected", "not_genuine", by=reviewers[1], clock=clock), "another word is a first one"
    assert refusal(second.id, "rejected", "not_genuine", by=reviewers[1], clock=clock) == "second_needed"
    assert decide(second.id, "rejected", "not_genuine", by=reviewers[2], clock=clock)
    assert told(other) == [{"status": "rejected", "document_type": "pan", "reason": "not_genuine"}]
    assert audited(second.id)[-1][2]["agreeing_with"] == str(reviewers[1])
    assert of_user(honest)[0] == "verified"


def test_asking_for_another_photo_takes_one(app: Flask, send: Send, reviewers: list[UUID], clock: Clock) -> None:
    number = next(NUMBERS)
    for saver in (factories.make_saver(app), factories.make_saver(app)):
        paper = send(saver, "pan", number)
    assert decide(paper.id, "resubmit", "unreadable", by=reviewers[0], clock=clock)


def test_the_same_number_on_two_papers_of_one_saver_is_nothing(
    saver: Saver, send: Send, reviewers: list[UUID], clock: Clock
) -> None:
    number = next(NUMBERS)
    send(saver, "pan", number)
    paper = send(saver, "pan", number)
    assert decide(paper.id, "verified", by=reviewers[0], clock=clock)


def test_overturning_takes_two_and_the_saver_is_told_again(
    saver: Saver, send: Send, reviewers: list[UUID], clock: Clock
) -> None:
    paper = send(saver)
    assert decide(paper.id, "rejected", "expired", by=reviewers[0], clock=clock)
    assert not decide(paper.id, "verified", by=reviewers[0], clock=clock)
    assert of_user(saver)[0] == "rejected"
    (row,) = [row for row in run(lambda: review.waiting(most=10_000)) if row.id == paper.id]
    assert row.proposed == "verified"
    assert refusal(paper.id, "verified", by=reviewers[0], clock=clock) == "second_needed"
    assert decide(paper.id, "verified", by=reviewers[1], clock=clock)
    assert of_user(saver)[0] == "verified"
    assert not decide(paper.id, "resubmit", "unreadable", by=reviewers[1], clock=clock)
    assert decide(paper.id, "resubmit", "unreadable", by=reviewers[2], clock=clock)
    assert of_user(saver)[0] == "resubmit"
    assert [facts["status"] for facts in told(saver)] == ["rejected", "verified", "resubmit"]


def test_two_who_decide_at_once_decide_once(
    app: Flask, saver: Saver, send: Send, reviewers: list[UUID], clock: Clock
) -> None:
    paper = send(saver)
    gate, came = threading.Barrier(3), []

    def work(by: UUID, verdict: str, reason: str | None) -> None:
        with app.app_context():
            gate.wait()
            try:
                came.append(decide(paper.id, verdict, reason, by=by, clock=clock))
            except DomainError as refused:
                came.append(refused.code)

    threads = [
        threading.Thread(target=work, args=arguments)
        for arguments in (
            (reviewers[0], "verified", None), (reviewers[1], "rejected", "expired"), (reviewers[2], "verified", None),
        )
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # The first to come decides. What another says then is a decision overturned, which takes two, or the same again.
    decided = [details for action, _, details in audited(paper.id) if action == "kyc_decided"]
    assert len(decided) == came.count(True) == len(told(saver))
    assert (decided[0]["before"], decided[0]["agreeing_with"]) == ("pending", None)
    assert all(later["agreeing_with"] is not None for later in decided[1:])


def test_a_decision_that_somebody_would_overturn_can_be_left_as_it_is(
    app: Flask, saver: Saver, send: Send, reviewers: list[UUID], clock: Clock
) -> None:
    """Else it waited for a second word for good, on top of everybody's queue."""

    def stands(paper: UUID, by: UUID) -> None:
        run(lambda: review.let_stand(paper, by=by, at=clock.now()))

    paper = send(saver)
    for _ in range(2):  # neither one that waits, nor one that nobody would overturn
        with pytest.raises(DomainError, match="already_decided"):
            stands(paper.id, reviewers[0])
        if state(paper.id)[0] == "pending":
            assert decide(paper.id, "rejected", "expired", by=reviewers[0], clock=clock)
    for by in reviewers[1:]:
        assert not decide(paper.id, "verified", by=reviewers[1], clock=clock)
        stands(paper.id, by)
        assert paper.id not in [row.id for row in run(lambda: review.waiting(most=10_000))]
        assert audited(paper.id)[-1] == (
            "kyc_decision_stands", by,
            {"status": "rejected", "instead_of": "verified", "proposed_by": str(reviewers[1])},
        )  # fmt: skip
    assert (state(paper.id)[:2], len(told(saver))) == (("rejected", "expired"), 1)
    with pytest.raises(DomainError, match="not_staff"):
        stands(paper.id, saver.id)


@pytest.mark.parametrize("gone", ["role = 'saver'", "status = 'suspended'"])
def test_the_first_word_of_somebody_who_is_of_the_staff_no_more_is_none(
    saver: Saver, send: Send, reviewers: list[UUID], clock: Clock, gone: str
) -> None:
    one, other, third = reviewers
    paper = send(saver)
    assert decide(paper.id, "rejected", "expired", by=one, clock=clock)
    assert not decide(paper.id, "verified", by=one, clock=clock)
    run(lambda: queue(f"UPDATE users SET {gone} WHERE id = %s", (one,)))
    assert not decide(paper.id, "verified", by=other, clock=clock)
    assert state(paper.id)[0] == "rejected"
    assert decide(paper.id, "verified", by=third, clock=clock)
    assert audited(paper.id)[-1][2]["agreeing_with"] == str(other)
