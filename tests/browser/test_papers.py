"""Sending a paper and a photo in a real browser: with a script, without one, on a phone."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import expect

from app import clock
from app.services.identity.kyc import review
from app.transactions import run
from tests import factories, files, hindi
from tests.browser.conftest import DESKTOP, PHONE, Visit
from tests.browser.walk import Walk

pytestmark = pytest.mark.browser


@pytest.fixture
def large_photo(tmp_path: Path) -> Path:
    """A photo that no JPEG makes smaller by itself, of more bytes than are taken."""
    path = tmp_path / "photo.jpg"
    Image.frombytes("RGB", (2_600, 1_900), os.urandom(2_600 * 1_900 * 3)).save(path, "JPEG", quality=97)
    assert path.stat().st_size > 5 << 20
    return path


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_paper_is_sent_and_its_way_is_seen(
    visit: Callable[..., Visit], app: Flask, tmp_path: Path, script: bool
) -> None:
    saver = factories.make_saver(app)
    browser = visit(size=PHONE, script=script)
    browser.log_in(saver.email)
    browser.go("/profile")
    with browser.page.expect_navigation():
        browser.page.get_by_role("link", name="Identity papers").click()
    browser.send("Send it")
    assert browser.says("Choose which paper it is.")
    browser.page.get_by_text("Aadhaar card").click()
    path = tmp_path / "card.png"
    path.write_bytes(files.picture("PNG"))
    browser.page.get_by_label("Choose a file").set_input_files(path)
    browser.fill(document_number="2341 2341 2347")
    browser.send("Send it")
    assert browser.says("This is not an Aadhaar number.")
    browser.page.get_by_label("Choose a file").set_input_files(path)
    browser.fill(document_number="2341 2341 2346")
    browser.send("Send it")
    assert browser.says("We have your paper.")
    assert browser.says("XXXX XXXX 2346")
    assert browser.says("A person compares it with your account")
    assert browser.sideways() <= 0
    assert browser.complaints == []


def test_a_large_photo_is_made_smaller_before_it_leaves(
    visit: Callable[..., Visit], app: Flask, large_photo: Path
) -> None:
    saver = factories.make_saver(app)
    browser = visit(size=PHONE)
    browser.log_in(saver.email)
    browser.go("/profile/papers")
    browser.page.get_by_text("PAN card").click()
    file = browser.page.get_by_label("Choose a file")
    file.set_input_files(large_photo)
    # The button waits until it is done.
    expect(browser.page.get_by_role("button", name="Send it")).to_be_enabled()
    assert browser.page.evaluate("document.querySelector('#file').files[0].size") < 5 << 20
    browser.send("Send it")
    assert browser.says("We have your paper.")
    assert browser.complaints == []


def test_without_a_script_a_large_photo_is_answered_beside_its_field(
    visit: Callable[..., Visit], app: Flask, large_photo: Path
) -> None:
    saver = factories.make_saver(app)
    browser = visit(size=PHONE, script=False)
    browser.log_in(saver.email)
    browser.go("/profile/photo")
    browser.page.get_by_label("Choose a file").set_input_files(large_photo)
    browser.send("Keep this picture")
    assert browser.says("This file has more than 5 MB")
    assert browser.sideways() <= 0


def test_a_photo_is_seen_and_taken_away(visit: Callable[..., Visit], app: Flask, tmp_path: Path) -> None:
    saver = factories.make_saver(app)
    browser = visit(size=DESKTOP)
    browser.log_in(saver.email)
    path = tmp_path / "me.jpg"
    path.write_bytes(files.photo_of_a_phone())
    browser.go("/profile/photo")
    browser.page.get_by_label("Choose a file").set_input_files(path)
    browser.send("Keep this picture")
    assert browser.says("Your photo is there.")
    seen = "document.querySelector('img.initial').naturalWidth"
    assert browser.page.evaluate(seen) == 384
    browser.go("/profile/photo")
    browser.send("Take it away")
    assert browser.page.locator("img").count() == 0
    assert browser.complaints == []


@pytest.mark.early
@pytest.mark.parametrize("language", ["en", "hi"])
def test_every_state_is_open_to_everybody(visit: Callable[..., Visit], app: Flask, language: str) -> None:
    saver = factories.make_saver(app, language=language)
    by = factories.make_staff(app).id
    browser = visit(language=language)
    walk = Walk(browser)
    browser.log_in(saver.email)

    def look(state: str) -> None:
        browser.go("/profile/papers")
        walk.look(f"papers, {state}")
        if language == "hi":
            assert list(hindi.english_in(browser.page.locator("main").inner_html())) == [], state

    look("none")
    browser.send("Send it" if language == "en" else "भेजें")
    walk.look("papers, refused")
    for kind, verdict, reason in (
        ("pan", "resubmit", "unreadable"), ("aadhaar", "rejected", "name_mismatch"), ("passport", "verified", None),
    ):  # fmt: skip
        paper = UUID(saver.upload("/api/kyc-upload/", document_type=kind).json["kyc"]["id"])
        if kind == "pan":
            look("pending")
        with app.app_context():
            run(partial(review.decide, paper, verdict, reason=reason, by=by, at=clock.now()))
        look(verdict)
    jar = saver.jar(name="साइकिल")
    for path in ("/profile/photo", f"/jars/{jar}/picture"):
        browser.go(path)
        walk.look(f"{path}, none")
        saver.upload(f"/api{path}/", method="PUT")
        browser.go(path)
        walk.look(path)
    found = walk.found()
    assert not found, found
