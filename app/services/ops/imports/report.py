"""What an import did: counted from the stored rows, and the refused ones as a file for whoever mends the source."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from app import money
from app.errors import DomainError
from app.ledger.accounts import CREDITS
from app.transactions import fetch, queue

_A_PAGE = 10_000
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class BalanceDifference:
    """An account whose last balance in the file is not the sum of what was booked. Minor units."""

    account: str
    in_file: int
    booked: int


@dataclass(frozen=True, slots=True)
class Report:
    """One run in figures; amounts in minor units. ``by_type``: (type, movements, sum); ``by_code``: (code, rows).

    ``compared``: how many accounts have a last balance in the file, of which ``differences`` are not what was booked.
    """

    rows: int
    booked: int
    refused: int
    accounts: int
    by_type: list[tuple[str, int, int]]
    by_code: list[tuple[str, int]]
    compared: int
    differences: list[BalanceDifference]


def report(run_id: UUID) -> Report:
    """The figures of a finished run, as they stood when it ended. Movements made since then do not count."""
    queue("SET LOCAL statement_timeout = 0")
    ((rows, booked, refused),) = fetch(
        "SELECT rows_done, rows_booked, rows_refused FROM import_runs WHERE id = %s", (run_id,)
    )
    by_type = fetch(
        "SELECT t.type, count(*), sum(t.amount)::bigint FROM import_runs r"
        " JOIN import_accounts i ON i.run_id = r.id JOIN transactions t ON t.jar_id = i.jar_id"
        " WHERE r.id = %s AND t.recorded_at <= r.finished_at GROUP BY t.type ORDER BY count(*) DESC, t.type",
        (run_id,),
    )
    by_code = fetch(
        "SELECT code, count(*) FROM import_refusals WHERE run_id = %s GROUP BY code ORDER BY count(*) DESC, code",
        (run_id,),
    )
    ((accounts, compared),) = fetch(
        "SELECT count(*), count(file_balance) FROM import_accounts WHERE run_id = %s", (run_id,)
    )
    differences = [] if not compared else fetch(
        "SELECT account, file_balance, booked FROM (SELECT i.account, i.file_balance, coalesce(sum("
        "  CASE WHEN t.type = ANY(%s) THEN t.amount ELSE -t.amount END), 0)::bigint AS booked"
        "  FROM import_runs r JOIN import_accounts i ON i.run_id = r.id"
        "  LEFT JOIN transactions t ON t.jar_id = i.jar_id AND t.recorded_at <= r.finished_at"
        "  WHERE r.id = %s AND i.file_balance IS NOT NULL GROUP BY i.account, i.file_balance) AS balances"
        " WHERE booked <> file_balance ORDER BY abs(booked - file_balance) DESC, account",
        (list(CREDITS), run_id),
    )  # fmt: skip
    return Report(
        rows, booked, refused, accounts,
        [tuple(row) for row in by_type], [tuple(row) for row in by_code],
        compared, [BalanceDifference(*row) for row in differences],
    )  # fmt: skip


def write_refused(run_id: UUID, path: Path, files: Sequence[Path]) -> None:
    """Every refused row as CSV: file, line, code, reason, row. Raises DomainError ``report_unwritable``."""
    with _writer(path, ("file", "line", "code", "reason", "row")) as writer:
        for file, line, code, detail, row in _refusals(run_id):
            writer.writerow([_cell(files[file - 1].name), line, code, _cell(detail), _cell(row)])


def write_differences(differences: Sequence[BalanceDifference], path: Path) -> None:
    """The accounts whose balances differ as CSV, in major units. Raises DomainError ``report_unwritable``."""
    with _writer(path, ("account", "balance_in_file", "balance_booked", "difference")) as writer:
        for each in differences:
            sums = [money.to_decimal_string(minor) for minor in (each.in_file, each.booked, each.in_file - each.booked)]
            writer.writerow([_cell(each.account), *sums])


def savers_to_show(run_id: UUID, *, limit: int = 3) -> list[tuple[str, str, str | None]]:
    """E-mail, name and password hash of the savers with the longest streaks and most movements, best first."""
    rows = fetch(
        "SELECT u.email, u.name, u.password_hash FROM import_accounts i JOIN users u ON u.id = i.user_id"
        " JOIN savings_jars j ON j.id = i.jar_id JOIN ledger_accounts a ON a.jar_id = j.id"
        " WHERE i.run_id = %s ORDER BY j.streak_longest DESC, a.head_seq DESC, u.email LIMIT %s",
        (run_id, limit),
    )
    return [tuple(row) for row in rows]


def _refusals(run_id: UUID) -> Iterator[tuple[int, int, str, str, str]]:
    after = (0, 0)
    while page := fetch(
        "SELECT file, line, code, detail, row FROM import_refusals WHERE run_id = %s AND (file, line) > (%s, %s)"
        " ORDER BY file, line LIMIT %s",
        (run_id, *after, _A_PAGE),
    ):
        yield from page
        after = (page[-1][0], page[-1][1])


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


@contextmanager
def _writer(path: Path, header: Sequence[str]) -> Iterator[Any]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            yield writer
    except OSError as error:
        raise DomainError(
            "report_unwritable", f"The report {path} cannot be written: {error.strerror or error}. The import stands."
        ) from error
