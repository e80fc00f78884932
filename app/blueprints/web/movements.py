"""Putting money in and taking it out: one form, sent once or twice, moves it once."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    get_template_attribute,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints.api.problems import STATUS
from app.blueprints.languages import in_language
from app.blueprints.web import refusals
from app.blueprints.web.access import caller, page_access, say
from app.blueprints.web.forms.savings import MovementForm
from app.errors import DomainError, NotFound, Unavailable
from app.services.idempotency.once import Answer, Claim, InProgress
from app.services.savings import deposits, jars, withdrawals
from app.services.savings.jar import JarView
from app.services.savings.movements import Movement
from app.services.savings.suggestions import amount_for
from app.transactions import run

blueprint = Blueprint("web_movements", __name__)
SAID = "savings/said.html"
# What is about the amount is said at its field; the rest stands on top of the form.
AT_THE_AMOUNT = frozenset({"insufficient_funds", "kyc_required", "daily_limit"})
# Said to a saver by a macro of that name, where the refusal itself speaks of keys.
OWN_WORDS = frozenset({"outcome_unknown", "idempotency_key_reused", "idempotency_in_progress"})
LONGEST_PREFILL = 20


@blueprint.route("/jars/<uuid:jar_id>/deposit", methods=["GET", "POST"])
@page_access("saver")
def deposit(jar_id: UUID) -> Response | Redirect:
    """Put money into the jar."""
    return _page(jar_id, "deposit", deposits.deposit)


@blueprint.route("/jars/<uuid:jar_id>/withdraw", methods=["GET", "POST"])
@page_access("saver")
def withdraw(jar_id: UUID) -> Response | Redirect:
    """Take money out of the jar."""
    return _page(jar_id, "withdraw", withdrawals.withdraw)


def to_begin(view: JarView) -> dict[str, MovementForm]:
    """A deposit's and a withdrawal's form for the page of ``view``'s jar, each with ids of its own; {} once closed."""
    if view.jar.status == "closed":
        return {}
    forms = {kind: MovementForm(formdata=None) for kind in ("deposit", "withdraw")}
    forms["deposit"].amount.data = amount_for(view)
    for kind, form in forms.items():
        form.renew()
        for field in form:
            field.id = field.label.field_id = f"{kind}-{field.short_name}"
    return forms


def _page(jar_id: UUID, kind: str, service: Callable[..., Answer]) -> Response | Redirect:
    form, status = MovementForm(), 200
    refusal: DomainError | None = None
    if form.is_submitted():
        status = 422
        if form.validate():
            outcome = _moved(form, jar_id, kind, service)
            if not isinstance(outcome, DomainError):
                return outcome
            refusal = outcome
            status = refusals.bind(form, _worded(refusal), field="amount" if refusal.code in AT_THE_AMOUNT else None)
    view = _jar(jar_id, refusal)
    if not form.is_submitted() and view.jar.status == "closed":
        return redirect(url_for("web_savings.jar", jar_id=jar_id), 303)
    if not form.is_submitted():
        _prefill(form, kind, view)
    if form.key.errors or not form.key.data or not (refusal is None or _same_again(refusal)):
        form.renew()
    capped = refusal is not None and refusal.code == "kyc_required"
    answer = make_response(render_template(f"savings/{kind}.html", form=form, view=view, capped=capped), status)
    if isinstance(refusal, Unavailable):
        answer.headers["Retry-After"] = str(refusal.retry_after)
    return answer


def _moved(form: MovementForm, jar_id: UUID, kind: str, service: Callable[..., Answer]) -> Redirect | DomainError:
    """The way on after the movement, or why there was none. Raises NotFound."""
    person, at = caller(), clock.now()
    amount, note = form.amount.data, form.note.data or None
    canonical = json.dumps([str(jar_id), amount, note])
    claim = Claim(person.id, form.key.data or "", f"web:{kind}", sha256(canonical.encode()).digest())
    try:
        answer = run(lambda: service(person, jar_id, amount, note, at=at, claim=claim, render=_render))
    except NotFound:
        raise
    except DomainError as refusal:
        return refusal
    facts = json.loads(answer.body)
    if answer.status != 303:
        code, message = facts["code"], facts["message"]
        return DomainError(code, message)
    say("moved", SAID, kind, facts)
    for code in facts["badges"]:
        # The kind of message names the badge, whose drawing stands beside the words.
        say(f"badge {code}", SAID, "badge", code)
    return redirect(url_for("web_savings.jar", jar_id=jar_id), 303)


def _render(outcome: Movement | DomainError) -> tuple[int, bytes]:
    """What a repeated sending is answered with: facts and no words of the saver, since it is kept."""
    if isinstance(outcome, DomainError):
        return STATUS.get(outcome.code, 409), json.dumps(
            {"code": outcome.code, "message": in_language(outcome.message)}
        ).encode()
    facts = {
        "amount": outcome.transaction.amount,
        "balance": outcome.transaction.balance_after,
        "streak": outcome.jar.streak.current,
        "plan": outcome.jar.jar.plan_type,
        "badges": [badge.badge_type for badge in outcome.badges_earned],
    }
    return 303, json.dumps(facts).encode()


def _jar(jar_id: UUID, refusal: DomainError | None) -> JarView:
    try:
        return run(lambda: jars.read(caller(), jar_id, at=clock.now()))
    except Unavailable:
        # Where the form cannot be drawn again, the first sentence says more than the second.
        raise refusal or Unavailable("We cannot be reached just now. Nothing was changed; please try again.") from None


def _prefill(form: MovementForm, kind: str, view: JarView) -> None:
    asked = request.args.get("amount", "")
    if asked:
        form.amount.raw_data = [asked[:LONGEST_PREFILL]]
    elif kind == "deposit" and view.jar.installment_amount is not None:
        form.amount.data = amount_for(view)


def _worded(refusal: DomainError) -> DomainError:
    if refusal.code not in OWN_WORDS:
        return refusal
    return DomainError(refusal.code, get_template_attribute(SAID, refusal.code)())


def _same_again(refusal: DomainError) -> bool:
    """Whether the form must keep its key: the movement may have been booked, and a repeat must find it."""
    return isinstance(refusal, Unavailable | InProgress)
