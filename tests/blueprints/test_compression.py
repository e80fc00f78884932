"""What goes out small, and what must not, because its size could tell what is in it."""

import gzip

import brotli
import pytest
from flask_compress.compat import compression as packed

from tests.blueprints.web.conftest import Visitor

OPENED = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": packed.zstd.decompress}
ALL = "gzip, deflate, br, zstd"


@pytest.fixture
def asha(app, saver):
    visitor = Visitor(app)
    assert visitor.log_in(saver.email).status_code == 303
    return visitor


def asked(client, path, encoding=ALL, **headers):
    return client.get(path, headers={"Accept-Encoding": encoding, **headers})


@pytest.mark.parametrize("encoding", OPENED)
@pytest.mark.parametrize("path", ["/", "/static/css/base.css", "/static/js/chhota.js", "/api/openapi.json"])
def test_what_is_read_goes_out_small(app, path, encoding):
    client = app.test_client()
    plain, small = client.get(path), asked(client, path, encoding)
    assert small.headers["Content-Encoding"] == encoding
    assert "Accept-Encoding" in plain.headers["Vary"], "what keeps the one must not give it to whoever reads the other"
    assert "Accept-Encoding" in small.headers["Vary"]
    assert len(small.data) == small.content_length < len(plain.data) / 2
    if path != "/":  # its form carries a token of the second
        assert OPENED[encoding](small.data) == plain.data


def test_a_reader_who_takes_nothing_else_gets_it_as_it_is(app):
    client = app.test_client()
    for encoding in ("", "identity", "gzip;q=0", "made-up"):
        assert "Content-Encoding" not in asked(client, "/static/css/base.css", encoding).headers


def test_a_page_whose_address_says_something_goes_out_as_it_is(asha):
    """Words that another site put into the address stand beside the saver's own, and the size would tell of both."""
    assert asked(asha.client, "/score").headers.get("Content-Encoding") == "zstd"
    for path in ("/score?guess=csrf_token", "/leaderboard?board=streak", "/dashboard?x"):
        assert "Content-Encoding" not in asked(asha.client, path).headers, path


def test_the_answer_to_a_form_goes_out_as_it_is(asha):
    carried = asha.hidden("/jars/new")
    answer = asha.client.post("/jars/new", data=carried | {"name": "A guess " * 200}, headers={"Accept-Encoding": ALL})
    assert answer.status_code == 422
    assert "Content-Encoding" not in answer.headers


def test_what_an_owner_of_a_token_reads_goes_out_small(saver):
    for number in range(9):
        saver.jar(name=f"Jar {number}")
    answer = saver.get("/api/jars/?limit=100", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data).count(b'"name"') == 9


def test_a_deposit_is_answered_as_it_is_kept(saver):
    jar, headers = saver.jar(), {"Accept-Encoding": ALL}
    first, again = (saver.deposit(jar, key="monday-1"), saver.deposit(jar, key="monday-1"))
    assert first.data == again.data
    packed = saver.call("POST", "/api/jars/deposit/", {"jar_id": jar, "amount": "50"}, key="monday-1", headers=headers)
    assert packed.data == first.data
    assert "Content-Encoding" not in packed.headers


def test_a_file_that_has_not_changed_is_not_sent_again(app):
    client = app.test_client()
    for encoding in (*OPENED, "identity"):
        first = asked(client, "/static/css/base.css", encoding)
        again = asked(client, "/static/css/base.css", encoding, **{"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b""), encoding
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    tags = {asked(client, "/static/css/base.css", encoding).headers["ETag"] for encoding in (*OPENED, "identity")}
    assert len(tags) == 4, "each form of a file has a name of its own"


def test_a_part_of_a_file_is_a_part_of_the_file(app):
    answer = asked(app.test_client(), "/static/css/base.css", Range="bytes=0-9")
    assert answer.status_code == 206
    assert "Content-Encoding" not in answer.headers
    assert len(answer.data) == 10


def test_what_is_small_already_is_left_alone(app):
    client = app.test_client()
    for path in ("/static/icons/any-512.png", "/static/fonts/baloo-2-latin.woff2", "/healthz"):
        assert "Content-Encoding" not in asked(client, path).headers, path
