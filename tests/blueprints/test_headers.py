import pytest

from app.blueprints.headers import PAGE_POLICY


@pytest.mark.parametrize("path", ["/", "/login", "/nowhere", "/dashboard", "/api/docs/", "/healthz", "/api/jars/"])
def test_every_answer_is_guarded(app, path):
    headers = app.test_client().get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in headers, "plain HTTP on loopback"


def test_pages_may_load_our_own_files_only(app):
    assert app.test_client().get("/").headers["Content-Security-Policy"] == PAGE_POLICY
    assert "default-src 'none'" in PAGE_POLICY


def test_transport_is_pinned_over_https(app):
    answer = app.test_client().get("/", base_url="https://chhota.example")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=63072000")


@pytest.mark.parametrize("path", ["/login", "/dashboard", "/api/jars/", "/api/openapi.json"])
def test_nothing_of_a_person_is_kept(app, path):
    assert app.test_client().get(path).headers["Cache-Control"] == "no-store"


def test_static_files_are_kept_by_their_version(app):
    client = app.test_client()
    page = client.get("/").text
    address = page.partition('<link rel="stylesheet" href="')[2].partition('"')[0]
    assert "?v=" in address
    assert "immutable" in client.get(address).headers["Cache-Control"]
    assert "max-age=31536000" in client.get(address).headers["Cache-Control"]
    assert "immutable" not in client.get(address.partition("?")[0]).headers["Cache-Control"]
    assert "immutable" in client.get("/static/fonts/baloo-2-latin.woff2").headers["Cache-Control"]


def test_a_static_file_that_is_not_there_is_not_kept(app):
    answer = app.test_client().get("/static/fonts/nothing.woff2?v=1")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")
