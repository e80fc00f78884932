"""What a machine makes of the OpenAPI document, sent to the API: no 5xx, no answer that the document does not have.

`make test` sends 2,000 generated calls, the same each time; `make test-long` 10,000 for each of the three roles, others
each time (HYPOTHESIS_PROFILE=long). Half of the ids are those of something that is there, so that calls get further
than 404; a third of the calls is made of what others answered (a state machine).
"""

from __future__ import annotations

import os
import random
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky, FlakyStrategyDefinition
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.generation.stateful import run_state_machine_as_test
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.attacks.walking import IN_BODIES, KINDS, Document, Person, make_person, put_into

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
ROLES = ("anonymous", "saver", "admin")
CALLS = 10_000 * len(ROLES) if LONG else 2_000
STEPS = 10
# Ended sign-ins answer 401 to all that follows: these are walked by hand (test_tokens.py, and where sign-ins are made).
ENDING = ("/logout/", "/sign-ins/")
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
COMMON = settings(
    database=None, derandomize=not LONG, deadline=None, suppress_health_check=list(HealthCheck),
    phases=[Phase.generate], verbosity=Verbosity.quiet,
)  # fmt: skip


class Callers:
    """The three roles; somebody whose sign-in a call has ended is somebody new for the next."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._people: dict[str, Person] = {}
        self.answers: Counter[int] = Counter()
        self.taken: set[str] = set()

    def person(self, role: str) -> Person:
        """Who plays the role; anonymous calls know the saver's ids."""
        role = "saver" if role == "anonymous" else role
        if role not in self._people:
            person = self._people[role] = make_person(self._app, role)
            person.saver.deposit(person.id_of("jar_id"), "500")
        return self._people[role]

    def headers(self, role: str, *, refreshing: bool = False) -> dict[str, str]:
        """What the role's calls carry."""
        plain = {"Accept-Encoding": "identity"}
        if role == "anonymous":
            return plain
        saver = self.person(role).saver
        return plain | ({"Authorization": f"Bearer {saver.refresh_token}"} if refreshing else saver.headers)

    def check(self, case: Case, response: Response, role: str, checks: list[Any]) -> None:
        """Hold the answer against the document."""
        self.answers[response.status_code] += 1
        if response.status_code < 300:
            self.taken.add(case.operation.label)
        if response.status_code == 401 and role != "anonymous" and b"token_" in response.content:
            self._people.pop(role, None)
        case.validate_response(response, checks=checks)


@pytest.fixture(scope="module")
def schema(walked: Flask) -> Any:
    return schemathesis.openapi.from_wsgi("/api/openapi.json", walked)


@pytest.fixture(scope="module")
def callers(walked: Flask) -> Callers:
    return Callers(walked)


@pytest.mark.early
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_generated_call_is_answered_as_the_document_does_not_say(
    walked: Flask, schema: Any, callers: Callers, document: Document, mode: GenerationMode
) -> None:
    operations = [one.ok() for one in schema.get_all_operations()]
    each = max(3, CALLS // (3 * len(operations) * len(ROLES)))
    sent = 0
    for operation in operations:
        with_ids = ids_of(document, operation.definition.raw)
        refreshing = operation.path.endswith("/token/refresh/")

        @settings(COMMON, max_examples=each)
        @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
        def call_as_each(case: Case, real: bool) -> None:
            nonlocal sent
            for role in ROLES:
                if real and mode is GenerationMode.POSITIVE:
                    put_real_ids(case, callers.person(role), with_ids)  # noqa: B023 (called at once)
                response = case.call(headers=callers.headers(role, refreshing=refreshing))  # noqa: B023
                negative = mode is GenerationMode.NEGATIVE and role == "saver"
                callers.check(case, response, role, [*CHECKS, *([negative_data_rejection] if negative else [])])
                sent += 1

        call_as_each()
    assert sent >= CALLS // 3 * 0.9
    assert len(callers.answers) >= 6
    if mode is GenerationMode.POSITIVE:  # the calls are not all refused at the door
        assert len(callers.taken) >= len(operations) // 2, sorted({one.label for one in operations} - callers.taken)


def ids_of(document: Document, operation: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """The members of an operation's body that are ids: path, kind, what must stand beside it."""
    content = operation.get("requestBody", {}).get("content", {})
    found = []
    for inside in content.values():
        for name, schema in document.members(inside.get("schema", {})):
            if schema.get("format") == "uuid":
                kind, beside = IN_BODIES.get(name, (name.rpartition(".")[2], {}))
                found.append((name, kind, beside))
    return found


def put_real_ids(case: Case, person: Person, in_body: list[tuple[str, str, dict[str, Any]]]) -> None:
    """Have the case name things that are there."""
    for name in case.path_parameters:
        if name in KINDS:
            case.path_parameters[name] = person.id_of(name)
    for name, kind, beside in in_body:
        if isinstance(case.body, dict) and name.partition(".")[0] in case.body:
            case.body = put_into(case.body, name, person.id_of(kind), beside)


@pytest.mark.early
@pytest.mark.parametrize("role", ["saver", "admin"])
def test_no_chain_of_calls_is_answered_as_the_document_does_not_say(
    walked: Flask, schema: Any, callers: Callers, role: str
) -> None:
    """What one call answers is what the next is about: jars that were made are filled, changed, closed."""
    chosen = schema.exclude(lambda context: any(part in context.operation.path for part in ENDING))
    statuses: Counter[tuple[str, int]] = Counter()

    class Machine(chosen.as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            refreshing = case.operation.path.endswith("/token/refresh/")
            return {"headers": callers.headers(role, refreshing=refreshing)}

        def validate_response(self, response: Response, case: Case, *_: Any, **__: Any) -> None:
            statuses[case.operation.label, response.status_code] += 1
            callers.check(case, response, role, CHECKS)

    wanted, first = CALLS // 6, random.SystemRandom().randrange(2**32) if LONG else 0
    for number in range(100):
        # Hypothesis gives a run up once the same beginning leads to another answer, as it does with a real database:
        # the next run begins elsewhere.
        Machine._hypothesis_internal_use_seed = first + number
        with suppress(Flaky, FlakyStrategyDefinition):
            run_state_machine_as_test(
                Machine, settings=settings(COMMON, derandomize=False, max_examples=10, stateful_step_count=STEPS)
            )
        if sum(statuses.values()) >= wanted:
            break
    assert sum(statuses.values()) >= wanted
    assert any(label.startswith("GET /api/jars/{jar_id}") and status == 200 for label, status in statuses), statuses
