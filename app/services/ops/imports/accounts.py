"""The accounts of a history as savers and jars: made, advanced row by row, read back when a run goes on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from uuid import UUID

import uuid_utils
import uuid_utils.compat as uuids

from app.ledger.bulk import JarChain, copy_rows
from app.ledger.chain import GENESIS
from app.services.gamification import streaks
from app.services.gamification.streaks import JarTerms
from app.services.identity import contacts
from app.services.ops.imports.days import closing_balance
from app.services.ops.imports.mapping import ColumnMapping
from app.services.ops.imports.rows import Row
from app.services.savings.jar import COLUMNS, Jar
from app.services.savings.rows import store
from app.services.savings.streak_history import COUNTED, movements_of
from app.transactions import fetch

# Accounts of other forms come into an address by their hash.
_PLAIN = re.compile(r"(?a)[a-z0-9](?:-?[a-z0-9]){0,22}")
_LEADING = (100, 125, 150, 200, 250, 300, 400, 500, 600, 750, 800, 1000)


@dataclass(slots=True)
class ImportedAccount:
    """One account of the file. ``peak`` is the largest balance it had, ``last_day`` its newest local date.

    ``unordered``: a row lies before one that was booked earlier, so that the streak is recomputed at the end.
    """

    name: str
    chain: JarChain
    jar: Jar
    terms: JarTerms
    peak: int = 0
    last_day: date | None = None
    unordered: bool = False
    file_balance: int | None = None
    balance_day: date | None = None
    of_day: list[tuple[int, int]] = field(default_factory=list)

    def booked(self, row: Row, *, completes: bool) -> None:
        """Take a movement that has been booked into the jar: balance, streak, and with ``completes`` its target."""
        jar = self.jar
        jar.current_amount = self.chain.balance
        self.peak = max(self.peak, jar.current_amount)
        first = self.chain.seq == 1
        if first or row.at < jar.created_at:
            jar.created_at = row.at
        if first or row.day < jar.start_date:
            jar.start_date = jar.made_on = row.day
            self.terms = jar.booking_terms
        if self.last_day is not None and row.day < self.last_day:
            self.unordered = True
        else:
            self.last_day = row.day
        if row.kind in COUNTED and not self.unordered and jar.counts_on(row.day):
            jar.streak_state = streaks.advance(jar.streak_state, self.terms, row.day, row.signed)
        if completes and jar.status == "active" and jar.current_amount >= jar.target_amount:
            jar.status, jar.completed_on = "completed", self.last_day
        elif not completes and jar.current_amount >= jar.target_amount:
            jar.target_amount = goal_above(self.peak)

    def saw_balance(self, row: Row, *, day_is_unordered: bool) -> None:
        """Note the file's own balance after ``row``."""
        if row.balance is None:
            return
        if not day_is_unordered:
            self.file_balance = row.balance
            return
        if row.day != self.balance_day:
            self.balance_day = row.day
            self.of_day.clear()
        self.of_day.append((row.signed, row.balance))

    def settle_balance(self) -> None:
        """Work out the file's balance at the end of the last day seen."""
        if self.of_day:
            self.file_balance = closing_balance(self.of_day)


def new_account(name: str, row: Row, mapping: ColumnMapping) -> ImportedAccount:
    """A saver and a jar for an account that the run has not met before; nothing is written."""
    user_id, jar_id = uuids.uuid7(), uuids.uuid7()
    jar = Jar(
        id=jar_id,
        user_id=user_id,
        name=mapping.jar_name,
        plan_type=mapping.plan,
        target_amount=mapping.target or goal_above(0),
        installment_amount=mapping.installment,
        current_amount=0,
        start_date=row.day,
        end_date=None,
        status="active",
        completed_on=None,
        closed_on=None,
        auto_deposit=None,
        streak_longest=0,
        streak_run=0,
        streak_period=None,
        streak_net=0,
        streak_previous_net=0,
        streak_kept_through=None,
        pauses=None,
        created_at=row.at,
        made_on=row.day,
    )
    chain = JarChain(str(uuid_utils.uuid7()), str(user_id), str(jar_id))
    return ImportedAccount(name, chain, jar, jar.booking_terms)


def address(account: str, mapping: ColumnMapping) -> str:
    """The e-mail address of the account's saver, at a domain that receives nothing."""
    local = account if _PLAIN.fullmatch(account) else f"x{sha256(account.encode()).hexdigest()[:20]}"
    return mapping.email.replace("{account}", local)


def taken(accounts: Iterable[str], mapping: ColumnMapping) -> set[str]:
    """Those of the new ``accounts`` whose address somebody has already."""
    by_key = {contacts.email_key(address(account, mapping)): account for account in accounts}
    rows = fetch("SELECT email_key FROM users WHERE email_key = ANY(%s)", (list(by_key),))
    return {by_key[key] for (key,) in rows}


def goal_above(peak: int) -> int:
    """The smallest round sum above ``peak`` minor units, 1,000 at least: a goal that a page can show."""
    power = 1000
    while True:
        for leading in _LEADING:
            if leading * power > max(peak, 99_999):
                return leading * power
        power *= 10


def write_new(run_id: UUID, accounts: Sequence[ImportedAccount], mapping: ColumnMapping, password: str | None) -> None:
    """COPY the savers and jars of new accounts. ``password`` is a hash that all of them share, or None."""
    people = []
    for account in accounts:
        jar, email = account.jar, address(account.name, mapping)
        name = mapping.saver_name.replace("{account}", account.name)
        people.append(
            (
                jar.user_id,
                name,
                email,
                contacts.email_key(email),
                password,
                mapping.zone,
                jar.created_at,
                True,  # whoever imports a history has the right to; nobody else's consent is there to be asked for
            )
        )
    copy_rows(
        "users",
        ("id", "name", "email", "email_key", "password_hash", "time_zone", "created_at", "train_on_history"),
        people,
    )
    copy_rows(
        "savings_jars",
        (
            "id", "user_id", "name", "plan_type", "target_amount", "installment_amount", "start_date", "created_at",
            "made_on",
        ),
        (
            (
                a.jar.id, a.jar.user_id, a.jar.name, a.jar.plan_type, a.jar.target_amount, a.jar.installment_amount,
                a.jar.start_date, a.jar.created_at, a.jar.made_on,
            )
            for a in accounts
        ),
    )  # fmt: skip
    # Without a day: freezes are worked out when a saver, or the closing of a day, first asks.
    copy_rows("saver_habits", ("user_id",), ((account.jar.user_id,) for account in accounts))
    copy_rows(
        "import_accounts",
        ("run_id", "account", "user_id", "jar_id"),
        ((run_id, account.name, account.jar.user_id, account.jar.id) for account in accounts),
    )


def write_moved(accounts: Sequence[ImportedAccount], *, today: date) -> None:
    """Bring the rows of jars that moved up to date; they are locked already. ``today`` is the savers' own."""
    jars = [account.jar for account in accounts]
    fetch(
        "UPDATE savings_jars j SET current_amount = n.amount, target_amount = n.target, start_date = n.start,"
        " made_on = n.start, created_at = n.created,"
        " status = n.status, completed_on = n.completed, streak_count = n.count, streak_longest = n.longest,"
        " streak_run = n.run, streak_period = n.period, streak_net = n.net, streak_previous_net = n.previous"
        " FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::date[], %s::timestamptz[], %s::text[], %s::date[],"
        " %s::int[], %s::int[], %s::int[], %s::date[], %s::bigint[], %s::bigint[])"
        " AS n (id, amount, target, start, created, status, completed, count, longest, run, period, net, previous)"
        " WHERE j.id = n.id",
        (
            [jar.id for jar in jars],
            [jar.current_amount for jar in jars],
            [jar.target_amount for jar in jars],
            [jar.start_date for jar in jars],
            [jar.created_at for jar in jars],
            [jar.status for jar in jars],
            [jar.completed_on for jar in jars],
            [_streak(jar, today) for jar in jars],
            [jar.streak_longest for jar in jars],
            [jar.streak_run for jar in jars],
            [jar.streak_period for jar in jars],
            [jar.streak_net for jar in jars],
            [jar.streak_previous_net for jar in jars],
        ),
    )


def write_file_balances(run_id: UUID, accounts: Sequence[ImportedAccount]) -> None:
    """Note the file's own balances."""
    fetch(
        "UPDATE import_accounts i SET file_balance = n.balance"
        " FROM unnest(%s::text[], %s::bigint[]) AS n (account, balance) WHERE i.run_id = %s AND i.account = n.account",
        ([account.name for account in accounts], [account.file_balance for account in accounts], run_id),
    )


def read_back(run_id: UUID) -> tuple[dict[str, ImportedAccount], datetime]:
    """Every account of a run as its last committed part left it, by its name, and when the last movement was recorded.

    The instant is 1970 where none was.
    """
    rows = fetch(
        f"SELECT i.account, i.file_balance, a.id, a.balance, a.head_seq, a.head_hash, {COLUMNS}"  # noqa: S608
        " FROM import_accounts i JOIN savings_jars j ON j.id = i.jar_id JOIN ledger_accounts a ON a.jar_id = j.id"
        " WHERE i.run_id = %s",
        (run_id,),
    )
    accounts = {}
    for name, file_balance, account_id, balance, seq, head, *columns in rows:
        jar = Jar(*columns)
        chain = JarChain(str(account_id), str(jar.user_id), str(jar.id), balance, seq, bytes(head) if head else GENESIS)
        accounts[name] = ImportedAccount(name, chain, jar, jar.booking_terms, file_balance=file_balance)
    by_jar = {account.jar.id: account for account in accounts.values()}
    recorded_at = datetime.fromtimestamp(0, UTC)
    for jar_id, peak, last_day, unordered, newest in fetch(
        "SELECT jar_id, max(balance_after), max(date), bool_or(date < newest), max(recorded_at)"
        " FROM (SELECT t.jar_id, t.balance_after, t.date, t.recorded_at, max(t.date) OVER (PARTITION BY t.jar_id"
        "  ORDER BY t.recorded_at, t.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS newest"
        "  FROM import_accounts i JOIN transactions t ON t.jar_id = i.jar_id WHERE i.run_id = %s) AS booked"
        " GROUP BY jar_id",
        (run_id,),
    ):
        account = by_jar[jar_id]
        account.peak, account.last_day, account.unordered = peak, last_day, bool(unordered)
        recorded_at = max(recorded_at, newest)
    return accounts, recorded_at


def recompute(jar_ids: Sequence[UUID], *, today: date) -> None:
    """Lock these jars and queue their streaks as if their movements had been booked in the order of time."""
    rows = fetch(
        f"SELECT {COLUMNS} FROM savings_jars j WHERE j.id = ANY(%s::uuid[]) ORDER BY j.id FOR NO KEY UPDATE",  # noqa: S608
        ([str(jar_id) for jar_id in jar_ids],),
    )
    for row in rows:
        jar = Jar(*row)
        counting = [movement for movement in movements_of(jar.id) if jar.counts_on(movement.day)]
        in_time = sorted(counting, key=lambda movement: movement.day)
        jar.streak_state = streaks.replay(jar.booking_terms, in_time)
        store(jar, _streak(jar, today))


def _streak(jar: Jar, today: date) -> int:
    return jar.streak(today).current
