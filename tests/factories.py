"""Savers, jars and movements for tests, made through the product's own services and calls."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import orjson
import pyotp
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import clock
from app.blueprints.api import tokens
from app.services.credit.refresh import refresh_all
from app.services.credit.storing import Cause
from app.services.identity import sign_in, signup, staff, two_factor
from app.services.identity.principal import Principal, principal
from app.services.loans import accepting, decisions, offers
from app.transactions import fetch, queue, run, transaction
from tests import files

PASSWORD = "kettle drum monsoon"
_numbers = itertools.count(int.from_bytes(os.urandom(3)))


def phone() -> str:
    """An Indian mobile number that no other test has."""
    return f"+919{next(_numbers) % 10**9:09d}"


def email() -> str:
    """An address that no other test has."""
    return f"saver-{uuid4().hex[:12]}@example.com"


@dataclass
class Saver:
    """A person with an API client; every call carries the access token."""

    app: Flask
    id: UUID
    email: str
    phone: str | None
    family_id: UUID
    access_token: str
    refresh_token: str
    client: FlaskClient = field(repr=False)
    #: What an authenticator app of this person holds; None without two-factor sign-in.
    totp: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The bearer header."""
        return {"Authorization": f"Bearer {self.access_token}"}

    def call(self, method: str, path: str, json: Any = None, *, key: str | None = None, **more: Any) -> TestResponse:
        """One API call as this person; ``key`` is an Idempotency-Key."""
        headers = self.headers | ({"Idempotency-Key": key} if key is not None else {}) | more.pop("headers", {})
        return self.client.open(path, method=method, json=json, headers=headers, **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        """GET."""
        return self.call("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> TestResponse:
        """POST."""
        return self.call("POST", path, json, **more)

    def jar(self, **values: Any) -> str:
        """The id of a new jar (daily, target 5,000)."""
        body = {"name": "Bicycle", "plan_type": "daily", "target_amount": "5000"} | values
        response = self.post("/api/jars/", body)
        assert response.status_code == 201, response.json
        made: str = response.json["jar"]["id"]
        return made

    def deposit(self, jar_id: str, amount: Any = "50", *, key: str | None = None, **more: Any) -> TestResponse:
        """Put money into a jar."""
        return self.post("/api/jars/deposit/", {"jar_id": jar_id, "amount": amount, **more}, key=key)

    def withdraw(self, jar_id: str, amount: Any = "50", *, key: str | None = None, **more: Any) -> TestResponse:
        """Take money out of a jar."""
        return self.post("/api/jars/withdraw/", {"jar_id": jar_id, "amount": amount, **more}, key=key)

    def upload(self, path: str, body: bytes | None = None, *, method: str = "POST", **fields: str) -> TestResponse:
        """Send a form with a file, a small picture unless ``body`` is given."""
        data = {**fields, "file": (BytesIO(files.picture() if body is None else body), "photo.jpg")}
        answer = self.call(method, path, data=data, content_type="multipart/form-data")
        assert answer.status_code in {200, 201}, answer.json
        return answer

    def principal(self) -> Principal:
        """Who this is, for calling services directly; needs an application context."""
        with transaction():
            found = principal(self.family_id)
        assert found is not None
        return found


def make_saver(app: Flask, *, role: str = "saver", name: str = "Asha Devi", **values: Any) -> Saver:
    """A new signed-in person. ``values`` go to ``sign_up`` (email, phone, password, time_zone, language)."""
    details = {"email": email(), "phone": phone(), "password": PASSWORD} | values
    totp = None if role == "saver" else pyotp.random_base32()
    with app.test_request_context():

        def work() -> tuple[UUID, sign_in.SignIn]:
            if role == "saver":
                user = signup.sign_up(name=name, at=clock.now(), **details)
            else:
                user = staff.add(
                    name=name, email=details["email"], password=details["password"], role=role, at=clock.now()
                )
                two_factor.keep(user.id, str(totp))
                two_factor.switch_on(user.id, now=datetime.now(UTC))
            return user.id, sign_in.open_family(user.id, kind="api", device="Werkzeug")

        user_id, opened = run(work)
        pair = tokens.pair(opened)
    return Saver(
        app,
        user_id,
        details["email"],
        details["phone"],
        opened.family_id,
        pair["access_token"],
        pair["refresh_token"],
        app.test_client(),
        totp,
    )


def make_staff(app: Flask, role: str = "admin") -> Saver:
    """A new signed-in member of staff, with two-factor sign-in as all of them need it."""
    return make_saver(app, role=role, name="Meera Staff")


def live_weeks(saver: Saver, moving: Any, kept: str, **values: Any) -> str:
    """A weekly jar of ₹50 through weeks that were kept (1) or not (0), with the score of each; the jar's id.

    ``moving`` is the test's clock, which stands a week further after each.
    """
    jar = saver.jar(plan_type="weekly", installment_amount="50", **values)
    for week in kept:
        if week == "1":
            assert saver.deposit(jar, "50").status_code == 201
        score(saver, moving)
        moving.advance(days=7)
    score(saver, moving)
    return jar


def verify(saver: Saver) -> None:
    """Have the saver's identity stand as verified."""
    with saver.app.app_context():
        run(lambda: queue("UPDATE users SET kyc_status = 'verified' WHERE id = %s", (saver.id,)))


def make_borrower(app: Flask, moving: Any, *, weekly: str = "1000", weeks: int = 10, **values: Any) -> Saver:
    """A saver who may have a loan: verified, with weeks of a jar kept, and the score of it.

    ``moving`` is the test's clock, which stands after those weeks. Tokens live by real time.
    """
    saver = make_saver(app, **values)
    verify(saver)
    jar = saver.jar(plan_type="weekly", installment_amount=weekly, target_amount="100000")
    for _ in range(weeks):
        assert saver.deposit(jar, weekly).status_code == 201
        moving.advance(days=7)
    score(saver, moving)
    return saver


def make_loan(saver: Saver, *, amount: str = "20000", months: int = 24, accept: bool = True, **more: Any) -> str:
    """The id of a loan that is offered and, if so asked, accepted."""
    offered = saver.post("/api/loans/", {"amount": amount, "tenure_months": months})
    assert offered.status_code == 201, offered.json
    loan: str = offered.json["loan"]["id"]
    if accept:
        body = {"version": offered.json["statement"]["version"], **more}
        answer = saver.post(f"/api/loans/{loan}/accept/", body)
        assert answer.status_code == 200, answer.json
    return loan


def lend(saver: Saver, jar_id: str | None, at: datetime) -> UUID:
    """The id of a loan that was offered at ``at`` whatever its checks say; accepted, where there is a jar for it."""
    made: list[Any] = []

    def keep(outcome: Any) -> tuple[int, bytes]:
        made.append(outcome)
        return 200, b""

    with saver.app.app_context():
        person = replace(saver.principal(), kyc_status="verified")
        decision = run(lambda: decisions.decide(person, at=at))
        decision = replace(decision, eligible=True, affordable=10**9)
        run(lambda: offers.offer(person, 500_000, 12, decision=decision, at=at, claim=None, render=keep))
        loan = made[0].view.loan
        if jar_id is not None:
            run(
                lambda: accepting.accept(
                    person, loan.id, version=loan.statement_version, jar_id=UUID(jar_id), at=at, claim=None, render=keep
                )
            )
    found: UUID = loan.id
    return found


def score(saver: Saver, moving: Any) -> None:
    """Have the saver's score made, as the worker does after a movement."""
    with saver.app.app_context():
        run(lambda: refresh_all([saver.id], Cause("deposit"), at=moving.now()))


def model(app: Flask, *, status: str = "candidate") -> str:
    """The version of a model that was trained, whose file is gone."""
    measured = {"rows": 900, "rate": 0.8, "log_loss": 0.4, "auc": 0.8, "ece": 0.02}
    card = {
        "metrics": {"logistic": measured, "rule": measured | {"log_loss": 0.5}}, "rows": 4_000, "savers": 90,
        "window": {"from": "2026-01-01", "split": "2026-05-01", "until": "2026-06-30"}, "beaten": ["rule"],
        "unbeaten": [], "features": ["streak"], "feature_set": 1, "policy_version": "rule-1", "baseline": {},
        "calibration": [{"predicted": 0.25, "observed": 0.3, "count": 400},
                        {"predicted": 0.9, "observed": 0.88, "count": 500}],
    }  # fmt: skip
    values = (os.urandom(32), orjson.dumps(card).decode(), clock.now(), status)
    with app.app_context():
        (found,) = run(
            lambda: fetch(
                "INSERT INTO score_models (version, number, kind, status, location, sha256, size, card, created_at,"
                " promoted_at) SELECT 'logistic-' || n, n, 'logistic', v.status, 'nowhere', v.sha256, 10, v.card, v.at,"
                " CASE v.status WHEN 'serving' THEN v.at END"
                " FROM (SELECT coalesce(max(number), 0) + 1 AS n FROM score_models) m,"
                " (VALUES (%s::bytea, %s::jsonb, %s::timestamptz, %s)) AS v (sha256, card, at, status)"
                " RETURNING version",
                values,
            )
        )
    version: str = found[0]
    return version
