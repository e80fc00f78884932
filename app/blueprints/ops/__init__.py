"""The operations console: Flask-Admin at /ops/, for staff alone. docs/console.md says how a view is added."""

from __future__ import annotations

from flask import Flask
from flask_admin import Admin
from flask_admin.theme import Theme

from app.blueprints.ops import words
from app.blueprints.ops.base import ConsoleView
from app.blueprints.ops.columns import FILTERS
from app.blueprints.ops.home import HomeView
from app.blueprints.ops.jump import JumpView
from app.blueprints.ops.transactions import TransactionsView
from app.blueprints.ops.users import UsersView


def views() -> list[ConsoleView]:
    """Every view beside the first page, in the order of the navigation. Flask-Admin binds each to one application."""
    return [
        UsersView("Users", "ops_users", category="People", url="users"),
        TransactionsView("Transactions", "ops_transactions", category="Money", url="transactions"),
        JumpView("Go to", "ops_jump", url="jump"),
    ]


def init_app(app: Flask) -> None:
    """Bind the console to ``app``."""
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals.update(OPS_WORDS=words)
    # The theme names templates of our own: nothing of Flask-Admin's Bootstrap is served.
    admin = Admin(
        app,
        name="Chhota console",
        index_view=HomeView("Home", "ops", url="/ops"),
        theme=Theme(folder="none", base_template="ops/base.html"),
    )
    for view in views():
        admin.add_view(view)
