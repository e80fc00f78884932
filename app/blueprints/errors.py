"""What goes wrong anywhere, answered as a problem inside the API and as a page outside of it."""

from __future__ import annotations

from contextlib import suppress

from flask import Flask, Response, render_template, request
from flask_babel import gettext
from flask_limiter import RateLimitExceeded
from flask_login import current_user
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from app.blueprints.api import problems
from app.blueprints.languages import in_language
from app.errors import DomainError, TooMany, Unavailable
from app.sentences import Sentence
from app.transactions import translated

WORDS = {
    400: (Sentence("That did not arrive whole"), Sentence("Please go back and send it again.")),
    403: (
        Sentence("This is not for your account"),
        Sentence("You are signed in, and this page belongs to somebody else's work."),
    ),
    404: (Sentence("There is nothing here"), Sentence("The page may have moved, or it belongs to somebody else.")),
    405: (Sentence("That cannot be done here"), Sentence("Please go back and try another way.")),
    413: (Sentence("That is too large"), Sentence("Please send something smaller.")),
    429: (
        Sentence("A little too quick"),
        Sentence("There were many tries in a short time. Wait a moment, then try again."),
    ),
    500: (
        Sentence("Something failed on our side"),
        Sentence("Your money is safe. Please try again; if it goes on, write to us."),
    ),
    503: (
        Sentence("We cannot be reached just now"),
        Sentence("Your money is safe and nothing was changed. Please try again soon."),
    ),
}


def page(status: int, detail: str | None = None) -> Response:
    """An error page; it needs neither the database nor a signed-in person, who keeps the navigation where known."""
    title, message = WORDS.get(status, WORDS[500 if status >= 500 else 400])
    if status < 500:
        with suppress(Exception):  # an address that no view answers has not looked yet
            bool(current_user.is_authenticated)
    # An empty address is the one that was asked for; what a form sent is not sent again by a link.
    again = (status == 429 or status >= 500) and request.method == "GET"
    action = {"href": "", "label": gettext("Try again")} if again else {"href": "/", "label": gettext("Back home")}
    more = {"href": "/", "label": gettext("Back home")} if again else None
    said = {"title": in_language(title), "message": in_language(detail or message)}
    text = render_template("errors/error.html", code=status, action=action, more=more, **said)
    response = Response(text, status, mimetype="text/html")
    if status == 503:
        response.headers["Retry-After"] = "2"
    return response


def init_app(app: Flask) -> None:
    """Answer every kind of failure once."""

    @app.errorhandler(DomainError)
    def refused(error: DomainError) -> Response:
        if problems.in_api():
            return problems.of_domain_error(error)
        status = problems.STATUS.get(error.code, 503 if isinstance(error, Unavailable) else 409)
        answer = page(status, error.message)
        if isinstance(error, TooMany):
            answer.headers["Retry-After"] = str(error.retry_after)
        return answer

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        if error.response is not None:
            return error.response  # type: ignore[return-value]
        status = error.code or 500
        if status < 400:
            return error.get_response()  # type: ignore[return-value]
        if problems.in_api():
            return problems.of_http_exception(error)
        answer = page(status)
        if isinstance(error, RateLimitExceeded):
            answer.headers["Retry-After"] = problems.seconds_until_another(error)
        if status == 405:
            answer.headers["Allow"] = problems.allowed(error)
        return answer

    @app.errorhandler(DBAPIError)
    @app.errorhandler(PoolTimeout)
    def database(error: Exception) -> Response:
        known = translated(error)
        if isinstance(known, DomainError):
            return refused(known)
        raise error
