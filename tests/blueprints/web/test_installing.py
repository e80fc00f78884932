"""What a browser needs to put Chhota on a home screen; the worker behind the pages keeps nothing of anybody."""

import json
import re


def test_the_manifest_names_icons_that_there_are(visitor):
    answer = visitor.get("/manifest.webmanifest")
    assert (answer.status_code, answer.mimetype) == (200, "application/manifest+json")
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    manifest = json.loads(answer.text)
    assert (manifest["display"], manifest["start_url"], manifest["scope"]) == ("standalone", "/dashboard", "/")
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        picture = visitor.get(icon["src"]).data
        width, height = (int.from_bytes(picture[at : at + 4]) for at in (16, 20))  # PNG: the header chunk
        assert f"{width}x{height}" == icon["sizes"]
    page = visitor.get("/").text
    assert 'rel="manifest" href="/manifest.webmanifest"' in page
    assert visitor.get(re.search(r'apple-touch-icon" href="([^"]+)"', page)[1]).status_code == 200


def test_the_worker_may_answer_for_every_page_and_fetches_nothing_from_elsewhere(visitor):
    answer = visitor.get("/service-worker.js")
    assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers


def test_the_worker_is_the_same_until_what_it_keeps_changes(visitor, asha, monkeypatch):
    first = visitor.get("/service-worker.js").text
    assert asha.get("/service-worker.js").text == first, "whoever asks"
    monkeypatch.setitem(visitor.app.extensions, "asset_version", lambda: "another")
    monkeypatch.setattr("app.blueprints.web.installing.render_template", lambda name: "another page")
    assert visitor.get("/service-worker.js").text != first


def test_the_page_without_a_connection_is_nobodys(visitor, asha):
    assert asha.get("/dashboard").status_code == 200
    answer = visitor.get("/offline")
    assert answer.text == asha.get("/offline").text
    assert "Set-Cookie" not in answer.headers
    assert 'lang="hi"' in visitor.get("/offline?language=hi").text
    assert visitor.get("/offline?language=xx").text == answer.text


def test_what_is_somebodys_may_be_kept_by_nothing(asha, saver):
    """No page and no answer of the API may be stored, by a browser or by anything between."""
    jar = saver.jar()
    for path in ("/dashboard", "/jars", f"/jars/{jar}", f"/jars/{jar}/deposit", "/score", "/notifications", "/profile"):
        assert asha.get(path).headers["Cache-Control"] == "no-store", path
    for path in ("/api/jars/", f"/api/jars/{jar}/", "/api/transactions/", "/api/profile/"):
        assert saver.get(path).headers["Cache-Control"] == "no-store", path
