"""Scores: how one came about, as of any instant."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import click
from flask.cli import with_appcontext

from app import clock
from app.services.audit import log as audit
from app.services.credit import looking_back
from app.services.credit.looking_back import Kept
from app.services.credit.scoring import FEATURE_SET, FEATURE_SETS, Scores
from app.services.identity import staff
from app.transactions import run


class Instant(click.ParamType):
    """ISO 8601; without an offset it is UTC."""

    name = "instant"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The aware instant."""
        if isinstance(value, datetime):
            return value
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no instant; write it as 2026-07-15T06:30:00Z", param, ctx)
        return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


@click.command("show")
@click.argument("email")
@click.option("--at", type=Instant(), help="The instant, as 2026-07-15T06:30:00Z; now where it is not given.")
@with_appcontext
def show(email: str, at: datetime | None) -> None:
    """Recompute the score of the saver EMAIL from the history as it was known at an instant, beside what was kept."""
    at = at or clock.now()

    def look() -> tuple[Scores, Kept | None]:
        user_id: UUID = staff.by_email(email).id
        audit.looked_at(None, "operator", "user", user_id, what="score", at=clock.now())
        before = looking_back.kept(user_id, at=at)
        return looking_back.recomputed(user_id, at=at, as_kept=before), before

    found, before = run(look)
    status = found.status(0)
    click.echo(f"{email} as of {at:%Y-%m-%d %H:%M:%S %Z}: {status}, {int(found.closed[0])} closed periods")
    if status != "no_history":
        click.echo(f"score {int(found.rule.score[0])} by {found.policy.version}: {found.policy.base}")
        for column, code in enumerate(found.rule.factors):
            click.echo(f"  + {int(found.rule.points[0, column]):3} of {found.policy.weights[code]:3}  {code}")
        click.echo(
            f"predicted {int(found.predicted[0])}, on time with {float(found.probability[0]):.4f},"
            f" by {found.model_version or 'the rule'}"
        )
    for name, value in zip(FEATURE_SETS[FEATURE_SET], found.features[0].tolist(), strict=True):
        click.echo(f"  {name:20} {value:g}")
    if before is None:
        click.echo("Nothing was kept by then.")
        return
    click.echo(
        f"Kept since {before.as_of:%Y-%m-%d %H:%M:%S %Z} ({before.cause}): {before.status}, score {before.score},"
        f" predicted {before.predicted_score} by {before.model_version or 'the rule'}"
    )
