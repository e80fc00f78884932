"""Who is calling: one query for each request, so that a role taken away or a sign-in ended counts at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from app.models.identity import STAFF_ROLES
from app.periods import SaverZone
from app.services.notifications.inbox import UNREAD
from app.transactions import Statement, fetch

COLUMNS = (
    "u.id, u.role, u.name, u.email, u.language, u.kyc_status, u.time_zone, u.time_zone_next, u.time_zone_from,"
    " u.two_factor_at IS NOT NULL, coalesce(f.authenticated_at, f.created_at), h.closed_through"
)
ROWS = (
    " FROM refresh_families f JOIN users u ON u.id = f.user_id LEFT JOIN saver_habits h ON h.user_id = u.id"
    " WHERE f.id = $1 AND f.revoked_at IS NULL AND f.expires_at > $2 AND u.status = 'active'"
)
SELECT = Statement("identity_principal", f"SELECT {COLUMNS}, 0, u.terms_version, u.privacy_version{ROWS}", parameters=2)
SELECT_AT_A_PAGE = Statement(
    "identity_principal_at_a_page",
    f"SELECT {COLUMNS}, {UNREAD}, u.terms_version, u.privacy_version{ROWS}",
    parameters=2,
)


#: How long a sign-in is fresh enough for what moves money of others, and for what decides who gets into an account.
FRESH = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in person. ``family_id`` names the sign-in that this call came with.

    ``closed_through``: the last local day whose periods were closed for this saver when the person was looked up.
    ``signed_in_at``: when the person last showed who they are (real time). ``two_factor``: a second factor is on.
    ``unread``: notices in the inbox that are new, ``inbox.MOST_COUNTED`` at most; counted for pages alone.
    ``terms_version`` and ``privacy_version``: what was agreed to.
    """

    id: UUID
    family_id: UUID
    role: str
    name: str
    email: str
    language: str
    kyc_status: str
    zone: SaverZone
    closed_through: date | None = None
    unread: int = 0
    two_factor: bool = False
    signed_in_at: datetime | None = None
    terms_version: str | None = None
    privacy_version: str | None = None

    is_authenticated = True
    is_active = True
    is_anonymous = False

    @property
    def is_staff(self) -> bool:
        """Whether this is a member of staff."""
        return self.role in STAFF_ROLES

    def is_fresh(self, within: timedelta) -> bool:
        """Whether the person showed who they are within that time. Somebody who is not signed in never did."""
        return self.signed_in_at is not None and datetime.now(UTC) - self.signed_in_at <= within

    def today(self, now: datetime) -> date:
        """The saver's calendar day at ``now``."""
        return self.zone.date(now)

    def get_id(self) -> str:
        """Flask-Login's name for a browser session: the sign-in."""
        return str(self.family_id)


def principal(family_id: UUID, user_id: UUID | None = None, *, at_a_page: bool = False) -> Principal | None:
    """Who holds the sign-in ``family_id``; None where it has ended, or the person is not active.

    ``user_id``, where given, must be whose it is. ``at_a_page``: with the number that stands beside the bell, which
    travels with the query that every page makes.
    """
    rows = fetch(SELECT_AT_A_PAGE if at_a_page else SELECT, (family_id, datetime.now(UTC)))
    if not rows or (user_id is not None and rows[0][0] != user_id):
        return None
    id_, role, name, email, language, kyc_status, *zone, two_factor, signed_in_at, closed_through, unread = rows[0][:-2]
    return Principal(
        id_, family_id, role, name, email, language, kyc_status, SaverZone(*zone), closed_through, unread, two_factor,
        signed_in_at, *rows[0][-2:],
    )  # fmt: skip


def saver_of_jar(jar_id: UUID) -> tuple[Principal, bool] | None:
    """Whose jar that is, for what is done on their behalf while nobody is signed in; and whether they are active."""
    return _absent("FROM savings_jars j JOIN users u ON u.id = j.user_id", "j.id = %s", jar_id)


def saver_of(user_id: UUID) -> tuple[Principal, bool] | None:
    """The same of a saver by id."""
    return _absent("FROM users u", "u.id = %s", user_id)


def _absent(tables: str, which: str, id_: UUID) -> tuple[Principal, bool] | None:
    rows = fetch(
        "SELECT u.id, u.role, u.name, u.email, u.language, u.kyc_status, u.time_zone, u.time_zone_next,"
        f" u.time_zone_from, h.closed_through, u.status = 'active' {tables}"
        f" LEFT JOIN saver_habits h ON h.user_id = u.id WHERE {which}",
        (id_,),
    )
    if not rows:
        return None
    id_, role, name, email, language, kyc_status, *zone, closed_through, active = rows[0]
    nobody = UUID(int=0)
    return Principal(id_, nobody, role, name, email, language, kyc_status, SaverZone(*zone), closed_through), active
