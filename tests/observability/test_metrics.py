from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

LOOPBACK = {"REMOTE_ADDR": "127.0.0.1"}
PUBLIC = {"REMOTE_ADDR": "203.0.113.9"}
TOKEN = "a-long-token-for-the-scraper"


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_a_peer_on_this_machine_reads_the_figures(app: Flask, peer: str) -> None:
    response = app.test_client().get("/metrics", environ_overrides={"REMOTE_ADDR": peer})
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    assert response.headers["Cache-Control"] == "no-store"
    assert "# TYPE http_requests_total counter" in response.text


@pytest.mark.parametrize(
    "peer", ["203.0.113.9", "10.0.0.1", "192.168.1.1", "::ffff:203.0.113.9", "2001:db8::1", "", "unix"]
)
def test_to_a_public_peer_there_is_nothing(app: Flask, peer: str) -> None:
    assert app.test_client().get("/metrics", environ_overrides={"REMOTE_ADDR": peer}).status_code == 404


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_what_came_through_a_proxy_on_this_machine_is_public(app: Flask, header: str) -> None:
    response = app.test_client().get("/metrics", headers={header: "127.0.0.1"}, environ_overrides=LOOPBACK)
    assert response.status_code == 404


def test_an_address_claimed_through_the_proxy_does_not_count(app: Flask) -> None:
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    response = app.test_client().get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}, environ_overrides=PUBLIC)
    assert response.status_code == 404
    assert app.test_client().get("/metrics", environ_overrides=LOOPBACK).status_code == 200


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        (f"Bearer {TOKEN}x", 404),
        (f"Basic {TOKEN}", 404),
        ("Bearer ", 404),
        ("Bearer \u00e9", 404),
        (None, 404),
    ],
)
def test_the_token_opens_the_page_from_anywhere(app: Flask, authorization: str | None, status: int) -> None:
    app.config["METRICS_TOKEN"] = TOKEN
    headers = {} if authorization is None else {"Authorization": authorization}
    assert app.test_client().get("/metrics", headers=headers, environ_overrides=PUBLIC).status_code == status


def test_without_a_token_an_empty_one_opens_nothing(app: Flask) -> None:
    response = app.test_client().get("/metrics", headers={"Authorization": "Bearer "}, environ_overrides=PUBLIC)
    assert response.status_code == 404


SERVER = """
import sys
from flask import Flask
from app import observability
config = {"LOG_LEVEL": "ERROR", "LOG_FORMAT": "json", "METRICS_TOKEN": "", "PROMETHEUS_MULTIPROC_DIR": sys.argv[1]}
observability.init_logging(config)
app = Flask("worker")
app.config.update(config)
observability.init_app(app)
app.add_url_rule("/jars/<jar_id>/", "jar", lambda jar_id: jar_id)
client = app.test_client()
for number in range(int(sys.argv[2])):
    assert client.get(f"/jars/{number}/").status_code == 200
sys.stdout.write(client.get("/metrics").text)
"""


def test_a_folder_that_is_set_but_empty_is_none(tmp_path: Path) -> None:
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": "", "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", SERVER, "", "2"]
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    assert 'http_requests_total{method="GET",route="/jars/<jar_id>/",status="200"} 2.0' in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("given_by", ["environment", "settings"])
def test_processes_share_their_figures(tmp_path: Path, given_by: str) -> None:
    folder = tmp_path / "figures"
    environment = {key: value for key, value in os.environ.items() if key != "PROMETHEUS_MULTIPROC_DIR"}
    if given_by == "environment":
        environment["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])

    def serve(requests: int) -> str:
        command = [sys.executable, "-c", SERVER, str(folder), str(requests)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60).stdout

    serve(3)
    page = serve(4)
    assert 'http_requests_total{method="GET",route="/jars/<jar_id>/",status="200"} 7.0' in page
    assert 'http_request_duration_seconds_count{method="GET",route="/jars/<jar_id>/"} 7.0' in page
    assert 'http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/jars/<jar_id>/"} 7.0' in page
