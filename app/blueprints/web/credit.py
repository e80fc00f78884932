"""The saver's score."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from app import clock
from app.blueprints.languages import language
from app.blueprints.web.access import caller, page_access
from app.blueprints.web.score_chart import chart
from app.scoring.advice import Step
from app.scoring.policy import HIGHEST, LOWEST, policy
from app.services.credit import history, reading
from app.services.credit.reading import Reading
from app.services.credit.words import Reason, Words, tenths
from app.transactions import run

blueprint = Blueprint("web_credit", __name__)
DAYS_SHOWN = 60


@blueprint.get("/score", strict_slashes=False)
@page_access("saver")
def score() -> str:
    """The score, what it is made of, why, what would help, and how it has moved."""
    person, at = caller(), clock.now()
    today = person.zone.date(at)

    def work() -> tuple[Reading, list[history.DayScore]]:
        seen = reading.read(person, at=at)
        return seen, history.page(person, at=at, limit=DAYS_SHOWN)[0] if seen.score is not None else []

    seen, days = run(work)
    return render_template(
        "credit/score.html",
        person=person,
        today=today,
        days=days,
        chart=chart(days, today),
        ruling=policy(seen.policy_version),
        lowest=LOWEST,
        highest=HIGHEST,
        **spoken(seen),
    )


def spoken(seen: Reading) -> dict[str, Any]:
    """A reading with its words in the page's language, as templates want them."""
    words = Words(language())
    said: dict[str, Reason] = {factor.code: words.reason(factor, seen.advice.plan) for factor in seen.factors}
    steps: list[tuple[Step, str]] = [(step, words.step(step, seen.advice)) for step in seen.advice.steps]
    return {
        "seen": seen,
        "band": words.band(seen.band) if seen.band else None,
        "said": said,
        "reasons": [seen.factor(code) for code in seen.reasons],
        "steps": steps,
        "best_step": steps[0] if steps else None,
        "chance": words.chance(seen.probability) if seen.probability is not None else None,
        "tenths": tenths(seen.probability) if seen.probability is not None else None,
    }
