"""Signing in at the level of the service: what is not visible in an answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask

import config
from app.errors import DomainError
from app.services.identity import passwords, sign_in, staff
from app.services.identity.principal import principal
from app.transactions import run, transaction
from tests import factories
from tests.factories import Saver


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("who", ["known", "unknown address", "unknown number", "no number at all", "suspended"])
def test_every_try_costs_one_hash(
    app: Flask, saver: Saver, superuser: Any, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    """The time a try takes says nothing about whether the person exists."""
    if who == "suspended":
        with superuser.cursor() as cursor:
            cursor.execute("UPDATE users SET status = 'suspended' WHERE id = %s", (str(saver.id),))
    names: dict[str, dict[str, str]] = {
        "known": {"email": saver.email},
        "suspended": {"email": saver.email},
        "unknown address": {"email": factories.email()},
        "unknown number": {"phone": factories.phone()},
        "no number at all": {"phone": "abc"},
    }
    passwords.verify(None, "warm")  # makes the decoy's hash, once per process
    verified: list[str] = []
    original = PasswordHasher.verify

    def counted(self: PasswordHasher, hash_: str, password: str) -> Any:
        verified.append(hash_)
        return original(self, hash_, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    with pytest.raises(DomainError, match="invalid_credentials"), transaction():
        sign_in.authenticate(**names[who], password="wrong horse battery")
    assert len(verified) == 1
    parameters = {hash_.split("$")[3] for hash_ in verified}
    assert parameters == {passwords.hash_password("any").split("$")[3]}


def test_hashes_are_argon2id_of_at_least_nineteen_mebibytes_in_production() -> None:
    defaults = config.parse({})
    assert (defaults["ARGON2_MEMORY_KIB"], defaults["ARGON2_TIME_COST"]) == (19456, 2)


@pytest.mark.usefixtures("context")
def test_one_password_makes_two_hashes() -> None:
    one, two = passwords.hash_password("kettle drum monsoon"), passwords.hash_password("kettle drum monsoon")
    assert one != two
    assert one.startswith("$argon2id$v=19$m=1024,t=1,p=1$")
    assert passwords.verify(one, "kettle drum monsoon")
    assert not passwords.verify(one, "kettle drum monsoon ")
    assert not passwords.verify(None, "nobody's password")  # the decoy opens nothing
    assert not passwords.verify("not a hash", "x")


@pytest.mark.parametrize("agent", ["", "a" * 1000, "Móvil/1.0", "x\x00y", "फ़ोन"])
def test_whatever_a_device_calls_itself_it_signs_in(app: Flask, saver: Saver, superuser: Any, agent: str) -> None:
    with app.app_context():
        opened = run(lambda: sign_in.open_family(saver.id, kind="api", device=agent))
    with superuser.cursor() as cursor:
        cursor.execute("SELECT device FROM refresh_families WHERE id = %s", (str(opened.family_id),))
        ((device,),) = cursor.fetchall()
    assert device == (agent.replace("\x00", "")[:200] or None)


def test_a_role_given_or_taken_counts_on_the_very_next_call(app: Flask) -> None:
    admin = factories.make_staff(app)
    now = datetime.now(UTC)
    with app.app_context():
        assert admin.principal().role == "admin"
        for role in ("support", "saver", "admin"):
            run(lambda role=role: staff.set_role(admin.email, role, at=now))
            found = admin.principal()
            assert (found.role, found.is_staff) == (role, role != "saver")


def test_what_is_done_to_staff_is_in_the_audit_log(app: Flask, superuser: Any) -> None:
    admin = factories.make_staff(app)
    now = datetime.now(UTC)
    with app.app_context():
        run(lambda: staff.set_role(admin.email, "support", at=now))
        run(lambda: staff.suspend(admin.email, at=now))
        with transaction():
            assert principal(admin.family_id) is None
        run(lambda: staff.restore(admin.email, at=now))
        with pytest.raises(DomainError, match="not_suspended"), transaction():
            staff.restore(admin.email, at=now)
        with pytest.raises(ValueError, match="not a role"), transaction():
            staff.set_role(admin.email, "owner", at=now)
        with pytest.raises(DomainError, match="not_found"), transaction():
            staff.suspend("nobody@example.com", at=now)
    with superuser.cursor() as cursor:
        cursor.execute("SELECT action, details FROM audit_log WHERE subject_id = %s ORDER BY id", (str(admin.id),))
        assert cursor.fetchall() == [
            ("staff_added", {"role": "admin"}),
            ("role_changed", {"from": "admin", "to": "support"}),
            ("suspended", {}),
            ("restored", {}),
        ]


def test_a_sign_in_is_only_its_holders(app: Flask, saver: Saver) -> None:
    stranger = factories.make_saver(app)
    with app.app_context(), transaction():
        assert principal(saver.family_id, stranger.id) is None
        found = principal(saver.family_id, saver.id)
        assert found is not None
        assert (found.id, found.get_id()) == (saver.id, str(saver.family_id))
