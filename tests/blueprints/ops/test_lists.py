"""The lists: what is declared can be asked for, anything else answers 400; pages by keyset; files without formulas."""

from __future__ import annotations

import csv
import io
import re
from uuid import uuid4

import pytest
from flask import Flask

from app.blueprints.ops.columns import Column
from app.blueprints.ops.users import UsersView
from app.periods import SaverZone
from app.transactions import fetch, queue, run
from tests import factories
from tests.attacks.walking import Person, make_person
from tests.blueprints.ops.test_users import noted

NEXT = re.compile(r'<a class="[^"]*" href="([^"]*after=[^"]*)"')


def ids(html: str) -> list[str]:
    """The accounts of a page, in its order."""
    return re.findall(r'<td><a href="/ops/users/([0-9a-f-]{36})/">', html)


def named(app: Flask, count: int) -> tuple[str, list[str]]:
    """A name that nobody else has, and those who have it in the order in which they came."""
    name = f"Zz{uuid4().hex[:10]}"
    return name, [str(factories.make_saver(app, name=f"{name} {number}").id) for number in range(count)]


@pytest.mark.parametrize(
    "query",
    ["x=1", "sort=email", "sort=password_hash", "sort=-", "after=made-up", "status=nonsense", "since=31-31-2026",
     "status=active&status=erased", "created_at=1", "limit=5", "page=2"],
)  # fmt: skip
def test_what_is_not_declared_is_refused(support: Person, query: str) -> None:
    for path in ("/ops/users/", "/ops/transactions/"):
        assert support.browser.get(f"{path}?{query}").status_code == 400, path


@pytest.mark.parametrize("query", ["user=1", "at_least=abc", "type=gift", "from=2026-02-02&to=2026-01-01", "jar=x"])
def test_a_value_that_cannot_be_is_told_at_its_field(support: Person, query: str) -> None:
    answer = support.browser.get(f"/ops/transactions/?{query}")
    assert (answer.status_code, 'aria-invalid="true"' in answer.text) == (400, True)


def test_a_page_follows_the_other_and_none_shows_twice(
    app: Flask, support: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(UsersView, "page_size", 2)
    name, made = named(app, 5)
    path, seen = f"/ops/users/?q={name}", []
    while path:
        html = support.browser.get(path).text
        seen.append(ids(html))
        found = NEXT.search(html)
        path = found[1].replace("&amp;", "&") if found else ""
    assert seen == [made[:2], made[2:4], made[4:]]


def test_both_ways(app: Flask, support: Person) -> None:
    make_person(app)
    down, up = (ids(support.browser.get(f"/ops/users/?sort={sort}").text) for sort in ("-created_at", "created_at"))
    assert ids(support.browser.get("/ops/users/").text) == down
    with app.app_context():
        found = run(
            lambda: fetch("SELECT id::text, created_at, id FROM users WHERE id = ANY(%s::uuid[])", ([*up, *down],))
        )
    since = {text: (created_at, id_) for text, created_at, id_ in found}
    assert len(up) > 1
    assert up == sorted(up, key=since.__getitem__)
    assert down == sorted(down, key=since.__getitem__, reverse=True)


def test_a_cursor_is_good_for_its_list_order_and_reader_alone(
    app: Flask, support: Person, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(UsersView, "page_size", 1)
    named(app, 2)
    found = NEXT.search(support.browser.get("/ops/users/").text)
    assert found is not None
    cursor = found[1].partition("after=")[2]
    assert support.browser.get(f"/ops/users/?after={cursor}").status_code == 200
    for path in (f"/ops/users/?sort=created_at&after={cursor}", f"/ops/users/?status=active&after={cursor}",
                 f"/ops/transactions/?after={cursor}", f"/ops/users/?after={cursor[:-1]}"):  # fmt: skip
        assert support.browser.get(path).status_code == 400, path
    assert admin.browser.get(f"/ops/users/?after={cursor}").status_code == 400


def test_few_queries_and_none_that_counts_or_skips(app: Flask, support: Person, sent: list[str]) -> None:
    name, _ = named(app, 3)
    for path in ("/ops/", "/ops/users/", f"/ops/users/?q={name}", "/ops/transactions/?type=deposit&at_least=5",
                 "/ops/scores/?since=2026-01-01", "/ops/loans/?due=overdue", "/ops/score-changes/"):  # fmt: skip
        sent.clear()
        assert support.browser.get(path).status_code == 200
        asked = [one for one in sent if one != "[]"]
        assert 1 <= len(asked) <= 6, asked
        assert not any("OFFSET" in one for one in asked)


def test_nobody_is_found_by_what_stands_in_the_middle(app: Flask, support: Person) -> None:
    name, (made,) = named(app, 1)
    assert ids(support.browser.get(f"/ops/users/?q={name.upper()}").text) == [made]
    assert ids(support.browser.get(f"/ops/users/?q={name[1:]}").text) == []
    assert support.browser.get("/ops/users/?q=%25").status_code == 200


# ---- files ----


def exported(person: Person, path: str) -> list[list[str]]:
    answer = person.browser.post(path, data={"csrf_token": person.form_token})
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    return list(csv.reader(io.StringIO(answer.text)))


def test_a_file_has_the_rows_of_the_list_masked_and_its_maker_is_noted(app: Flask, support: Person) -> None:
    name, made = named(app, 2)
    header, *rows = exported(support, f"/ops/users/export?q={name}")
    assert header[:3] == ["name", "email", "phone"]
    assert [row[-1] for row in rows] == made
    assert name not in str(rows)
    action, _, details = noted(app, support)[-1]
    assert (action, details["rows"]) == ("exported", 2)


def test_more_rows_than_a_file_may_have_are_for_a_job(
    app: Flask, support: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(UsersView, "export_most", 1)
    name, _ = named(app, 2)
    form = {"csrf_token": support.form_token}
    answer = support.browser.post(f"/ops/users/export?q={name}", data=form)
    assert (answer.status_code, answer.location) == (303, f"/ops/users/?q={name}")
    monkeypatch.setattr(UsersView, "export_most", 0)
    assert support.browser.post(f"/ops/users/export?q={name}", data=form).status_code == 404


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    column = Column("cell", "Cell")
    row = type("Row", (), {"cell": cell})
    assert column.exported(row, SaverZone("Asia/Kolkata")) == f"'{cell}"


def test_a_name_is_text_in_a_page(app: Flask, support: Person, owner: Person) -> None:
    jar = owner.saver.jar(name="<b>Bold</b>")
    movement = owner.saver.deposit(jar).json["transaction"]["id"]
    for path in (f"/ops/users/{owner.saver.id}/", f"/ops/transactions/{movement}/"):
        html = support.browser.get(path).text
        assert "&lt;b&gt;Bold&lt;/b&gt;" in html
        assert "<b>Bold" not in html


def test_an_erased_account_stays_in_the_list(app: Flask, support: Person) -> None:
    person = make_person(app)
    with app.app_context():
        run(lambda: queue("UPDATE users SET status = 'erased', name = '' WHERE id = %s", (person.saver.id,)))
    assert ids(support.browser.get("/ops/users/?status=erased").text)[0] == str(person.saver.id)
