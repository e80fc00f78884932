from __future__ import annotations

import csv
from pathlib import Path

import pytest

from app.errors import DomainError
from app.ledger.bulk import Batch, JarChain
from app.services.ops.imports.report import (
    BalanceDifference,
    report,
    savers_to_show,
    write_differences,
    write_refused,
)
from app.services.ops.imports.run import import_history
from app.transactions import fetch, queue, transaction
from tests.conftest import Clock
from tests.services.ops.imports.conftest import mapping, write_csv

pytestmark = pytest.mark.usefixtures("context", "clock")
ROWS = ["a,2025-03-01,5,", "a,2025-03-02,0,", "b,2025-03-01,-5,", "b,2025-03-01,7,", '=1+1,2025-03-01,"5,']


def test_a_report_counts_what_is_stored(tmp_path: Path) -> None:
    outcome = import_history([write_csv(tmp_path / "1.csv", ROWS)], mapping())
    with transaction():
        found = report(outcome.run_id)
    assert (found.rows, found.booked, found.refused, found.accounts) == (5, 2, 3, 2)
    assert found.by_type == [("deposit", 2, 1_200)]
    assert found.by_code == [("insufficient_funds", 1), ("unreadable_row", 1), ("zero_amount", 1)]
    assert (found.compared, found.differences) == (0, [])


def test_balances_are_compared_with_what_was_booked(tmp_path: Path) -> None:
    rows = ["a,2025-03-01,5,5", "a,2025-03-02,1,6.40", "b,2025-03-01,5,5", "c,2025-03-01,5,", "d,2025-03-01,-5,-5"]
    checked = mapping(columns__balance="kind")
    outcome = import_history([write_csv(tmp_path / "1.csv", rows)], checked)
    with transaction():
        found = report(outcome.run_id)
    assert found.compared == 3
    assert found.differences == [BalanceDifference("d", -500, 0), BalanceDifference("a", 640, 600)]
    write_differences(found.differences, tmp_path / "deep" / "balances.csv")
    assert (tmp_path / "deep" / "balances.csv").read_text().splitlines() == [
        "account,balance_in_file,balance_booked,difference",
        "d,-5.00,0.00,-5.00",
        "a,6.40,6.00,0.40",
    ]


def test_refused_rows_are_written_with_line_code_and_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.ops.imports.report._A_PAGE", 2)
    first, second = write_csv(tmp_path / "1.csv", ROWS), write_csv(tmp_path / "=2.csv", ["a"])
    outcome = import_history([first, second], mapping())
    with transaction():
        write_refused(outcome.run_id, tmp_path / "refused.csv", [first, second])
    with (tmp_path / "refused.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert [row[:3] for row in rows] == [
        ["file", "line", "code"],
        ["1.csv", "3", "zero_amount"],
        ["1.csv", "4", "insufficient_funds"],
        ["1.csv", "6", "unreadable_row"],
        ["'=2.csv", "2", "wrong_column_count"],
    ]
    # What a spreadsheet would run is text.
    assert rows[3][4] == "'" + ROWS[4]
    assert rows[2][3].startswith("The account holds 0.00, which is less than 5.00.")


def test_a_report_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "below.csv", tmp_path):
        with pytest.raises(DomainError) as refusal:
            write_differences([], path)
        assert refusal.value.code == "report_unwritable"


def test_savers_with_the_best_story_come_first(tmp_path: Path) -> None:
    rows = ["a,2025-03-01,5,", *(f"b,2025-03-0{day},5," for day in range(1, 5)), "c,2025-03-01,1,", "c,2025-03-01,1,"]
    checked = mapping()
    outcome = import_history([write_csv(tmp_path / "1.csv", rows)], checked)
    with transaction():
        shown = savers_to_show(outcome.run_id)
    assert [email.partition("@")[0].removeprefix(f"{checked.name}-") for email, _, _ in shown] == ["b", "c", "a"]
    assert {hash_ for _, _, hash_ in shown} == {None}


def test_later_movements_do_not_change_a_report(tmp_path: Path, clock: Clock) -> None:
    checked = mapping(columns__balance="kind")
    outcome = import_history([write_csv(tmp_path / "1.csv", ["a,2025-03-01,5,5"])], checked)
    with transaction():
        before = report(outcome.run_id)
        ((account_id, user_id, jar_id, head),) = fetch(
            "SELECT a.id, i.user_id, i.jar_id, a.head_hash FROM import_accounts i"
            " JOIN ledger_accounts a ON a.jar_id = i.jar_id WHERE i.run_id = %s",
            (outcome.run_id,),
        )
    clock.advance(hours=1)
    batch = Batch(clock.now())
    chain = JarChain(str(account_id), str(user_id), str(jar_id), 500, 1, bytes(head))
    batch.book(chain, "deposit", 300, day="2026-07-15", occurred_at=clock.now())
    with transaction():
        batch.write()
        queue("UPDATE savings_jars SET current_amount = 800 WHERE id = %s", (jar_id,))
    with transaction():
        assert report(outcome.run_id) == before
