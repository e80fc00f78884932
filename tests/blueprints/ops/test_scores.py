"""Scores: found by what they are, shown with what they are made of, made anew by administrators alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask

from app import clock
from app.scoring.policy import policy
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.transactions import fetch, queue, run
from tests import factories
from tests.attacks.walking import Person, make_person
from tests.blueprints.ops.test_users import noted
from tests.conftest import Clock


@pytest.fixture(scope="module")
def scored(app: Flask) -> Person:
    """A saver with a score that has a history."""
    person = make_person(app)
    person.id_of("change_id")
    return person


def found(person: Person, query: str) -> list[str]:
    """Whose scores a list has."""
    answer = person.browser.get(f"/ops/scores/?{query}")
    assert answer.status_code == 200, query
    return re.findall(r'<a href="/ops/scores/([0-9a-f-]{36})/">', answer.text)


def send(person: Person, path: str, **form: object) -> tuple[int, str | None]:
    answer = person.browser.post(path, data={"csrf_token": person.form_token, **form})
    return answer.status_code, answer.location


def score_of(app: Flask, person: Person) -> int:
    """As it is kept."""
    with app.app_context():
        ((score,),) = run(lambda: fetch("SELECT score FROM credit_scores WHERE user_id = %s", (person.saver.id,)))
    return int(score)


def test_found_by_band_state_day_and_account(app: Flask, support: Person, scored: Person) -> None:
    own, asked = str(scored.saver.id), f"user={scored.saver.id}"
    band = policy().band(score_of(app, scored))
    other = next(code for code, _ in policy().bands if code != band)
    within = f"&band={band}"
    for query in ("", within, "&status=scored", "&since=2026-01-01", f"&sort=score{within}&since=2026-01-01"):
        assert found(support, asked + query) == [own], query
    for query in (f"&band={other}", "&status=no_history", "&since=2199-01-01", "&sort=-score&since=2199-01-01"):
        assert found(support, asked + query) == [], query
    assert found(support, "")[0] == own or own in found(support, "sort=-score")
    for wrong in ("sort=changed_at", "sort=name", "band=best", "status=settled", "user=1", "since=tomorrow", "page=2"):
        assert support.browser.get(f"/ops/scores/?{wrong}").status_code == 400, wrong


def test_one_score_with_what_is_behind_it(app: Flask, support: Person, scored: Person) -> None:
    html = support.browser.get(f"/ops/scores/{scored.saver.id}/").text
    points = [
        int(number)
        for number in re.findall(r'<th scope="row">[^<]+</th><td class="ops-number amount">(\d+)</td>', html)
    ]
    base, *factors, score = points[:10]
    assert (base, len(factors), base + sum(factors)) == (300, 8, score)
    for said in ("A••• D•••", "rule-1", "none: the rule predicts", "Recent habit", "share on time of all periods",
                 "were on time", "points up"):  # fmt: skip
        assert said in html, said
    assert "Asha Devi" not in html
    assert "Recalculate" not in html
    change = support.browser.get(f"/ops/score-changes/{scored.id_of('change_id')}/").text
    for said in (f"{score}, it was", ">Was<", "How full", "Deposits lately"):
        assert said in change, said
    assert f"/ops/scores/{scored.saver.id}/" in change
    of_one = support.browser.get(f"/ops/score-changes/?user={scored.saver.id}").text
    assert of_one.count("/ops/score-changes/") >= 3
    looks = [(action, details.get("what")) for action, _, details in noted(app, support)]
    assert looks == [("looked_at", "score"), ("looked_at", "score_history"), ("looked_at", "score_history")]
    nobody = support.browser.get(f"/ops/scores/{uuid4()}/"), support.browser.get(f"/ops/score-changes/{uuid4()}/")
    assert [answer.status_code for answer in nobody] == [404, 404]


def test_whoever_has_no_score_yet_is_found(app: Flask, support: Person) -> None:
    new = make_person(app)
    new.id_of("jar_id")
    factories.score(new.saver, clock)
    for query in ("status=no_history", f"user={new.saver.id}"):
        assert str(new.saver.id) in found(support, query), query


def test_an_account_without_a_score_says_so(app: Flask, support: Person, owner: Person) -> None:
    assert "There is no score of this account yet" in support.browser.get(f"/ops/scores/{owner.saver.id}/").text


def test_one_is_made_anew_at_once(app: Flask, admin: Person, support: Person, scored: Person) -> None:
    path = f"/ops/scores/{scored.saver.id}/recalculate"
    assert send(support, path)[0] == 403
    with app.app_context():
        run(lambda: queue("UPDATE credit_scores SET score = 301, as_of = as_of - interval '1 hour' WHERE user_id = %s",
                          (scored.saver.id,)))  # fmt: skip
    assert send(admin, path, score="900", user_id=str(uuid4())) == (303, f"/ops/scores/{scored.saver.id}/")
    assert "it was 301" in admin.browser.get(f"/ops/scores/{scored.saver.id}/").text
    assert score_of(app, scored) > 600
    assert ("score_recalculated", str(scored.saver.id), {}) in noted(app, admin)
    assert send(admin, f"/ops/scores/{uuid4()}/recalculate")[0] == 404


def test_a_selection_and_all_are_ordered_once(new_app: Callable[..., Flask], clock: Clock) -> None:
    app = new_app()
    admin, support = make_person(app, "admin"), make_person(app, "support")
    savers = [make_person(app) for _ in range(3)]
    for saver in savers:
        saver.id_of("change_id")
    chosen = [str(saver.saver.id) for saver in savers[:2]]
    for path in ("/ops/scores/recalculate", "/ops/scores/recalculate-all"):
        assert send(support, path, chosen=chosen)[0] == 403
    for nothing in ({}, {"chosen": "everybody"}, {"user_ids": chosen}, {"chosen": [str(uuid4())] * 0}):
        assert send(admin, "/ops/scores/recalculate", **nothing) == (303, "/ops/scores/")
    assert "Choose at least one score first." in admin.browser.get("/ops/scores/").text
    status, _ = send(admin, "/ops/scores/recalculate", chosen=[*chosen, chosen[0]])
    html = admin.browser.get("/ops/scores/").text
    assert (status, "2 scores will be recalculated" in html, 'data-live="2"' in html) == (303, True, True)
    assert "waits for the worker" in html
    assert send(admin, "/ops/scores/recalculate-all")[0] == 303
    assert "Scores are being recalculated already." in admin.browser.get("/ops/scores/").text
    with app.app_context():
        assert perform(JOBS["credit.recalculate"]).done == 2
    html = admin.browser.get("/ops/scores/").text
    assert ("data-live" in html, ", 2 scores" in html) == (False, True)
    assert send(admin, "/ops/scores/recalculate-all")[0] == 303
    with app.app_context():
        assert perform(JOBS["credit.recalculate"]).done == 3
    ordered = [details for action, _, details in noted(app, admin) if action == "scores_ordered"]
    assert ordered == [{"savers": 2}, {"savers": None}]
