"""Every component in each of its states, on one page: for those who build pages. Not there in production."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, abort, current_app, render_template

from app.blueprints.web.access import page_access
from app.blueprints.web.balance_chart import BalanceChart, chart
from app.blueprints.web.loan_chart import LoanChart
from app.services.gamification.badges import CATALOGUE
from app.services.savings.balances import Balance

blueprint = Blueprint("web_styleguide", __name__)
# A Wednesday.
TODAY = date(2026, 7, 15)
COLOURS = (
    "paper", "card", "sunk", "ink", "soft", "line", "edge", "clay", "clay-deep", "clay-wash", "clay-pale", "on-clay",
    "gold", "gold-deep", "gold-wash", "leaf", "leaf-wash", "night", "night-wash",
)  # fmt: skip


@dataclass
class Field:
    """What the form components draw, without a form."""

    id: str
    text: str
    value: str = ""
    errors: list[str] = field(default_factory=list)
    choices: list[tuple[str, str]] = field(default_factory=list)
    type: str = "StringField"

    @property
    def name(self) -> str:
        """As the id."""
        return self.id

    @property
    def label(self) -> Any:
        """As WTForms has it."""
        return SimpleNamespace(text=self.text)

    @property
    def data(self) -> str:
        """As WTForms has it."""
        return self.value


@blueprint.get("/styleguide")
@page_access("public")
def styleguide() -> str:
    """All of them."""
    if current_app.config["APP_ENV"] == "production":
        abort(404)
    codes = list(CATALOGUE)
    return render_template(
        "styleguide/page.html",
        colours=COLOURS,
        field_of=Field,
        today=TODAY,
        balance=_balance(),
        loan=SimpleNamespace(status="active", open=True, today=TODAY),
        paid=_paid(),
        days=[SimpleNamespace(date=TODAY - timedelta(days=23 - n), deposits=(n * 7) % 4) for n in range(24)],
        wall=SimpleNamespace(
            earned=[SimpleNamespace(badge_type=code, title=CATALOGUE[code].title) for code in codes[:3]],
            nearest=SimpleNamespace(
                badge=CATALOGUE["streak_30_days"], title="Thirty days", have=12, need=30, jar=None, later=False
            ),
        ),
        codes=codes,
    )


def _paid() -> LoanChart:
    """A loan of a year, of which three instalments are paid."""
    begun = TODAY - timedelta(days=100)
    return LoanChart(
        path="M1 128V119H76V110H90", area="M1 128V119H76V110H90V128Z", plan="M1 128L313 22", end=(90, 110), total_y=22,
        paid=1_353_87, total=5_415_48, instalments=3, of=12, first_day=begun, until=TODAY,
        last_day=begun + timedelta(days=365), lines=[(TODAY - timedelta(days=5), 1_353_87)],
    )  # fmt: skip


def _balance() -> BalanceChart | None:
    """A jar's line, as a saver of six weeks has it."""
    jar = SimpleNamespace(status="active", target_amount=5_000_00, closed_on=None)
    view = SimpleNamespace(jar=jar, today=TODAY, projected_completion_date=TODAY + timedelta(days=40))
    points = [
        Balance(TODAY - timedelta(days=42 - n * 3), (n + 1) * 200_00 - (400_00 if n > 9 else 0)) for n in range(14)
    ]
    return chart(points, view)  # type: ignore[arg-type]
