"""The published data sets themselves, wherever a folder with them is found; they are never part of this repository."""

from __future__ import annotations

import csv
import gzip
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from app.ledger.verify import verify
from app.services.ops.imports.known import DATA_SETS, Found, find
from app.services.ops.imports.mapping import make_mapping, read_toml
from app.services.ops.imports.report import Report, report
from app.services.ops.imports.run import import_history
from app.transactions import fetch, transaction
from tests.conftest import ROOT

pytestmark = pytest.mark.no_cover  # what is covered does not hang on files that few have
FOLDER = Path(os.environ.get("CHHOTA_REAL_DATA") or ROOT.parent / "shared" / "data")


def real(name: str) -> Found:
    """The files of one data set; skips, and says why, where they are not on this machine."""
    found = [each for each in find(FOLDER) if each.data_set.mapping == name] if FOLDER.is_dir() else []
    if not found:
        title = next(each.title for each in DATA_SETS if each.mapping == name)
        pytest.skip(f"{title}: its files are not in {FOLDER}; name a folder that has them in CHHOTA_REAL_DATA")
    return found[0]


@pytest.fixture
def own(new_app: Callable[..., Flask]) -> Iterator[Flask]:
    app = new_app()
    with app.app_context():
        yield app


def imported(found: Found, rows_a_part: int = 20_000) -> tuple[Report, dict[str, int]]:
    """The report, and each account's balance in the ledger (minor units)."""
    checked = make_mapping(read_toml(found.data_set.mapping), currency="INR")
    outcome = import_history(found.files, checked, rows_a_part=rows_a_part)
    with transaction():
        balances = fetch(
            "SELECT i.account, a.balance FROM import_accounts i JOIN ledger_accounts a ON a.jar_id = i.jar_id"
            " WHERE i.run_id = %s",
            (outcome.run_id,),
        )
        return report(outcome.run_id), dict(balances)


def source(found: Found, encoding: str, delimiter: str) -> list[dict[str, str]]:
    rows = []
    for path in found.files:
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding=encoding, newline="") as file:
            rows += list(csv.DictReader(file, delimiter=delimiter))
    return rows


def minor(text: str) -> int:
    return round(float(text) * 100)


@pytest.mark.usefixtures("own")
def test_akiba_comes_out_exactly() -> None:
    found = real("akiba")
    rows = source(found, "utf-8", ",")
    done, balances = imported(found)
    deposits = [row for row in rows if (row["refund"], row["prize"]) == ("0", "0") and minor(row["amount"]) > 0]
    assert (len(deposits), len({row["account"] for row in deposits})) == (5_513, 284)
    assert ("deposit", 5_513, sum(minor(row["amount"]) for row in deposits)) in done.by_type
    assert (done.rows, done.booked, done.accounts) == (7_557, 7_552, 284)
    assert done.by_code == [("negative_amount", 3), ("zero_amount", 2)]
    # Prizes that are taken back and the one negative deposit are refused; everything else adds up.
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        if minor(row["amount"]) > 0 or row["refund"] == "1":
            sums[row["account"]] += minor(row["amount"])
    assert balances == sums
    assert list(verify()) == []


@pytest.mark.usefixtures("own")
def test_each_berka_balance_is_the_sum_of_its_accepted_rows() -> None:
    found = real("berka")
    rows = source(found, "latin-1", ";")
    done, balances = imported(found, rows_a_part=5_000)
    assert (done.rows, done.booked, done.refused, done.accounts) == (49_102, 49_076, 26, 1_229)
    assert done.by_code == [("insufficient_funds", 26)]
    with transaction():
        lines = {line for (line,) in fetch("SELECT line FROM import_refusals")}
    sums: dict[str, int] = defaultdict(int)
    overdrawn = set()
    for number, row in enumerate(rows, 2):
        if minor(row["balance"]) < 0:
            overdrawn.add(row["account_id"])
        if number not in lines:
            sums[row["account_id"]] += minor(row["amount"]) * (1 if row["type"] == "PRIJEM" else -1)
    assert balances == sums
    # Just the accounts that the bank let go below zero have a refused row, one each: what follows can be booked.
    assert {rows[line - 2]["account_id"] for line in lines} == overdrawn
    assert len(overdrawn) == 26
    assert done.compared == 1_229
    within = sum(abs(each.in_file - each.booked) <= 100 for each in done.differences)
    assert (done.compared - len(done.differences), within, len(done.differences) - within) == (589, 587, 53)
    assert list(verify()) == []
