"""The OpenAPI document: equal to the routes, valid, and readable without a network."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

import jsonschema_rs
import pytest
from flask import Flask
from werkzeug.routing import Rule

from app.blueprints.api.access import declared
from tests.factories import Saver

METHODS = {"get", "post", "put", "patch", "delete"}
EXTERNAL = re.compile(r"""(?:src|href|action|srcset|data-url|content)\s*=\s*["']?(?:[a-z]+:)?//""", re.IGNORECASE)


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    answer = app.test_client().get("/api/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json
    return found


def api_rules(app: Flask) -> list[Rule]:
    return [
        rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and not rule.rule.startswith(("/api/docs/", "/api/openapi.json"))
    ]


def path_of(rule: Rule) -> str:
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


def test_the_document_is_the_routes_no_more_no_less(app: Flask, document: dict[str, Any]) -> None:
    documented = {(method, path) for method, path, _ in operations(document)}
    served = {
        (method.lower(), path_of(rule))
        for rule in api_rules(app)
        for method in rule.methods & {m.upper() for m in METHODS}
    }
    assert documented == served


def test_each_schema_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    names = set(document["components"]["schemas"])
    assert not {name for name in names if name.rstrip("0123456789") in names - {name}}


def test_the_document_is_openapi(document: dict[str, Any]) -> None:
    """By the rules of OpenAPI 3.1 that a generator of clients trips over."""
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    assert document["info"]["title"]
    assert document["info"]["version"]
    seen = set()
    for method, path, operation in operations(document):
        where = f"{method} {path}"
        assert operation["responses"], where
        assert all(re.fullmatch(r"[1-5]\d\d|default", status) for status in operation["responses"]), where
        if "operationId" in operation:
            assert operation["operationId"] not in seen, where
            seen.add(operation["operationId"])
        shared = document["paths"][path].get("parameters", [])
        parameters = [resolved(document, each) for each in [*shared, *operation.get("parameters", [])]]
        assert {each["name"] for each in parameters if each["in"] == "path"} == set(re.findall(r"{(.+?)}", path)), where
        names = [(each["in"], each["name"]) for each in parameters]
        assert len(set(names)) == len(names), where
        assert all(each.get("required") is True for each in parameters if each["in"] == "path"), where
        assert all("schema" in each or "content" in each for each in parameters), where
        for status, response in operation["responses"].items():
            assert "description" in resolved(document, response), (where, status)


def test_the_document_passes_the_metaschema_of_openapi_3_1(document: dict[str, Any]) -> None:
    from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR  # slow to import

    assert [str(error) for error in OPENAPI_31_VALIDATOR.iter_errors(document)] == []


def resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        place: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            place = place[part.replace("~1", "/").replace("~0", "~")]
        node = place
    return node


def walk(node: Any, visit: Any) -> None:
    visit(node)
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        walk(inner, visit)


def test_every_reference_leads_somewhere_and_every_schema_is_one(document: dict[str, Any]) -> None:
    def visit(node: Any) -> None:
        if isinstance(node, dict) and isinstance(node.get("$ref"), str):
            assert node["$ref"].startswith("#/")
            assert resolved(document, node) is not None

    walk(document, visit)
    for schema in document["components"]["schemas"].values():
        assert jsonschema_rs.meta.is_valid(schema | {"$schema": "https://json-schema.org/draft/2020-12/schema"})


def test_each_call_says_who_may_make_it(app: Flask, document: dict[str, Any]) -> None:
    for rule in api_rules(app):
        level = declared(app.view_functions[rule.endpoint])
        for method in rule.methods & {m.upper() for m in METHODS}:
            operation = document["paths"][path_of(rule)][method.lower()]
            assert operation["x-access"] == level
            assert operation["security"] == ([] if level == "public" else [{"bearer": []}])


def test_errors_are_documented_as_problems(document: dict[str, Any]) -> None:
    """Each by its status: a client that meets another has found a defect (tests/attacks/test_generated.py looks)."""
    for method, path, operation in operations(document):
        where, statuses = (method, path), set(operation["responses"])
        assert "default" not in statuses, where
        assert any(status < "400" for status in statuses), where
        assert "503" in statuses, where
        assert ("401" in statuses) or operation["x-access"] == "public", where
        assert ("404" in statuses) or "{" not in path, where
        assert ({"413", "415"} <= statuses) == ("requestBody" in operation), where
        for status in statuses:
            if status >= "400":
                error = resolved(document, operation["responses"][status])
                assert list(error["content"]) == ["application/problem+json"], (method, path)
                schema = error["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}, where


def test_answers_are_as_documented(document: dict[str, Any], saver: Saver) -> None:
    jar = saver.jar()
    deposit = saver.deposit(jar, "50", note="x")
    problem = saver.deposit(jar, "0")
    lists = [("/api/jars/", saver.get("/api/jars/")), ("/api/transactions/", saver.get("/api/transactions/"))]
    answers = [
        ("post", "/api/jars/deposit/", deposit),
        ("get", "/api/profile/", saver.get("/api/profile/")),
        ("get", "/api/jars/{jar_id}/", saver.get(f"/api/jars/{jar}/")),
        ("get", "/api/jars/{jar_id}/transactions/", saver.get(f"/api/jars/{jar}/transactions/")),
        *(("get", path, answer) for path, answer in lists),
    ]
    for method, path, answer in answers:
        response = resolved(document, document["paths"][path][method]["responses"][str(answer.status_code)])
        validate(document, response["content"]["application/json"]["schema"], answer.json)
    validate(document, document["components"]["schemas"]["Problem"], problem.json)


def validate(document: dict[str, Any], schema: dict[str, Any], instance: Any) -> None:
    whole = schema | {"components": document["components"]}
    jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(instance)


# ---- the page ----


def test_the_page_and_all_that_it_loads_are_ours(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/api/docs/")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    text = page.get_data(as_text=True)
    assert not EXTERNAL.search(text)
    assert "<style" not in text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    loaded = re.findall(r"""(?:src|href|data-url)=["']([^"']+)["']""", text)
    assert len(loaded) >= 5
    for reference in loaded:
        answer = client.get(urljoin("http://localhost/api/docs/", reference))
        assert answer.status_code == 200, reference
        if answer.mimetype == "text/css":
            sheet = answer.get_data(as_text=True)
            assert not re.search(r"(?:url\(|@import)\s*[\"']?(?:[a-z]+:)?//", sheet), reference


def test_an_asset_outside_the_folder_is_not_served(app: Flask) -> None:
    for name in ("../__init__.py", "..%2f__init__.py", "%2e%2e/flask_swagger_ui.py", "%2fetc%2fpasswd", "nothing.js"):
        assert app.test_client().get(f"/api/docs/assets/{name}", follow_redirects=True).status_code == 404


def test_a_key_is_taken_where_something_is_sent_and_nowhere_else(document: dict[str, Any]) -> None:
    """The same path may be a list too, which reads none."""
    taken = set()
    for method, path, operation in operations(document):
        of_both = [*document["paths"][path].get("parameters", []), *operation.get("parameters", [])]
        if "Idempotency-Key" in [one.get("name") for one in of_both]:
            taken.add((method, path))
    assert {("post", "/api/jars/deposit/"), ("post", "/api/loans/"), ("post", "/api/loans/{loan_id}/repay/")} <= taken
    assert {method for method, _ in taken} == {"post"}
