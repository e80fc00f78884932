from __future__ import annotations

import os
import signal
import subprocess
import sys
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import DomainError
from app.ledger import posting
from app.ledger.accounts import lock_jar_accounts
from app.ledger.verify import verify
from app.periods import Plan
from app.services.audit import log as audit
from app.services.gamification.streaks import JarTerms, Movement, period_states
from app.services.ops.imports import run as importing
from app.services.ops.imports.mapping import ColumnMapping, make_mapping, read_toml
from app.services.ops.imports.report import Report, report
from app.services.ops.imports.run import Outcome, import_history
from app.services.savings.jar import COLUMNS, Jar
from app.transactions import fetch, queue, transaction
from tests.conftest import ROOT, Clock
from tests.services.ops.imports.conftest import AKIBA, BERKA, mapping, values, write_csv

NOW = datetime(2026, 7, 15, 6, 30, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("context", "clock")


def shipped(name: str) -> ColumnMapping:
    """A shipped mapping under a name of its own, for the database that tests share."""
    own = values()["name"]
    return make_mapping(
        read_toml(name) | {"name": own, "saver": {"email": f"{own}-{{account}}@import.invalid"}}, currency="INR"
    )


def figures(outcome: Outcome) -> Report:
    with transaction():
        return report(outcome.run_id)


def refusals(outcome: Outcome) -> list[tuple[int, str]]:
    with transaction():
        rows = fetch("SELECT line, code FROM import_refusals WHERE run_id = %s ORDER BY file, line", (outcome.run_id,))
    return [tuple(row) for row in rows]


def jars(outcome: Outcome) -> dict[str, Jar]:
    with transaction():
        rows = fetch(
            f"SELECT i.account, {COLUMNS} FROM import_accounts i JOIN savings_jars j ON j.id = i.jar_id"
            " WHERE i.run_id = %s",
            (outcome.run_id,),
        )
    return {account: Jar(*columns) for account, *columns in rows}


def history(outcome: Outcome) -> list[Any]:
    """What was booked, without ids: by account, in the order of the chain."""
    with transaction():
        return fetch(
            "SELECT i.account, t.type, t.amount, t.date, t.occurred_at, t.balance_after, p.seq FROM import_accounts i"
            " JOIN transactions t ON t.jar_id = i.jar_id JOIN postings p ON p.transaction_id = t.id AND p.line = 1"
            " WHERE i.run_id = %s ORDER BY i.account, p.seq",
            (outcome.run_id,),
        )


def test_the_generated_akiba_file() -> None:
    outcome = import_history([AKIBA], shipped("akiba"))
    done = figures(outcome)
    assert (done.rows, done.accounts) == (203, 6)
    assert (done.booked, done.by_code) == (201, [("negative_amount", 1), ("zero_amount", 1)])
    assert {kind for kind, _, _ in done.by_type} == {"deposit", "bonus", "withdraw"}
    # Each account ends with the withdrawal of all it holds.
    assert {jar.current_amount for jar in jars(outcome).values()} == {0}
    assert list(verify()) == []


def test_the_generated_berka_file() -> None:
    outcome = import_history([BERKA], shipped("berka"))
    done = figures(outcome)
    # The withdrawal that stands above its deposit of the same day is booked; the one below zero is not.
    assert (done.rows, done.booked, done.by_code) == (119, 118, [("insufficient_funds", 1)])
    assert done.compared == done.accounts == 8
    assert [(each.account, each.in_file, each.booked) for each in done.differences] == [
        ("77", -5_000, 40_000),
        ("78", 31_220, 31_230),
    ]
    assert {kind for kind, _, _ in done.by_type} == {"deposit", "withdraw", "interest", "fee"}
    assert list(verify()) == []


def test_each_balance_is_the_sum_of_its_rows_and_each_chain_its_own() -> None:
    outcome = import_history([BERKA], shipped("berka"), rows_a_part=10)
    sums: dict[str, int] = {}
    for account, kind, amount, _, _, balance_after, seq in history(outcome):
        signed = amount if kind in ("deposit", "interest", "bonus") else -amount
        sums[account] = sums.get(account, 0) + signed
        assert (balance_after, seq >= 1) == (sums[account], True)
    assert {name: jar.current_amount for name, jar in jars(outcome).items()} == sums
    with transaction():
        rows = fetch(
            "SELECT i.account, a.balance FROM import_accounts i JOIN ledger_accounts a ON a.jar_id = i.jar_id"
            " WHERE i.run_id = %s",
            (outcome.run_id,),
        )
    assert dict(rows) == sums


def test_its_savers_are_savers_like_any_other(app: Flask) -> None:
    password = "rain on a tin roof"
    checked = shipped("akiba")
    import_history([AKIBA], checked, password=password)
    client = app.test_client()
    signed_in = client.post("/api/login/", json={"email": f"{checked.name}-501@import.invalid", "password": password})
    assert signed_in.status_code == 200, signed_in.json
    bearer = {"Authorization": f"Bearer {signed_in.json['access_token']}"}
    listed = client.get("/api/jars/", headers=bearer).json
    (jar,) = listed["items"]
    assert (jar["name"], jar["plan_type"], jar["current_amount"]) == ("Akiba Smart", "daily", "0.00")
    page = client.get("/api/transactions/", headers=bearer).json
    assert page["items"][0]["type"] == "withdraw"
    made = client.post(
        "/api/jars/deposit/",
        json={"jar_id": jar["id"], "amount": "5"},
        headers=bearer | {"Idempotency-Key": "after-the-import"},
    )
    assert made.status_code == 201, made.json
    assert made.json["streak"]["longest"] >= 3
    assert list(verify()) == []


def test_without_a_password_nobody_signs_in(app: Flask) -> None:
    checked = shipped("akiba")
    import_history([AKIBA], checked)
    answer = app.test_client().post(
        "/api/login/", json={"email": f"{checked.name}-501@import.invalid", "password": "rain on a tin roof"}
    )
    assert (answer.status_code, answer.json["code"]) == (401, "invalid_credentials")


def test_a_weak_password_stops_it_before_the_file_is_read(tmp_path: Path) -> None:
    with pytest.raises(DomainError) as refusal:
        import_history([tmp_path / "none.csv"], mapping(), password="password12")
    assert refusal.value.code == "weak_password"


def test_a_finished_history_is_not_imported_again() -> None:
    checked = shipped("akiba")
    first = import_history([AKIBA], checked)
    before = history(first)
    again = import_history([AKIBA], checked)
    assert (again.already_done, again.run_id) == (True, first.run_id)
    assert history(again) == before
    assert figures(again) == figures(first)


class Stop(BaseException):
    """The process ends here."""


@pytest.mark.parametrize(("file", "name"), [(AKIBA, "akiba"), (BERKA, "berka")])
@pytest.mark.parametrize("after", [1, 2, 5])
def test_an_interrupted_run_goes_on(file: Path, name: str, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = import_history([file], shipped(name))
    checked, done = shipped(name), []

    def stop(progress: importing.Progress) -> None:
        done.append(progress.rows)
        if len(done) == after:
            raise Stop

    with pytest.raises(Stop):
        import_history([file], checked, rows_a_part=20, progress=stop)
    outcome = import_history([file], checked, rows_a_part=20)
    assert outcome.resumed_after == done[-1] > 0
    assert history(outcome) == history(whole)
    assert refusals(outcome) == refusals(whole)
    assert {n: _facts(jar) for n, jar in jars(outcome).items()} == {n: _facts(jar) for n, jar in jars(whole).items()}
    assert figures(outcome) == figures(whole)
    assert list(verify()) == []


def _facts(jar: Jar) -> tuple[Any, ...]:
    return jar.current_amount, jar.target_amount, jar.start_date, jar.status, jar.streak_state, jar.created_at


def test_a_part_that_fails_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    checked, original, calls = shipped("berka"), importing.write_moved, []

    def fail_on_the_third(*arguments: Any, **more: Any) -> None:
        original(*arguments, **more)
        calls.append(1)
        if len(calls) == 3:
            raise Stop

    monkeypatch.setattr(importing, "write_moved", fail_on_the_third)
    with pytest.raises(Stop):
        import_history([BERKA], checked, rows_a_part=20)
    monkeypatch.undo()
    with transaction():
        ((rows_done, booked, refused),) = fetch(
            "SELECT rows_done, rows_booked, rows_refused FROM import_runs WHERE source = %s", (checked.name,)
        )
        ((there,),) = fetch(
            "SELECT count(*) FROM import_runs r JOIN import_accounts i ON i.run_id = r.id"
            " JOIN transactions t ON t.jar_id = i.jar_id WHERE r.source = %s",
            (checked.name,),
        )
    assert 40 <= rows_done < 60
    assert (booked + refused, there) == (rows_done, booked)
    assert list(verify()) == []


CHILD = """
import sys
import config
from app.factory import create_app
from app.services.ops.imports.mapping import make_mapping, read_toml
from app.services.ops.imports.run import import_history
from pathlib import Path
app = create_app(config.load())
with app.app_context():
    checked = make_mapping(read_toml(sys.argv[2]), currency="INR")
    print("ready", flush=True)
    import_history([Path(sys.argv[1])], checked, rows_a_part=50, progress=lambda now: print(now.rows, flush=True))
"""


def test_a_killed_process_loses_no_row_and_doubles_none(
    app: Flask, tmp_path: Path, new_app: Callable[..., Flask]
) -> None:
    """SIGKILL in the middle, twice; then the same import to its end."""
    own = new_app()
    lines = [f"k{n % 7},2025-{n % 12 + 1:02d}-{n % 28 + 1:02d},{n % 90 + 1}," for n in range(2000)]
    file = write_csv(tmp_path / "killed.csv", lines)
    toml = tmp_path / "killed.toml"
    toml.write_text(
        'name = "killed"\ncurrency = "INR"\n[columns]\naccount = "account"\ntime = "time"\namount = "amount"\n'
        '[time]\nformats = ["%Y-%m-%d"]\nzone = "Asia/Kolkata"\n[jar]\nplan = "weekly"\n'
    )
    environment = (
        os.environ
        | {
            name: str(own.config[name])
            for name in (
                "APP_ENV",
                "DATABASE_URL",
                "SECRET_KEY",
                "JWT_SECRET_KEY",
                "KYC_NUMBER_KEY",
                "CURRENCY",
                "LOG_LEVEL",
            )
        }
        | {"PYTHONPATH": str(ROOT), "LOG_LEVEL": "ERROR"}
    )
    done = 0
    for _ in range(2):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(file), str(toml)],
            stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT,
        )  # fmt: skip
        assert child.stdout is not None
        seen = [child.stdout.readline() for _ in range(4)]
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        assert seen[0] == "ready\n"
        assert int(seen[3]) > done
        done = int(seen[3])
    with own.app_context():
        checked = make_mapping(read_toml(str(toml)), currency="INR")
        outcome = import_history([file], checked, rows_a_part=50)
        assert done <= outcome.resumed_after < 2000
        result = figures(outcome)
        assert (result.rows, result.booked, result.refused) == (2000, 2000, 0)
        assert sum(minor for _, _, minor in result.by_type) == sum(n % 90 + 1 for n in range(2000)) * 100
        assert list(verify()) == []


def test_two_processes_do_not_book_one_history_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    checked, calls = shipped("berka"), []

    def second(progress: importing.Progress) -> None:
        if not calls:
            calls.append(1)
            import_history([BERKA], checked, rows_a_part=20)

    with pytest.raises(DomainError) as refusal:
        import_history([BERKA], checked, rows_a_part=20, progress=second)
    assert refusal.value.code == "import_running"
    assert figures(import_history([BERKA], checked)).rows == 119
    assert list(verify()) == []


def deposit_by_hand(source: str, account: str, amount: int) -> None:
    """A saver's own deposit while the import is under way."""
    with transaction():
        ((jar_id, user_id),) = fetch(
            "SELECT i.jar_id, i.user_id FROM import_runs r JOIN import_accounts i ON i.run_id = r.id"
            " WHERE r.source = %s AND i.account = %s",
            (source, account),
        )
        locked, _ = lock_jar_accounts([jar_id])[jar_id]
        posting.post(
            user_id=user_id, jar_id=jar_id, jar_account=locked, kind="deposit", amount=amount,
            lines=posting.lines_of("deposit", locked, amount), day=NOW.date(), occurred_at=NOW, recorded_at=NOW,
        )  # fmt: skip
        queue("UPDATE savings_jars SET current_amount = current_amount + %s WHERE id = %s", (amount, jar_id))


def test_a_saver_may_move_money_while_the_import_runs(tmp_path: Path) -> None:
    """A jar that only has refused rows left keeps it; one that the file goes on with stops the run, which goes on."""
    file = write_csv(tmp_path / "1.csv", ["a,2025-03-01,5,", "b,2025-03-01,5,", "a,2025-03-02,-99,", "b,2025-03-02,7,"])
    checked, calls = mapping(), []

    def meanwhile(progress: importing.Progress) -> None:
        if not calls:
            calls.append(1)
            deposit_by_hand(checked.name, "a", 300)
            deposit_by_hand(checked.name, "b", 400)

    with pytest.raises(DomainError) as refusal:
        import_history([file], checked, rows_a_part=2, progress=meanwhile)
    assert refusal.value.code == "moved_meanwhile"
    done = import_history([file], checked, rows_a_part=1)
    assert {name: jar.current_amount for name, jar in jars(done).items()} == {"a": 800, "b": 1_600}
    assert refusals(done) == [(4, "insufficient_funds")]
    assert list(verify()) == []


def test_a_jar_with_nothing_but_refused_rows_in_a_part_is_not_touched(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "1.csv", ["a,2025-03-01,5,", "a,2025-03-02,-99,"])
    checked = mapping()
    import_history([file], checked, rows_a_part=1, progress=lambda now: deposit_by_hand(checked.name, "a", 300))
    assert list(verify()) == []


def test_a_full_disk_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    checked = shipped("akiba")

    def no_room(*arguments: Any, **more: Any) -> None:
        fetch("DO $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$")

    monkeypatch.setattr(importing, "write_moved", no_room)
    with pytest.raises(DomainError, match="disk is full") as refusal:
        import_history([AKIBA], checked)
    assert refusal.value.code == "disk_full"
    monkeypatch.undo()
    assert figures(import_history([AKIBA], checked)).booked == 201


def test_several_files_are_one_history(tmp_path: Path) -> None:
    checked = mapping()
    first = write_csv(tmp_path / "1.csv", ["a,2025-03-01,5,", "b,2025-03-01,-5,"])
    second = write_csv(tmp_path / "2.csv", ["7,a,2025-03-02"], header="amount,account,time")
    done = import_history([first, second], checked)
    assert jars(done)["a"].current_amount == 1_200
    with transaction():
        rows = fetch("SELECT file, line, code FROM import_refusals WHERE run_id = %s", (done.run_id,))
    assert [tuple(row) for row in rows] == [(1, 3, "insufficient_funds")]


def test_an_account_that_was_imported_before_is_left_alone(tmp_path: Path) -> None:
    one = mapping()
    import_history([write_csv(tmp_path / "1.csv", ["a,2025-03-01,5,"])], one)
    done = import_history([write_csv(tmp_path / "2.csv", ["a,2025-03-02,5,", "b,2025-03-02,7,"])], one)
    assert refusals(done) == [(2, "saver_exists")]
    assert {name: jar.current_amount for name, jar in jars(done).items()} == {"b": 700}


def test_a_target_completes_a_jar_on_its_day(tmp_path: Path) -> None:
    lines = ["a,2025-03-01,60,", "a,2025-03-02,40,", "a,2025-03-03,5,", "a,2025-03-04,-50,", "b,2025-03-01,99,"]
    file = write_csv(tmp_path / "1.csv", lines)
    made = jars(import_history([file], mapping(jar={"plan": "daily", "target": "100"})))
    assert (made["a"].status, made["a"].completed_on, made["a"].target_amount) == (
        "completed",
        date(2025, 3, 2),
        10_000,
    )
    assert (made["a"].current_amount, made["a"].streak_longest) == (5_500, 2)
    assert (made["b"].status, made["b"].completed_on) == ("active", None)
    without = jars(import_history([file], mapping()))
    assert (without["a"].status, without["a"].target_amount) == ("active", 125_000 - 25_000)


def test_the_audit_log_names_the_run(tmp_path: Path) -> None:
    done = import_history([write_csv(tmp_path / "1.csv", ["a,2025-03-01,5,", "a,2025-03-01,0,"])], mapping())
    with transaction():
        ((action, details),) = fetch("SELECT action, details FROM audit_log WHERE subject_id = %s", (str(done.run_id),))
        assert list(audit.verify()) == []
    assert (action, details) == ("history_imported", {"accounts": 1, "booked": 1, "refused": 1})


# ---- streaks ----


def oracle(terms: JarTerms, movements: list[Movement], today: date) -> tuple[int, int]:
    """Current and longest streak by the slow definition, the longest over every day with a movement."""

    def current(day: date) -> int:
        run = 0
        for each in reversed(period_states(terms, movements, day)):
            if each.state == "missed":
                break
            run += each.state != "open" or terms.met(each.net)
        return run

    return current(today), max([current(movement.day) for movement in movements], default=0)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(data=st.data())
def test_streaks_equal_the_slow_definition(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever the order of the rows: as if each movement had been made on its own day."""
    plan = data.draw(st.sampled_from(["daily", "weekly", "monthly"]))
    in_order = data.draw(st.booleans())
    days = data.draw(
        st.lists(st.integers(0, {"daily": 12, "weekly": 50, "monthly": 150}[plan]), min_size=1, max_size=25)
    )
    days = sorted(days) if in_order else days
    installment = data.draw(st.sampled_from([None, "3"]))
    # The first row is large, so that no withdrawal is refused and the movements are what the file says.
    amounts = [1000] + [data.draw(st.integers(-4, 6).filter(bool)) for _ in days[1:]]
    kinds = ["deposit"] + [data.draw(st.sampled_from(["deposit", "deposit", "interest"])) for _ in days[1:]]
    kinds = ["withdraw" if amount < 0 else kind for kind, amount in zip(kinds, amounts, strict=True)]
    start = date(2026, 7, 15) - timedelta(data.draw(st.integers(150, 170)))
    lines = [
        f"a,{start + timedelta(day)},{abs(amount)},{kind}"
        for day, amount, kind in zip(days, amounts, kinds, strict=True)
    ]
    rules = [{"type": kind, "when": {"kind": kind}} for kind in ("deposit", "withdraw", "interest")]
    jar_values = {"plan": plan} | ({"installment": installment} if installment else {})
    file = write_csv(tmp_path_factory.mktemp("streaks") / "s.csv", lines)
    done = import_history(
        [file], mapping(types=rules, jar=jar_values), rows_a_part=data.draw(st.sampled_from([3, 100]))
    )
    jar = jars(done)["a"]
    movements = sorted(
        (
            Movement(start + timedelta(day), amount * 100)
            for day, amount, kind in zip(days, amounts, kinds, strict=True)
            if kind != "interest"
        ),
        key=lambda movement: movement.day,
    )
    terms = JarTerms(Plan(plan), jar.installment_amount, start + timedelta(min(days)))
    today = date(2026, 7, 15)
    reading = jar.streak(today)
    expected = oracle(terms, movements, today)
    assert jar.start_date == jar.made_on == jar.created_at.date() == terms.first_day
    assert (reading.current, reading.longest >= expected[1]) == (expected[0], True)
    # ``longest`` is that after each movement; the oracle looks at the end of its day, so it may only be below where
    # a withdrawal of the same day took away what a deposit had met.
    assert reading.longest == max(_after_each(terms, movements))


def _after_each(terms: JarTerms, movements: list[Movement]) -> list[int]:
    found = []
    for count in range(1, len(movements) + 1):
        run = 0
        for each in reversed(period_states(terms, movements[:count], movements[count - 1].day)):
            if each.state == "missed":
                break
            run += each.state != "open" or terms.met(each.net)
        found.append(run)
    return found


def test_streak_count_in_the_row_is_that_of_the_day_of_the_import(tmp_path: Path, clock: Clock) -> None:
    lines = [f"a,2026-07-{day:02d},5," for day in range(10, 15)] + ["b,2026-07-10,5,", "b,2026-07-11,5,"]
    done = import_history([write_csv(tmp_path / "1.csv", lines)], mapping())
    with transaction():
        rows = fetch(
            "SELECT i.account, j.streak_count, j.streak_longest FROM import_accounts i"
            " JOIN savings_jars j ON j.id = i.jar_id WHERE i.run_id = %s ORDER BY 1",
            (done.run_id,),
        )
    assert [tuple(row) for row in rows] == [("a", 5, 5), ("b", 0, 2)]


# ---- garbage ----

FIELD = st.one_of(
    st.sampled_from(
        ["a", "b", "2025-03-01", "2025-03-02", "5", "-3", "0", "7.25", "", '"', '"x,y"', "\x00", "₹", "\ud800"]
    ),
    st.text(max_size=6),
)
GARBAGE = st.lists(
    st.one_of(
        st.lists(FIELD, max_size=6).map(",".join),
        st.builds(
            lambda who, day, amount: f"{who},2025-03-{day:02d},{amount},",
            st.sampled_from("abc"), st.integers(1, 31), st.integers(-9, 9),
        ),
    ),
    max_size=30,
)  # fmt: skip


@settings(max_examples=60, deadline=None, derandomize=True)
@given(lines=GARBAGE, size=st.sampled_from([1, 7, 1000]), credits_first=st.booleans())
def test_no_row_vanishes_whatever_is_in_the_file(
    lines: list[str], size: int, credits_first: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("garbage") / f"{zlib.crc32(repr(lines).encode())}.csv"
    body = "\n".join(["account,time,amount,kind", *lines, ""])
    path.write_bytes(body.encode("utf-8", "surrogatepass"))
    rows = len(body.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")) - 1
    order = "credits_first" if credits_first else "as_filed"
    done = figures(import_history([path], mapping(time__same_day=order), rows_a_part=size))
    assert done.rows == rows
    assert done.booked + done.refused == rows
    assert sum(count for _, count, _ in done.by_type) == done.booked
    assert sum(count for _, count in done.by_code) == done.refused


def badges_of(outcome: Outcome) -> dict[str, list[tuple[str, datetime]]]:
    with transaction():
        rows = fetch(
            "SELECT i.account, b.badge_type, b.earned_at FROM import_accounts i JOIN badges b ON b.user_id = i.user_id"
            " WHERE i.run_id = %s ORDER BY i.account, b.earned_at, b.badge_type",
            (outcome.run_id,),
        )
    found: dict[str, list[tuple[str, datetime]]] = {}
    for account, code, earned_at in rows:
        found.setdefault(account, []).append((code, earned_at))
    return found


def test_a_history_earns_its_badges_and_nobody_is_told(tmp_path: Path) -> None:
    """Eight days with one missed that a freeze saves; a target reached in the middle of it; somebody who came once."""
    days = [*range(1, 9), 10]
    lines = [f"a,2026-03-{day:02},10," for day in days] + ["b,2026-03-05,40,"]
    file = write_csv(tmp_path / "f.csv", lines)
    outcome = import_history([file], mapping(jar__target="60"))
    earned = {
        account: [(code, (at + timedelta(hours=5, minutes=30)).date()) for code, at in found]
        for account, found in badges_of(outcome).items()
    }
    assert earned["a"] == [
        ("first_deposit", date(2026, 3, 1)), ("halfway", date(2026, 3, 3)), ("target_reached", date(2026, 3, 6)),
    ]  # fmt: skip
    assert earned["b"] == [("first_deposit", date(2026, 3, 5)), ("halfway", date(2026, 3, 5))]
    with transaction():
        assert (
            fetch(
                "SELECT 1 FROM notifications n JOIN import_accounts i USING (user_id) WHERE i.run_id = %s",
                (outcome.run_id,),
            )
            == []
        )


def test_badges_of_a_history_without_a_target_are_those_of_its_rhythm(tmp_path: Path) -> None:
    days = [*range(1, 9), 10]
    file = write_csv(tmp_path / "f.csv", [f"a,2026-03-{day:02},10," for day in days])
    outcome = import_history([file], mapping())
    assert [code for code, _ in badges_of(outcome)["a"]] == ["first_deposit", "streak_7_days", "carried_over"]


def test_badges_given_before_an_interruption_stay_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = [f"account-{number}" for number in range(5)]
    file = write_csv(tmp_path / "f.csv", [f"{account},2026-03-01,10," for account in accounts])
    made = mapping()
    monkeypatch.setattr(importing, "SAVERS_AT_ONCE", 2)
    award, calls = importing._Run._award, []

    def third_fails(self: Any, savers: Any) -> None:
        calls.append(savers)
        if len(calls) == 2:
            raise KeyboardInterrupt
        award(self, savers)

    monkeypatch.setattr(importing._Run, "_award", third_fails)
    with pytest.raises(KeyboardInterrupt):
        import_history([file], made)
    monkeypatch.setattr(importing._Run, "_award", award)
    outcome = import_history([file], made)
    assert sorted(badges_of(outcome)) == accounts
    assert all(len(found) == 1 for found in badges_of(outcome).values())
