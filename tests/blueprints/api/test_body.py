from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask import Flask, jsonify, request
from flask.testing import FlaskClient
from flask.views import MethodView
from flask_smorest import Api, Blueprint
from marshmallow import Schema, fields

from app.blueprints.api.body import BodyError, StrictParser, load_json
from app.blueprints.api.schemas.base import MoneyField, QueryInteger, StrictSchema, StrictString

LIMIT = 2_000


class Standing(StrictSchema):
    amount = MoneyField(required=True)


class Deposit(StrictSchema):
    jar_id = StrictString(required=True, max_length=36)
    amount = MoneyField(required=True)
    note = StrictString(max_length=200)
    auto_deposit = fields.Nested(Standing)
    tags = fields.List(StrictString(max_length=10))


class Optional(StrictSchema):
    refresh_token = StrictString(max_length=100)


class Page(StrictSchema):
    limit = QueryInteger(minimum=1, maximum=100, load_default=20)
    q = StrictString(max_length=50)
    user_ids = fields.List(StrictString(max_length=10))


class Document(StrictSchema):
    document_type = StrictString(required=True, max_length=10)


class Upload(Schema):
    file = fields.Raw(required=True)


@pytest.fixture
def client() -> FlaskClient:
    app = Flask(__name__)
    app.config.update(
        API_TITLE="t",
        API_VERSION="1",
        OPENAPI_VERSION="3.1.0",
        MAX_CONTENT_LENGTH=LIMIT,
        MAX_AMOUNT_MINOR=100_000_000,
    )
    blueprint = Blueprint("t", __name__)
    blueprint.ARGUMENTS_PARSER = StrictParser()

    @blueprint.route("/deposit/")
    class Deposits(MethodView):
        @blueprint.arguments(Deposit)
        def post(self, body: dict[str, Any]) -> Any:
            return jsonify(body)

        @blueprint.arguments(Page, location="query")
        def get(self, query: dict[str, Any]) -> Any:
            return jsonify(query)

    @blueprint.route("/logout/", methods=["POST"])
    @blueprint.arguments(Optional)
    def logout(body: dict[str, Any]) -> Any:
        return jsonify(body)

    @blueprint.route("/upload/", methods=["POST"])
    @blueprint.arguments(Document, location="form")
    @blueprint.arguments(Upload, location="files")
    def upload(form: dict[str, Any], files: dict[str, Any]) -> Any:
        return jsonify({**form, "bytes": len(files["file"].read())})

    @blueprint.route("/raw/", methods=["POST"])
    def raw() -> Any:
        return jsonify({"body": load_json(request)})

    @app.errorhandler(BodyError)
    def answer(error: BodyError) -> Any:
        return jsonify(code=error.code, detail=error.detail, errors=error.errors), error.status

    Api(app).register_blueprint(blueprint)
    return app.test_client()


GOOD = {"jar_id": "j1", "amount": "250.50"}


def post(client: FlaskClient, body: object, **kwargs: Any) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    kwargs.setdefault("content_type", "application/json")
    response = client.post("/deposit/", data=data, **kwargs)
    return response.status_code, response.get_json()


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        "Application/JSON",
    ],
)
def test_a_json_object_is_taken(client: FlaskClient, content_type: str) -> None:
    assert post(client, GOOD, content_type=content_type) == (200, {"jar_id": "j1", "amount": 25_050})


@pytest.mark.parametrize(
    "content_type",
    [
        *(
            "text/plain",
            "text/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "",
            None,
        ),
        *(
            "application/merge-patch+json",
            "application/json; charset=latin-1",
            "application/json; charset=utf-16",
        ),
    ],
)
def test_another_content_type_is_unsupported(client: FlaskClient, content_type: str | None) -> None:
    status, answer = post(client, GOOD, content_type=content_type)
    assert (status, answer["code"]) == (415, "unsupported_media_type")


def test_a_content_coding_is_unsupported(client: FlaskClient) -> None:
    assert post(client, GOOD, headers={"Content-Encoding": "gzip"})[0] == 415
    assert post(client, GOOD, headers={"Content-Encoding": "identity"})[0] == 200


@pytest.mark.parametrize(
    "raw", [b"{", b'{"amount": 1, "amount": 2}', b'{"amount": NaN}', b"\xef\xbb\xbf{}", b"[" * 1_900]
)
def test_what_is_not_json_is_malformed(client: FlaskClient, raw: bytes) -> None:
    status, answer = post(client, raw)
    assert (status, answer["code"], answer["errors"]) == (400, "malformed_json", None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**GOOD, "current_amount": "5"}, "current_amount"),
        ({**GOOD, "note": "a\x00"}, "note"),
        ({**GOOD, "note": "\ud800"}, "note"),
        ({**GOOD, "note\x00": "a"}, "note\ufffd"),
        ({**GOOD, "auto_deposit": {"amount": "1.005"}}, "auto_deposit.amount"),
        ({**GOOD, "auto_deposit": {"amount": "1", "role": "admin"}}, "auto_deposit.role"),
        ({**GOOD, "auto_deposit": 5}, "auto_deposit"),
        ({**GOOD, "tags": ["a", 5]}, "tags.1"),
        ({"jar_id": "j1"}, "amount"),
        ({**GOOD, "amount": 10**30}, "amount"),
        ([GOOD], "_body"),
        ("text", "_body"),
        *(({**GOOD, "amount": amount}, "amount") for amount in (0, -1, 1.5, 250.0, "1.005", True, 1e30, "१००", None)),
    ],
)
def test_what_cannot_be_used_names_its_field(client: FlaskClient, body: object, field: str) -> None:
    status, answer = post(client, body)
    assert (status, answer["code"]) == (422, "validation_error")
    assert list(answer["errors"]) == [field]
    assert all(isinstance(sentence, str) for sentence in answer["errors"][field])


def test_the_number_of_errors_is_bounded(client: FlaskClient) -> None:
    _, answer = post(client, {f"x{i}": 1 for i in range(150)})
    assert len(answer["errors"]) == 20


def test_no_body_counts_as_an_empty_object(client: FlaskClient) -> None:
    assert client.post("/logout/").get_json() == {}
    assert client.post("/logout/", content_type="application/json").get_json() == {}
    assert client.post("/raw/").get_json() == {"body": None}
    response = client.post("/deposit/")
    assert response.status_code == 422
    assert set(response.get_json()["errors"]) == {"jar_id", "amount"}


def test_a_body_over_the_limit_is_too_large(client: FlaskClient) -> None:
    whole = json.dumps({**GOOD, "note": "a"}).encode()
    assert post(client, whole + b" " * (LIMIT - len(whole)))[0] == 200
    status, answer = post(client, whole + b" " * (LIMIT - len(whole) + 1))
    assert (status, answer["code"]) == (413, "payload_too_large")


@pytest.mark.parametrize(("excess", "status"), [(0, 200), (1, 413), (100_000, 413)])
def test_a_chunked_body_has_the_same_limit(client: FlaskClient, excess: int, status: int) -> None:
    whole = json.dumps(GOOD).encode()
    response = client.post(
        "/deposit/",
        input_stream=io.BytesIO(whole + b" " * (LIMIT - len(whole) + excess)),
        content_type="application/json",
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert response.status_code == status


def test_a_body_that_the_server_cannot_end_is_not_taken_for_none(client: FlaskClient) -> None:
    response = client.post(
        "/logout/",
        input_stream=io.BytesIO(b'{"refresh_token": "t"}'),
        content_type="application/json",
        headers={"Transfer-Encoding": "chunked"},
    )
    assert (response.status_code, response.get_json()["code"]) == (400, "malformed_json")


def test_a_body_that_ends_early_is_malformed(client: FlaskClient) -> None:
    response = client.post(
        "/deposit/",
        input_stream=io.BytesIO(b"{"),
        content_type="application/json",
        headers={"Content-Length": "500"},
    )
    assert (response.status_code, response.get_json()["code"]) == (400, "malformed_json")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=2", "page"),
        ("limit=5&limit=6", "limit"),
        ("q=a&q=a", "q"),
        ("q=%00", "q"),
        ("%00=1", "\ufffd"),
        *((f"limit={value}", "limit") for value in ("0", "101", "-1", "1.0", "1_0", "+5", "५", "", "1e1", "9" * 5000)),
    ],
)
def test_a_query_is_as_strict_as_a_body(client: FlaskClient, query: str, field: str) -> None:
    response = client.get(f"/deposit/?{query}")
    assert response.status_code == 422
    assert list(response.get_json()["errors"]) == [field]


def test_a_query_gives_its_values_once_or_as_a_list(client: FlaskClient) -> None:
    assert client.get("/deposit/?q=chai&user_ids=a&user_ids=b").get_json() == {
        "limit": 20,
        "q": "chai",
        "user_ids": ["a", "b"],
    }


def test_a_form_with_a_file_is_strict_too(client: FlaskClient) -> None:
    def upload(**data: Any) -> tuple[int, Any]:
        response = client.post("/upload/", data={"file": (io.BytesIO(b"abc"), "../../x"), **data})
        return response.status_code, response.get_json()

    assert upload(document_type="pan") == (200, {"document_type": "pan", "bytes": 3})
    assert list(upload(document_type="pan", status="verified")[1]["errors"]) == ["status"]
    assert list(upload(document_type=["pan", "pan"])[1]["errors"]) == ["document_type"]
    assert list(upload(document_type="pan", other=(io.BytesIO(b"x"), "y"))[1]["errors"]) == ["other"]
    twice = [(io.BytesIO(b"x"), "y"), (io.BytesIO(b"x"), "z")]
    assert list(upload(document_type="pan", file=twice)[1]["errors"]) == ["file"]
