"""Errors of the API: facts of the business to HTTP status and problem+json (RFC 9457), mapped once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request
from flask_limiter import RateLimitExceeded
from werkzeug.exceptions import HTTPException

from app.blueprints.api.strict_json import BodyError
from app.blueprints.languages import in_language
from app.errors import DomainError, TooMany, Unavailable
from app.observability import current_request_id, get_logger
from app.sentences import Sentence

log = get_logger()
PROBLEM_TYPE = "application/problem+json"

STATUS: dict[str, int] = {
    "malformed_json": 400,
    "invalid_cursor": 400,
    "invalid_argument": 400,
    "idempotency_key_invalid": 400,
    "unauthenticated": 401,
    "invalid_credentials": 401,
    "otp_required": 401,
    "otp_invalid": 401,
    "token_invalid": 401,
    "token_expired": 401,
    "token_revoked": 401,
    "token_reused": 401,
    "forbidden": 403,
    "two_factor_required": 403,
    "external_refused": 403,
    "external_email_unproven": 403,
    "external_by_hand": 403,
    "account_unproven": 403,
    "fresh_sign_in_required": 403,
    "kyc_required": 403,
    "daily_limit": 403,
    "not_eligible": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "insufficient_funds": 409,
    "offer_expired": 409,
    "already_accepted": 409,
    "cooling_off_over": 409,
    "loan_over": 409,
    "loan_not_open": 409,
    "more_than_owed": 409,
    "email_taken": 409,
    "phone_taken": 409,
    "jar_not_empty": 409,
    "jar_closed": 409,
    "jar_limit": 409,
    "already_reversed": 409,
    "deposit_under_way": 409,
    "job_running": 409,
    "no_instruction": 409,
    "money_left": 409,
    "money_owed": 409,
    "loan_open": 409,
    "staff_account": 409,
    "already_appealed": 409,
    "not_answered": 409,
    "already_verified": 409,
    "two_factor_on": 409,
    "two_factor_off": 409,
    "external_taken": 409,
    "external_limit": 409,
    "last_way_in": 409,
    "idempotency_in_progress": 409,
    "paper_limit": 409,
    "paper_under_way": 409,
    "payload_too_large": 413,
    "unsupported_media_type": 415,
    "validation_error": 422,
    "weak_password": 422,
    "link_invalid": 422,
    "code_invalid": 422,
    "invalid_file": 422,
    "unsafe_file": 422,
    "idempotency_key_reused": 422,
    "rate_limited": 429,
    "upload_limit": 429,
    "internal_error": 500,
    "outcome_unknown": 503,
    "temporarily_unavailable": 503,
    "storage_unavailable": 503,
    "sms_not_set_up": 503,
    "provider_away": 503,
}
# Codes for what the framework itself refuses.
CODES = {
    400: "malformed_json",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
    422: "validation_error",
    429: "rate_limited",
    503: "temporarily_unavailable",
}
SENTENCES = {
    400: Sentence("The request cannot be read."),
    404: Sentence("There is nothing here under that address."),
    405: Sentence("This address does not take that method."),
    413: Sentence("The request is larger than is taken."),
    415: Sentence("Send JSON, as application/json."),
    500: Sentence("Something failed on our side. Your money is safe; please try again."),
}


def body(
    status: int,
    code: str,
    detail: str,
    errors: Mapping[str, Sequence[str]] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> bytes:
    """The bytes of a problem document, its sentences in the reader's language."""
    document: dict[str, Any] = {
        "type": f"urn:chhota:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": in_language(detail),
        "code": code,
        "request_id": current_request_id(),
    }
    if errors:
        document["errors"] = {field: [in_language(one) for one in sentences] for field, sentences in errors.items()}
    document.update(_said(dict(facts or {})))
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _said(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _said(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_said(one) for one in value]
    return in_language(value) if isinstance(value, Sentence) else value


def response(
    status: int,
    code: str,
    detail: str,
    errors: Mapping[str, Sequence[str]] | None = None,
    headers: Mapping[str, str] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Response:
    """A problem as an answer; 401 says how to sign in, 429 and 503 when to come back."""
    answer = Response(body(status, code, detail, errors, facts), status, mimetype=PROBLEM_TYPE)
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = "2"
    answer.headers.update(headers or {})
    return answer


def of_domain_error(error: DomainError) -> Response:
    """The problem of a business refusal."""
    status = STATUS.get(error.code, 503 if isinstance(error, Unavailable) else 409)
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, Unavailable | TooMany) else None
    return response(status, error.code, error.message, error.errors, headers, error.facts)


def rendered(error: DomainError) -> tuple[int, bytes]:
    """Status and body of a refusal that a key remembers."""
    status = STATUS.get(error.code, 409)
    return status, body(status, error.code, error.message, error.errors, error.facts)


def in_api() -> bool:
    """Whether the present request is for the API: its errors are problems, all others are pages."""
    return request.path.startswith("/api/")


def seconds_until_another(error: RateLimitExceeded) -> str:
    """After how many seconds a limit for one address is over at the latest."""
    return str(max(1, error.limit.limit.get_expiry())) if error.limit else "60"


def allowed(error: HTTPException) -> str:
    """The methods that an address does take, for the answer to one that it does not."""
    return ", ".join(sorted(getattr(error, "valid_methods", None) or ()))


def of_http_exception(error: HTTPException) -> Response:
    """The problem of what Werkzeug and Flask refuse."""
    status = error.code or 500
    headers: dict[str, str] = {}
    if isinstance(error, RateLimitExceeded):
        headers["Retry-After"] = seconds_until_another(error)
        return response(429, "rate_limited", Sentence("Too many tries in a short time. Wait a little."), None, headers)
    if status == 405:
        headers["Allow"] = allowed(error)
    detail = SENTENCES.get(status, Sentence("The request cannot be answered."))
    return response(
        status, CODES.get(status, "internal_error" if status >= 500 else "bad_request"), detail, None, headers
    )


def init_app(app: Flask) -> None:
    """Answer BodyError and, inside the API, everything else that goes wrong."""
    app.register_error_handler(BodyError, lambda error: response(error.status, error.code, error.detail, error.errors))
