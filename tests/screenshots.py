"""`make screenshots`: the main pages of the demo's saver as pictures, always of the same day; the console's beside."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import make_server

from app import clock
from app.services.ops import demo
from app.transactions import run
from devstack.check import installed_browser
from tests import conftest, console_pictures, factories, servers

if TYPE_CHECKING:
    from flask import Flask

FOLDER = conftest.ROOT / "docs" / "screenshots"
CONSOLE = conftest.ROOT / "docs" / "console"
# A Wednesday evening in Kolkata.
AT = datetime(2026, 7, 15, 13, 30, tzinfo=UTC)
ACCOUNTS = demo.Accounts("asha@example.com", factories.PASSWORD, "meera@example.com", factories.PASSWORD, "A" * 32)
SIZES = {"phone": (360, 740), "desktop": (1280, 800)}
COLOURS, EXACTLY = 160, 96  # of the drawings' edges, and of the flat parts
# Name, path ("{auto}" is a jar), device, theme. A name is a file; what was taken before goes.
PICTURES = (
    ("home", "/dashboard", "phone", "light"),
    ("home-dark", "/dashboard", "phone", "dark"),
    ("jar", "{auto}", "phone", "light"),
    ("score", "/score", "phone", "light"),
    ("badges", "/badges", "phone", "dark"),
    ("loan", "/loans/new", "phone", "light"),
    ("landing", "/", "phone", "light"),
    ("home-desktop", "/dashboard", "desktop", "light"),
)
SIGNED_OUT = {"/", "/login", "/signup", "/forgot", "/offline", "/styleguide"}


def main(arguments: list[str]) -> int:
    """Take the pictures of the README, or with paths as arguments those pages, whole, into a folder named first."""
    folder = Path(arguments[0]) if arguments else FOLDER
    wanted = [
        (f"{path.strip('/').replace('/', '-') or 'landing'}-{size}-{theme}", path, size, theme)
        for path in arguments[1:]
        for size in SIZES
        for theme in ("light", "dark")
    ] or list(PICTURES)
    folder.mkdir(parents=True, exist_ok=True)
    with servers.at_hand() as stack:
        conftest.create_database(stack, "chhota_screenshots", conftest.make_template(stack))
        with (
            conftest.application(conftest.app_settings(stack, LOG_LEVEL="WARNING"), "chhota_screenshots") as app,
            _standing_clock(),
            _demo(app) as places,
            _served(app) as address,
        ):
            for name, picture in _pictures(address, places, wanted, whole=bool(arguments)):
                path = folder / f"{name}.png"
                path.write_bytes(picture)
                print(f"{path}: {len(picture) / 1000:.0f} kB")  # noqa: T201
            if not arguments:
                _of_the_console(app, address)
    return 0


def _of_the_console(app: Flask, address: str) -> None:
    CONSOLE.mkdir(exist_ok=True)
    for old in CONSOLE.glob("*.png"):
        old.unlink()
    for path, picture in console_pictures.take(app, address, ACCOUNTS, CONSOLE):
        if picture is None:
            print(f"{path}: the demo has none of it")  # noqa: T201
            continue
        path.write_bytes(small := _small(picture))
        print(f"{path}: {len(small) / 1000:.0f} kB")  # noqa: T201
    (CONSOLE / "README.md").write_text(console_pictures.tour(app), encoding="utf-8")


@contextmanager
def _standing_clock() -> Iterator[None]:
    usual = clock.present
    clock.present = lambda: AT
    try:
        yield
    finally:
        clock.present = usual


@contextmanager
def _demo(app: Flask) -> Iterator[dict[str, str]]:
    """The demo's savers, and the jars of the first by name in small letters."""
    with app.app_context():
        run(lambda: demo.load(ACCOUNTS, now=AT))
        shown = app.test_client()
        token = shown.post(
            "/api/login/", json={"email": ACCOUNTS.saver_email, "password": ACCOUNTS.saver_password}
        ).get_json()["access_token"]
        jars = shown.get("/api/jars/", headers={"Authorization": f"Bearer {token}"}).get_json()["items"]
    yield {jar["name"].lower().split()[0]: f"/jars/{jar['id']}" for jar in jars}


@contextmanager
def _served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def _pictures(
    address: str, places: dict[str, str], wanted: list[tuple[str, str, str, str]], *, whole: bool
) -> Iterator[tuple[str, bytes]]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed_browser(), args=["--no-sandbox"])
        state: Any = None
        for name, path, size, theme in wanted:
            width, height = SIZES[size]
            context = browser.new_context(
                viewport={"width": width, "height": height},
                device_scale_factor=2 if size == "phone" and not whole else 1,
                color_scheme=theme,
                reduced_motion="reduce",
                storage_state=None if path in SIGNED_OUT else state or _signed_in(browser, address),
            )
            if path not in SIGNED_OUT and state is None:
                state = context.storage_state()
            page = context.new_page()
            page.goto(address + path.format(**places))
            page.evaluate("document.fonts.ready")
            yield name.replace("{", "").replace("}", ""), _small(page.screenshot(full_page=whole))
            context.close()
        browser.close()


def _signed_in(browser: Any, address: str) -> Any:
    context = browser.new_context()
    page: Page = context.new_page()
    page.goto(f"{address}/login")
    page.fill("#login", ACCOUNTS.saver_email)
    page.fill("#password", ACCOUNTS.saver_password)
    with page.expect_navigation():
        page.locator("main form button[type=submit]").click()
    state = context.storage_state()
    context.close()
    return state


def _small(picture: bytes) -> bytes:
    """The same picture in as many colours as it needs: the frequent ones exactly, the others by their nearest."""
    out = BytesIO()
    with Image.open(BytesIO(picture)) as image:
        plain = image.convert("RGB")
        few = plain.quantize(COLOURS, kmeans=4, dither=Image.Dither.NONE)
        palette = few.getpalette() or []
        often = [colour for _, colour in sorted(plain.getcolors(plain.width * plain.height), reverse=True)[:EXACTLY]]
        few.putpalette([*(part for colour in often for part in colour), *palette][: 256 * 3])
        plain.quantize(palette=few, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
