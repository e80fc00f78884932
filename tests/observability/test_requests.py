from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import prometheus_client
import pytest
from flask import Flask

from app.observability.requests import network_of
from tests.observability.conftest import CANARIES, JWT

Lines = Callable[[], list[dict[str, Any]]]


@pytest.mark.parametrize(
    "offered", ["0192f3c0-7b1d-7000-8000-000000000001", "01JD9Z3N8Q", "a.b_c-d.e", "x" * 128, "req-1732276800000"]
)
def test_a_sane_request_id_comes_back(app: Flask, lines: Lines, offered: str) -> None:
    response = app.test_client().get("/jars/j1/", headers={"X-Request-Id": offered})
    assert response.headers.getlist("X-Request-Id") == [offered]
    assert response.text == offered
    assert lines()[-1]["request_id"] == offered


@pytest.mark.parametrize(
    "offered",
    [
        None,
        "",
        "short",
        "x" * 129,
        "has space in it",
        'quo"te-quote',
        "९९९९९९९९९",
        *CANARIES[:3],
        "id-ACUPA1234R",
        JWT[:40],
    ],
)
def test_any_other_request_id_is_replaced(app: Flask, lines: Lines, offered: str | None) -> None:
    headers = {} if offered is None else {"X-Request-Id": offered.encode("utf-8").decode("latin-1")}
    client = app.test_client()
    first, second = (client.get("/jars/j1/", headers=headers).headers["X-Request-Id"] for _ in range(2))
    assert len(first) == 32
    assert int(first, 16) != int(second, 16)
    assert [line["request_id"] for line in lines()] == [first, second]


def test_one_line_for_each_request(app: Flask, lines: Lines) -> None:
    response = app.test_client().post(
        "/jars/jar-77/?phone=9876543210", data="secret", environ_overrides={"REMOTE_ADDR": "203.0.113.77"}
    )
    (line,) = lines()
    assert line.pop("duration_ms") >= 0
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "request",
        "level": "info",
        "method": "POST",
        "route": "/jars/<jar_id>/",
        "status": 200,
        "remote": "203.0.113.0/24",
        "request_id": response.headers["X-Request-Id"],
        "user_id": "user-1",
    }


def test_a_request_leaves_nothing_to_the_next(app: Flask, lines: Lines) -> None:
    client = app.test_client()
    client.get("/jars/j1/")
    client.get("/nothing/9876543210/")
    first, line = lines()
    assert first["user_id"] == "user-1"
    assert "user_id" not in line
    assert (line["route"], line["status"]) == ("unmatched", 404)


def test_errors_carry_the_id_and_no_canary(app: Flask, lines: Lines, capsys: pytest.CaptureFixture[str]) -> None:
    response = app.test_client().post(
        f"/broken/{CANARIES[1]}/?token={JWT}",
        json={"password": CANARIES[3], "pan": CANARIES[0]},
        headers={"X-Request-Id": "client-id-1", "Authorization": f"Bearer {JWT}", "User-Agent": CANARIES[4]},
    )
    assert response.status_code == 500
    assert response.headers["X-Request-Id"] == "client-id-1"
    failure, line = lines()
    assert not any(canary in json.dumps([failure, line]) for canary in CANARIES)
    assert (line["event"], line["level"], line["status"]) == ("request", "error", 500)
    assert (failure["event"], failure["request_id"]) == ("unhandled_exception", "client-id-1")
    assert [link["type"] for link in failure["exception"]] == ["RuntimeError", "ValueError"]
    assert "tests/observability/conftest.py:" in failure["exception"][0]["frames"][-1]
    assert failure["exception"][0]["frames"][-1].endswith(" broken")


def test_an_error_that_leaves_the_application_is_counted_and_logged(app: Flask, lines: Lines) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(RuntimeError):
        app.test_client().post("/broken/1/")
    assert lines()[-1]["status"] == 500


def test_keys_that_are_not_on_the_list_are_dropped(app: Flask, lines: Lines) -> None:
    app.test_client().get("/log/")
    line = lines()[0]
    assert set(line) == {"event", "level", "timestamp", "request_id", "jar_id", "reason"}
    assert line["reason"] == "[pan] [phone] [token]"


def test_no_canary_and_no_id_is_a_label(app: Flask, lines: Lines) -> None:
    client = app.test_client()
    for canary in CANARIES:
        client.get(f"/jars/{canary}/")
        client.get(f"/nothing/{canary}/")
        client.open("/jars/j1/", method="BREW")
    page = prometheus_client.generate_latest(prometheus_client.REGISTRY).decode()
    assert not any(canary in page for canary in CANARIES)
    assert 'http_requests_total{method="GET",route="/jars/<jar_id>/",status="200"}' in page
    assert 'http_requests_total{method="GET",route="unmatched",status="404"}' in page
    assert 'http_requests_total{method="OTHER",route="unmatched",status="405"}' in page
    assert 'http_request_duration_seconds_bucket{le="0.0025",method="GET",route="/jars/<jar_id>/"}' in page


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("", None),
        ("unix", None),
    ],
)
def test_only_the_network_of_an_address_is_written(address: str, network: str | None) -> None:
    assert network_of(address) == network
