"""A jar's statement to keep: which days, and as CSV or PDF."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from flask import Blueprint, Response, current_app, make_response, render_template, request

from app import clock
from app.blueprints.api.statements import MOST_CSV_LINES
from app.blueprints.documents import statement_csv, statement_pdf
from app.blueprints.documents.statement_words import disposition
from app.blueprints.web import refusals
from app.blueprints.web.access import caller, page_access
from app.blueprints.web.forms.savings import StatementForm
from app.errors import DomainError, NotFound
from app.extensions import limiter
from app.services.savings import jars, statements
from app.services.savings.statements import LONGEST_YEARS, JarStatement
from app.transactions import run

blueprint = Blueprint("web_statements", __name__)


@blueprint.get("/jars/<uuid:jar_id>/statement")
@page_access("saver")
def statement(jar_id: UUID) -> Response:
    """Ask which days; all of them to begin with."""
    return _ask(jar_id, StatementForm(formdata=None), 200)


@blueprint.get("/jars/<uuid:jar_id>/statement.csv")
@page_access("saver")
def statement_as_csv(jar_id: UUID) -> Response:
    """The statement for a spreadsheet."""
    found = _read(jar_id, MOST_CSV_LINES)
    return found if isinstance(found, Response) else _document(statement_csv.draw(found), found, "csv")


@blueprint.get("/jars/<uuid:jar_id>/statement.pdf")
@page_access("saver")
@limiter.limit(lambda: current_app.config["RATELIMIT_STATEMENT"], key_func=lambda: str(caller().id))
def statement_as_pdf(jar_id: UUID) -> Response:
    """The statement to print."""
    found = _read(jar_id, statement_pdf.MOST_LINES)
    return found if isinstance(found, Response) else _document(statement_pdf.draw(found), found, "pdf")


def _read(jar_id: UUID, most_lines: int) -> JarStatement | Response:
    """The statement over the days that the address names, or the question again with what is wrong."""
    form, person, at = StatementForm(formdata=request.args), caller(), clock.now()
    since, until = form.since.data, form.until.data
    if not form.validate() or since is None or until is None:
        return _ask(jar_id, form, 422)
    try:
        return run(lambda: statements.statement(person, jar_id, since, until, at=at, most_lines=most_lines))
    except NotFound:
        raise
    except DomainError as refusal:
        return _ask(jar_id, form, refusals.bind(form, refusal))


def _ask(jar_id: UUID, form: StatementForm, status: int) -> Response:
    person, at = caller(), clock.now()
    view = run(lambda: jars.read(person, jar_id, at=at))
    if status == 200:
        begun = min(view.jar.start_date, person.zone.date(view.jar.created_at))
        # The first of a month: five years before a 29 February is no day.
        earliest = date(view.today.year - LONGEST_YEARS, view.today.month, 1)
        form.since.data = min(max(begun, _next_month(earliest)), view.today)
        form.until.data = view.today
    return make_response(render_template("savings/statement.html", form=form, view=view), status)


def _next_month(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def _document(content: bytes | Iterator[bytes], found: JarStatement, form: str) -> Response:
    response = Response(content, mimetype="text/csv" if form == "csv" else "application/pdf")
    response.headers["Content-Disposition"] = disposition(found, form)
    return response
