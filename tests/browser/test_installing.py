"""The worker behind the pages in a real browser: what it keeps, and what it shows without a connection."""

import threading
from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests import factories
from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

KEPT = """async () => {
  const kept = {};
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys())
      kept[new URL(request.url).pathname] = await (await caches.match(request)).text();
  return kept;
}"""


def test_nothing_of_a_saver_is_kept_and_without_a_connection_the_page_says_so(
    visit: Callable[..., Visit], app: Flask, saver: factories.Saver
) -> None:
    jar = saver.jar(name="A secret wish")
    saver.deposit(jar, "1234")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        browser = visit()
        browser.address = f"http://127.0.0.1:{server.server_port}"
        browser.log_in(saver.email)
        browser.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        for path in ("/dashboard", f"/jars/{jar}", "/profile", "/score", f"/jars/{jar}/statement.csv?from=x"):
            browser.go(path)
        assert browser.page.evaluate("!!navigator.serviceWorker.controller")
        kept = browser.page.evaluate(KEPT)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert {path for path in kept if not path.startswith("/static/")} == {"/offline"}
    assert any(path.endswith(".css") for path in kept)
    assert not any(secret in text for text in kept.values() for secret in ("1,234", "A secret wish", saver.email))

    for path in ("/dashboard", f"/jars/{jar}"):
        browser.page.goto(browser.address + path)
        assert browser.says("No connection just now")
        assert not browser.says("₹")
        assert browser.page.locator("h1").evaluate("e => getComputedStyle(e).fontFamily").startswith('"Baloo 2"')
        assert browser.page.get_by_role("link", name="Try again").evaluate("e => e.href") == browser.address + path
