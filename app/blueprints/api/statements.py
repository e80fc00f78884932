"""Statements: the one call of the API that answers with a document."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, current_app, request
from werkzeug.datastructures import MIMEAccept

from app import clock
from app.blueprints.api import problems
from app.blueprints.api.access import ApiBlueprint, access, caller
from app.blueprints.api.schemas.statements import StatementQuerySchema
from app.blueprints.documents import statement_csv, statement_pdf
from app.blueprints.documents.statement_words import disposition
from app.extensions import limiter
from app.services.savings import statements
from app.transactions import run

blueprint = ApiBlueprint("statements", __name__, url_prefix="/api", description="Statements of jars")
CSV, PDF = "text/csv", "application/pdf"
# Tens of megabytes while one is drawn: 27 movements a day for five years.
MOST_CSV_LINES = 50_000
_PROBLEM = {"content": {problems.PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
_HEADERS = {
    "Content-Disposition": {
        "schema": {"type": "string"},
        "description": "A download, by an ASCII name and by one in the jar's own script.",
    }
}
_RESPONSES = {
    200: {
        "description": "The statement, in the form that `Accept` asks for; CSV where it does not care. CSV: UTF-8, the"
        " columns `date,time,type,note,in,out,balance`, an opening line, one line per movement, a closing line; notes"
        " that a spreadsheet would take for a formula begin with an apostrophe. Lines are in the order of time.",
        "headers": _HEADERS,
        "content": {
            CSV: {"schema": {"type": "string"}},
            PDF: {"schema": {"type": "string", "format": "binary"}},
        },
    },
    404: {"description": "The caller has no such jar.", **_PROBLEM},
    406: {"description": "Neither CSV nor PDF is acceptable (`not_acceptable`).", **_PROBLEM},
    422: {
        "description": "Days that are missing, the wrong way round or more than five years, or more movements than the"
        f" form holds: {statement_pdf.MOST_LINES:,} as PDF, {MOST_CSV_LINES:,} as CSV.",
        **_PROBLEM,
    },
    429: {"description": "Too many PDFs within a minute.", **_PROBLEM},
}


@blueprint.route("/jars/<uuid:jar_id>/statement/", methods=["GET"])
@access("saver")
@limiter.limit(
    lambda: current_app.config["RATELIMIT_STATEMENT"],
    key_func=lambda: str(caller().id),
    exempt_when=lambda: _form(request.accept_mimetypes) != PDF,  # a CSV costs next to nothing
)
@blueprint.arguments(StatementQuerySchema, location="query")
@blueprint.doc(responses=_RESPONSES)
def jar_statement(query: dict[str, Any], jar_id: UUID) -> Response:
    """The statement of a jar over some local days, with its opening and closing balance."""
    form = _form(request.accept_mimetypes)
    if form is None:
        return problems.response(406, "not_acceptable", f"A statement comes as {CSV} or {PDF}.")
    most = statement_pdf.MOST_LINES if form == PDF else MOST_CSV_LINES
    person, at = caller(), clock.now()
    statement = run(
        lambda: statements.statement(person, jar_id, query["since"], query["until"], at=at, most_lines=most)
    )
    if form == PDF:
        response = Response(statement_pdf.draw(statement), mimetype=PDF)
    else:
        response = Response(statement_csv.draw(statement), mimetype=CSV)
    response.headers["Content-Disposition"] = disposition(statement, "pdf" if form == PDF else "csv")
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept")
    return response


def _form(accept: MIMEAccept) -> str | None:
    if not accept:
        return CSV
    return max((CSV, PDF), key=accept.quality) if accept.quality(CSV) or accept.quality(PDF) else None
