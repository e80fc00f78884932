"""What must hold for every route of the application, found by walking all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app.blueprints.api.access import declared
from app.extensions import db
from tests import factories, files
from tests.factories import Saver

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
# The framework's own: the files of app/static, smorest's document, the figures (guarded by a token or loopback).
OWN_RULES = {"static", "api-docs.openapi_json", "metrics", "prometheus_metrics"}
# What a client may send to each call that writes; a call that is new here fails the walk until it is added.
WRITES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/api/signup/"): {"name": "A", "email": "{email}", "phone": "{phone}", "password": factories.PASSWORD},
    ("POST", "/api/login/"): {"email": "{own_email}", "password": factories.PASSWORD},
    ("POST", "/api/token/refresh/"): {},
    ("POST", "/api/logout/"): {},
    ("POST", "/api/password/change/"): {"current_password": factories.PASSWORD, "new_password": "lamp kite harbour"},
    ("POST", "/api/password/forgot/"): {"email": "{own_email}"},
    ("POST", "/api/password/reset/"): {"token": "made up", "password": "lamp kite harbour"},
    ("POST", "/api/email/send-link/"): {},
    ("POST", "/api/email/verify/"): {"token": "made up"},
    ("POST", "/api/phone/send-code/"): {},
    ("POST", "/api/phone/verify/"): {"code": "123456"},
    ("POST", "/api/two-factor/"): {},
    ("POST", "/api/two-factor/confirm/"): {"code": "123456"},
    ("POST", "/api/two-factor/recovery-codes/"): {"password": factories.PASSWORD, "otp": "123456"},
    ("DELETE", "/api/two-factor/"): {"password": factories.PASSWORD, "otp": "123456"},
    ("DELETE", "/api/sign-ins/"): {},
    ("DELETE", "/api/sign-ins/<uuid:sign_in_id>/"): {},
    ("POST", "/api/sign-ins/confirm/"): {"password": factories.PASSWORD},
    ("PUT", "/api/profile/"): {"name": "Changed", "email": "{own_email}", "phone": "{own_phone}"},
    ("PATCH", "/api/profile/"): {"name": "Changed"},
    ("DELETE", "/api/profile/"): {"password": factories.PASSWORD},
    ("PUT", "/api/profile/consents/"): {"terms": "1"},
    ("PUT", "/api/profile/nominee/"): {"name": "Sita Devi", "relation": "mother", "date_of_birth": "1970-01-01"},
    ("DELETE", "/api/profile/nominee/"): {},
    ("POST", "/api/jars/"): {"name": "B", "plan_type": "daily", "target_amount": "5"},
    ("PATCH", "/api/jars/<uuid:jar_id>/"): {"name": "Changed"},
    ("DELETE", "/api/jars/<uuid:jar_id>/"): {},
    ("PUT", "/api/jars/<uuid:jar_id>/pause/"): {"until": "2100-01-01"},
    ("DELETE", "/api/jars/<uuid:jar_id>/pause/"): {},
    ("PUT", "/api/jars/<uuid:jar_id>/auto-deposit/"): {"amount": "5"},
    ("DELETE", "/api/jars/<uuid:jar_id>/auto-deposit/"): {},
    ("POST", "/api/jars/<uuid:jar_id>/auto-deposit/skip/"): {},
    ("POST", "/api/jars/deposit/"): {"jar_id": "{jar}", "amount": "5"},
    ("POST", "/api/jars/withdraw/"): {"jar_id": "{jar}", "amount": "5"},
    ("POST", "/api/devices/"): {"kind": "expo", "token": "ExponentPushToken[walked]"},
    ("DELETE", "/api/devices/<uuid:device_id>/"): {},
    ("POST", "/api/notifications/<uuid:notice_id>/read/"): {},
    ("POST", "/api/loans/"): {"amount": "5000", "tenure_months": 6},
    ("POST", "/api/loans/<uuid:loan_id>/accept/"): {"version": "0" * 64},
    ("POST", "/api/loans/<uuid:loan_id>/repay/"): {"amount": "5"},
    ("POST", "/api/loans/<uuid:loan_id>/cancel/"): {},
    ("POST", "/api/support-requests/"): {"subject": "My score", "text": "It leaves a week out."},
    ("POST", "/api/kyc-upload/"): {"document_type": "pan"},
    ("PUT", "/api/profile/photo/"): {},
    ("DELETE", "/api/profile/photo/"): {},
    ("PUT", "/api/jars/<uuid:jar_id>/picture/"): {},
    ("DELETE", "/api/jars/<uuid:jar_id>/picture/"): {},
    ("POST", "/api/support-requests/<uuid:request_id>/appeal/"): {"text": "The week is still left out."},
    ("POST", "/api/predict-score/"): {},
    ("POST", "/api/admin/recalculate-scores/"): {},
}
# These read no body at all: an extra member cannot reach them.
BODILESS = {
    ("POST", "/api/token/refresh/"),
    ("DELETE", "/api/profile/nominee/"),
    ("POST", "/api/email/send-link/"),
    ("POST", "/api/phone/send-code/"),
    ("POST", "/api/two-factor/"),
    ("DELETE", "/api/sign-ins/"),
    ("DELETE", "/api/sign-ins/<uuid:sign_in_id>/"),
    ("DELETE", "/api/jars/<uuid:jar_id>/"),
    ("DELETE", "/api/jars/<uuid:jar_id>/pause/"),
    ("DELETE", "/api/devices/<uuid:device_id>/"),
    ("POST", "/api/notifications/<uuid:notice_id>/read/"),
    ("POST", "/api/loans/<uuid:loan_id>/cancel/"),
    ("DELETE", "/api/jars/<uuid:jar_id>/auto-deposit/"),
    ("POST", "/api/jars/<uuid:jar_id>/auto-deposit/skip/"),
    ("DELETE", "/api/profile/photo/"),
    ("DELETE", "/api/jars/<uuid:jar_id>/picture/"),
}
# These take a form with a file.
FORMS = {
    ("POST", "/api/kyc-upload/"),
    ("PUT", "/api/profile/photo/"),
    ("PUT", "/api/jars/<uuid:jar_id>/picture/"),
}


def sent(call: tuple[str, str], body: dict[str, Any] | None) -> dict[str, Any]:
    """How ``body`` is sent to ``call``: as JSON, or as a form with a picture."""
    if call not in FORMS:
        return {"json": body}
    form = {**(body or {}), "file": (BytesIO(files.picture(size=(40, 40))), "a.jpg")}
    return {"data": form, "content_type": "multipart/form-data"}


def rules(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & METHODS):
            yield rule, method


def api_rules(app: Flask) -> list[tuple[Rule, str]]:
    return [
        (rule, method)
        for rule, method in rules(app)
        if rule.rule.startswith("/api/") and not rule.rule.startswith(("/api/docs/", "/api/openapi.json"))
    ]


def filled(body: dict[str, Any], **names: Any) -> dict[str, Any]:
    """``body`` with ``names`` in place of what stands in braces."""
    return {name: value.format(**names) if isinstance(value, str) else value for name, value in body.items()}


def url(app: Flask, rule: Rule, **values: Any) -> str:
    with app.test_request_context():
        built: str = app.url_map.bind("localhost").build(rule.endpoint, values, append_unknown=False)
        return built


# ---- access ----


def test_every_route_declares_who_may_use_it(app: Flask) -> None:
    silent = {
        rule.endpoint
        for rule, _ in rules(app)
        if rule.endpoint not in OWN_RULES and declared(app.view_functions[rule.endpoint]) is None
    }
    assert silent == set()
    levels = {declared(app.view_functions[rule.endpoint]) for rule, _ in rules(app)} - {None}
    assert levels <= {"public", "refresh", "saver", "support", "admin"}


def test_what_is_public_is_known(app: Flask) -> None:
    """A route added as public shows up here, and is either meant or a mistake."""
    public = {(method, rule.rule) for rule, method in api_rules(app)
              if declared(app.view_functions[rule.endpoint]) == "public"}  # fmt: skip
    assert public == {
        ("POST", "/api/signup/"), ("POST", "/api/login/"), ("POST", "/api/password/forgot/"),
        # A link out of a letter is the authority, on whatever device it is opened.
        ("POST", "/api/password/reset/"), ("POST", "/api/email/verify/"),
    }  # fmt: skip


def test_without_a_token_every_other_call_is_unauthenticated(app: Flask) -> None:
    for rule, method in api_rules(app):
        if declared(app.view_functions[rule.endpoint]) == "public":
            continue
        path = url(app, rule, **dict.fromkeys(rule.arguments, uuid4()))
        for body in (None, {"unknown": 1}):
            answer = app.test_client().open(path, method=method, json=body)
            assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated"), (method, rule.rule)
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_saver_reaches_no_call_of_the_staff(app: Flask, saver: Saver) -> None:
    for rule, method in api_rules(app):
        if declared(app.view_functions[rule.endpoint]) in {"support", "admin"}:
            answer = saver.call(method, url(app, rule, **dict.fromkeys(rule.arguments, uuid4())), {})
            assert (answer.status_code, answer.json["code"]) == (403, "forbidden"), (method, rule.rule)


def test_a_view_without_a_declaration_does_not_run(app: Flask) -> None:
    from app.blueprints.api.access import refuse_undeclared
    from app.errors import DomainError

    with app.test_request_context("/api/jars/"):
        guarded = app.view_functions["savings.list_jars"]
        app.view_functions["savings.list_jars"] = lambda: "secret"
        try:
            with pytest.raises(DomainError, match="forbidden"):
                refuse_undeclared()
        finally:
            app.view_functions["savings.list_jars"] = guarded


# ---- objects ----


def test_a_foreign_id_answers_exactly_as_a_missing_one(app: Flask) -> None:
    """Every call with an id in its path or body, three savers with jars of their own, each against each."""
    people = [factories.make_saver(app) for _ in range(3)]
    jars = {}
    for person in people:
        jars[person.id] = person.jar()
        assert person.deposit(jars[person.id], "50").status_code == 201
    walked = set()
    for rule, method in api_rules(app):
        body = WRITES.get((method, rule.rule))
        in_body = body is not None and "{jar}" in body.values()
        if not rule.arguments and not in_body:
            continue
        if declared(app.view_functions[rule.endpoint]) in {"support", "admin"}:
            continue  # what staff see is nobody's own
        walked.add((method, rule.rule))
        for person in people:
            answers = []
            for target in [*(jars[other.id] for other in people if other is not person), str(uuid4())]:
                named = None if body is None else filled(body, jar=target)
                path = url(app, rule, **dict.fromkeys(rule.arguments, target))
                answer = person.call(
                    method, path, **sent((method, rule.rule), named), query_string=QUERIES.get(rule.rule)
                )
                answers.append((answer.status_code, str((answer.json or {}) | {"request_id": ""})))
            assert len(set(answers)) == 1, (method, rule.rule, answers)
            assert answers[0][0] == 404, (method, rule.rule, answers)
    assert ("GET", "/api/jars/<uuid:jar_id>/") in walked
    assert ("POST", "/api/jars/withdraw/") in walked
    for person in people:
        jar = person.get(f"/api/jars/{jars[person.id]}/").json["jar"]
        assert (jar["name"], jar["current_amount"], jar["status"]) == ("Bicycle", "50.00", "active")


QUERIES = {"/api/jars/<uuid:jar_id>/statement/": {"from": "2026-01-01", "to": "2026-12-31"}}


def test_lists_hold_ones_own_alone(app: Flask) -> None:
    people = [factories.make_saver(app) for _ in range(3)]
    for person in people:
        person.deposit(person.jar(name=f"Of {person.id}"), "5")
    for person in people:
        assert [jar["name"] for jar in person.get("/api/jars/").json["items"]] == [f"Of {person.id}"]
        assert len(person.get("/api/transactions/").json["items"]) == 1


# ---- properties ----


def test_every_call_that_writes_is_walked(app: Flask) -> None:
    writes = {(method, rule.rule) for rule, method in api_rules(app) if method != "GET"}
    assert writes == set(WRITES)


@pytest.mark.parametrize("call", sorted(set(WRITES) - BODILESS), ids=lambda call: f"{call[0]} {call[1]}")
def test_no_column_of_any_table_can_be_sent_along(
    app: Flask, saver: Saver, superuser: Any, call: tuple[str, str]
) -> None:
    """Each column name of each model as one member more than the call takes: 422, and nothing is changed."""
    method, path = call
    jar = saver.jar(target_amount="500")
    saver.deposit(jar, "50")
    names = {
        "jar": jar, "own_email": saver.email, "own_phone": saver.phone, "email": factories.email(),
        "phone": factories.phone(),
    }  # fmt: skip
    body = filled(WRITES[call], **names)
    columns = {column.name for table in db.metadata.tables.values() for column in table.columns}
    columns |= {"user.role", "is_admin", "_sa_instance_state", "__class__", "query"}
    columns -= TAKEN.get(call, set()) | set(body)
    assert {"current_amount", "balance", "role", "kyc_status", "password_hash", "user_id"} <= columns
    rule = next(rule for rule, own in api_rules(app) if (own, rule.rule) == call)
    staff = declared(app.view_functions[rule.endpoint]) in {"support", "admin"}
    person = factories.make_staff(app) if staff else saver
    before = everything_of(superuser, saver)
    for column in sorted(columns):
        answer = person.call(method, re.sub("<uuid:[a-z_]+>", jar, path), **sent(call, body | {column: "1"}))
        assert (answer.status_code, answer.json["code"]) == (422, "validation_error"), column
        assert list(answer.json["errors"]) == [column]
    assert everything_of(superuser, saver) == before


# Members that these calls do take beyond those above.
TAKEN: dict[tuple[str, str], set[str]] = {
    ("POST", "/api/login/"): {"phone"},
    ("PUT", "/api/profile/"): {
        "time_zone", "language", "display_name", "leaderboard_opt_in", "notification_preferences",
    },
    ("PATCH", "/api/profile/"): {
        "email", "phone", "time_zone", "language", "display_name", "leaderboard_opt_in", "notification_preferences",
    },
    ("PUT", "/api/profile/nominee/"): {"guardian", "phone", "email"},
    ("POST", "/api/jars/"): {"installment_amount", "start_date", "end_date", "auto_deposit"},
    ("PATCH", "/api/jars/<uuid:jar_id>/"): {"target_amount", "installment_amount", "end_date", "auto_deposit"},
    ("POST", "/api/jars/deposit/"): {"note"},
    ("POST", "/api/jars/withdraw/"): {"note"},
    ("POST", "/api/devices/"): {"keys"},
    ("POST", "/api/kyc-upload/"): {"file"},
    ("PUT", "/api/profile/photo/"): {"file"},
    ("PUT", "/api/jars/<uuid:jar_id>/picture/"): {"file"},
    ("POST", "/api/loans/<uuid:loan_id>/accept/"): {"jar_id"},
    ("POST", "/api/loans/<uuid:loan_id>/repay/"): {"jar_id"},
}  # fmt: skip


def everything_of(superuser: Any, saver: Saver) -> list[Any]:
    found = []
    with superuser.cursor() as cursor:
        for table, column in (
            ("users", "id"), ("savings_jars", "user_id"), ("ledger_accounts", "user_id"), ("transactions", "user_id"),
            ("refresh_families", "user_id"), ("badges", "user_id"), ("idempotency_records", "user_id"),
        ):  # fmt: skip
            cursor.execute(f"SELECT t::text FROM {table} t WHERE {column} = %s ORDER BY 1", (str(saver.id),))
            found.append((table, cursor.fetchall()))
        cursor.execute("SELECT count(*) FROM users")
        found.append(("all users", cursor.fetchall()))
    return found


# ---- pages ----


def page_rules(app: Flask) -> list[tuple[Rule, str]]:
    return [
        (rule, method)
        for rule, method in rules(app)
        if not rule.rule.startswith("/api/") and rule.endpoint not in OWN_RULES
    ]


def test_pages_that_are_not_public_lead_to_the_sign_in(app: Flask) -> None:
    walked = 0
    for rule, method in page_rules(app):
        if declared(app.view_functions[rule.endpoint]) == "public":
            continue
        walked += 1
        path = url(app, rule, **dict.fromkeys(rule.arguments, uuid4()))
        answer = app.test_client().open(path, method=method)
        if method == "GET":
            assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, "/login"), path
        else:
            assert answer.status_code in {303, 400}, path  # 400: a form without its token
    assert walked > 5


def test_no_form_is_taken_without_its_token(app: Flask) -> None:
    for rule, method in page_rules(app):
        if method == "GET":
            continue
        answer = app.test_client().open(url(app, rule, **dict.fromkeys(rule.arguments, uuid4())), method=method)
        assert answer.status_code == 400, (method, rule.rule)
