"""The bucket on a real S3 server: links that end, bytes that nobody reads on the disk, and a server that is away."""

from __future__ import annotations

import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import botocore.auth
import pytest
import urllib3
from flask import Flask

from app.errors import Unavailable
from app.integrations.object_store import NullObjectStore, S3ObjectStore
from app.transactions import fetch, run
from devstack.stack import Stack
from devstack.temporary import temporary_stack
from tests import factories, files
from tests.factories import Saver


@pytest.fixture(scope="module")
def bucket() -> Iterator[Stack]:
    """An S3 server of its own, whose folder can be looked into and which may be frozen."""
    with temporary_stack(("s3",)) as running:
        yield running


def names(bucket: Stack) -> dict[str, str]:
    return {"S3_LINK_ENDPOINT_URL": ""} | {
        name: value for name, value in bucket.settings.items() if name.startswith("S3_")
    }


@pytest.fixture
def store(bucket: Stack) -> S3ObjectStore:
    return S3ObjectStore(names(bucket))


@contextmanager
def frozen(bucket: Stack) -> Iterator[None]:
    pid = bucket.children["s3"].pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def key() -> str:
    return f"papers/{secrets.token_urlsafe(24)}.jpg"


def test_a_link_shows_one_object_and_keeps_to_its_time(store: S3ObjectStore) -> None:
    name = key()
    store.put(name, b"a paper", "image/jpeg")
    link = store.link(name, seconds=60)
    asked = parse_qs(urlsplit(link).query)
    assert asked["X-Amz-Expires"] == ["60"]
    assert asked["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    shown = urllib3.request("GET", link)
    assert (shown.status, shown.data, shown.headers["Content-Type"]) == (200, b"a paper", "image/jpeg")
    assert shown.headers["Cache-Control"] == "private, no-store"


def test_a_link_is_for_the_address_that_is_reached_from_outside(bucket: Stack) -> None:
    inside = names(bucket)["S3_ENDPOINT_URL"]
    outside = inside.replace("127.0.0.1", "localhost")
    assert outside != inside
    store, name = S3ObjectStore(names(bucket) | {"S3_LINK_ENDPOINT_URL": outside}), key()
    store.put(name, b"a paper", "image/jpeg")
    link = store.link(name, seconds=60)
    assert link.startswith(f"{outside}/")
    assert urllib3.request("GET", link).data == b"a paper"
    other = urllib3.request("GET", link.replace(outside, inside), retries=False)
    assert other.status == 403, "it is signed for that address alone"


def test_a_link_that_was_touched_shows_nothing(store: S3ObjectStore) -> None:
    mine, other = key(), key()
    for name in (mine, other):
        store.put(name, b"a paper", "image/jpeg")
    link = store.link(mine, seconds=60)
    signature = parse_qs(urlsplit(link).query)["X-Amz-Signature"][0]
    for touched in (
        link.replace(mine, other),
        link.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"),
        link.replace(signature, signature[:-1] + ("0" if signature[-1] != "0" else "1")),
        link.partition("?")[0],
        link.replace("private", "public"),
    ):
        assert touched != link
        assert urllib3.request("GET", touched, retries=False).status == 403, touched
    for method in ("PUT", "DELETE", "POST"):
        assert urllib3.request(method, link, retries=False).status in {403, 405}, method
    assert store.get(mine) == b"a paper"


def test_a_link_of_a_minute_ago_shows_nothing(store: S3ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    name = key()
    store.put(name, b"a paper", "image/jpeg")

    def link(ago: timedelta) -> str:
        # As it was signed then: the signer asks the clock here, the server its own.
        monkeypatch.setattr(
            botocore.auth, "get_current_datetime", lambda *_: (datetime.now(UTC) - ago).replace(tzinfo=None)
        )
        return store.link(name, seconds=60)

    assert urllib3.request("GET", link(timedelta(seconds=30)), retries=False).status == 200
    assert urllib3.request("GET", link(timedelta(seconds=62)), retries=False).status == 403


def test_what_is_stored_cannot_be_read_on_the_disk(bucket: Stack, store: S3ObjectStore) -> None:
    name = key()
    store.put(name, b"CANARY of a paper " * 400, "image/jpeg")
    assert store.get(name) == b"CANARY of a paper " * 400
    on_disk = b"".join(path.read_bytes() for path in (bucket.directory / "s3").rglob("*") if path.is_file())
    assert name.removeprefix("papers/").encode() in on_disk, "it was looked for where it lies"
    assert b"CANARY of a paper" not in on_disk


def test_what_is_deleted_is_gone_and_deleting_nothing_is_no_error(store: S3ObjectStore) -> None:
    name = key()
    store.put(name, b"a paper", "image/jpeg")
    link = store.link(name, seconds=60)
    for _ in range(2):
        store.delete(name)
        assert store.get(name) is None
    assert urllib3.request("GET", link, retries=False).status == 404


def test_without_a_store_nothing_is_kept() -> None:
    store = NullObjectStore()
    for step in (lambda: store.delete("x"), lambda: store.link("x", seconds=60), lambda: store.put("x", b"", "y")):
        with pytest.raises(Unavailable) as raised:
            step()
        assert raised.value.code == "storage_unavailable"


# ---- away ----


def send(saver: Saver) -> Any:
    data = {"document_type": "pan", "file": (BytesIO(files.picture(size=(2_000, 2_000), quality=99)), "a.jpg")}
    return saver.post("/api/kyc-upload/", data=data, content_type="multipart/form-data")


def test_while_the_store_is_away_nothing_is_taken_in_and_deposits_go_on(
    new_app: Callable[..., Flask], bucket: Stack
) -> None:
    app = new_app(**names(bucket))
    saver = factories.make_saver(app)
    jar = saver.jar()

    def held() -> tuple[Any, ...]:
        with app.app_context():
            return (
                run(lambda: fetch("SELECT count(*) FROM kyc_documents"))[0][0],
                run(lambda: fetch("SELECT count(*) FROM stored_files WHERE status = 'kept'"))[0][0],
                run(lambda: fetch("SELECT kyc_status, kyc_file FROM users WHERE id = %s", (saver.id,)))[0],
            )

    with frozen(bucket):
        began = time.monotonic()
        answer = send(saver)
        took = time.monotonic() - began
        assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        assert took < 5
        assert saver.get("/api/kyc/").json == {"status": "none", "documents": []}
        assert saver.deposit(jar, "50").status_code == 201
        assert held() == (0, 0, ("none", None))
    assert send(saver).status_code == 201
    assert held()[:2] == (1, 1)
    assert saver.get("/api/kyc/").json["status"] == "pending"


def test_a_store_that_is_not_there_is_said_at_once(new_app: Callable[..., Flask], bucket: Stack) -> None:
    app = new_app(**names(bucket) | {"S3_ENDPOINT_URL": "http://127.0.0.1:9"})
    saver = factories.make_saver(app)
    began = time.monotonic()
    answer = send(saver)
    assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
    assert time.monotonic() - began < 5
    assert saver.get("/api/kyc/").json["documents"] == []
