"""Consents: kept as they were said, by version, off until somebody turns them on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import psycopg2
import pytest
from flask import Flask

from app.errors import Invalid
from app.services.identity import consents, policies
from app.services.identity.policies import Version
from app.transactions import fetch, run
from tests import factories
from tests.conftest import ROOT
from tests.factories import Saver

AT = datetime(2026, 7, 15, 6, 30, tzinfo=UTC)
# Of the texts that have counted: one that has is never changed, a new version is a new file.
DIGESTS = {
    "en/privacy-1.txt": "0bb8281f39f1a7a1",
    "en/terms-1.txt": "bf857002c664b208",
    "hi/privacy-1.txt": "68400ba0452a56cb",
    "hi/terms-1.txt": "35c21ac4222ffd27",
}


def rows(saver: Saver) -> list[Any]:
    return run(
        lambda: fetch(
            "SELECT purpose, version, given, how FROM consents WHERE user_id = %s ORDER BY at, id", (saver.id,)
        )
    )


def test_a_text_that_has_counted_is_never_changed() -> None:
    folder = ROOT / "app" / "templates" / "policies"
    texts = {str(path.relative_to(folder)): path for path in folder.rglob("*.txt")}
    assert {name: sha256(path.read_bytes()).hexdigest()[:16] for name, path in texts.items()} == DIGESTS


def test_each_version_is_there_in_each_language_and_they_count_one_after_the_other() -> None:
    for policy, versions in policies.VERSIONS.items():
        days = [one.counts_from for one in versions]
        assert days == sorted(set(days))
        for one in versions:
            for language in policies.LANGUAGES:
                assert (ROOT / "app" / "templates" / policies.template(policy, one.number, language)).is_file()


def test_a_version_counts_from_its_day_in_india(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(policies.VERSIONS, "terms", (Version("1", date(2025, 1, 1)), Version("2", date(2026, 7, 16))))
    assert policies.current("terms", datetime(2026, 7, 15, 18, 29, 59, tzinfo=UTC)).number == "1"
    assert policies.current("terms", datetime(2026, 7, 15, 18, 30, tzinfo=UTC)).number == "2"
    assert policies.current("terms", datetime(2020, 1, 1, tzinfo=UTC)).number == "1"


@pytest.mark.usefixtures("context")
def test_signing_up_by_the_api_is_agreeing_and_by_nobody_else(app: Flask) -> None:
    body = {"name": "Asha", "email": factories.email(), "phone": factories.phone(), "password": factories.PASSWORD}
    made = app.test_client().post("/api/signup/", json=body)
    assert made.status_code == 201
    user = made.json["user"]["id"]
    held = run(
        lambda: fetch("SELECT purpose, version, given, how FROM consents WHERE user_id = %s ORDER BY id", (user,))
    )
    assert held == [("terms", "1", True, "api"), ("privacy", "1", True, "api")]
    assert rows(factories.make_staff(app)) == []


@pytest.mark.usefixtures("context")
def test_a_choice_is_no_until_it_is_yes_and_what_is_said_twice_is_kept_once(saver: Saver) -> None:
    standing = {one.purpose: one for one in run(lambda: consents.standing(saver.id, at=AT))}
    assert [(one.given, one.at) for one in (standing["marketing"], standing["training"])] == [(False, None)] * 2
    assert not any(one.due for one in standing.values())
    for answer in (False, True, True, False, False):
        run(lambda: consents.say(saver.id, {"training": answer}, how=consents.PROFILE, at=AT))  # noqa: B023
    assert [row for row in rows(saver) if row[0] == "training"] == [
        ("training", "1", True, "profile"),
        ("training", "1", False, "profile"),
    ]
    actions = run(
        lambda: fetch("SELECT action, details FROM audit_log WHERE subject_id = %s ORDER BY id", (str(saver.id),))
    )
    assert actions == [
        ("consent_given", {"purpose": "training", "version": "1"}),
        ("consent_withdrawn", {"purpose": "training", "version": "1"}),
    ]


@pytest.mark.usefixtures("context")
def test_only_what_counts_now_can_be_agreed_to(saver: Saver, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Invalid) as refusal:
        run(lambda: consents.say(saver.id, {"terms": "2", "marketing": True}, how=consents.API, at=AT))
    assert list(refusal.value.errors) == ["terms"]
    assert len(rows(saver)) == 2
    monkeypatch.setitem(policies.VERSIONS, "terms", (Version("1", date(2025, 1, 1)), Version("2", date(2026, 1, 1))))
    items = {one["purpose"]: one for one in saver.get("/api/profile/consents/").json["items"]}
    assert [name for name, one in items.items() if one["due"]] == ["terms"]
    answer = saver.call("PUT", "/api/profile/consents/", {"terms": "2"})
    assert answer.status_code == 200
    assert not any(one["due"] for one in answer.json["items"])
    assert saver.get("/api/jars/").status_code == 200


@pytest.mark.usefixtures("context")
def test_the_database_keeps_what_was_said(saver: Saver, superuser: Any) -> None:
    for change in ("UPDATE consents SET given = false", "DELETE FROM consents"):
        with superuser.cursor() as cursor, pytest.raises(psycopg2.Error, match="never changed or removed"):
            cursor.execute(f"{change} WHERE user_id = %s", (str(saver.id),))
