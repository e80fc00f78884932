"""The leaderboards, and joining and leaving them."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints.web import refusals, undo
from app.blueprints.web.access import caller, page_access, say
from app.blueprints.web.forms.boards import JoinForm, LeaveForm
from app.errors import DomainError, NotFound
from app.services.gamification import boards
from app.services.identity import profile
from app.transactions import run

blueprint = Blueprint("web_boards", __name__)
SAID = "gamification/boards_said.html"
#: Lines on the page, and behind its link to more.
LINES, MORE_LINES = 20, 100
Page = str | tuple[str, int] | Redirect


@blueprint.get("/leaderboard")
@page_access("saver")
def leaderboard() -> Page:
    """A board of a period."""
    return _shown(*_asked())


@blueprint.post("/leaderboard/join")
@page_access("saver")
def join() -> Page:
    """Be listed from now on, under the name that others see."""
    board, period = _asked()
    form, status = JoinForm(), 422
    if form.validate():
        values = {"display_name": form.display_name.data, "leaderboard_opt_in": True}
        try:
            run(lambda: profile.change(caller().id, values, at=clock.now()))
            say("success", SAID, "joined", form.display_name.data)
            return _to(board, period)
        except DomainError as refusal:
            status = refusals.bind(form, refusal)
    return _shown(board, period, form=form, status=status)


@blueprint.post("/leaderboard/leave")
@page_access("saver")
def leave() -> Page:
    """Be listed no longer."""
    board, period = _asked()
    if LeaveForm().validate():
        run(lambda: profile.change(caller().id, {"leaderboard_opt_in": False}, at=clock.now()))
        say(undo.offer("leave"), SAID, "left")
    return _to(board, period)


def _shown(board: str, period: str, *, form: JoinForm | None = None, status: int = 200) -> tuple[str, int]:
    limit = MORE_LINES if request.args.get("lines") == str(MORE_LINES) else LINES
    page = run(lambda: boards.page(caller().id, board, period, limit=limit, at=clock.now()))
    return render_template(
        "gamification/leaderboard.html",
        page=page,
        boards=boards.BOARDS,
        periods=boards.PERIODS,
        fewest=boards.FEWEST_CLOSED[period],
        form=form or JoinForm(data={"display_name": page.name}),
        leaving=LeaveForm(),
        more_lines=MORE_LINES,
    ), status


def _asked() -> tuple[str, str]:
    """Board and period of the address. Raises NotFound."""
    board, period = request.args.get("board", boards.BOARDS[0]), request.args.get("period", boards.PERIODS[0])
    if board not in boards.BOARDS or period not in boards.PERIODS:
        raise NotFound("There is no such board.")
    return board, period


def _to(board: str, period: str) -> Redirect:
    return redirect(url_for("web_boards.leaderboard", board=board, period=period), 303)
