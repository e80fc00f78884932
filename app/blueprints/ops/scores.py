"""Savers' scores: the list, one with all that it is made of, and making them anew."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from flask import flash, redirect, url_for
from flask_admin import expose
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints.ops import words
from app.blueprints.ops.base import StaffRole, only
from app.blueprints.ops.columns import Column
from app.blueprints.ops.forms import ChoiceFilter, ChosenForm, DayFilter, FilterForm, IdFilter
from app.blueprints.ops.lists import ListView
from app.blueprints.ops.places import place
from app.blueprints.web.access import caller
from app.blueprints.web.score_chart import chart
from app.errors import DomainError
from app.scoring.policy import HIGHEST, policy
from app.services.credit import history
from app.services.credit.words import Words
from app.services.identity.principal import Principal
from app.services.ops import scores as orders
from app.services.ops.console import masks, runs, scores
from app.services.ops.console.listing import Asked, Order, Page
from app.transactions import run

#: The newest changes that a score's page shows, and the days of its chart.
CHANGES, CHARTED = 12, 120


class ScoreFilters(FilterForm):
    """What scores are narrowed by."""

    user = IdFilter("Account id")
    band = ChoiceFilter("Band", words.choices(tuple(code for code, _ in policy().bands), words.BANDS))
    status = ChoiceFilter("State", words.choices(scores.SCORE_STATES, words.SCORES))
    since = DayFilter("Changed since")


class ScoresView(ListView):
    """The newest score of every saver, the latest change first."""

    role: ClassVar[StaffRole | None] = "support"
    key: ClassVar[str | None] = "s"
    template: ClassVar[str] = "ops/scores.html"
    filters = ScoreFilters
    orders: ClassVar[dict[str, Order]] = dict(scores.ORDERS)
    default_sort = "-changed_at"
    caption = "Scores"
    empty = "No score matches. A saver has one as soon as a jar of theirs has a history."
    export_most = 5_000
    columns = (
        Column("name", "Saver", link=lambda row: url_for("ops_scores.one", user_id=row.user_id)),
        Column("score", "Score", "number", sortable=True),
        Column("before", "Before", "number"),
        Column("band", "Band", "said"),
        Column("status", "State", "word", words=words.SCORES),
        Column("probability", "On time next", "share"),
        Column("costliest", "Costs most", "said", words=words.FACTORS),
        Column("changed_at", "Changed", "instant", sortable=True),
        Column("cause", "Cause", "said", words=words.CAUSES),
        Column("policy_version", "Rule"),
        Column("model_version", "Model"),
        Column("user_id", "Account", "id"),
    )

    def sorts(self) -> set[str]:
        """From the oldest change on there would be little but what has changed since."""
        return super().sorts() - {"changed_at"}

    def narrowed(self, values: dict[str, Any]) -> dict[str, Any]:
        """A band as the scores that it begins and ends with."""
        if "band" in values:
            values["at_least"], values["at_most"] = _edges(values.pop("band"))
        return super().narrowed(values)

    def order_of(self, filters: dict[str, Any], sort: str) -> str:
        """Whoever has no score yet has no change of one: those come as they signed up, and so does one account."""
        unscored = filters.get("status") == "no_history" or "user" in filters
        return "-user" if unscored and sort == self.default_sort else sort

    def rows(self, asked: Asked) -> Page[scores.Score]:
        """A page of scores."""
        return scores.listed(asked)

    def render(self, template: str, **kwargs: Any) -> str:
        """The list says how far the last recalculation is, and who may order one."""
        if template == self.template:
            newest = Asked({"kind": orders.KIND}, "-created_at", limit=1)
            found = run(lambda: runs.listed(newest)).rows
            kwargs |= {"last_run": found[0] if found else None, "run_url": _run_url(found[0].id) if found else None}
            kwargs |= {"may_order": caller().role == "admin", "most_chosen": self.page_size}
        return super().render(template, **kwargs)

    @expose("/<uuid:user_id>/")
    def one(self, user_id: UUID) -> str:
        """One saver's score with all that it is made of; that it was opened is in the audit log."""
        person, now = caller(), clock.now()

        def work() -> tuple[Principal, scores.Whole | None, Page[scores.Change], list[history.DayScore]]:
            owner = scores.opened(user_id, by=person, at=now)
            changed = scores.changes(Asked({"user": user_id}, "-as_of", limit=CHANGES))
            days, _ = history.page(owner, at=now, limit=CHARTED)
            return owner, scores.of(user_id), changed, days

        owner, whole, changed, days = run(work)
        said = Words("en")
        return self.render(
            "ops/score.html",
            trail=[(f"Account {str(user_id)[-8:]}", None)],
            user_id=user_id,
            name=masks.name(owner.name),
            whole=whole,
            score=whole and whole.score,
            reasons={factor.code: said.reason(factor, None) for factor in (whole.factors if whole else ())},
            changes=changed,
            days=days,
            chart=chart(days, person.zone.date(now)),
            may_order=person.role == "admin",
        )

    @expose("/<uuid:user_id>/recalculate", methods=("POST",))
    @only("admin")
    def recalculate_one(self, user_id: UUID) -> Redirect:
        """Make it anew, now."""
        person, now = caller(), clock.now()

        def work() -> tuple[int | None, int | None]:
            before = scores.of(user_id)
            orders.recalculate_one(user_id, by=person.id, at=now)
            after = scores.of(user_id)
            return before.score.score if before else None, after.score.score if after else None

        before, after = run(work)
        if after is None:
            flash("There is too little history for a score yet.", "info")
        elif before == after:
            flash(f"Recalculated: it stays at {after}.", "success")
        else:
            flash(f"Recalculated: {after}{f', it was {before}' if before is not None else ''}.", "success")
        return redirect(url_for("ops_scores.one", user_id=user_id), 303)

    @expose("/recalculate", methods=("POST",))
    @only("admin")
    def recalculate(self) -> Redirect:
        """Order those that were chosen in the list to be made anew."""
        form = ChosenForm()
        if not form.validate():
            flash("Choose at least one score first.", "warning")
            return redirect(url_for("ops_scores.index"), 303)
        return _ordered(list(form.chosen.data))

    @expose("/recalculate-all", methods=("POST",))
    @only("admin")
    def recalculate_all(self) -> Redirect:
        """Order everybody's to be made anew."""
        return _ordered(None)


def _ordered(chosen: list[UUID] | None) -> Redirect:
    person, now = caller(), clock.now()
    try:
        ordered = run(lambda: orders.order(chosen, by=person.id, actor=person.role, at=now))
    except DomainError as refusal:
        if refusal.code != "job_running":
            raise
        flash("Scores are being recalculated already. Wait until that is done, then order it again.", "warning")
        return redirect(url_for("ops_scores.index"), 303)
    what = "Every score" if chosen is None else "1 score" if len(chosen) == 1 else f"{len(chosen)} scores"
    flash(f"{what} will be recalculated. The worker begins in a moment.", "success")
    return redirect(_run_url(ordered.id) or url_for("ops_scores.index"), 303)


def _run_url(run_id: UUID) -> str | None:
    return place("ops_runs.one", job_id=run_id)


def _edges(band: str) -> tuple[int, int]:
    """The lowest and the highest score of a band of the rule in force."""
    begins = dict(policy().bands)
    later = [begin for begin in begins.values() if begin > begins[band]]
    return begins[band], min(later) - 1 if later else HIGHEST


class ChangeFilters(FilterForm):
    """What changes are narrowed by."""

    user = IdFilter("Account id")
    since = DayFilter("Since")


class ScoreChangesView(ListView):
    """Every change of a score, newest first."""

    role: ClassVar[StaffRole | None] = "support"
    in_menu: ClassVar[bool] = False
    filters = ChangeFilters
    orders: ClassVar[dict[str, Order]] = dict(scores.CHANGES.orders)
    default_sort = "-as_of"
    caption = "Changes of scores"
    empty = "No change matches."
    export_most = 5_000
    columns = (
        Column("as_of", "When", "instant", link=lambda row: url_for("ops_score_changes.one", change_id=row.id)),
        Column("score", "Score", "number"),
        Column("before", "Before", "number"),
        Column("cause", "Cause", "said", words=words.CAUSES),
        Column("status", "State", "word", words=words.SCORES),
        Column("policy_version", "Rule"),
        Column("model_version", "Model"),
        Column("user_id", "Account", "id", link=lambda row: url_for("ops_scores.one", user_id=row.user_id)),
    )

    def rows(self, asked: Asked) -> Page[scores.Change]:
        """A page of changes."""
        if "user" in asked.filters:
            return scores.history(asked.filters["user"], asked, by=caller(), at=clock.now())
        return scores.changes(asked)

    @expose("/<uuid:change_id>/")
    def one(self, change_id: UUID) -> str:
        """One change: the factors and features behind it, beside those before."""
        person, now = caller(), clock.now()
        name, change, before = run(lambda: scores.change(change_id, by=person, at=now))
        trail = [
            ("Scores", url_for("ops_scores.index")),
            (f"Account {str(change.user_id)[-8:]}", url_for("ops_scores.one", user_id=change.user_id)),
            (f"Change {str(change_id)[-8:]}", None),
        ]
        said = Words("en")
        reasons = {factor.code: said.reason(factor, None) for factor in change.factors}
        return self.render("ops/score_change.html", trail=trail, name=name, change=change, was=before, reasons=reasons)
