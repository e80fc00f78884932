"""The OpenAPI document, and its page from our own disk: no network, no inline script."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, render_template, send_from_directory
from flask_smorest import Api
from flask_swagger_ui.flask_swagger_ui import _DIST_DIR as SWAGGER_UI
from marshmallow import fields

from app.blueprints.api.access import access, declared
from app.blueprints.api.problems import PROBLEM_TYPE
from app.blueprints.api.schemas.base import StrictSchema
from app.blueprints.api.schemas.loans import CheckSchema

STAFF = frozenset({"support", "admin"})
blueprint = Blueprint("api_docs", __name__, url_prefix="/api/docs")


class ProblemSchema(StrictSchema):
    """An error as problem+json (RFC 9457)."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True, metadata={"description": "Stable, snake_case."})
    request_id = fields.String(required=True, allow_none=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    reasons = fields.List(
        fields.Nested(CheckSchema), metadata={"description": "Of `not_eligible`: every check of the decision."}
    )
    next_steps = fields.List(fields.String(), metadata={"description": "Of `not_eligible`: what to do."})
    decision_id = fields.String(metadata={"description": "Of `not_eligible`: the decision that is kept."})


def describe(app: Flask, api: Api) -> None:
    """Say in the document what smorest cannot know: bearer tokens, that errors are problems, and which may come.

    A call that answers another status beside these names it with ``alt_response``; the tests find one that does not.
    """
    spec = api.spec
    spec.components.schema("Problem", schema=ProblemSchema)
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    for rule in app.url_map.iter_rules():
        level = declared(app.view_functions[rule.endpoint])
        path = spec._paths.get(_openapi_path(rule.rule))
        if path is None or level is None:
            continue
        for method in rule.methods or ():
            operation: dict[str, Any] | None = path.get(method.lower())
            if operation is not None:
                _document_refusals(spec, path, method, operation, level)
                operation["x-access"] = level
                operation["security"] = [] if level == "public" else [{"bearer": []}]
    for response in (*spec.components.responses.values(), *spec.components.responses_lazy.values()):
        content = response.get("content", {})
        if "application/json" in content:
            content.pop("application/json")
            content[PROBLEM_TYPE] = {"schema": {"$ref": "#/components/schemas/Problem"}}


def _document_refusals(spec: Any, path: dict[str, Any], method: str, operation: dict[str, Any], level: str) -> None:
    answers = {str(status): answer for status, answer in operation["responses"].items() if str(status) != "default"}
    for status in _refusals(path, method, operation, level):
        name = f"PROBLEM_{status}"
        if name not in spec.components.responses:
            content = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
            spec.components.response(name, {"description": HTTPStatus(status).phrase, "content": content})
        own = answers.get(str(status))
        # What a call says of a refusal in its own words stays.
        if not isinstance(own, dict) or "description" not in own:
            answers[str(status)] = {"$ref": f"#/components/responses/{name}"}
    operation["responses"] = dict(sorted(answers.items()))


def _refusals(path: dict[str, Any], method: str, operation: dict[str, Any], level: str) -> set[int]:
    """The statuses with which a call of this kind may be refused."""
    writes, reads_body = method != "GET", "requestBody" in operation
    parameters = [*path.get("parameters", ()), *operation.get("parameters", ())]
    places = {one["in"] for one in parameters}
    found = {503}
    if writes or level != "public":
        found |= {401, 404}
    if writes or level in STAFF:
        found.add(403)
    if writes or any(one["name"] == "cursor" for one in parameters):
        found.add(400)
    if writes or "query" in places:
        found.add(422)
    if writes:
        found |= {409, 429}
    return found | ({413, 415} if reads_body else set())


def _openapi_path(rule: str) -> str:
    return rule.replace("<uuid:", "{").replace("<", "{").replace(">", "}")


@blueprint.get("/")
@access("public")
def page() -> str:
    """The document as a page to read and try."""
    return render_template("api/docs.html")


@blueprint.get("/assets/<path:name>")
@access("public")
def asset(name: str) -> Response:
    """A file of the Swagger UI release that is installed."""
    return send_from_directory(SWAGGER_UI, name)
