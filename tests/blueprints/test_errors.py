"""Pages that say that something did not work: what happened, that nothing is lost, where to go on."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask, Response
from sqlalchemy.exc import OperationalError

from app.blueprints import errors
from app.services.savings import jars
from tests import factories, hindi
from tests.blueprints.web.conftest import Visitor

HINDI = {"Accept-Language": "hi"}


@pytest.mark.parametrize("language", ["en", "hi"])
@pytest.mark.parametrize("status", sorted(errors.WORDS))
def test_each_has_words_and_a_way_on(app: Flask, status: int, language: str) -> None:
    with app.test_request_context("/somewhere", headers={"Accept-Language": language}):
        answer = errors.page(status)
    assert answer.status_code == status
    page = answer.get_data(as_text=True)
    title, message = errors.WORDS[status]
    if language == "en":
        assert str(title) in unescape(page)
        assert str(message) in unescape(page)
    else:
        assert '<html lang="hi">' in page
        assert list(hindi.english_in(page)) == []
    assert f"{status}" in page
    assert 'href="/"' in page.partition("<main")[2]


def there(new_app: Callable[..., Flask], **settings: object) -> tuple[Flask, Visitor]:
    """An application of one's own, and somebody who is signed in there."""
    app = new_app(**settings)
    visitor = Visitor(app)
    visitor.log_in(factories.make_saver(app).email)
    return app, visitor


def asks_again(answer: Response) -> bool:
    """Whether the page leads back to the address that was asked for."""
    return 'href=""' in answer.text


def test_each_is_met_where_a_saver_meets_it(new_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> None:
    app, asha = there(new_app)
    saver = factories.make_saver(app)
    jar = saver.jar()
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    assert asha.client.post("/amounts", data={"csrf_token": "stale"}).status_code == 400
    assert asha.get(f"/jars/{jar}").status_code == 404, "somebody else's is not there"
    assert asha.get("/undo").status_code == 405
    form = asha.hidden("/support/new")
    assert asha.client.post("/support/new", data=form | {"text": "x" * 70_000}).status_code == 413

    def fails(error: Exception) -> Callable[..., object]:
        def page(*_args: object, **_more: object) -> object:
            raise error

        return page

    with monkeypatch.context() as broken:
        broken.setattr(jars, "page", fails(RuntimeError("secret")))
        answer = asha.get("/jars")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert asks_again(answer)
    with monkeypatch.context() as broken:
        broken.setattr(jars, "page", fails(OperationalError("SELECT", {}, ConnectionError("secret"))))
        answer = asha.get("/jars")
    assert answer.status_code == 503
    assert "secret" not in answer.text
    assert answer.headers["Retry-After"]
    assert asks_again(answer)
    assert not asks_again(asha.get("/nowhere"))
