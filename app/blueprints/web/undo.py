"""Taking back what was done a moment ago, where nothing of the ledger is touched by it.

The message that says what was done carries a button. What it would take is signed into the button, for the one who did
it and for ten minutes: whatever has changed since is for the service to refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, abort, current_app, redirect, request, url_for
from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints.languages import in_language
from app.blueprints.web.access import caller, page_access, say
from app.errors import DomainError, NotFound
from app.services.identity import profile
from app.services.identity.principal import Principal
from app.services.notifications import inbox
from app.services.savings import auto_deposits, jars, pauses, reopening
from app.transactions import run

blueprint = Blueprint("web_undo", __name__)
SAID = "savings/said.html"
#: Seconds. Long enough to read the message and think again; later a saver no longer remembers what the button meant.
LASTS: Final = 600

Facts = Mapping[str, Any]


def offer(act: str, **facts: Any) -> str:
    """The category of a message that says what the caller has done, and carries a button that takes it back.

    ``act`` is one of ``ACTS``; ``facts`` are what it needs, as plain text and numbers.
    """
    return f"undo {_signer().dumps([str(caller().id), act, facts])}"


@blueprint.post("/undo")
@page_access("saver")
def undo() -> Redirect:
    """Take back what the button was offered for."""
    person = caller()
    try:
        owner, act, facts = _signer().loads(request.form.get("what", ""), max_age=LASTS)
    except SignatureExpired:
        say("info", SAID, "too_late_to_undo")
        return redirect(url_for("web_savings.dashboard"), 303)
    except BadData:
        abort(400)
    if owner != str(person.id):
        raise NotFound("There is nothing of yours to undo.")
    take_back, where = ACTS[act]
    try:
        run(lambda: take_back(person, facts, clock.now()))
        say("success", SAID, "undone")
    except NotFound:
        raise
    except DomainError as refusal:
        say("info", SAID, "as_it_is", in_language(refusal.message))
    return redirect(url_for(where, **({"jar_id": facts["jar"]} if "jar" in facts else {})), 303)


def _reopen(person: Principal, facts: Facts, at: datetime) -> None:
    reopening.reopen(person, UUID(facts["jar"]), at=at)


def _unpause(person: Principal, facts: Facts, at: datetime) -> None:
    # What was paused before it was paused for longer, is paused for as long as it was.
    if facts["until"] is None:
        pauses.resume(person, UUID(facts["jar"]), at=at)
    else:
        pauses.pause(person, UUID(facts["jar"]), until=date.fromisoformat(facts["until"]), at=at)


def _unskip(person: Principal, facts: Facts, at: datetime) -> None:
    auto_deposits.take_back_skip(person, UUID(facts["jar"]), date.fromisoformat(facts["due"]), at=at)


def _put_back(person: Principal, facts: Facts, at: datetime) -> None:
    if jars.read(person, UUID(facts["jar"]), at=at).jar.auto_deposit != facts["left"]:
        raise DomainError("changed_since", "It has been changed once more since, and stays as it is now.")
    instruction = {name: facts[name] for name in ("amount", "day", "paused")}
    auto_deposits.put(person, UUID(facts["jar"]), **instruction, at=at)


def _unread(person: Principal, facts: Facts, at: datetime) -> None:
    inbox.mark_unread(person.id, through=UUID(facts["through"]), read_at=datetime.fromisoformat(facts["at"]))


def _list_again(person: Principal, facts: Facts, at: datetime) -> None:
    profile.change(person.id, {"leaderboard_opt_in": True}, at=at)


#: What can be taken back: how, and the page that shows it.
ACTS: Final[dict[str, tuple[Callable[[Principal, Facts, datetime], None], str]]] = {
    "close": (_reopen, "web_savings.jar"),
    "pause": (_unpause, "web_savings.jar"),
    "skip": (_unskip, "web_savings.jar"),
    "instruction": (_put_back, "web_savings.jar"),
    "read": (_unread, "web_notifications.inbox"),
    "leave": (_list_again, "web_boards.leaderboard"),
}


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="undo")
