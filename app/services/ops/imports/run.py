"""One import from end to end: in parts, each a database transaction of its own, so that a killed run goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from uuid import UUID

import uuid_utils.compat as uuids
from flask import current_app
from psycopg2 import errorcodes
from sqlalchemy.exc import DBAPIError

from app import clock, money
from app.errors import DomainError
from app.integrations.saver_cache import forget
from app.ledger.bulk import Batch, copy_rows
from app.periods import local_date
from app.services.audit import log as audit
from app.services.credit.refresh import refresh_all
from app.services.credit.storing import Cause
from app.services.identity import passwords
from app.services.ops.imports.accounts import (
    ImportedAccount,
    address,
    new_account,
    read_back,
    recompute,
    taken,
    write_file_balances,
    write_moved,
    write_new,
)
from app.services.ops.imports.days import credits_first, parts
from app.services.ops.imports.mapping import ColumnMapping
from app.services.ops.imports.reading import Position, file_hash, headers, rows
from app.services.ops.imports.rows import KEPT_TEXT, Refused, Row, RowReader, refused
from app.services.savings import badge_history
from app.transactions import after_commit, fetch, queue, run, transaction

ROWS_A_PART = 20_000
SAVERS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is: ``bytes`` read of all files, and rows of the whole run."""

    bytes: int
    rows: int
    refused: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """``run_id`` names the stored run. ``resumed_after``: rows an interrupted run had done before.

    ``already_done``: this history was imported before, and nothing was changed.
    """

    run_id: UUID
    already_done: bool
    resumed_after: int


def import_history(
    paths: Sequence[Path],
    mapping: ColumnMapping,
    *,
    password: str | None = None,
    progress: Callable[[Progress], None] = lambda progress: None,
    rows_a_part: int = ROWS_A_PART,
) -> Outcome:
    """Book the history in ``paths``, which are read as one, in their order. Commits part by part.

    Called again with the same files and mapping it goes on after the last committed part, or does nothing where it
    was done. With ``password`` all its savers can sign in with it, which is for demonstrations only. Raises DomainError
    for files that cannot be read, a weak password, a full disk, and for a second run of the same files at once.
    """
    shared = None
    if password is not None:
        passwords.check(password)
        shared = passwords.hash_password(password)
    found = headers(paths, encoding=mapping.encoding, delimiter=mapping.delimiter, needed=mapping.columns)
    digest = file_hash(paths)
    run_id, done, rows_done = run(lambda: _begin(mapping, digest))
    if done:
        return Outcome(run_id, True, rows_done)
    this = _Run(run_id, mapping, shared, rows_done)
    try:
        this.go(paths, found, progress, rows_a_part)
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) == errorcodes.DISK_FULL:
            raise DomainError(
                "disk_full",
                "The database's disk is full. What was booked stays; make room and run the same import again.",
            ) from error
        raise
    return Outcome(run_id, False, rows_done)


def _begin(mapping: ColumnMapping, digest: bytes) -> tuple[UUID, bool, int]:
    """The run of this file and mapping, made where there is none; whether it is done, and rows done so far."""
    queue(
        "INSERT INTO import_runs (id, source, file_hash, mapping_hash, mapping, status, started_at)"
        " VALUES (%s, %s, %s, %s, %s, 'running', %s) ON CONFLICT (file_hash, mapping_hash) DO NOTHING",
        (uuids.uuid7(), mapping.name, digest, mapping.digest, json.dumps(mapping.facts), clock.now()),
    )
    ((run_id, status, rows_done),) = fetch(
        "SELECT id, status, rows_done FROM import_runs WHERE file_hash = %s AND mapping_hash = %s",
        (digest, mapping.digest),
    )
    return run_id, status == "done", rows_done


class _Run:
    """The state of a run in this process; its accounts are always those of the last committed part, or ahead by one."""

    def __init__(self, run_id: UUID, mapping: ColumnMapping, password: str | None, rows_done: int) -> None:
        self.id = run_id
        self.mapping = mapping
        self.password = password
        self.rows_done = rows_done
        self.refused = 0
        self.accounts: dict[str, ImportedAccount] = {}
        self.taken: set[str] = set()
        self.now = clock.now()

    def go(
        self,
        paths: Sequence[Path],
        found: Sequence[Sequence[str]],
        progress: Callable[[Progress], None],
        rows_a_part: int,
    ) -> None:
        """Book what is left, and finish."""
        mapping = self.mapping
        if self.rows_done:
            with transaction():
                _without_time_limit()
                self.accounts, recorded_at = read_back(self.id)
            # The order of recording is that of the file, even where the clock was set back in between.
            self.now = max(self.now, recorded_at)
        currency, latest = current_app.config["CURRENCY"], clock.now()
        readers = [RowReader(mapping, header, currency=currency, latest=latest) for header in found]
        position = Position()
        lines = islice(rows(paths, encoding=mapping.encoding, position=position), self.rows_done, None)
        items = (readers[line.file - 1].read(line) for line in lines)
        pieces = parts(items, rows_a_part, whole_days=mapping.credits_first)
        # The next part is read while the database takes this one in.
        with ThreadPoolExecutor(1) as reader:
            ahead = reader.submit(next, pieces, None)
            while part := ahead.result():
                ahead = reader.submit(next, pieces, None)
                self._book(part)
                progress(Progress(position.bytes, self.rows_done, self.refused))
        run(self._recompute)
        savers = list({each.jar.user_id: None for each in self.accounts.values()})
        for start in range(0, len(savers), SAVERS_AT_ONCE):
            some = savers[start : start + SAVERS_AT_ONCE]
            run(lambda some=some: self._award(some))  # type: ignore[misc]
            run(lambda some=some: self._score(some))  # type: ignore[misc]
        run(self._finish)

    def _book(self, part: Sequence[Row | Refused]) -> None:
        mapping = self.mapping
        self.now = max(self.now, clock.now())
        refusals = [item for item in part if isinstance(item, Refused)]
        movements = [item for item in part if isinstance(item, Row)]
        if mapping.credits_first:
            movements = credits_first(movements)
        unknown = {row.account for row in movements} - self.accounts.keys() - self.taken
        if unknown:
            with transaction():
                self.taken |= taken(unknown, mapping)
        batch, new = Batch(self.now), []
        seen: dict[str, ImportedAccount] = {}
        moved: dict[str, ImportedAccount] = {}
        booked = 0
        for row in movements:
            account = self.accounts.get(row.account)
            if account is None:
                if row.account in self.taken:
                    refusals.append(refused(row.line, "saver_exists", address(row.account, mapping)))
                    continue
                account = self.accounts[row.account] = new_account(row.account, row, mapping)
                batch.open(account.chain)
                new.append(account)
            seen[row.account] = account
            account.saw_balance(row, day_is_unordered=mapping.credits_first)
            try:
                batch.book(account.chain, row.kind, row.amount, day=row.day.isoformat(), occurred_at=row.at)
            except DomainError as error:
                held, wanted = money.to_decimal_string(account.chain.balance), money.to_decimal_string(row.amount)
                refusals.append(refused(row.line, error.code, held, wanted))
                continue
            account.booked(row, completes=mapping.target is not None)
            moved[row.account] = account
            booked += 1
        for account in seen.values():
            account.settle_balance()

        def write() -> None:
            _without_time_limit()
            self._count(len(part), booked, len(refusals))
            write_new(self.id, new, mapping, self.password)
            batch.write()
            write_moved(list(moved.values()), today=local_date(self.now, mapping.zone))
            if mapping.balance:
                write_file_balances(self.id, list(seen.values()))
            _write_refusals(self.id, refusals)
            after_commit(lambda: _forget(moved.values()))

        run(write)
        self.rows_done += len(part)
        self.refused += len(refusals)

    def _count(self, done: int, booked: int, refusals: int) -> None:
        """Note the part in the run's row, whose lock also keeps a second process out."""
        counted = fetch(
            "UPDATE import_runs SET rows_done = rows_done + %s, rows_booked = rows_booked + %s,"
            " rows_refused = rows_refused + %s WHERE id = %s AND rows_done = %s AND status = 'running' RETURNING 1",
            (done, booked, refusals, self.id, self.rows_done),
        )
        if not counted:
            raise DomainError(
                "import_running", "Another process is importing this history; let it finish, or stop it first."
            )

    def _recompute(self) -> None:
        _without_time_limit()
        self._count(0, 0, 0)
        today = local_date(self.now, self.mapping.zone)
        unordered = [each for each in self.accounts.values() if each.unordered]
        recompute([each.jar.id for each in unordered], today=today)
        after_commit(lambda: _forget(unordered))

    def _award(self, savers: Sequence[UUID]) -> None:
        """Give these savers the badges of their history: what was given before an interruption stays as it is."""
        _without_time_limit()
        badge_history.award_history(savers, targets=self.mapping.target is not None)

    def _score(self, savers: Sequence[UUID]) -> None:
        """Score these savers for the first time; nobody is told of it."""
        _without_time_limit()
        refresh_all(savers, Cause("recalculation"), at=clock.now())

    def _finish(self) -> None:
        self._count(0, 0, 0)
        finished_at = max(self.now, clock.now())
        ((booked, refusals),) = fetch(
            "UPDATE import_runs SET status = 'done', finished_at = %s WHERE id = %s"
            " RETURNING rows_booked, rows_refused",
            (finished_at, self.id),
        )
        audit.record(
            "history_imported",
            subject_type="import",
            subject_id=self.id,
            at=finished_at,
            actor="operator",
            details={"accounts": len(self.accounts), "booked": booked, "refused": refusals},
        )


def _write_refusals(run_id: UUID, refusals: Sequence[Refused]) -> None:
    copy_rows(
        "import_refusals",
        ("run_id", "file", "line", "code", "detail", "row"),
        (
            (run_id, each.line.file, each.line.line, each.code, each.detail, each.line.text.rstrip("\n")[:KEPT_TEXT])
            for each in refusals
        ),
    )


def _forget(accounts: Iterable[ImportedAccount]) -> None:
    """A saver of this file may be signed in already."""
    for account in accounts:
        forget(account.jar.user_id)


def _without_time_limit() -> None:
    """Statements of this transaction may take as long as they need; a request's limit is far too short for a part."""
    queue("SET LOCAL statement_timeout = 0")
