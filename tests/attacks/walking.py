"""Walking all of the application: its routes, the ids and bodies they take, and people who have something of each kind.

Nothing here names a route. What cannot be known by itself is how to come by an id of each kind (``KINDS``), and what a
call takes (``WRITES`` of tests/test_routes.py); a route that needs more than is there fails its walk and says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

from flask import Flask, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from PIL import Image
from werkzeug.routing import IntegerConverter, Rule
from werkzeug.test import TestResponse

from app import clock
from app.blueprints.api.access import declared
from app.blueprints.web import access
from app.integrations.openid import Identity
from app.services.audit import log as audit
from app.services.identity import external, sign_in
from app.services.identity.principal import principal
from app.services.notifications import notices
from app.services.ops import reversal_requests
from app.transactions import fetch, run
from tests import factories
from tests.factories import Saver
from tests.test_routes import METHODS, OWN_RULES, WRITES

# Ids as they stand in texts: UUIDs, and versions of models.
ID_TEXT = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|logistic-\d+")
STAFF = ("support", "admin")
#: That nothing has.
NO_NUMBER = 987_654_321
# Parts of a path that name nothing of a saver's: files, providers of sign-ins, tokens whose holder is whom they name.
NOBODYS = {"filename", "name", "token"}


@dataclass(frozen=True)
class Route:
    """One method of one rule."""

    rule: Rule
    method: str
    level: str | None

    @property
    def is_api(self) -> bool:
        return self.rule.rule.startswith("/api/") and not self.rule.rule.startswith(("/api/docs/", "/api/openapi.json"))

    @property
    def is_console(self) -> bool:
        return self.rule.rule.startswith("/ops/")

    @property
    def call(self) -> tuple[str, str]:
        """As WRITES of tests/test_routes.py names it."""
        return self.method, self.rule.rule

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule}"

    def __hash__(self) -> int:
        return hash(self.call)

    def path(self, app: Flask, values: dict[str, Any] | None = None) -> str:
        """The path with ``values``; ids that are not given are those of nothing."""
        given: dict[str, Any] = {
            name: NO_NUMBER if isinstance(self.rule._converters[name], IntegerConverter) else str(uuid4())
            for name in self.rule.arguments
        } | (values or {})
        with app.test_request_context():
            built: str = app.url_map.bind("localhost").build(
                self.rule.endpoint, {name: given[name] for name in self.rule.arguments}, append_unknown=False
            )
        return built


def routes(app: Flask) -> list[Route]:
    """Every route, the framework's own too."""
    return [
        Route(rule, method, declared(app.view_functions[rule.endpoint]))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) & METHODS)
    ]


def api_routes(app: Flask) -> list[Route]:
    """Those of the API."""
    return [route for route in routes(app) if route.is_api]


def pages(app: Flask) -> list[Route]:
    """Those of the pages, the framework's own left out."""
    return [
        route
        for route in routes(app)
        if not route.rule.rule.startswith("/api/") and route.rule.endpoint not in OWN_RULES
    ]


# ---- people, and what is theirs ----


@dataclass
class Person:
    """A saver or a member of staff, with an API client and a browser, and the ids of what is theirs."""

    app: Flask
    saver: Saver
    browser: FlaskClient = field(init=False)
    form_token: str = field(init=False)
    ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.browser, self.form_token = browser(self.app, self.saver)

    def id_of(self, kind: str) -> str:
        """The id of something of this person's. A kind without a factory fails the walk."""
        if kind in NOBODYS:
            return str(uuid4())
        if kind not in self.ids:
            assert kind in KINDS, (
                f"No walk knows how to come by a {kind}: add a function that makes one for a saver to KINDS in"
                " tests/attacks/walking.py (or, where such a part of a path names nothing of a saver's, to NOBODYS)."
            )
            self.ids[kind] = KINDS[kind](self)
        return self.ids[kind]

    def open(self, route: Route, path: str, sent: dict[str, Any]) -> TestResponse:
        """``path`` asked of the API as this person, or of the pages at this person's browser, with a form's token."""
        if route.is_api:
            return self.saver.client.open(path, method=route.method, headers=self.saver.headers, **sent)
        if route.method != "GET":
            sent = {"data": {**sent.get("data", {}), "csrf_token": self.form_token}}
        return self.browser.open(path, method=route.method, **sent)


def browser(app: Flask, saver: Saver) -> tuple[FlaskClient, str]:
    """A browser at which the person is signed in, and a token for its forms."""
    with app.test_request_context("/"):
        opened = run(lambda: sign_in.open_family(saver.id, kind="web", device="Werkzeug"))
        person = run(lambda: principal(opened.family_id))
        assert person is not None
        access.begin(person)
        token: str = generate_csrf()
        held = dict(session)
    client = app.test_client()
    # A cookie that is for TLS alone is kept for the address that has it.
    site = app.config["PUBLIC_URL"]
    with client.session_transaction(**{"base_url": site} if site.startswith("https://") else {}) as kept:
        kept.update(held)
    return client, token


def make_person(app: Flask, role: str = "saver") -> Person:
    """Somebody new."""
    return Person(app, factories.make_saver(app) if role == "saver" else factories.make_staff(app, role))


def _notice(person: Person) -> str:
    app, facts = person.app, {"device": "A tablet"}
    with app.app_context():
        return str(run(lambda: notices.write(person.saver.id, "new_device", facts, at=clock.now())))


def _device(person: Person) -> str:
    token = f"ExponentPushToken[{uuid4().hex}]"
    answer = person.saver.post("/api/devices/", {"kind": "expo", "token": token})
    return str(answer.json["device"]["id"])


def _request(person: Person) -> str:
    person.saver.post("/api/support-requests/", {"subject": "My score", "text": "It leaves a week out."})
    return str(person.saver.get("/api/support-requests/").json["items"][0]["id"])


def _transaction(person: Person) -> str:
    return str(person.saver.deposit(person.id_of("jar_id"), "50").json["transaction"]["id"])


def _sign_in(person: Person) -> str:
    with person.app.app_context():
        return str(run(lambda: sign_in.open_family(person.saver.id, kind="api", device="A tablet")).family_id)


def _job(person: Person) -> str:
    factories.make_staff(person.app).post("/api/admin/recalculate-scores/", {})  # refused where one is ordered
    with person.app.app_context():
        return str(run(lambda: fetch("SELECT id FROM job_runs ORDER BY id DESC LIMIT 1"))[0][0])


def _change(person: Person) -> str:
    """Of a score that has a history: five weeks, one of them missed."""
    at, jar = clock.now(), ""
    for week in range(5):
        with clock.standing_at(at - timedelta(weeks=5 - week)):
            jar = jar or person.saver.jar(plan_type="weekly", installment_amount="50")
            if week != 2:
                person.saver.deposit(jar, "50")
            factories.score(person.saver, clock)
    factories.score(person.saver, clock)
    with person.app.app_context():
        sql = "SELECT id FROM credit_score_history WHERE user_id = %s ORDER BY as_of DESC, id DESC LIMIT 1"
        return str(run(lambda: fetch(sql, (person.saver.id,)))[0][0])


def _link(person: Person) -> str:
    provided = Identity("https://provider.example", uuid4().hex, None, None)
    with person.app.app_context():
        run(lambda: external.linked(person.saver.id, provided, at=clock.now()))
        return str(run(lambda: external.links(person.saver.id))[-1].id)


def _paper(person: Person) -> str:
    return str(person.saver.upload("/api/kyc-upload/", document_type="pan").json["kyc"]["id"])


def _reversal(person: Person) -> str:
    """A member of staff asked for a large movement of this person's to be taken back."""
    large = person.saver.deposit(person.saver.jar(target_amount="50000"), "9000").json["transaction"]["id"]
    by = factories.make_staff(person.app).id
    with person.app.app_context():
        asked = run(lambda: reversal_requests.ask(UUID(large), reason="sent twice", by=by, at=clock.now()))
    return str(asked.request_id)


def _entry(person: Person) -> str:
    with person.app.app_context():
        run(lambda: audit.record("seen", subject_type="user", subject_id=person.saver.id, at=clock.now()))
        return str(run(lambda: fetch("SELECT last_id FROM audit_head"))[0][0])


#: How a person comes by an id of each kind; the kinds are the names in the paths and the bodies.
KINDS: dict[str, Callable[[Person], str]] = {
    "jar_id": lambda person: person.saver.jar(),
    "notice_id": _notice,
    "device_id": _device,
    "request_id": _request,
    "transaction_id": _transaction,
    "sign_in_id": _sign_in,
    "job_id": _job,
    "link_id": _link,
    "loan_id": lambda person: str(factories.lend(person.saver, person.saver.jar(), clock.now())),
    "paper_id": _paper,
    "reversal_id": _reversal,
    "user_id": lambda person: str(person.saver.id),
    "entry_id": _entry,
    "change_id": _change,
    "model_version": lambda person: factories.model(person.app),
}
#: Ids in bodies under another name: what kind they are of, and what must stand beside them.
IN_BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "about.id": ("transaction_id", {"kind": "transaction"}),
    "user_ids.0": ("user_id", {}),
}


# ---- what calls take ----


class Document:
    """The OpenAPI document, for finding out what a call takes."""

    def __init__(self, app: Flask) -> None:
        self.json: dict[str, Any] = app.test_client().get("/api/openapi.json").json

    def operation(self, route: Route) -> dict[str, Any]:
        """What the document says of the call; its parameters are those of the path's item too."""
        item = self.json["paths"][re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", route.rule.rule)]
        operation: dict[str, Any] = item[route.method.lower()]
        return operation | {"parameters": [*item.get("parameters", []), *operation.get("parameters", [])]}

    def resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        """``node``, or what it refers to."""
        while "$ref" in node:
            place: Any = self.json
            for part in node["$ref"].removeprefix("#/").split("/"):
                place = place[part]
            node = place
        return node

    def body(self, route: Route) -> tuple[str, dict[str, Any]] | None:
        """Content type and schema of the body that the call takes; None where it takes none."""
        content = self.operation(route).get("requestBody", {}).get("content", {})
        for kind, inside in content.items():
            return kind, inside.get("schema", {})
        return None

    def members(self, schema: dict[str, Any], under: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
        """Every member of a schema and of what is nested in it, by a path with dots; of lists the first."""
        schema = self.resolved(schema)
        for word in ("anyOf", "oneOf", "allOf"):
            for one in schema.get(word, ()):
                yield from self.members(one, under)
        for name, inner in schema.get("properties", {}).items():
            yield f"{under}{name}", self.resolved(inner)
            yield from self.members(inner, f"{under}{name}.")
        if "items" in schema:
            yield f"{under}0", self.resolved(schema["items"])
            yield from self.members(schema["items"], f"{under}0.")


def sent_with(document: Document, route: Route, body: Any) -> dict[str, Any]:
    """How ``body`` is sent: as JSON, or where the call takes a file as a form with a picture."""
    taken = document.body(route)
    if taken is None or taken[0] == "application/json":
        return {} if taken is None and not body else {"json": body}
    form = dict(body or {})
    for name, schema in document.members(taken[1]):
        if schema.get("format") == "binary" and "." not in name:
            form.setdefault(name, (BytesIO(PICTURE), "a.jpg"))
    return {"data": form, "content_type": taken[0]}


def body_of(person: Person, route: Route) -> Any:
    """What this person would send to a call that writes; ids in it are the person's own."""
    assert route.call in WRITES, f"{route}: say in WRITES of tests/test_routes.py what a client sends there."
    fresh = {
        "email": factories.email(), "phone": factories.phone(), "own_email": person.saver.email,
        "own_phone": person.saver.phone,
    }  # fmt: skip

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: filled(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [filled(inner) for inner in value]
        if not isinstance(value, str):
            return value
        return re.sub(
            r"{(\w+)}", lambda found: fresh.get(found[1]) or person.id_of(f"{found[1].removesuffix('_id')}_id"), value
        )

    return filled(WRITES[route.call])


def put_into(body: Any, path: str, value: Any, beside: dict[str, Any] | None = None) -> Any:
    """``body`` with ``value`` at a path with dots (numbers: of lists), and ``beside`` around it."""
    name, _, rest = path.partition(".")
    if name.isdigit():
        return [put_into({}, rest, value, beside) if rest else value]
    inside = dict(body) if isinstance(body, dict) else {}
    inside[name] = put_into(inside.get(name), rest, value, beside) if rest else value
    return inside | (beside or {}) if not rest else inside


def _picture() -> bytes:
    file = BytesIO()
    Image.new("RGB", (40, 40), (180, 90, 30)).save(file, "JPEG")
    return file.getvalue()


PICTURE = _picture()
