"""The operations console: Flask-Admin at /ops/, for staff alone. docs/console.md says how a view is added."""

from __future__ import annotations

from flask import Flask, current_app, url_for
from flask_admin import Admin
from flask_admin.theme import Theme

from app.blueprints.ops import words
from app.blueprints.ops.audit import AuditView
from app.blueprints.ops.base import ConsoleView
from app.blueprints.ops.columns import FILTERS
from app.blueprints.ops.exports import ExportsView
from app.blueprints.ops.given_up import DeliveriesView, GivenUpView
from app.blueprints.ops.home import HomeView
from app.blueprints.ops.inbox import InboxView
from app.blueprints.ops.jobs import JobsView, RunsView
from app.blueprints.ops.jump import JumpView
from app.blueprints.ops.loans import LoansView
from app.blueprints.ops.models import ModelsView
from app.blueprints.ops.papers import PapersView
from app.blueprints.ops.previews import TemplatesView
from app.blueprints.ops.requests import RequestsView
from app.blueprints.ops.reversals import ReversalsView
from app.blueprints.ops.scores import ScoreChangesView, ScoresView
from app.blueprints.ops.settings import PoliciesView, SettingsView
from app.blueprints.ops.transactions import TransactionsView
from app.blueprints.ops.users import UsersView


def views() -> list[ConsoleView]:
    """Every view beside the first page, in the order of the navigation. Flask-Admin binds each to one application."""
    return [
        InboxView("All that waits", "ops_inbox", category="Inbox", url="inbox"),
        ReversalsView("Reversals", "ops_reversals", category="Inbox", url="reversals"),
        RequestsView("Requests", "ops_requests", category="Inbox", url="requests"),
        PapersView("Identity papers", "ops_papers", category="Inbox", url="papers"),
        UsersView("Users", "ops_users", category="People", url="users"),
        TransactionsView("Transactions", "ops_transactions", category="Money", url="transactions"),
        ExportsView("Exports", "ops_exports", category="Money", url="exports"),
        LoansView("Loans", "ops_loans", category="Money", url="loans"),
        ScoresView("Scores", "ops_scores", category="Scores", url="scores"),
        ScoreChangesView("Changes of scores", "ops_score_changes", url="score-changes"),
        ModelsView("Models", "ops_models", category="Scores", url="models"),
        DeliveriesView("Notifications", "ops_deliveries", category="Messages", url="notifications"),
        TemplatesView("Templates", "ops_templates", category="Messages", url="templates"),
        JobsView("Jobs", "ops_jobs", category="Machinery", url="jobs"),
        RunsView("Runs", "ops_runs", category="Machinery", url="runs"),
        GivenUpView("Given up", "ops_given_up", category="Machinery", url="given-up"),
        AuditView("Audit log", "ops_audit", category="House", url="audit"),
        PoliciesView("Policies", "ops_policies", category="House", url="policies"),
        SettingsView("Settings", "ops_settings", category="House", url="settings"),
        JumpView("Go to", "ops_jump", url="jump"),
    ]


def init_app(app: Flask) -> None:
    """Bind the console to ``app``."""
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals.update(OPS_WORDS=words, ops_url=_address)
    # The theme names templates of our own: nothing of Flask-Admin's Bootstrap is served.
    admin = Admin(
        app,
        name="Chhota console",
        index_view=HomeView("Home", "ops", url="/ops"),
        theme=Theme(folder="none", base_template="ops/base.html"),
    )
    for view in views():
        admin.add_view(view)


def _address(endpoint: str, **values: object) -> str | None:
    """The address of a page of the console, or None where there is no such page."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None  # type: ignore[arg-type]
