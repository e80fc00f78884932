"""What a client sends, read strictly: one JSON loader, and the arguments parser that uses it.

Answers, fixed here once: a body that is not one JSON text in UTF-8 is 400 ``malformed_json`` (also a duplicate member,
NaN, a byte order mark, more than 32 levels); too many bytes 413 ``payload_too_large``; another content type, charset
or content coding 415 ``unsupported_media_type``; what parses but cannot be used 422 ``validation_error`` with the
fields. No body at all counts as ``{}``: a call without required fields needs none, any other answers 422 and names
them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import marshmallow as ma
from flask import Request
from flask.globals import request_ctx
from webargs.core import missing
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import CombinedMultiDict
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from app.blueprints.api.strict_json import (
    MAX_ERRORS,
    NOT_TEXT,
    UNTEXT,
    UNUSABLE,
    BodyError,
    join_path,
    malformed,
    parse_json_object,
)
from app.sentences import Sentence

__all__ = ["BodyError", "StrictParser", "flatten_errors", "load_json"]


def load_json(request: Request) -> dict[str, Any] | None:
    """The JSON object in the request's body, or None where there is no body. BodyError for anything else.

    Integers come as int, every other number as float: fields that hold money take no float.
    """
    raw = _read(request)
    if not raw:
        return None
    _check_type(request)
    return parse_json_object(raw)


FORM_WANTED = Sentence("Send the file as multipart/form-data.")
_UNKNOWN_BY_LOCATION: dict[str, str | None] = {
    **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
    **dict.fromkeys(("json", "query", "querystring", "form", "files", "multipart"), ma.RAISE),
}


class StrictParser(FlaskParser):
    """The ``ARGUMENTS_PARSER`` of every API blueprint: strict JSON, no unknown name, no name twice, no NUL.

    Raises BodyError. ``json``, ``query``, ``form``, ``files`` and ``multipart`` refuse what the schema does not name.
    """

    DEFAULT_UNKNOWN_BY_LOCATION = _UNKNOWN_BY_LOCATION
    __location_map__ = {**FlaskParser.__location_map__, "multipart": "load_multipart"}  # noqa: RUF012 (webargs' own way)

    def get_default_request(self) -> Request:
        """The request itself: each look through Flask's proxy costs more than what it finds."""
        current: Request = request_ctx.request
        return current

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """The body's object, or webargs' ``missing``."""
        document = load_json(req)
        return missing if document is None else document

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        """The query, each name once unless its field is a list."""
        return self._single_valued(req.args, schema)

    def load_form(self, req: Request, schema: ma.Schema) -> Any:
        """The form's fields, each name once unless its field is a list."""
        return self._single_valued(req.form, schema)

    def load_files(self, req: Request, schema: ma.Schema) -> Any:
        """The form's files, each name once unless its field is a list."""
        return self._single_valued(req.files, schema)

    def load_multipart(self, req: Request, schema: ma.Schema) -> Any:
        """A form's files and its other fields together, each name once. Raises BodyError where it is no such form."""
        _check_form(req)
        return self._single_valued(CombinedMultiDict([req.form, req.files]), schema)

    def _single_valued(self, multidict: Any, schema: ma.Schema) -> Any:
        proxy = self._makeproxy(multidict, schema)
        errors: dict[str, list[str]] = {}
        for name, values in multidict.lists():
            if name is None:  # a part of a form that has none
                errors["_schema"] = [NOT_TEXT]
            elif len(values) > 1 and name not in proxy.multiple_keys:
                errors[name] = ["Give this once."]
            elif UNTEXT.search(name) or any(isinstance(value, str) and UNTEXT.search(value) for value in values):
                errors[name] = [NOT_TEXT]
        if errors:
            raise ma.ValidationError(errors)
        return proxy

    def handle_error(
        self,
        error: ma.ValidationError,
        req: Request,
        schema: ma.Schema,
        *,
        error_status_code: int | None,
        error_headers: Mapping[str, str] | None,
    ) -> NoReturn:
        """Raise BodyError with the fields' sentences."""
        status = error_status_code or self.DEFAULT_VALIDATION_STATUS
        # No file, or two, where one was asked for, and nothing else is the matter.
        wrong = error.messages.get("multipart") if isinstance(error.messages, dict) else None
        only_files = wrong and all(getattr(schema.fields.get(name), "is_file", False) for name in wrong)
        code = "invalid_file" if only_files else "validation_error"
        raise BodyError(status, code, UNUSABLE, flatten_errors(error.messages)) from None


def flatten_errors(messages: Any) -> dict[str, list[str]]:
    """marshmallow's nested messages under a location, as ``{"auto_deposit.amount": ["…"]}``.

    What is about the whole of a location stands under ``_body`` or ``_query``. At most MAX_ERRORS fields.
    """
    flat: dict[str, list[str]] = {}
    for location, inner in messages.items():
        whole = "_body" if location == "json" else f"_{location}"
        for path, message in _leaves(inner, ""):
            flat.setdefault(path or whole, []).append(message)
            if len(flat) == MAX_ERRORS:
                return flat
    return flat


def _leaves(messages: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            yield from _leaves(inner, path if name == "_schema" else join_path(path, name))
    elif isinstance(messages, (list, tuple)):
        for message in messages:
            yield from _leaves(message, path)
    else:
        yield path, messages if isinstance(messages, str) else str(messages)


def _read(request: Request) -> bytes:
    limit = request.max_content_length
    declared = request.content_length
    if limit is not None and declared is not None and declared > limit:
        raise _too_large()
    if limit is not None and declared is None:
        # Werkzeug cuts a body of unknown length off at the limit; one byte more shows that it did.
        request.max_content_length = limit + 1
    try:
        raw = request.get_data(cache=True)
    except RequestEntityTooLarge:
        raise _too_large() from None
    except ClientDisconnected:
        raise malformed("The body ended before its announced length.") from None
    if limit is not None and len(raw) > limit:
        raise _too_large()
    unreadable = "Transfer-Encoding" in request.headers and not request.environ.get("wsgi.input_terminated")
    if not raw and declared is None and unreadable:
        raise malformed("Send the body with a Content-Length.")
    return raw


def _check_type(request: Request) -> None:
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.environ.get("CONTENT_TYPE") == "application/json" and "HTTP_CONTENT_ENCODING" not in request.environ:
        return  # what nearly every client sends
    if request.mimetype != "application/json" or charset not in {"utf-8", "utf8"}:
        raise BodyError(415, "unsupported_media_type", "Send the body as application/json in UTF-8.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise BodyError(415, "unsupported_media_type", "Send the body without a content coding.")


def _check_form(request: Request) -> None:
    """A form with files in it is multipart/form-data; no body at all is an empty form."""
    if request.mimetype != "multipart/form-data" and (request.content_length or request.mimetype):
        raise BodyError(415, "unsupported_media_type", FORM_WANTED)
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise BodyError(415, "unsupported_media_type", "Send the body without a content coding.")


def _too_large() -> BodyError:
    return BodyError(413, "payload_too_large", "The body is larger than this call takes.")
