"""One act on a loan by a form that may arrive twice: done once, and answered alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

from flask import Response, get_template_attribute, make_response, render_template

from app.blueprints.api.problems import STATUS
from app.blueprints.languages import in_language
from app.blueprints.web.access import caller
from app.blueprints.web.forms.loans import KeyedForm
from app.errors import DomainError, NotFound, Unavailable
from app.services.idempotency.once import Answer, Claim, InProgress, Render
from app.transactions import run

SAID: Final = "loans/said.html"
# Said to a saver by a macro of that name, where the refusal itself speaks of keys.
OWN_WORDS: Final = {
    "outcome_unknown": "savings/said.html",
    "idempotency_in_progress": "savings/said.html",
    "idempotency_key_reused": SAID,
}


def act(
    form: KeyedForm,
    route: str,
    body: list[Any],
    service: Callable[[Claim, Render], Answer],
    facts: Callable[[Any], dict[str, Any]],
) -> dict[str, Any] | DomainError:
    """Have ``service`` act once for the form's key; ``facts`` of what came of it, or the refusal. Raises NotFound.

    ``body``: what the form asks for, as plain values. What is kept for a repeat holds no words of the saver.
    """

    def render(outcome: Any) -> tuple[int, bytes]:
        if isinstance(outcome, DomainError):
            refusal = {"code": outcome.code, "message": in_language(outcome.message)}
            return STATUS.get(outcome.code, 409), json.dumps(refusal).encode()
        return 303, json.dumps(facts(outcome)).encode()

    claim = Claim(caller().id, form.key.data or "", f"web:{route}", sha256(json.dumps(body).encode()).digest())
    try:
        answer = run(lambda: service(claim, render))
    except NotFound:
        raise
    except DomainError as refusal:
        return refusal
    known: dict[str, Any] = json.loads(answer.body)
    if answer.status != 303:
        code, message = known["code"], known["message"]
        return DomainError(code, message)
    return known


def worded(refusal: DomainError) -> DomainError:
    """The same in a saver's words, where it speaks of keys."""
    template = OWN_WORDS.get(refusal.code)
    return DomainError(refusal.code, get_template_attribute(template, refusal.code)()) if template else refusal


def drawn(template: str, form: KeyedForm, status: int, refusal: DomainError | None, **values: Any) -> Response:
    """The page of a form, which keeps its number only where the act may have happened and a repeat must find it."""
    same = isinstance(refusal, Unavailable | InProgress) or (status == 422 and refusal is None)
    if form.key.errors or not form.key.data or not (same and form.is_submitted()):
        form.renew()
    answer = make_response(render_template(template, form=form, **values), status)
    if isinstance(refusal, Unavailable):
        answer.headers["Retry-After"] = str(refusal.retry_after)
    return answer
