"""Demo accounts with a history of some months, in every state that a page can show. Never in production.

Everything is made by the product's own services with the instants of the past, so that balances, streaks and badges are
what the engine makes of them. The same day and the same seed give the same history
(app/services/ops/demo_savers.py).

A reset keeps what was: the ledger is append-only, and recreating the database would need the owner's rights, end every
other account on it and pull the tables away under a running web server. So the demo savers of before are retired: their
sign-ins end, what of theirs waits for staff is closed, the accounts are suspended, their address and number are set
free, and new savers take those. The two members of staff stay: they are named in the audit log, and nothing about them
can go stale.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import current_app

from app.errors import DomainError
from app.extensions import db
from app.models.identity import STAFF_ROLES, RefreshFamily, User
from app.periods import SaverZone
from app.services.audit import log as audit
from app.services.identity import contacts, passwords, revocations, signup, staff, two_factor
from app.services.identity.principal import Principal
from app.services.ops import demo_savers, reversal_requests, support_answers
from app.services.ops.demo_savers import Person
from app.transactions import fetch, queue

LOCK = 4_201_002  # any number of its own: one load at a time
AGE = timedelta(days=170)
WAITING_REVERSALS = """
SELECT r.id, r.requested_by FROM reversal_requests r JOIN transactions t ON t.id = r.transaction_id
WHERE t.user_id = %s AND r.status = 'waiting'
"""
# With who gave the answer that the saver is not content with: somebody else judges it.
OPEN_REQUESTS = """
SELECT s.id, b.answered_by FROM support_requests s LEFT JOIN support_requests b ON b.id = s.appeal_of
WHERE s.user_id = %s AND s.status = 'open'
"""
BEGUN_ANEW = "The demo was begun anew."
LOADED, RETIRED = "demo_loaded", "demo_retired"


@dataclass(frozen=True, slots=True)
class Accounts:
    """Whom the person at the screen signs in as. The demo's other savers share the saver's password.

    ``admin_totp``: what an authenticator app of the staff holds (base32). The second member of staff, for what two have
    to agree on, shares the administrator's password and key.
    """

    saver_email: str
    saver_password: str
    admin_email: str
    admin_password: str
    admin_totp: str
    support_email: str = "support@example.com"


@dataclass(frozen=True, slots=True)
class Staff:
    """The demo's two members of staff, by their ids. ``new``: whether either was made now."""

    admin: UUID
    support: UUID
    new: bool = False

    def other_than(self, person: UUID | None) -> UUID:
        """One who is not ``person``."""
        return self.support if person == self.admin else self.admin


def new_key() -> str:
    """A key for an authenticator app."""
    return two_factor.new_secret()


def load(accounts: Accounts, *, now: datetime) -> bool:
    """Make the demo accounts that are missing, with their history up to ``now``; whether any was.

    An account that is there keeps its history and gets the password of ``accounts``. Raises DomainError
    ``not_in_production``, ``not_a_demo_account`` for an address that somebody else has, and as ``sign_up`` does.
    """
    _refuse_production()
    fetch("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
    members = _staff(accounts, now)
    made = [members.new]
    for person in demo_savers.people(accounts.saver_email):
        made.append(_saver(person, accounts.saver_password, members, now))
    # What the stories have left for the worker has waited since now, not since it happened.
    queue("UPDATE outbox SET available_at = %s WHERE available_at < %s AND dead_at IS NULL", (now, now))
    return any(made)


def reset(accounts: Accounts, *, now: datetime) -> int:
    """Retire the demo savers there are and load new ones; how many were retired. Raises as ``load`` does."""
    _refuse_production()
    fetch("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
    savers = [user for user in _demo_users() if user.role == "saver"]
    members = _staff(accounts, now)
    for user in savers:
        _close(user, members, now)
        _retire(user, now)
    db.session.flush()
    load(accounts, now=now)
    return len(savers)


def _refuse_production() -> None:
    if current_app.config["APP_ENV"] == "production":
        raise DomainError("not_in_production", "Demo data does not belong into production. Nothing was changed.")


def _demo_users() -> list[User]:
    """The demo's accounts that are in use, oldest first."""
    ids = [
        UUID(row[0])
        for row in fetch(
            "SELECT subject_id FROM audit_log l WHERE action = %s AND NOT EXISTS"
            " (SELECT FROM audit_log r WHERE r.subject_id = l.subject_id AND r.action = %s)",
            (LOADED, RETIRED),
        )
    ]
    return list(db.session.execute(db.select(User).where(User.id.in_(ids)).order_by(User.id)).scalars())


def _existing(email: str) -> User | None:
    """The demo's account with this address; None where nobody has it. Raises DomainError ``not_a_demo_account``."""
    user: User | None = db.session.execute(
        db.select(User).where(User.email_key == contacts.email_key(email))
    ).scalar_one_or_none()
    if user is not None and user.id not in {known.id for known in _demo_users()}:
        raise DomainError(
            "not_a_demo_account",
            f"{email} is the account of somebody who is not part of the demo: give the demo another address"
            " (DEMO_SAVER_EMAIL, DEMO_ADMIN_EMAIL, DEMO_SUPPORT_EMAIL).",
        )
    return user


def _staff(accounts: Accounts, now: datetime) -> Staff:
    if contacts.email_key(accounts.admin_email) == contacts.email_key(accounts.support_email):
        raise DomainError("not_a_demo_account", "The demo's two members of staff need two addresses.")
    admin, admin_is_new = _member(accounts, accounts.admin_email, demo_savers.ADMIN_NAME, "admin", now)
    support, support_is_new = _member(accounts, accounts.support_email, demo_savers.SUPPORT_NAME, "support", now)
    return Staff(admin.id, support.id, admin_is_new or support_is_new)


def _member(accounts: Accounts, email: str, name: str, role: str, now: datetime) -> tuple[User, bool]:
    user = _existing(email)
    if user is not None:
        if user.role not in STAFF_ROLES:
            raise DomainError("not_a_demo_account", f"{email} is a saver of the demo, not its staff.")
        _keep_password(user, accounts.admin_password)
        _keep_totp(user, accounts.admin_totp)
        return user, False
    user = staff.add(name=name, email=email, password=accounts.admin_password, role=role, at=now - AGE)
    db.session.flush()
    _keep_totp(user, accounts.admin_totp)
    _note(LOADED, user, now)
    return user, True


def _saver(person: Person, password: str, members: Staff, now: datetime) -> bool:
    user = _existing(person.email)
    if user is not None:
        _keep_password(user, password)
        return False
    user = signup.sign_up(
        name=person.name,
        email=person.email,
        phone=person.phone,
        password=password,
        language=person.language,
        time_zone="Asia/Kolkata",
        at=now - (AGE if person.seasoned else timedelta(minutes=5)),
    )
    user.display_name = person.display_name
    user.leaderboard_opt_in = person.display_name is not None
    if person.verified:
        # Without a paper: the demo has none to show.
        user.kyc_status = "verified"
    db.session.flush()
    _note(LOADED, user, now)
    # No sign-in: nobody is to find a device on their page that was never there.
    principal = Principal(
        user.id, UUID(int=0), user.role, user.name, user.email, user.language, user.kyc_status,
        SaverZone(user.time_zone, None, None),
    )  # fmt: skip
    demo_savers.tell(person, principal, staff_id=members.admin, second_id=members.support, now=now)
    return True


def _keep_password(user: User, password: str) -> None:
    if not passwords.verify(user.password_hash, password):
        passwords.check(password, personal=(user.name, user.email))
        user.password_hash = passwords.hash_password(password)
        db.session.flush()


def _keep_totp(user: User, secret: str) -> None:
    if two_factor.secret_of(user.id) != secret:
        two_factor.keep(user.id, secret)
        two_factor.switch_on(user.id, now=datetime.now(UTC))


def _close(user: User, members: Staff, now: datetime) -> None:
    """Have the staff decide what of the saver's waits for them: nobody would come to hear of it."""
    for request_id, asked_by in fetch(WAITING_REVERSALS, (user.id,)):
        reversal_requests.decline(request_id, by=members.other_than(asked_by), at=now)
    for request_id, answered_by in fetch(OPEN_REQUESTS, (user.id,)):
        support_answers.answer(request_id, BEGUN_ANEW, by=members.other_than(answered_by), at=now)


def _retire(user: User, now: datetime) -> None:
    local, _, domain = user.email.partition("@")
    number = 1
    while signup.exists(f"{local}+retired-{number}@{domain}"):
        number += 1
    user.email, user.email_key = contacts.email(f"{local}+retired-{number}@{domain}")
    user.phone = user.phone_verified_at = user.display_name = None
    user.leaderboard_opt_in = False
    user.status = "suspended"
    families = db.session.execute(db.select(RefreshFamily.id).where(RefreshFamily.user_id == user.id)).scalars()
    revocations.revoke(list(families), why="demo_reset", at=datetime.now(UTC))
    db.session.flush()
    # What the relay has not handed on yet is about an account that nobody sees any more.
    queue("DELETE FROM outbox WHERE payload ->> 'user_id' = %s", (str(user.id),))
    _note(RETIRED, user, now)


def _note(action: str, user: User, now: datetime) -> None:
    audit.record(action, subject_type="user", subject_id=user.id, at=now, actor="operator")
