"""The OpenAPI document, and its page from our own disk: no network, no inline script."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, render_template, send_from_directory
from flask_smorest import Api
from flask_swagger_ui.flask_swagger_ui import _DIST_DIR as SWAGGER_UI
from marshmallow import fields

from app.blueprints.api.access import access, declared
from app.blueprints.api.problems import PROBLEM_TYPE
from app.blueprints.api.schemas.base import StrictSchema

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


def describe(app: Flask, api: Api) -> None:
    """Say in the document what smorest cannot know: bearer tokens, and that errors are problems."""
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
                operation["x-access"] = level
                operation["security"] = [] if level == "public" else [{"bearer": []}]
    for response in (*spec.components.responses.values(), *spec.components.responses_lazy.values()):
        content = response.get("content", {})
        if "application/json" in content:
            content.pop("application/json")
            content[PROBLEM_TYPE] = {"schema": {"$ref": "#/components/schemas/Problem"}}


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
