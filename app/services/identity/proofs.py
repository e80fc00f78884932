"""Links and codes, each sent once and used once; how many may be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from app.errors import TooMany
from app.services.identity import keyed
from app.transactions import fetch, queue


@dataclass(frozen=True, slots=True)
class Kind:
    """``life``: how long it can be used. ``pause``: between two to one place; ``most``: an account's in ``window``."""

    purpose: str
    life: timedelta
    pause: timedelta
    most: int
    window: timedelta
    tries: int = 5


EMAIL = Kind("email", timedelta(days=2), timedelta(minutes=1), 5, timedelta(hours=24))
PASSWORD = Kind("password", timedelta(minutes=30), timedelta(minutes=1), 5, timedelta(hours=24))
PHONE = Kind("phone", timedelta(minutes=5), timedelta(seconds=30), 6, timedelta(hours=24))
#: Codes to one number from all accounts together: whoever sends them for money finds it soon used up.
MOST_TO_A_NUMBER = 8


def make(user_id: UUID, kind: Kind, target: str, *, now: datetime, own: bool = True) -> UUID:
    """A new proof that ``target`` (an address's key, a number) reaches the person; those before count no more.

    ``own``: the person asks for it, or a device that the account knows. What strangers ask for counts apart, and ends
    nothing but what strangers asked for. The person's row must be locked. Raises TooMany.
    """
    about = keyed.digest(kind.purpose, target)
    rows = fetch(
        "SELECT created_at, about = %s FROM proofs WHERE user_id = %s AND purpose = %s AND own = %s AND created_at > %s"
        " ORDER BY created_at",
        (about, user_id, kind.purpose, own, now - kind.window),
    )
    made, there = [row[0] for row in rows], [created_at for created_at, same in rows if same]
    if there and now - there[-1] < kind.pause:
        raise TooMany(int((there[-1] + kind.pause - now).total_seconds()) + 1)
    if len(made) >= kind.most:
        raise TooMany(int((made[-kind.most] + kind.window - now).total_seconds()) + 1)
    if kind is PHONE:
        _limit_of_the_number(about, now)
    proof_id = uuid4()
    queue(
        "UPDATE proofs SET spent_at = %s WHERE user_id = %s AND purpose = %s AND own = %s AND spent_at IS NULL",
        (now, user_id, kind.purpose, own),
    )
    queue(
        "INSERT INTO proofs (id, user_id, purpose, about, own, created_at, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (proof_id, user_id, kind.purpose, about, own, now, now + kind.life),
    )
    return proof_id


def _limit_of_the_number(about: bytes, now: datetime) -> None:
    # Several accounts may ask for one number at once.
    fetch("SELECT pg_advisory_xact_lock(%s)", (int.from_bytes(about[:8], signed=True),))
    ((count, first),) = fetch(
        "SELECT count(*), min(created_at) FROM proofs WHERE about = %s AND created_at > %s", (about, now - PHONE.window)
    )
    if count >= MOST_TO_A_NUMBER:
        raise TooMany(int((first + PHONE.window - now).total_seconds()) + 1)


def spend(purpose: str, token: str, *, now: datetime) -> tuple[UUID, bytes] | None:
    """Use the link with ``token``: whose it is and the digest of what it was sent to. None where it is good no more."""
    proof_id = keyed.read_token(purpose, token)
    if proof_id is None:
        return None
    rows = fetch(
        "UPDATE proofs p SET spent_at = %s FROM users u WHERE p.id = %s AND p.purpose = %s AND p.spent_at IS NULL"
        " AND p.expires_at > %s AND u.id = p.user_id AND u.status = 'active' RETURNING p.user_id, p.about",
        (now, proof_id, purpose, now),
    )
    return (rows[0][0], bytes(rows[0][1])) if rows else None


def usable(purpose: str, token: str) -> bool:
    """Whether ``spend`` would take ``token``."""
    proof_id = keyed.read_token(purpose, token)
    return proof_id is not None and bool(
        fetch(
            "SELECT 1 FROM proofs p JOIN users u ON u.id = p.user_id AND u.status = 'active' WHERE p.id = %s"
            " AND p.purpose = %s AND p.spent_at IS NULL AND p.expires_at > %s",
            (proof_id, purpose, datetime.now(UTC)),
        )
    )


def sent_to(purpose: str, target: str, about: bytes) -> bool:
    """Whether a proof was sent to ``target``."""
    return keyed.digest(purpose, target) == about


def end(user_id: UUID, *purposes: str) -> None:
    """Let what was sent to the person for ``purposes`` count no more."""
    queue(
        "UPDATE proofs SET spent_at = %s WHERE user_id = %s AND purpose = ANY(%s) AND spent_at IS NULL",
        (datetime.now(UTC), user_id, list(purposes)),
    )
