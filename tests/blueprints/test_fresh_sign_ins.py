"""What a call or page can ask of whoever makes it beyond the role: two factors of staff, and a sign-in of just now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
from flask import Blueprint, Flask

from app.blueprints.api.access import access
from app.blueprints.web.access import page_access
from app.services.identity import two_factor
from app.transactions import queue, run
from tests import factories
from tests.blueprints.web.conftest import Visitor
from tests.factories import PASSWORD, Saver

QUARTER = timedelta(minutes=15)


@pytest.fixture
def console(new_app: Callable[..., Flask]) -> Flask:
    """An application with a call and a page that move money of others."""
    app = new_app()
    routes = Blueprint("console_of_a_test", __name__)

    @routes.get("/api/admin/adjust/")
    @access("admin", fresh_within=QUARTER)
    def adjust() -> dict[str, bool]:
        return {"done": True}

    @routes.route("/console/adjust", methods=["GET", "POST"])
    @page_access("admin", fresh_within=QUARTER)
    def adjust_page() -> str:
        return "adjusting"

    app.register_blueprint(routes)
    return app


def grow_older(app: Flask, person: Saver, minutes: int) -> None:
    with app.app_context():
        run(
            lambda: queue(
                "UPDATE refresh_families SET created_at = created_at - make_interval(mins => %s),"
                " authenticated_at = authenticated_at - make_interval(mins => %s) WHERE user_id = %s",
                (minutes, minutes, person.id),
            )
        )


def code_of(person: Saver) -> str:
    return pyotp.TOTP(str(person.totp)).now()


@pytest.fixture(autouse=True)
def every_code_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several within one half minute: as if the last one had been long ago."""
    steps = iter(range(two_factor.current_step(), two_factor.current_step() + 1000))
    monkeypatch.setattr(two_factor, "current_step", lambda: next(steps))
    monkeypatch.setattr(pyotp.TOTP, "now", lambda self: self.generate_otp(next(steps)))


def test_a_call_asks_again_after_a_quarter_of_an_hour(console: Flask) -> None:
    admin = factories.make_staff(console)
    path = "/api/admin/adjust/"
    assert admin.get(path).json == {"done": True}
    grow_older(console, admin, 14)
    assert admin.get(path).status_code == 200
    grow_older(console, admin, 2)
    answer = admin.get(path)
    assert (answer.status_code, answer.json["code"]) == (403, "fresh_sign_in_required")
    assert admin.get("/api/jobs/00000000-0000-0000-0000-000000000001/").status_code == 404, "other calls go on"
    confirm = {"password": PASSWORD, "otp": code_of(admin)}
    assert admin.post("/api/sign-ins/confirm/", confirm).status_code == 204
    assert admin.get(path).status_code == 200
    grow_older(console, admin, 16)
    assert admin.get(path).status_code == 403


def test_a_fresh_sign_in_is_no_role(console: Flask) -> None:
    for person in (factories.make_saver(console), factories.make_staff(console, "support")):
        answer = person.get("/api/admin/adjust/")
        assert (answer.status_code, answer.json["code"]) == (403, "forbidden")


def test_refreshing_tokens_makes_no_sign_in_fresh(console: Flask) -> None:
    admin = factories.make_staff(console)
    grow_older(console, admin, 16)
    pair = console.test_client().post("/api/token/refresh/", headers={"Authorization": f"Bearer {admin.refresh_token}"})
    answer = console.test_client().get(
        "/api/admin/adjust/", headers={"Authorization": f"Bearer {pair.json['access_token']}"}
    )
    assert answer.json["code"] == "fresh_sign_in_required"


def test_a_page_asks_again_and_leads_back(console: Flask) -> None:
    admin = factories.make_staff(console)
    browser = Visitor(console)
    browser.log_in(admin.email)
    answer = browser.send("/login/code", otp=code_of(admin))
    assert (answer.status_code, answer.location, browser.get("/").location) == (303, "/ops/", "/ops/")
    assert browser.get("/console/adjust").text == "adjusting"
    grow_older(console, admin, 16)
    for answer in (browser.get("/console/adjust?of=1"), browser.send("/console/adjust?of=1", form="/profile")):
        assert answer.status_code == 303
        assert answer.location.startswith("/profile/confirm?next=/console/adjust")
    asked = browser.get(answer.location)
    assert 'name="otp"' in asked.text
    assert browser.send(answer.location, password=PASSWORD).status_code == 401, "the code is asked for too"
    assert browser.send(answer.location, password=PASSWORD, otp="000000").status_code == 422
    back = browser.send(answer.location, password=PASSWORD, otp=code_of(admin))
    assert back.location.startswith("/console/adjust")
    assert browser.get("/console/adjust").text == "adjusting"


def test_staff_without_two_factors_reach_neither(console: Flask) -> None:
    admin = factories.make_staff(console)
    with console.app_context():
        run(lambda: two_factor.take_away(admin.id, at=factories.clock.now()))
    answer = admin.get("/api/admin/adjust/")
    assert (answer.status_code, answer.json["code"]) == (403, "two_factor_required")
    browser = Visitor(console)
    browser.log_in(admin.email)
    assert browser.get("/console/adjust").location == "/profile/two-factor"
