"""A refusal of the business on the form that asked for it."""

from __future__ import annotations

from flask import Response, after_this_request
from flask_wtf import FlaskForm

from app.blueprints.api.problems import STATUS
from app.blueprints.languages import in_language
from app.errors import DomainError, TooMany, Unavailable


def bind(form: FlaskForm, refusal: DomainError, *, field: str | None = None) -> int:
    """Put the sentences of ``refusal`` at their fields, or at ``field``, or on top; the HTTP status to answer with."""
    fields = {one.name: one for one in form}
    placed = False
    for name, sentences in refusal.errors.items():
        if name in fields:
            fields[name].errors = [*fields[name].errors, *map(in_language, sentences)]
            placed = True
    if not placed and field is not None:
        form[field].errors = [*form[field].errors, in_language(refusal.message)]
    elif not placed:
        form.form_errors.append(in_language(refusal.message))
    if isinstance(refusal, TooMany):
        seconds = str(refusal.retry_after)

        @after_this_request
        def say_when(response: Response) -> Response:
            response.headers["Retry-After"] = seconds
            return response

    return STATUS.get(refusal.code, 503 if isinstance(refusal, Unavailable) else 409)
