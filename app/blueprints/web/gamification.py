"""The saver's streaks."""

from __future__ import annotations

from flask import Blueprint, render_template

from app import clock
from app.blueprints.web.access import caller, page_access
from app.blueprints.web.navigation import page_at
from app.periods import Plan
from app.services.gamification.freezes import periods_to_next, share_of_next
from app.services.savings.habits import record
from app.services.savings.overview import best_jar
from app.services.savings.suggestions import next_deposit
from app.transactions import run

blueprint = Blueprint("web_gamification", __name__)


@blueprint.get("/streaks")
@page_access("saver")
def streaks() -> str:
    """The saver's own streak, freezes, a calendar of deposits, and the row of each jar."""
    person, at = caller(), clock.now()
    seen = run(lambda: record(person, at=at))
    habits = seen.habits
    best = best_jar(habits.jars)
    suggestion = next_deposit(habits.jars, ())
    return render_template(
        "gamification/streaks.html",
        habits=habits,
        lamps=seen.lamps,
        best_month=seen.best_month,
        best=best,
        longest=seen.longest,
        next_freeze=best and periods_to_next(habits.freezes, Plan(best.jar.plan_type)),
        freeze_share=share_of_next(habits.freezes),
        suggestion=suggestion,
        today=person.zone.date(at),
        board=page_at("/leaderboard"),
    )
