"""The language of an answer: the saver's own, else the one chosen in this browser, else the browser's, else English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Flask, Response, current_app, g, has_request_context, request
from flask_babel import get_translations, gettext, refresh
from markupsafe import Markup, escape

from app.extensions import babel
from app.sentences import Sentence

#: Language (as profiles keep it): the locale of its numbers and days, and the tag that pages carry.
LOCALES: Final = {"en": "en_IN", "hi": "hi"}
TAGS: Final = {"en": "en-IN", "hi": "hi"}
DEFAULT: Final = "en"
A_YEAR: Final = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    """Have ``app`` speak the reader's language; say in each page which it is."""
    babel.init_app(app, default_locale=LOCALES[DEFAULT], locale_selector=lambda: LOCALES[language()])
    # A page asks some hundred times: these look for the catalogue once, and not in six places for each word.
    app.jinja_env.globals.update(language=language, _=_said, gettext=_said, ngettext=_counted, pgettext=_meant)

    @app.context_processor
    def shared() -> dict[str, str]:
        return {"page_lang": TAGS[language()]}

    @app.after_request
    def named(response: Response) -> Response:
        if request.path.startswith("/api/"):
            return response
        if response.mimetype == "text/html":
            response.headers["Content-Language"] = TAGS[language()]
            response.vary.update(["Accept-Language", "Cookie"])
        return _with_cookie(response)


def language() -> str:
    """The language of the present answer: a key of ``LOCALES``."""
    if not g:
        return DEFAULT
    held: str | None = g.get("language")
    if held is None:
        held = g.language = _chosen()
    return held


def use(chosen: str, *, keep: bool = False) -> None:
    """Answer this request in the language ``chosen``; ``keep``: and the next ones of this browser, while signed out."""
    g.language = chosen
    if keep:
        g.language_kept = chosen
    g.pop("catalogue", None)
    refresh()


def in_language(text: str) -> str:
    """``text`` in the reader's language: a Sentence or a key of the catalogue; anything else as it is."""
    if isinstance(text, Sentence):
        said = {name: in_language(value) if isinstance(value, str) else value for name, value in text.values.items()}
        return gettext(text.key) % said if said else gettext(text.key)
    return gettext(text) if text else text


def _chosen() -> str:
    if not has_request_context():
        return DEFAULT
    # Only a person who is known already: an answer that something failed must not ask the database who is there.
    person = g.get("caller") or g.get("_login_user")
    asked = getattr(person, "language", None)
    if asked is None and not request.path.startswith("/api/"):
        asked = request.cookies.get(_cookie())
    return asked if asked in LOCALES else _preferred()


def _preferred() -> str:
    # Werkzeug's own match takes a language that is named as it is before a better one that is named with its country.
    for tag, quality in request.accept_languages:
        language_alone = tag.partition("-")[0].lower()
        if quality > 0 and language_alone in LOCALES:
            return language_alone
    return DEFAULT


def _catalogue() -> Any:
    held = g.get("catalogue")
    if held is None:
        held = g.catalogue = get_translations()
    return held


def _said(key: str, **values: Any) -> Markup:
    return _filled(_catalogue().gettext(key), values)


def _counted(one: str, several: str, num: int, **values: Any) -> Markup:
    return _filled(_catalogue().ngettext(one, several, num), {"num": num, **values})


def _meant(context: str, key: str, **values: Any) -> Markup:
    return _filled(_catalogue().pgettext(context, key), values)


def _filled(text: str, values: Mapping[str, Any]) -> Markup:
    # A key is a template's own, so it may hold tags; what is filled in is text unless it says that it is not.
    return Markup(text % {name: escape(value) for name, value in values.items()} if "%" in text else text)  # noqa: S704


def _cookie() -> str:
    # As the session's: no neighbour of this host can set one of that name.
    return "__Host-language" if current_app.config["SESSION_COOKIE_SECURE"] else "language"


def _with_cookie(response: Response) -> Response:
    kept = g.get("language_kept")
    if kept is not None:
        secure = current_app.config["SESSION_COOKIE_SECURE"]
        response.set_cookie(_cookie(), kept, max_age=A_YEAR, secure=secure, httponly=True, samesite="Lax")
    return response
