"""The statement of a jar for its saver, as values: each edge draws its own paper from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from flask import current_app

from app.errors import Invalid, NotFound
from app.ledger import statements
from app.ledger.statements import Statement
from app.periods import SaverZone
from app.sentences import Sentence
from app.services.identity.principal import Principal
from app.transactions import fetch

LONGEST_YEARS = 5


@dataclass(frozen=True, slots=True)
class JarStatement:
    """A jar's statement with the names that stand on it. ``made_at`` by the product's clock."""

    saver_name: str
    jar_name: str
    currency: str
    zone: SaverZone
    made_at: datetime
    movements: Statement


def statement(
    saver: Principal, jar_id: UUID, since: date, until: date, *, at: datetime, most_lines: int
) -> JarStatement:
    """What moved in the saver's jar on the local days ``since`` to ``until``, closed jars included.

    Raises NotFound for a jar that is not the saver's; Invalid for days the wrong way round, for more than five years,
    and for more than ``most_lines`` movements.
    """
    if since > until:
        raise Invalid({"to": [Sentence("This is before the first day.")]})
    if until > _years_after(since, LONGEST_YEARS):
        raise Invalid({"to": [Sentence("A statement covers at most %(years)s years.", years=LONGEST_YEARS)]})
    rows = fetch("SELECT name FROM savings_jars WHERE id = %s AND user_id = %s", (jar_id, saver.id))
    if not rows:
        raise NotFound("You have no such jar.")
    try:
        movements = statements.read(jar_id, since, until, most_lines=most_lines)
    except statements.TooManyLines:
        sentence = Sentence(
            "This period holds more than %(count)s movements. Ask for fewer days.", count=f"{most_lines:,}"
        )
        raise Invalid({"to": [sentence]}) from None
    return JarStatement(saver.name, rows[0][0], current_app.config["CURRENCY"], saver.zone, at, movements)


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return date(day.year + years, 3, 1)
