"""Loans: the book narrowed by state and by what is due, and one with its schedule and the decision behind it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

from flask import Flask

from app import clock as product
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from tests import factories
from tests.attacks.walking import Person, make_person
from tests.blueprints.ops.test_jump import jump
from tests.blueprints.ops.test_users import noted
from tests.conftest import Clock


def found(person: Person, query: str = "") -> list[str]:
    answer = person.browser.get(f"/ops/loans/?{query}")
    assert answer.status_code == 200, query
    return re.findall(r'<td><a href="/ops/loans/([0-9a-f-]{36})/">', answer.text)


def lent(app: Flask, days_ago: int, *, accepted: bool = True) -> tuple[Person, str]:
    """A saver whose loan was offered so many days ago; its first instalment is due a month later."""
    person, at = make_person(app), product.now() - timedelta(days=days_ago)
    with product.standing_at(at):
        return person, str(factories.lend(person.saver, person.saver.jar() if accepted else None, at))


def test_the_book_by_state_and_by_what_is_due(new_app: Callable[..., Flask], clock: Clock) -> None:
    app = new_app()
    support = make_person(app, "support")
    (late, oldest), (_, older), (_, soon), (_, offered) = (
        lent(app, 70), lent(app, 40), lent(app, 28), lent(app, 1, accepted=False)
    )  # fmt: skip
    with app.app_context():
        perform(JOBS["loans.progress"])
        perform(JOBS["loans.age"])
    assert found(support) == [offered, soon, older, oldest]
    assert found(support, "sort=offered_at") == [oldest, older, soon, offered]
    assert found(support, "status=offered") == [offered]
    assert found(support, "due=overdue") == [oldest, older]
    assert found(support, "due=week") == [oldest, older, soon]
    assert found(support, f"due=overdue&user={late.saver.id}&status=active") == [oldest]
    assert found(support, f"from={clock.now() - timedelta(days=30):%Y-%m-%d}") == [offered, soon]
    for wrong in (
        "due=tomorrow",
        "status=late",
        "sort=due_on",
        "sort=amount",
        "user=x",
        "from=2026-02-02&to=2026-01-01",
    ):
        assert support.browser.get(f"/ops/loans/?{wrong}").status_code == 400, wrong

    html = support.browser.get(f"/ops/loans/{oldest}/").text
    for said in ("In arrears", "A••• D•••", "days overdue", "Late charge", "Nothing has been paid yet", "to come",
                 "accepted; the money is locked", "cooling-off over", "Days since the first deposit", "loan-1",
                 "18.88%", "not eligible", "75%", f"/ops/users/{late.saver.id}/",
                 f"/ops/scores/{late.saver.id}/"):  # fmt: skip
        assert said in html, said
    assert html.count('<th scope="row">') >= 10
    assert "Asha Devi" not in html
    paid = late.saver.post(f"/api/loans/{oldest}/repay/", {"amount": "460.31"})
    assert paid.status_code in {200, 201}, paid.json
    html = support.browser.get(f"/ops/loans/{oldest}/").text
    for said in ("repayment", "from outside", "₹460.31", "/ops/transactions/", f"paid {clock.now():%Y-%m-%d}",
                 "days late"):  # fmt: skip
        assert said in html, said
    assert "As it would be if it were accepted today" in support.browser.get(f"/ops/loans/{offered}/").text
    assert jump(support, oldest) == (303, f"/ops/loans/{oldest}/")
    assert [(action, subject) for action, subject, _ in noted(app, support)] == [
        ("loan_read", oldest), ("loan_read", oldest), ("loan_read", offered),
    ]  # fmt: skip
    assert support.browser.get(f"/ops/loans/{uuid4()}/").status_code == 404
