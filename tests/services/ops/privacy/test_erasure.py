"""An erasure: what was personal is found nowhere in the database, what is the ledger's still adds up."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
from flask import Flask
from psycopg2.extras import Json
from sqlalchemy import Column
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import LargeBinary, String

from app.errors import DomainError
from app.extensions import db
from app.integrations import saver_cache
from app.ledger.verify import verify
from app.services.audit import log as audit
from app.services.credit.refresh import refresh
from app.services.credit.storing import Cause
from app.services.gamification import boards
from app.services.identity import nominees, profile, sign_in
from app.services.identity.principal import Principal
from app.services.ops import support_requests
from app.services.ops.privacy import erasure, objects
from app.services.outbox.relay import relay
from app.services.savings import jars
from app.tasks.outbox import RECEIVERS
from app.transactions import fetch, queue, run, transaction
from tests import factories
from tests.conftest import Clock, with_database
from tests.factories import PASSWORD, Saver
from tests.services.ops.privacy.conftest import Filled

#: Where a canary is left, and why that is right.
LEFT = {
    ("consents", "version"): "evidence: which version was agreed to",
    ("users", "terms_version"): "the same",
    ("users", "privacy_version"): "the same",
    ("stored_files", "key"): "a key, until what lies under it is removed",
    ("stored_files", "content_type"): "a kind of file",
    ("users", "kyc_file"): "a key, in the outbox until what lies under it is removed",
    ("support_requests", "reference"): "a number of ours, by which a complaint is counted",
    ("job_runs", "kind"): "the house's own machinery",
    ("job_runs", "parameters"): "the same",
    ("job_runs", "cursor"): "the same",
    ("job_runs", "error"): "the same",
}
# These hold what code reads as something else than text; each is kept, as docs/privacy.md says.
NOT_PLANTED = {
    ("users", "time_zone"), ("users", "time_zone_next"), ("past_time_zones", "time_zone"),
    ("past_time_zones", "time_zone_next"), ("saver_habits", "time_zone"), ("savings_jars", "pauses"),
    # Signs the password in; the erasure asks for it.
    ("users", "password_hash"),
}  # fmt: skip
# Ids, amounts and hashes alone; nothing that anybody wrote.
LEDGER = {"transactions", "postings", "ledger_accounts", "ledger_checkpoints", "ledger_sealed_heads", "audit_log",
          "audit_head", "loan_decisions", "loans", "loan_instalments", "loan_payments"}  # fmt: skip
_numbers = itertools.count(0x10000)


def whose(table: Any, saver: Saver) -> str | None:
    """The condition that finds the saver's rows."""
    columns = set(table.columns.keys())
    if table.name == "users":
        return f"id = '{saver.id}'"
    for name in ("user_id", "requested_by"):
        if name in columns:
            return f"{name} = '{saver.id}'"
    if "jar_id" in columns:
        return f"jar_id IN (SELECT id FROM savings_jars WHERE user_id = '{saver.id}')"
    if "transaction_id" in columns:
        return f"transaction_id IN (SELECT id FROM transactions WHERE user_id = '{saver.id}')"
    return None


def planted(column: Column[Any], canary: str) -> Any:
    """The canary as a value of this column; None where it cannot hold one."""
    kind = column.type
    if isinstance(kind, postgresql.JSONB):
        return Json({"canary": canary})
    if isinstance(kind, LargeBinary):
        return canary.encode()
    if isinstance(kind, postgresql.ARRAY):
        return [canary] if isinstance(kind.item_type, String) else None
    return canary if isinstance(kind, String) and (kind.length or 99) >= len(canary) else None


def plant(filled: Filled) -> dict[str, tuple[str, str]]:
    """Put a canary of its own into every column of the saver's that can hold words: where each stands."""
    cursor, canaries = filled.cursor, {}
    cursor.execute("SET session_replication_role = replica")
    for table in db.metadata.sorted_tables:
        condition = whose(table, filled.saver)
        if condition is None or table.name in LEDGER:
            continue
        for column in table.columns:
            canary = f"zq{next(_numbers):05x}q"
            value = planted(column, canary)
            if value is None or (table.name, column.name) in NOT_PLANTED:
                continue
            try:
                cursor.execute(
                    f"UPDATE {table.name} SET {column.name} = %s"
                    f" WHERE ctid = (SELECT min(ctid) FROM {table.name} WHERE {condition})",
                    (value,),
                )
            except psycopg2.errors.CheckViolation:
                continue  # a closed list of words holds nothing that anybody wrote
            assert cursor.rowcount >= 1, f"{table.name} has no row of the saver"
            canaries[canary] = (table.name, column.name)
    cursor.execute("SET session_replication_role = DEFAULT")
    return canaries


def found(cursor: Any, needles: dict[str, Any]) -> set[Any]:
    """Which of these stand anywhere in the database, as text or bytes."""
    there = set()
    for table in db.metadata.sorted_tables:
        cursor.execute(f"SELECT t::text FROM {table.name} t")
        text = "\n".join(row[0] for row in cursor.fetchall())
        there |= {place for needle, place in needles.items() if needle in text or needle.encode().hex() in text}
    return there


def erase(filled: Filled, saver: Saver | None = None) -> Any:
    return (saver or filled.saver).call("DELETE", "/api/profile/", {"password": PASSWORD})


def test_a_canary_in_every_personal_column_is_found_nowhere_afterwards(filled: Filled) -> None:
    canaries = plant(filled)
    assert len(canaries) > 40
    assert found(filled.cursor, canaries) == set(canaries.values()), "the search itself works"
    answer = erase(filled)
    assert answer.status_code == 204, answer.json
    assert found(filled.cursor, canaries) == set(LEFT)


def test_name_address_number_and_notes_are_nowhere_and_the_other_saver_is_whole(filled: Filled) -> None:
    saver, other = filled.saver, filled.other
    assert saver.phone is not None
    assert other.phone is not None
    with filled.app.app_context():
        run(lambda: profile.change(saver.id, {"name": "Kamala Unheard"}, at=factories.clock.now()))
    before = dump(filled, str(other.id))
    assert erase(filled).status_code == 204
    personal = {word: word for word in (saver.email, saver.phone, "Kamala Unheard")}
    assert found(filled.cursor, personal) == set()
    assert dump(filled, str(other.id)) == before
    filled.cursor.execute("SELECT name, email, phone, status, password_hash FROM users WHERE id = %s", (str(saver.id),))
    assert filled.cursor.fetchall() == [("Erased", f"{saver.id}@erased.invalid", None, "erased", None)]


def dump(filled: Filled, user_id: str) -> dict[str, list[str]]:
    rows = {}
    for table in db.metadata.sorted_tables:
        if "user_id" in table.columns:
            filled.cursor.execute(f"SELECT t::text FROM {table.name} t WHERE user_id = %s ORDER BY 1", (user_id,))
            rows[table.name] = [row[0] for row in filled.cursor.fetchall()]
    return rows


def test_the_ledger_and_the_log_still_hold_and_the_movements_are_there(filled: Filled) -> None:
    assert erase(filled).status_code == 204
    with filled.app.app_context():
        with transaction():
            assert list(verify()) == []
        assert run(lambda: list(audit.verify())) == []
        rows = run(
            lambda: fetch("SELECT type, amount FROM transactions WHERE user_id = %s ORDER BY id", (filled.saver.id,))
        )
        entries = run(lambda: fetch("SELECT actor_id, details FROM audit_log WHERE action = 'account_erased'"))
    assert rows == [("deposit", 5000), ("withdraw", 5000)]
    assert entries == [(filled.saver.id, {"jars": 1, "objects": 0})]


def test_every_sign_in_ends_and_the_address_and_number_are_free(filled: Filled) -> None:
    saver = filled.saver
    assert erase(filled).status_code == 204
    assert (saver.get("/api/profile/").status_code, saver.get("/api/profile/").json["code"]) == (401, "token_revoked")
    refreshed = saver.client.post("/api/token/refresh/", headers={"Authorization": f"Bearer {saver.refresh_token}"})
    assert (refreshed.status_code, refreshed.json["code"]) == (401, "token_revoked")
    signed = saver.client.post("/api/login/", json={"email": saver.email, "password": PASSWORD})
    assert (signed.status_code, signed.json["code"]) == (401, "invalid_credentials")
    again = saver.client.post(
        "/api/signup/",
        json={"name": "Asha", "email": saver.email, "phone": saver.phone, "password": PASSWORD},
    )
    assert again.status_code == 201
    assert again.json["user"]["id"] != str(saver.id)


def test_nothing_is_erased_while_money_is_there(app: Flask, saver: Saver) -> None:
    jar = saver.jar()
    saver.deposit(jar, "50")
    refused = saver.call("DELETE", "/api/profile/", {"password": PASSWORD})
    assert (refused.status_code, refused.json["code"]) == (409, "money_left")
    assert saver.get("/api/profile/").json["user"]["email"] == saver.email
    saver.withdraw(jar, "50")
    assert saver.call("DELETE", "/api/profile/", {"password": PASSWORD}).status_code == 204


def test_nothing_is_erased_while_money_is_owed(app: Flask, saver: Saver, superuser: Any) -> None:
    jar = saver.jar()
    with superuser.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_accounts (id, kind, user_id, balance) VALUES (gen_random_uuid(), 'owed', %s, -500)",
            (str(saver.id),),
        )
        refused = saver.call("DELETE", "/api/profile/", {"password": PASSWORD})
        assert (refused.status_code, refused.json["code"]) == (409, "money_owed")
        cursor.execute("UPDATE ledger_accounts SET balance = 0 WHERE user_id = %s", (str(saver.id),))
    assert saver.get(f"/api/jars/{jar}/").status_code == 200


def test_what_others_add_to_the_blockers_is_asked(app: Flask, saver: Saver, monkeypatch: pytest.MonkeyPatch) -> None:
    def open_loan(_: Any) -> None:
        raise DomainError("loan_open", "A loan is open.")

    monkeypatch.setattr(erasure, "BLOCKERS", [*erasure.BLOCKERS, open_loan])
    refused = saver.call("DELETE", "/api/profile/", {"password": PASSWORD})
    assert (refused.status_code, refused.json["code"]) == (409, "loan_open")


def test_nothing_is_erased_while_a_loan_is_open(app: Flask, saver: Saver, clock: Clock) -> None:
    loan = factories.lend(saver, saver.jar(), clock.now())
    refused = saver.call("DELETE", "/api/profile/", {"password": PASSWORD})
    assert (refused.status_code, refused.json["code"]) == (409, "loan_open")
    assert saver.post(f"/api/loans/{loan}/cancel/").status_code == 200
    assert saver.call("DELETE", "/api/profile/", {"password": PASSWORD}).status_code == 204


def test_a_wrong_password_and_a_member_of_staff_erase_nothing(app: Flask, saver: Saver) -> None:
    wrong = saver.call("DELETE", "/api/profile/", {"password": "not the password"})
    assert (wrong.status_code, wrong.json["code"]) == (401, "invalid_credentials")
    staff = factories.make_staff(app)
    refused = staff.call("DELETE", "/api/profile/", {"password": PASSWORD})
    assert (refused.status_code, refused.json["code"]) == (409, "staff_account")
    assert saver.get("/api/profile/").status_code == staff.get("/api/profile/").status_code == 200


def test_what_redis_held_is_gone(app: Flask, saver: Saver, clock: Clock) -> None:
    saver.jar(name="A name to forget")
    with app.app_context():
        run(lambda: profile.change(saver.id, {"display_name": "Lotus", "leaderboard_opt_in": True}, at=clock.now()))
    assert saver.get("/api/streaks/").status_code == saver.get("/api/credit-score/").status_code == 200
    assert list(kept_in_redis(app, saver))
    assert saver.call("DELETE", "/api/profile/", {"password": PASSWORD}).status_code == 204
    assert list(kept_in_redis(app, saver)) == []
    with app.app_context():
        run(lambda: boards.refresh({saver.id}, at=clock.now()))
        other = factories.make_saver(app)
    text = other.get("/api/leaderboard/?board=streak&period=all").get_data(as_text=True)
    assert "Lotus" not in text


def kept_in_redis(app: Flask, saver: Saver) -> Iterator[bytes]:
    with app.app_context():
        client = saver_cache.backend()._read_client
        for kind in saver_cache.LIVES:
            yield from client.scan_iter(match=saver_cache.key(kind, saver.id, "*"))


def test_a_score_that_was_on_its_way_is_not_made_any_more(app: Flask, saver: Saver, clock: Clock) -> None:
    factories.live_weeks(saver, clock, "1110")
    with app.app_context():
        held = run(lambda: fetch("SELECT id, current_amount / 100 FROM savings_jars WHERE user_id = %s", (saver.id,)))
    for jar, amount in held:
        saver.withdraw(str(jar), str(amount))
    assert saver.call("DELETE", "/api/profile/", {"password": PASSWORD}).status_code == 204
    with app.app_context():
        run(lambda: refresh({saver.id: Cause("deposit")}, at=clock.now()))
        for table in ("credit_scores", "credit_score_history", "saver_habits"):
            assert run(lambda: fetch(f"SELECT count(*) FROM {table} WHERE user_id = %s", (saver.id,))) == [(0,)]  # noqa: B023


def test_what_was_on_its_way_to_the_profile_changes_nothing(app: Flask, saver: Saver, clock: Clock) -> None:
    assert saver.call("DELETE", "/api/profile/", {"password": PASSWORD}).status_code == 204
    with app.app_context(), pytest.raises(DomainError, match="not_found"):
        run(lambda: profile.change(saver.id, {"name": "Back again"}, at=clock.now()))


LATE: dict[str, Callable[[Principal], Any]] = {
    "a jar": lambda person: jars.create(
        person, name="Late", plan_type="daily", target_amount=500, at=factories.clock.now()
    ),
    "a request": lambda person: support_requests.ask(person, subject="Late", text="Late", at=factories.clock.now()),
    "a nominee": lambda person: nominees.name(
        person, {"name": "Late", "relation": "son", "born_on": date(1990, 1, 1)}, at=factories.clock.now()
    ),
    "a sign-in": lambda person: sign_in.open_family(person.id, kind="web", device="Late"),
}


@pytest.mark.parametrize("what", LATE)
def test_whoever_was_at_it_meanwhile_waits_and_then_adds_nothing(
    app: Flask, stack: Any, saver: Saver, superuser: Any, what: str
) -> None:
    """The account is erased in a transaction that is still open when another call of the saver comes in."""
    with app.app_context():
        person = saver.principal()
    name = urlsplit(app.config["DATABASE_URL"]).path.lstrip("/")
    eraser = psycopg2.connect(with_database(stack.settings["DATABASE_SUPERUSER_URL"], name))
    said: list[str] = []

    def come() -> None:
        with app.app_context():
            try:
                run(lambda: LATE[what](person))
            except DomainError as refusal:
                said.append(refusal.code)

    with eraser.cursor() as cursor, superuser.cursor() as watcher:
        cursor.execute("UPDATE users SET status = 'erased', email_key = id::text WHERE id = %s", (str(saver.id),))
        thread = threading.Thread(target=come)
        thread.start()
        deadline = time.monotonic() + 2.5
        while time.monotonic() < deadline:
            watcher.execute(
                "SELECT 1 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))", (eraser.info.backend_pid,)
            )
            if watcher.fetchone():
                break
        else:
            pytest.fail("nobody waited")
        eraser.commit()
    thread.join()
    eraser.close()
    assert said == ["token_revoked"]


def test_objects_are_removed_through_the_outbox_and_wait_while_the_store_is_away(
    filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, saver = filled.app, filled.saver
    store = app.extensions["object_store"]
    key = f"kyc/{saver.id}"
    store.put(key, b"a paper", "application/pdf")
    with app.app_context():
        run(lambda: queue("UPDATE users SET kyc_file = %s WHERE id = %s", (key, saver.id)))
    assert erase(filled).status_code == 204
    assert store.get(key) == b"a paper"

    handed: list[tuple[str, list[dict[str, Any]]]] = []
    with app.app_context():
        now = run(lambda: fetch("SELECT max(available_at) FROM outbox"))[0][0]
        run(lambda: relay(lambda topic, messages: handed.append((topic, messages)), now=now))
    ((_, messages),) = [one for one in handed if one[0] == "privacy.objects_left"]
    assert RECEIVERS["privacy.objects_left"] == ("privacy.remove_objects",)
    keys = [key for message in messages for key in message["keys"]]
    with app.app_context():
        from app.integrations.object_store import NullObjectStore

        monkeypatch.setitem(app.extensions, "object_store", NullObjectStore())
        objects.remove(keys, at=now)
        ((payload, later),) = run(
            lambda: fetch("SELECT payload, available_at FROM outbox WHERE topic = 'privacy.objects_left'")
        )
        assert (payload, later) == ({"keys": [key]}, now + objects.AGAIN_AFTER)
        monkeypatch.setitem(app.extensions, "object_store", store)
        for _ in range(2):
            objects.remove(keys, at=now)
    assert store.get(key) is None
