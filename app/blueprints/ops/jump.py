"""The jump box of every page: from something that names one thing straight to where it is."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import redirect, request, url_for
from flask_admin import expose
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints.ops.base import ConsoleView, StaffRole
from app.blueprints.ops.forms import JumpForm
from app.blueprints.web.access import caller
from app.services.ops.console import jump
from app.services.ops.console.jump import Found
from app.transactions import run

# Which page shows a thing of each kind, and the name of its id there; or a part of its owner's page (#...).
PLACES: dict[str, tuple[str, str]] = {
    "user": ("ops_users.one", "user_id"),
    "transaction": ("ops_transactions.one", "transaction_id"),
    "jar": ("ops_users.one", "#jars"),
    "loan": ("ops_loans.one", "loan_id"),
    "support_request": ("ops_requests.one", "request_id"),
    "paper": ("ops_papers.one", "paper_id"),
    "reversal_request": ("ops_reversals.one", "reversal_id"),
}


class JumpView(ConsoleView):
    """Takes what was typed into the jump box."""

    role: ClassVar[StaffRole | None] = "support"
    in_menu: ClassVar[bool] = False

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Redirect | str | tuple[str, int]:
        """Go there; where nothing has that name, say so. POST: what is typed may be somebody's address."""
        if request.method == "GET":
            return self.render("ops/jump.html", trail=[("Go to", None)])
        form = JumpForm()
        if not form.validate():
            return self.render("ops/jump.html", trail=[("Go to", None)], jump=form), 422
        person, now, named = caller(), clock.now(), form.named.data or ""
        found = run(lambda: jump.find(named, by=person, at=now))
        if found is None:
            form.named.errors = ["Nothing has that id, address, number or reference."]
            return self.render("ops/jump.html", trail=[("Go to", None)], jump=form), 404
        return redirect(place_of(found), 303)


def place_of(found: Found) -> str:
    """The address of what was found."""
    endpoint, part = PLACES[found.kind]
    if part.startswith("#"):
        return url_for(endpoint, user_id=found.user_id, _anchor=part[1:])
    named: dict[str, Any] = {part: found.id}
    return url_for(endpoint, **named)
