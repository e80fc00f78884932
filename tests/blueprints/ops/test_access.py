"""Who may open what of the console: each of its routes, asked by everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask, session
from flask_admin import expose
from flask_login import login_user
from werkzeug.exceptions import Forbidden, NotFound

from app.blueprints.access import ALLOWED, declared
from app.blueprints.ops.base import ConsoleView, only
from app.services.identity.principal import principal
from app.transactions import queue, run
from tests import factories
from tests.attacks.walking import Person, Route, make_person, pages


def console(app: Flask) -> list[Route]:
    found = [route for route in pages(app) if route.is_console]
    assert len(found) >= 8
    return found


def path(app: Flask, route: Route, owner: Person) -> str:
    return route.path(app, {name: owner.id_of(name) for name in route.rule.arguments})


def test_every_route_of_it_declares_a_role_of_staff(app: Flask) -> None:
    assert {route.level for route in console(app)} <= {"support", "admin"}


@pytest.mark.parametrize("role", ["saver", "support", "admin"])
def test_each_role_reaches_what_is_for_it_alone(app: Flask, owner: Person, role: str) -> None:
    person = make_person(app, role)
    for route in console(app):
        answer = person.open(route, path(app, route, owner), {})
        if role in ALLOWED[str(route.level)]:
            assert answer.status_code in {200, 303, 422}, route
        else:
            assert answer.status_code == (404 if role == "saver" else 403), route


def test_whoever_is_not_signed_in_is_led_to_the_sign_in_and_back(app: Flask, owner: Person) -> None:
    for route in console(app):
        asked = path(app, route, owner)
        answer = app.test_client().open(asked, method=route.method)
        if route.method == "GET":
            assert (answer.status_code, answer.location) == (303, f"/login?next={asked}"), route
        else:
            assert answer.status_code == 400, route  # no form of ours


def test_an_address_that_is_guessed_is_nothing(support: Person, owner: Person) -> None:
    for person in (support, owner):
        for guessed in ("/ops/nothing/", "/ops/users/1/", "/ops/static/admin/css/x.css", "/admin/"):
            assert person.browser.get(guessed).status_code == 404, guessed


def test_every_change_asks_for_the_forms_token(app: Flask, support: Person, owner: Person) -> None:
    changes = [route for route in console(app) if route.method != "GET"]
    assert changes
    for route in changes:
        answer = support.browser.open(path(app, route, owner), method=route.method, data={"reason": "legal"})
        assert answer.status_code == 400, route


@pytest.mark.parametrize(("to", "status"), [("role = 'saver'", 404), ("status = 'suspended'", 303)])
def test_what_is_taken_away_counts_at_the_very_next_click(app: Flask, support: Person, to: str, status: int) -> None:
    assert support.browser.get("/ops/users/").status_code == 200
    with app.app_context():
        run(lambda: queue(f"UPDATE users SET {to} WHERE id = %s", (support.saver.id,)))
    assert support.browser.get("/ops/users/").status_code == status


def test_staff_without_a_second_factor_set_it_up_first(app: Flask, support: Person) -> None:
    with app.app_context():
        run(lambda: queue("UPDATE users SET two_factor_at = NULL WHERE id = %s", (support.saver.id,)))
    answer = support.browser.get("/ops/users/")
    assert (answer.status_code, answer.location) == (303, "/profile/two-factor")


# ---- views by themselves ----


class Undeclared(ConsoleView):
    @expose("/")
    def index(self) -> str:
        return "secret"


def test_a_letter_leads_to_one_page(app: Flask) -> None:
    keys = [view.key for view in app.extensions["admin"][0]._views if getattr(view, "key", None)]
    assert len(set(keys)) == len(keys) > 10
    assert all(len(key) == 1 and key.islower() for key in keys)


class Narrowed(ConsoleView):
    role = "support"

    @expose("/")
    def index(self) -> str:
        return "open"

    @expose("/pay", methods=("POST",))
    @only("admin", fresh=True)
    def pay(self) -> str:
        return "paid"

    @expose("/broken")
    def broken(self) -> str:
        raise TypeError("a mistake of the view")


@pytest.fixture
def signed_in(app: Flask) -> Callable[..., Any]:
    @contextmanager
    def begin(role: str, *, ago: timedelta = timedelta(0), **more: Any) -> Iterator[None]:
        person = factories.make_staff(app, role)
        with app.test_request_context("/ops/narrowed/pay", **more):
            since = datetime.now(UTC) - ago
            run(lambda: queue("UPDATE refresh_families SET created_at = %s WHERE id = %s", (since, person.family_id)))
            found = run(lambda: principal(person.family_id))
            assert found is not None
            login_user(found)
            session["kept_on"] = datetime.now(UTC).isoformat()
            yield

    return begin


def test_a_view_without_a_role_does_not_run(signed_in: Callable[..., Any]) -> None:
    view = Undeclared("Undeclared", "undeclared")
    assert declared(view.index) is None
    with signed_in("admin"):
        assert not view.is_accessible()
        with pytest.raises(NotFound):
            view.index()


def test_a_method_may_ask_for_more_than_its_view(signed_in: Callable[..., Any]) -> None:
    view = Narrowed("Narrowed", "narrowed")
    assert (declared(view.index), declared(view.pay)) == ("support", "admin")
    with signed_in("support"):
        assert view.index() == "open"
        with pytest.raises(Forbidden):
            view.pay()
    with signed_in("admin"):
        assert view.pay() == "paid"


def test_what_moves_money_asks_again_who_it_is(signed_in: Callable[..., Any]) -> None:
    view = Narrowed("Narrowed", "narrowed")
    headers = {"Referer": "http://localhost/ops/narrowed/"}
    with signed_in("admin", ago=timedelta(minutes=16), method="POST", headers=headers):
        answer = view.pay()
        assert (answer.status_code, answer.location) == (303, "/profile/confirm?next=/ops/narrowed/")


def test_a_mistake_of_a_view_is_not_run_twice(signed_in: Callable[..., Any]) -> None:
    with signed_in("support"), pytest.raises(TypeError, match="a mistake of the view"):
        Narrowed("Narrowed", "narrowed").broken()
