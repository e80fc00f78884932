"""The saver's photo and pictures of jars, as pages show them: to their owner, by this program itself."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from flask import Flask
from PIL import Image
from werkzeug.test import TestResponse

from app.integrations.object_store import NullObjectStore
from tests import factories, files
from tests.blueprints.web.conftest import Visitor, said
from tests.factories import Saver


def send(visitor: Visitor, path: str, body: bytes) -> TestResponse:
    data: dict[str, Any] = visitor.hidden(path) | {"file": (BytesIO(body), "../../x.php")}
    return visitor.client.post(path, data=data, content_type="multipart/form-data")


def test_a_photo_stands_on_the_profile_until_it_is_taken_away(app: Flask, asha: Visitor) -> None:
    assert asha.get("/profile/photo.jpg").status_code == 404
    assert "<img" not in asha.get("/profile").text
    answer = send(asha, "/profile/photo", files.photo_of_a_phone())
    assert (answer.status_code, answer.headers["Location"]) == (303, "/profile")
    page = asha.get("/profile")
    assert said(page) == "Your photo is there."
    assert '<img class="initial" src="/profile/photo.jpg?v=' in page.text
    shown = asha.get("/profile/photo.jpg")
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert shown.headers["Cache-Control"] == "private, no-cache"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert b"CANARY" not in shown.data
    with Image.open(BytesIO(shown.data)) as image:
        assert image.size == (384, 384)
    again = asha.get("/profile/photo.jpg", headers={"If-None-Match": shown.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == "private, no-cache"
    answer = asha.client.post("/profile/photo/remove", data=asha.hidden("/profile/photo"))
    assert answer.status_code == 303
    assert asha.get("/profile/photo.jpg").status_code == 404


def test_a_jar_s_picture_is_its_saver_s_alone(
    app: Flask, asha: Visitor, saver: Saver, new_visitor: Callable[[], Visitor]
) -> None:
    jar = saver.jar()
    assert f"/jars/{jar}/picture" in asha.get(f"/jars/{jar}/edit").text
    answer = send(asha, f"/jars/{jar}/picture", files.picture("PNG", (2_000, 1_000)))
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/jars/{jar}")
    page = asha.get(f"/jars/{jar}").text
    assert f'src="/jars/{jar}/picture.jpg?v=' in page
    assert 'alt="The picture of Bicycle"' in page
    with Image.open(BytesIO(asha.get(f"/jars/{jar}/picture.jpg").data)) as image:
        assert image.size == (1080, 540)
    other = new_visitor()
    assert other.get(f"/jars/{jar}/picture.jpg").status_code == 303, "to the sign-in"
    other.log_in(factories.make_saver(app).email)
    for path in (f"/jars/{jar}/picture.jpg", f"/jars/{jar}/picture"):
        assert other.get(path).status_code == 404
    stranger = other.hidden("/profile/photo")
    assert other.client.post(f"/jars/{jar}/picture/remove", data=stranger).status_code == 404
    assert asha.get(f"/jars/{jar}/picture.jpg").status_code == 200
    answer = asha.client.post(f"/jars/{jar}/picture/remove", data=asha.hidden(f"/jars/{jar}/picture"))
    assert answer.status_code == 303
    assert "<img" not in asha.get(f"/jars/{jar}").text


def test_a_closed_jar_keeps_its_picture_and_takes_no_other(asha: Visitor, saver: Saver) -> None:
    jar = saver.jar()
    assert send(asha, f"/jars/{jar}/picture", files.picture()).status_code == 303
    data = asha.hidden(f"/jars/{jar}/picture") | {"file": (BytesIO(files.picture()), "a.jpg")}
    assert saver.call("DELETE", f"/api/jars/{jar}/").status_code == 204
    assert asha.get(f"/jars/{jar}/picture").status_code == 303
    asha.client.post(f"/jars/{jar}/picture", data=data, content_type="multipart/form-data")
    refused = saver.call(
        "PUT", f"/api/jars/{jar}/picture/", data={"file": (BytesIO(files.picture()), "a")},
        content_type="multipart/form-data",
    )  # fmt: skip
    assert (refused.status_code, refused.json["code"]) == (409, "jar_closed")
    assert asha.get(f"/jars/{jar}/picture.jpg").status_code == 200
    assert asha.get(f"/jars/{jar}").status_code == 200


def test_a_picture_that_the_store_cannot_give_leaves_the_page_whole(new_app: Any) -> None:
    app = new_app()
    saver = factories.make_saver(app)
    visitor = Visitor(app)
    visitor.log_in(saver.email)
    assert send(visitor, "/profile/photo", files.picture()).status_code == 303
    app.extensions["object_store"] = NullObjectStore()
    assert visitor.get("/profile").status_code == 200
    answer = visitor.get("/profile/photo.jpg")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
